//! From a parsed call to the code it stands for.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::call::{Call, Mode};
use crate::message::{self, Resolved, Slot};

/// Calls with more values than this pass them as one list; must match `record0` to `record5` in `logbuf-log`.
const MOST_SEPARATE_VALUES: usize = 5;

/// One value of the record: its name, or empty, and the expression that hands it over.
struct Value {
    name: String,
    tokens: TokenStream,
}

/// The code of one call.
pub(crate) fn expand(call: &Call) -> TokenStream {
    let message = match &call.message {
        None => Resolved::empty(),
        Some(message) => match message::resolve(message) {
            Ok(resolved) => resolved,
            Err(error) => return error.into_compile_error(),
        },
    };
    let Call { krate, level, .. } = call;

    // Every expression is evaluated once and borrowed, in the order written: fields, then arguments.
    let field_bindings: Vec<Ident> =
        (0..call.fields.len()).map(|i| local("field", i, Span::mixed_site())).collect();
    let argument_bindings: Vec<Ident> = message
        .bindings
        .iter()
        .enumerate()
        .map(|(i, binding)| local("argument", i, binding.span()))
        .collect();
    let borrowed = call.fields.iter().map(|field| &field.value).chain(&message.bindings);
    let bindings = field_bindings.iter().chain(&argument_bindings);

    let check = check(call, &message, &argument_bindings);
    let arguments =
        message.slots.iter().map(|slot| argument_value(krate, slot, &argument_bindings, call));
    let fields = call.fields.iter().zip(&field_bindings).map(|(field, binding)| Value {
        name: field.name.clone(),
        tokens: field_value(krate, field.mode, binding, field.value.span()),
    });
    let values: Vec<Value> = arguments.chain(fields).collect();

    let record = record(krate, values.iter().map(|value| &value.tokens).collect());
    let names = values.iter().map(|value| &value.name);
    let argument_count = message.slots.len();
    let template = &message.template;
    let target = match &call.target {
        Some(target) => quote!(#target),
        None => quote!(::core::module_path!()),
    };
    let linked = quote!(#[linkme(crate = #krate::__private::linkme)]);

    quote! {{
        const __LOGBUF_LEVEL: #krate::Level = #level;
        #[#krate::__private::linkme::distributed_slice(#krate::__private::FLAGS)]
        #linked
        static __LOGBUF_FLAG: #krate::__private::Flag = #krate::__private::Flag::new();
        #[#krate::__private::linkme::distributed_slice(#krate::__private::SITES)]
        #linked
        static __LOGBUF_SITE: #krate::__private::Site = #krate::__private::Site::new(
            #krate::__private::Place::new(
                &__LOGBUF_FLAG,
                __LOGBUF_LEVEL,
                #target,
                (::core::file!(), ::core::line!(), ::core::column!()),
            ),
            #template,
            &[#(#names),*],
            #argument_count,
        );
        if __LOGBUF_FLAG.is_on() {
            match (#(&(#borrowed),)*) {
                (#(#bindings,)*) => {
                    #check
                    #record
                }
            }
        }
    }}
}

fn local(kind: &str, index: usize, span: Span) -> Ident {
    format_ident!("{kind}{index}", span = Span::mixed_site().located_at(span))
}

/// Code that never runs, and makes rustc check the format string as it does for `format!`.
fn check(call: &Call, message: &Resolved, bindings: &[Ident]) -> TokenStream {
    let Some(call) = &call.message else { return TokenStream::new() };
    let literal = &call.literal;
    let explicit = call.arguments.iter().zip(bindings).map(|(argument, binding)| {
        let span = argument.value.span();
        let value = match argument.mode {
            // `?x` may stand for a `{}`.
            Mode::Debug => quote_spanned!(span=> ::core::format_args!("{:?}", *#binding)),
            Mode::Deferred | Mode::Display => quote_spanned!(span=> *#binding),
        };
        match &argument.name {
            Some(name) => quote!(#name = #value),
            None => value,
        }
    });
    debug_assert!(message.bindings.len() >= call.arguments.len());
    quote! {
        if false {
            let _ = ::core::format_args!(#literal #(, #explicit)*);
        }
    }
}

fn field_value(krate: &TokenStream, mode: Mode, binding: &Ident, span: Span) -> TokenStream {
    match mode {
        Mode::Deferred => deferred(krate, binding, span),
        Mode::Debug => quote_spanned!(span=> ::core::format_args!("{:?}", *#binding)),
        Mode::Display => quote_spanned!(span=> ::core::format_args!("{}", *#binding)),
    }
}

fn argument_value(krate: &TokenStream, slot: &Slot, bindings: &[Ident], call: &Call) -> Value {
    let tokens = match slot {
        Slot::Deferred { binding, .. } => {
            deferred(krate, &bindings[*binding], bindings[*binding].span())
        }
        Slot::Formatted { literal, bindings: used, .. } => {
            let span = call
                .message
                .as_ref()
                .map_or_else(Span::call_site, |message| message.literal.span());
            let mut literal = Literal::string(literal);
            literal.set_span(span);
            let used = used.iter().map(|binding| &bindings[*binding]);
            quote!(::core::format_args!(#literal #(, *#used)*))
        }
    };
    Value { name: slot.name().to_owned(), tokens }
}

fn deferred(krate: &TokenStream, binding: &Ident, span: Span) -> TokenStream {
    let value = quote_spanned!(span=> value);
    quote!(#krate::Encode::#value(#binding))
}

fn record(krate: &TokenStream, values: Vec<&TokenStream>) -> TokenStream {
    if values.len() <= MOST_SEPARATE_VALUES {
        let name = format_ident!("record{}", values.len());
        return quote!(#krate::__private::#name(&__LOGBUF_SITE #(, #values)*););
    }
    let list = values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)));
    quote!(#krate::__private::record_many(&__LOGBUF_SITE, #list);)
}
