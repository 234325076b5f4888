//! The members of a struct or a variant.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Fields, Ident, Index, Result, Type};

use super::Context;
use super::attributes::Mode;

/// All members, in order.
pub(super) struct Members {
    pub(super) list: Vec<Member>,
    /// Whether they have names.
    is_named: bool,
}

#[derive(Clone)]
pub(super) struct Member {
    /// As the declaration names it.
    pub(super) key: TokenStream,
    /// The name that `Debug` prints, empty for none.
    name: String,
    /// What the expansion calls it.
    local: Ident,
    pub(super) ty: Type,
    pub(super) mode: Mode,
}

impl Members {
    pub(super) fn parse(fields: &Fields) -> Result<Self> {
        let list = fields.iter().enumerate().map(|(index, field)| {
            let (key, name) = match &field.ident {
                Some(ident) => (quote!(#ident), ident.unraw().to_string()),
                None => {
                    let index = Index::from(index);
                    (quote!(#index), String::new())
                }
            };
            let local = format_ident!("member{index}", span = Span::mixed_site());
            Ok(Member { key, name, local, ty: field.ty.clone(), mode: Mode::parse(&field.attrs)? })
        });
        Ok(Self {
            list: list.collect::<Result<_>>()?,
            is_named: matches!(fields, Fields::Named(_)),
        })
    }

    /// A pattern behind the name of the struct or variant, which binds what is written to references.
    pub(super) fn pattern(&self) -> TokenStream {
        let bound = self.encoded().filter(|member| member.mode != Mode::Redact);
        let bound = bound.map(|Member { key, local, .. }| quote!(#key: #local));
        quote!({ #(#bound,)* .. })
    }

    /// An expression: the `Members` of the format.
    pub(super) fn describe(&self, context: &Context) -> TokenStream {
        let private = &context.private;
        let types = self.encoded().map(|member| {
            let value = member.value_type(context);
            quote!(<#value as #private::Value>::describe(description))
        });
        if !self.is_named {
            return quote!(#private::tuple(::std::vec![#(#types),*]));
        }
        let names = self.encoded().map(|member| &member.name);
        quote!(#private::named(::std::vec![#((#names, #types)),*]))
    }

    /// An expression over the bindings of the pattern: how many bytes they take.
    pub(super) fn encoded_len(&self, context: &Context) -> TokenStream {
        let private = &context.private;
        let lens = self.encoded().map(|member| {
            let value = member.value(context);
            quote!(#private::Value::encoded_len(#value))
        });
        quote!(0_usize #(+ #lens)*)
    }

    /// Statements over the bindings of the pattern: they are written.
    pub(super) fn put(&self, context: &Context) -> TokenStream {
        let private = &context.private;
        let values = self.encoded().map(|member| member.value(context));
        quote!(#(#private::Value::put(#values, out);)*)
    }

    /// The members that the file knows of.
    fn encoded(&self) -> impl Iterator<Item = &Member> {
        self.list.iter().filter(|member| member.mode != Mode::Skip)
    }
}

impl Member {
    /// The type of what [`value`](Self::value) is.
    fn value_type(&self, Context { private, encode, lifetime }: &Context) -> TokenStream {
        let ty = &self.ty;
        match self.mode {
            Mode::Redact => quote!(#private::Redacted),
            Mode::Display => quote!(#private::Displayed<#lifetime, #ty>),
            Mode::Encode | Mode::Skip => {
                quote_spanned!(ty.span()=> <#ty as #encode>::Value<#lifetime>)
            }
        }
    }

    /// The value that is measured and written.
    fn value(&self, Context { private, encode, .. }: &Context) -> TokenStream {
        let Self { local, ty, .. } = self;
        match self.mode {
            Mode::Redact => quote!(#private::Redacted),
            Mode::Display => quote!(#private::Displayed(#local)),
            Mode::Encode | Mode::Skip => {
                quote_spanned!(ty.span()=> <#ty as #encode>::value(#local))
            }
        }
    }
}
