//! The procedural macro behind the log macros of `logbuf-log`. It is not meant to be used but through those.
//!
//! A call is parsed ([`call`]), its message resolved into the values a record holds and the canonical template that the
//! file keeps ([`message`]), and expanded into a static site, a test of its flag, and one call ([`expand`]).

mod call;
mod expand;
mod message;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Expands one log call: `call!($crate; level, tokens of the user's)`.
#[proc_macro]
pub fn call(input: TokenStream) -> TokenStream {
    let call = parse_macro_input!(input as call::Call);
    expand::expand(&call).into()
}
