//! The procedural macro behind the log macros of `logbuf-log`. It is not meant to be used but through those.
//!
//! ```text
//! use logbuf_log::{Encode, info};
//! ```
//!
//! | macro | documented as |
//! |---|---|
//! | `call_…` | `logbuf_log::log!`, which names the one of the most verbose level that is compiled in |
//! | [`context!`](macro@context) | `logbuf_log::context!` |
//! | [`Encode`](derive@Encode) | `logbuf_log::Encode` |
//!
//! There are no features. See [`logbuf-log`](https://docs.rs/logbuf-log).
//!
//! A call is parsed (`call.rs`), its message resolved into the values a record holds and the canonical template that the
//! file keeps (`message.rs`), and expanded into a static site, a test of its flag, and one call (`expand.rs`); or, if its
//! level is compiled out (`static_level.rs`), into code that is checked and never runs.

mod call;
mod derive;
mod expand;
mod message;
mod static_level;

use logbuf_format::Level;
use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// One macro for each most verbose level, of which `logbuf-log` chooses one by its features.
macro_rules! calls {
    ($($name:ident = $max:expr;)*) => {$(
        /// Expands one call, `$crate; level, tokens of the user's`, with this as the most verbose level compiled in.
        #[proc_macro]
        pub fn $name(input: TokenStream) -> TokenStream {
            let input = parse_macro_input!(input as call::Input);
            expand::expand(&input, $max).into()
        }
    )*};
}

calls! {
    call_off = None;
    call_error = Some(Level::Error);
    call_warn = Some(Level::Warn);
    call_info = Some(Level::Info);
    call_debug = Some(Level::Debug);
    call_trace = Some(Level::Trace);
}

/// Expands one `context!`, `$crate; fields`.
#[proc_macro]
pub fn context(input: TokenStream) -> TokenStream {
    expand::context(&parse_macro_input!(input as call::Context)).into()
}

/// Derives `logbuf_log::Encode`, which documents it.
#[proc_macro_derive(Encode, attributes(encode))]
pub fn encode(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    derive::expand(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
