//! What the parameters of a generic type must be, so that its members can be encoded.
//!
//! As the standard derives do, a parameter must be what the members are required to be, and so must types that are
//! named by way of a parameter (`T::Item`). Unlike them, parameters that no encoded member mentions are left alone.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit::{self, Visit};
use syn::{DeriveInput, GenericParam, TypePath, WherePredicate};

use super::Context;
use super::attributes::Mode;
use super::members::Member;

/// What the implementations ask for, and what tells one instance of the type from another.
pub(super) struct Bounds {
    pub(super) predicates: Vec<WherePredicate>,
    /// Expressions: the signatures of types, and the numbers of constants.
    pub(super) signatures: Vec<TokenStream>,
}

impl Bounds {
    pub(super) fn of(context: &Context, input: &DeriveInput, members: &[Member]) -> Self {
        let mut bounds = Self { predicates: Vec::new(), signatures: Vec::new() };
        for parameter in &input.generics.params {
            match parameter {
                GenericParam::Lifetime(_) => {}
                GenericParam::Const(parameter) => {
                    let name = &parameter.ident;
                    bounds.signatures.push(quote!(#name as u64));
                }
                GenericParam::Type(parameter) => {
                    bounds.parameter(context, &parameter.ident, members);
                }
            }
        }
        bounds
    }

    fn parameter(&mut self, context: &Context, parameter: &Ident, members: &[Member]) {
        let mut uses = Uses { parameter, itself: false, projections: Vec::new() };
        for member in members {
            let ty = &member.ty;
            match member.mode {
                Mode::Encode => uses.visit_type(ty),
                Mode::Display if mentions(ty.to_token_stream(), parameter) => {
                    self.predicates.push(syn::parse_quote!(#ty: ::core::fmt::Display));
                }
                Mode::Display | Mode::Skip | Mode::Redact => {}
            }
        }
        if uses.itself {
            self.encoded(context, &quote!(#parameter));
        }
        for projection in uses.projections {
            self.encoded(context, &projection);
        }
    }

    /// Asks for `ty` to be encoded.
    fn encoded(&mut self, Context { private, encode, lifetime }: &Context, ty: &TokenStream) {
        self.predicates.push(syn::parse_quote!(#ty: #encode));
        let value = quote!(<#ty as #encode>::Value<#lifetime>);
        self.signatures.push(quote!(<#value as #private::Value>::SIGNATURE));
    }
}

/// Whether the name stands anywhere in the tokens.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}

/// How types use a parameter.
struct Uses<'a> {
    parameter: &'a Ident,
    /// As a type.
    itself: bool,
    /// For types of its own, as `T::Item` and `<T as Iterator>::Item` are.
    projections: Vec<TokenStream>,
}

impl<'ast> Visit<'ast> for Uses<'_> {
    fn visit_type_path(&mut self, path: &'ast TypePath) {
        let first = path.path.segments.first().is_some_and(|first| first.ident == *self.parameter);
        match &path.qself {
            Some(qself) if mentions(qself.ty.to_token_stream(), self.parameter) => {
                self.projections.push(path.to_token_stream());
            }
            None if first && path.path.segments.len() > 1 => {
                self.projections.push(path.to_token_stream());
            }
            None if first => self.itself = true,
            _ => visit::visit_type_path(self, path),
        }
    }
}
