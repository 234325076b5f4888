//! From a parsed call to the code it stands for.

mod context;
mod limit;

pub(crate) use context::context;
use logbuf_format::Level;
use proc_macro2::{Ident, Literal, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use crate::call::{Call, Input, Message, Mode, Place};
use crate::message::{self, Resolved, Slot};
use crate::static_level::{self, Compiled};

/// Calls with more values than this pass them as one list; must match `record0` to `record5` in `logbuf-log`.
const MOST_SEPARATE_VALUES: usize = 5;

/// The values of a call are a nested list, which has to stay within the compiler's default recursion limit of 128.
const MOST_VALUES: usize = 100;

/// One value of the record: its name, or empty, and the expression that hands it over.
struct Value {
    name: String,
    tokens: TokenStream,
}

/// The code of one call, with `max` as the most verbose level compiled in.
pub(crate) fn expand(input: &Input, max: Option<Level>) -> TokenStream {
    match input {
        Input::Enabled(place) => enabled(place, static_level::compiled(&place.level, max)),
        Input::Call(call) => {
            let message =
                call.message.as_ref().map_or_else(|| Ok(Resolved::empty()), message::resolve);
            match message {
                Ok(message) if message.lacks_argument => unfit(call, &message),
                Ok(message) => {
                    expand_call(call, &message, static_level::compiled(&call.place.level, max))
                }
                Err(error) => error.into_compile_error(),
            }
        }
    }
}

fn expand_call(call: &Call, message: &Resolved, compiled: Compiled) -> TokenStream {
    let krate = &call.place.krate;

    // Every expression is evaluated once and borrowed, in the order written: fields, then arguments.
    let field_bindings: Vec<Ident> = call
        .fields
        .iter()
        .enumerate()
        .map(|(i, field)| local("field", i, field.value.span()))
        .collect();
    let argument_bindings: Vec<Ident> = message
        .bindings
        .iter()
        .enumerate()
        .map(|(i, binding)| local("argument", i, binding.span()))
        .collect();
    let borrowed = call.fields.iter().map(|field| &field.value).chain(&message.bindings);
    let bindings = field_bindings.iter().chain(&argument_bindings);

    let check = check(call, message, &argument_bindings);
    let arguments =
        message.slots.iter().map(|slot| argument_value(krate, slot, &argument_bindings, call));
    let fields = call.fields.iter().zip(&field_bindings).map(|(field, binding)| Value {
        name: field.name.clone(),
        tokens: field_value(krate, field.mode, binding, field.value.span()),
    });
    let suppressed = call.limit.as_ref().and_then(|limit| limit::field(krate, limit));
    let values: Vec<Value> = arguments.chain(fields).chain(suppressed).collect();
    if values.len() > MOST_VALUES {
        let found = values.len();
        let error = format!(
            "a call has at most {MOST_VALUES} arguments and fields together, and this one {found}; log the rest in another"
        );
        return syn::Error::new(call.place.level.span(), error).into_compile_error();
    }
    let tokens: Vec<_> = values.iter().map(|value| &value.tokens).collect();

    let act = if compiled == Compiled::Out {
        let list = list(&tokens);
        quote!(let _ = #list)
    } else {
        record(call, &tokens)
    };
    let timestamp = call.timestamp.as_ref().map(|timestamp| {
        let (binding, span) = (timestamp_binding(), timestamp.span());
        let krate = located_at(krate, span);
        quote_spanned!(span=> let #binding: #krate::Timestamp = #timestamp;)
    });
    let act = quote! {
        #timestamp
        match (#(&(#borrowed),)*) {
            (#(#bindings,)*) => {
                #check
                #act;
            }
        }
    };
    let act = match &call.limit {
        None => act,
        Some(limit) if compiled == Compiled::Out => limit::absent(limit, act),
        Some(limit) => limit::test(limit, act),
    };
    if compiled == Compiled::Out {
        let when_full =
            when_full(call).map(|when_full| quote!(const _: #krate::WhenFull = #when_full;));
        return absent(&call.place, &quote!(#when_full #act));
    }
    let site = site(call, message, &values);
    let limit = call.limit.as_ref().map(|limit| limit::statics(call, limit));
    let flag = flag(&call.place);
    let is_on = is_on(krate, compiled);
    quote! {{
        #flag
        #site
        #limit
        if #is_on {
            #act
        }
    }}
}

/// The code of a call that rustc will refuse, because its message asks for an argument that is not there: what makes
/// rustc say so, and nothing that would make it say more.
fn unfit(call: &Call, message: &Resolved) -> TokenStream {
    let Some(Message { arguments, .. }) = &call.message else { return TokenStream::new() };
    let bindings: Vec<Ident> = arguments
        .iter()
        .enumerate()
        .map(|(i, argument)| local("argument", i, argument.value.span()))
        .collect();
    let values = arguments.iter().map(|argument| &argument.value);
    let check = check(call, message, &bindings);
    quote! {
        match (#(&(#values),)*) {
            (#(#bindings,)*) => { #check }
        }
    }
}

/// The code of `enabled!`.
fn enabled(place: &Place, compiled: Compiled) -> TokenStream {
    let krate = &place.krate;
    if compiled == Compiled::Out {
        let absent = absent(place, &TokenStream::new());
        return quote!({ #absent false });
    }
    let (flag, description, is_on) = (flag(place), describe(place), is_on(krate, compiled));
    quote! {{
        #flag
        #[#krate::__private::linkme::distributed_slice(#krate::__private::PROBES)]
        #[linkme(crate = #krate::__private::linkme)]
        static __LOGBUF_PLACE: #krate::__private::Place = #description;
        #is_on
    }}
}

/// A call that is compiled out: checked, and never run.
fn absent(place: &Place, act: &TokenStream) -> TokenStream {
    let Place { krate, level, .. } = place;
    let target = target(place);
    quote! {{
        const _: #krate::Level = #level;
        const _: &str = #target;
        if false {
            #act
        }
    }}
}

/// The switch of a call.
fn flag(place: &Place) -> TokenStream {
    let Place { krate, level, .. } = place;
    quote! {
        const __LOGBUF_LEVEL: #krate::Level = #level;
        #[#krate::__private::linkme::distributed_slice(#krate::__private::FLAGS)]
        #[linkme(crate = #krate::__private::linkme)]
        static __LOGBUF_FLAG: #krate::__private::Flag = #krate::__private::Flag::new();
    }
}

/// The test of the switch.
fn is_on(krate: &TokenStream, compiled: Compiled) -> TokenStream {
    match compiled {
        Compiled::In | Compiled::Out => quote!(#krate::__private::is_on!(__LOGBUF_FLAG)),
        Compiled::Unknown => {
            quote!(const { #krate::__private::is_compiled_in(__LOGBUF_LEVEL) } && #krate::__private::is_on!(__LOGBUF_FLAG))
        }
    }
}

fn target(place: &Place) -> TokenStream {
    match &place.target {
        Some(target) => quote!(#target),
        None => quote!(::core::module_path!()),
    }
}

/// What filters see of a call.
fn describe(place: &Place) -> TokenStream {
    let (krate, target) = (&place.krate, target(place));
    quote! {
        #krate::__private::Place::new(
            &__LOGBUF_FLAG,
            __LOGBUF_LEVEL,
            #target,
            (::core::file!(), ::core::line!(), ::core::column!()),
        )
    }
}

fn site(call: &Call, message: &Resolved, values: &[Value]) -> TokenStream {
    let (krate, description, template) =
        (&call.place.krate, describe(&call.place), &message.template);
    let when_full = when_full(call).map(|when_full| quote!(.with_when_full(#when_full)));
    let names = values.iter().map(|value| &value.name);
    let argument_count = message.slots.len();
    quote! {
        #[#krate::__private::linkme::distributed_slice(#krate::__private::SITES)]
        #[linkme(crate = #krate::__private::linkme)]
        static __LOGBUF_SITE: #krate::__private::Site = #krate::__private::Site::new(
            #description,
            #template,
            &[#(#names),*],
            #argument_count,
        )#when_full;
    }
}

/// The rule for full rings, a constant. Its variants can be named without their type, as level names can in a filter.
fn when_full(call: &Call) -> Option<TokenStream> {
    let (krate, when_full) = (&call.place.krate, call.when_full.as_ref()?);
    Some(quote! {{
        #[allow(unused_imports)]
        use #krate::WhenFull::*;
        #when_full
    }})
}

/// A variable that stands for what stands at `span`, as far as diagnostics go.
fn local(kind: &str, index: usize, span: Span) -> Ident {
    format_ident!("__logbuf_{kind}{index}", span = span)
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
        Slot::Deferred { binding, shown, .. } => {
            let (binding, span) = (&bindings[*binding], bindings[*binding].span());
            let value = deferred(krate, binding, span);
            if *shown {
                let krate = located_at(krate, span);
                quote_spanned!(span=> #krate::__private::shown(#value))
            } else {
                value
            }
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
    let krate = located_at(krate, span);
    quote_spanned!(span=> #krate::Encode::value(#binding))
}

/// `$crate`, which means what it meant, as if it stood at `span`: what is wrong with a value is said where the value stands.
fn located_at(krate: &TokenStream, span: Span) -> TokenStream {
    let locate = |mut token: TokenTree| {
        token.set_span(token.span().located_at(span));
        token
    };
    krate.clone().into_iter().map(locate).collect()
}

fn record(call: &Call, values: &[&TokenStream]) -> TokenStream {
    let krate = &call.place.krate;
    let stamp = match &call.timestamp {
        Some(_) => timestamp_binding().into_token_stream(),
        None => quote!(#krate::__private::Now),
    };
    if values.len() <= MOST_SEPARATE_VALUES {
        let name = format_ident!("record{}", values.len());
        return quote!(#krate::__private::#name(#(#values,)* &__LOGBUF_SITE, #stamp));
    }
    let list = list(values);
    quote!(#krate::__private::record_many(#list, &__LOGBUF_SITE, #stamp))
}

/// The variable that holds the time stamp of a call that is given one.
fn timestamp_binding() -> Ident {
    Ident::new("__logbuf_timestamp", Span::mixed_site())
}

/// The values as one list, as the trait `Values` of `logbuf-log` has it.
fn list(values: &[&TokenStream]) -> TokenStream {
    values.iter().rev().fold(quote!(()), |rest, value| quote!((#value, #rest)))
}
