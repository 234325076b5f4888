//! `#[encode(…)]`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::spanned::Spanned;
use syn::{Attribute, Path, Result, Token};

/// What a type says about itself.
pub(super) struct TypeAttributes {
    /// `crate = path`: where `logbuf-log` is found.
    pub(super) krate: TokenStream,
    /// `pod`: its bytes in memory are its encoding. Where it stands.
    pub(super) plain: Option<Span>,
}

impl TypeAttributes {
    pub(super) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut found = Self { krate: quote!(::logbuf_log), plain: None };
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("encode")) {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("pod") {
                    found.plain = Some(meta.path.span());
                    return Ok(());
                }
                // `crate` is a keyword, which a path may be.
                if meta.path.is_ident("crate") {
                    meta.input.parse::<Token![=]>()?;
                    found.krate = meta.input.call(Path::parse_mod_style)?.into_token_stream();
                    return Ok(());
                }
                Err(meta.error("expected `pod` or `crate = path`; `skip`, `display` and `redact` stand before a field"))
            })?;
        }
        Ok(found)
    }
}

/// What becomes of a member.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// It is encoded.
    Encode,
    /// `skip`: the file knows nothing of it.
    Skip,
    /// `display`: its text is in the record.
    Display,
    /// `redact`: the file knows that it is there.
    Redact,
}

impl Mode {
    pub(super) fn parse(attributes: &[Attribute]) -> Result<Self> {
        let mut mode = Self::Encode;
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("encode")) {
            attribute.parse_nested_meta(|meta| {
                let found = match meta.path.get_ident().map(ToString::to_string).as_deref() {
                    Some("skip") => Self::Skip,
                    Some("display") => Self::Display,
                    Some("redact") => Self::Redact,
                    _ => return Err(meta.error("expected `skip`, `display` or `redact`")),
                };
                if mode != Self::Encode {
                    return Err(meta.error("a field is either skipped, displayed or redacted"));
                }
                mode = found;
                Ok(())
            })?;
        }
        Ok(mode)
    }
}
