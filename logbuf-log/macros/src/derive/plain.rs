//! `#[encode(pod)]`: types whose bytes in memory are their encoding, which are written by one copy.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Data, DeriveInput, Error, Result};

use super::attributes::Mode;
use super::bounds::Bounds;
use super::{Body, Context, implementations};

/// The implementations for plain old data, and the proof that its layout is that of its encoding.
pub(super) fn expand(
    context: &Context,
    input: &DeriveInput,
    attribute: Span,
    body: Body,
) -> Result<TokenStream> {
    if !matches!(input.data, Data::Struct(_)) || !input.generics.params.is_empty() {
        return Err(Error::new(attribute, "`pod` is for structs without parameters"));
    }
    if body.members.iter().any(|member| member.mode != Mode::Encode) {
        return Err(Error::new(
            attribute,
            "all bytes of a `pod` are written: no field can be skipped, displayed or redacted",
        ));
    }
    let Context { private, .. } = context;
    let name = &input.ident;
    let body = Body {
        encoded_len: quote!(::core::mem::size_of::<#name>()),
        put: quote!(out.put(#private::bytemuck::bytes_of(self));),
        ..body
    };
    let items = quote! {
        #[inline(always)]
        fn items_len(items: &[Self]) -> usize {
            ::core::mem::size_of_val(items)
        }
        #[inline(always)]
        fn put_items(items: &[Self], out: &mut #private::Encoder<'_>) {
            out.put(#private::bytemuck::cast_slice(items));
        }
    };
    let bounds = Bounds { predicates: Vec::new(), signatures: Vec::new() };
    let implementations = implementations(context, input, &bounds, &body, &items);
    let keys = body.members.iter().map(|member| &member.key);
    let types: Vec<_> = body.members.iter().map(|member| &member.ty).collect();
    Ok(quote! {
        #implementations

        #[automatically_derived]
        impl #private::Plain for #name {
            const LEN: usize = ::core::mem::size_of::<#name>();
        }

        const _: () = {
            ::core::assert!(::core::cfg!(target_endian = "little"), "`pod` needs a little-endian target");
            let len = 0_usize;
            #(
                ::core::assert!(
                    ::core::mem::offset_of!(#name, #keys) == len,
                    "the fields of a `pod` stand in memory as they are declared, without gaps: add `#[repr(C)]`"
                );
                let len = len + <#types as #private::Plain>::LEN;
            )*
            ::core::assert!(
                ::core::mem::size_of::<#name>() == len,
                "a `pod` has no padding behind its fields"
            );
        };
    })
}
