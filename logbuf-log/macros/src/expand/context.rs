//! The code of `context!`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::spanned::Spanned;

use super::{MOST_VALUES, field_value, list, local};
use crate::call::Context;

/// Each value is evaluated once and borrowed while it is written.
pub(crate) fn context(context: &Context) -> TokenStream {
    let Context { krate, fields } = context;
    if fields.len() > MOST_VALUES {
        let error =
            format!("a context has at most {MOST_VALUES} fields, and this one {}", fields.len());
        return syn::Error::new(Span::call_site(), error).into_compile_error();
    }
    let bindings: Vec<Ident> =
        (0..fields.len()).map(|i| local("field", i, Span::mixed_site())).collect();
    let borrowed = fields.iter().map(|field| &field.value);
    let names = fields.iter().map(|field| &field.name);
    let values: Vec<_> = fields
        .iter()
        .zip(&bindings)
        .map(|(field, binding)| field_value(krate, field.mode, binding, field.value.span()))
        .collect();
    let list = list(&values.iter().collect::<Vec<_>>());
    quote! {
        match (#(&(#borrowed),)*) {
            (#(#bindings,)*) => {
                #[#krate::__private::linkme::distributed_slice(#krate::__private::SITES)]
                #[linkme(crate = #krate::__private::linkme)]
                static __LOGBUF_SITE: #krate::__private::Site = #krate::__private::Site::context(
                    #krate::__private::Place::of_context(
                        ::core::module_path!(),
                        (::core::file!(), ::core::line!(), ::core::column!()),
                    ),
                    &[#(#names),*],
                );
                #krate::__private::enter_context(&__LOGBUF_SITE, #list)
            }
        }
    }
}
