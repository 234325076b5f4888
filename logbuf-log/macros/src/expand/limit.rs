//! The code that makes a call record seldom.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::{Value, describe};
use crate::call::{Call, Limit};

/// What the field that tells how many calls were suppressed is called.
const SUPPRESSED: &str = "suppressed";

/// Message of the record that reports, at the end, what no record of the call reported.
const SUMMARY: &str = "suppressed since the last record";

/// The last field of the record: the calls suppressed since the record before.
pub(super) fn field(krate: &TokenStream, limit: &Limit) -> Option<Value> {
    match limit {
        Limit::Every(_) | Limit::EveryN(_) => {
            let count = count();
            Some(Value {
                name: SUPPRESSED.to_owned(),
                tokens: quote!(#krate::Encode::value(&#count)),
            })
        }
        // One record has none before it.
        Limit::Once => None,
    }
}

/// `act`, if the limit lets this call pass.
pub(super) fn test(limit: &Limit, act: TokenStream) -> TokenStream {
    let count = count();
    match limit {
        Limit::Every(period) => quote! {
            if let ::core::option::Option::Some(#count) = __LOGBUF_LIMIT.every(#period) { #act }
        },
        Limit::EveryN(_) => quote! {
            if let ::core::option::Option::Some(#count) = __LOGBUF_LIMIT.one_in(__LOGBUF_ONE_IN) { #act }
        },
        Limit::Once => quote! {
            if __LOGBUF_LIMIT.once() { #act }
        },
    }
}

/// `act` of a call that is compiled out.
pub(super) fn absent(limit: &Limit, act: TokenStream) -> TokenStream {
    let count = count();
    let check = match limit {
        Limit::Every(period) => quote!(let _: ::core::time::Duration = #period;),
        Limit::EveryN(n) => quote!(const _: ::core::primitive::u64 = #n;),
        Limit::Once => TokenStream::new(),
    };
    quote! {
        #check
        let #count = 0_u64;
        #act
    }
}

/// The state of the limit, and the site under which it reports at the end.
pub(super) fn statics(call: &Call, limit: &Limit) -> TokenStream {
    let (krate, description) = (&call.place.krate, describe(&call.place));
    let (constant, limit) = match limit {
        Limit::Every(_) => (None, quote!(by_time(&__LOGBUF_SUMMARY))),
        Limit::EveryN(n) => (
            Some(quote!(const __LOGBUF_ONE_IN: ::core::primitive::u64 = #n;)),
            quote!(by_count(__LOGBUF_ONE_IN, &__LOGBUF_SUMMARY)),
        ),
        Limit::Once => (None, quote!(by_count(::core::primitive::u64::MAX, &__LOGBUF_SUMMARY))),
    };
    let template = match &call.message {
        None => SUMMARY.to_owned(),
        Some(message) => {
            let text = message.literal.value().replace('{', "{{").replace('}', "}}");
            format!("{SUMMARY}: {text}")
        }
    };
    quote! {
        #constant
        #[#krate::__private::linkme::distributed_slice(#krate::__private::SITES)]
        #[linkme(crate = #krate::__private::linkme)]
        static __LOGBUF_SUMMARY: #krate::__private::Site =
            #krate::__private::Site::new(#description, #template, &[#SUPPRESSED], 0);
        #[#krate::__private::linkme::distributed_slice(#krate::__private::LIMITS)]
        #[linkme(crate = #krate::__private::linkme)]
        static __LOGBUF_LIMIT: #krate::__private::Limit =
            #krate::__private::Limit::#limit;
    }
}

fn count() -> Ident {
    Ident::new("suppressed", Span::mixed_site())
}
