//! `#[derive(Encode)]`: from a declaration to its implementations of `Encode` and of the hidden `Value`.
//!
//! A value travels as a reference to itself. Its members are written one behind the other, a variant behind its index;
//! the description names the type, so that one that contains itself needs no end.

mod attributes;
mod bounds;
mod members;
mod plain;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Data, DeriveInput, Error, Ident, Lifetime, Result};

use attributes::TypeAttributes;
use bounds::Bounds;
use members::Members;

/// What the parts of the expansion share.
struct Context {
    /// The hidden module of `logbuf-log`, as the user knows it.
    private: TokenStream,
    /// The trait, as the user knows it.
    encode: TokenStream,
    /// The lifetime of the borrowed value.
    lifetime: Lifetime,
}

/// The implementations for a declared type.
pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let attributes = TypeAttributes::parse(&input.attrs)?;
    let krate = &attributes.krate;
    let context = Context {
        private: quote!(#krate::__private),
        encode: quote!(#krate::Encode),
        lifetime: Lifetime::new("'__logbuf", Span::mixed_site()),
    };
    let body = match &input.data {
        Data::Struct(data) => structure(&context, &input.ident, &Members::parse(&data.fields)?),
        Data::Enum(data) => {
            let variants = data
                .variants
                .iter()
                .map(|variant| Ok((&variant.ident, Members::parse(&variant.fields)?)));
            enumeration(&context, &input.ident, &variants.collect::<Result<Vec<_>>>()?)
        }
        Data::Union(data) => {
            let message = "a union cannot be encoded: nobody knows which of its fields is valid";
            return Err(Error::new(data.union_token.span, message));
        }
    };
    if let Some(span) = attributes.plain {
        return plain::expand(&context, input, span, body);
    }
    let bounds = Bounds::of(&context, input, &body.members);
    Ok(implementations(&context, input, &bounds, &body, &TokenStream::new()))
}

/// What differs from type to type: expressions over `self`, and over `description`.
struct Body {
    describe: TokenStream,
    encoded_len: TokenStream,
    put: TokenStream,
    /// All members, those of all variants.
    members: Vec<members::Member>,
}

fn structure(context: &Context, name: &Ident, members: &Members) -> Body {
    let private = &context.private;
    let shown = name.unraw().to_string();
    let (pattern, described) = (members.pattern(), members.describe(context));
    let (len, put) = (members.encoded_len(context), members.put(context));
    Body {
        describe: quote! {
            #private::Description::structure(
                description,
                <Self as #private::Value>::SIGNATURE,
                #shown,
                |description| #described,
            )
        },
        encoded_len: quote! { let #name #pattern = self; #len },
        put: quote! { let #name #pattern = self; #put },
        members: members.list.clone(),
    }
}

fn enumeration(context: &Context, name: &Ident, variants: &[(&Ident, Members)]) -> Body {
    let private = &context.private;
    let shown = name.unraw().to_string();
    let described = variants.iter().map(|(variant, members)| {
        let (variant, described) = (variant.unraw().to_string(), members.describe(context));
        quote!(#private::variant(#variant, #described))
    });
    let is_short = variants.len() <= 256;
    let index_len: usize = if is_short { 1 } else { 4 };
    let lens = variants.iter().map(|(variant, members)| {
        let (pattern, len) = (members.pattern(), members.encoded_len(context));
        quote!(#name::#variant #pattern => { #len })
    });
    let puts = variants.iter().enumerate().map(|(index, (variant, members))| {
        let (pattern, put) = (members.pattern(), members.put(context));
        let index = match is_short {
            true => (index as u8).to_token_stream(),
            false => (index as u32).to_token_stream(),
        };
        quote! {
            #name::#variant #pattern => {
                #private::Value::put(#index, out);
                #put
            }
        }
    });
    // A reference to an enum without variants is not known to be impossible.
    let matched = if variants.is_empty() { quote!(*self) } else { quote!(self) };
    Body {
        describe: quote! {
            #private::Description::enumeration(
                description,
                <Self as #private::Value>::SIGNATURE,
                #shown,
                |description| ::std::vec![#(#described),*],
            )
        },
        encoded_len: match variants.is_empty() {
            true => quote! { match #matched {} },
            false => quote! { #index_len + match #matched { #(#lens)* } },
        },
        put: quote! { match #matched { #(#puts)* } },
        members: variants.iter().flat_map(|(_, members)| members.list.clone()).collect(),
    }
}

/// The two implementations. `items` are further methods of `Encode`.
fn implementations(
    context: &Context,
    input: &DeriveInput,
    bounds: &Bounds,
    body: &Body,
    items: &TokenStream,
) -> TokenStream {
    let Context { private, encode, lifetime } = context;
    let name = &input.ident;
    let mut generics = input.generics.clone();
    generics.make_where_clause().predicates.extend(bounds.predicates.iter().cloned());
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let mut borrowed = generics.clone();
    borrowed.params.insert(0, syn::parse_quote!(#lifetime));
    let (borrowed_generics, ..) = borrowed.split_for_impl();

    let tokens = input.to_token_stream().to_string();
    let signatures = &bounds.signatures;
    let Body { describe, encoded_len, put, .. } = body;
    quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl #impl_generics #encode for #name #type_generics #where_clause {
            type Value<#lifetime> = &#lifetime Self where Self: #lifetime;
            #[inline(always)]
            fn value(&self) -> &Self {
                self
            }
            #items
        }

        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl #borrowed_generics #private::Value for &#lifetime #name #type_generics #where_clause {
            const SIGNATURE: u64 = {
                let signature = #private::declared(
                    ::core::module_path!(),
                    (::core::line!(), ::core::column!()),
                    #tokens,
                );
                #(let signature = #private::pair(signature, #signatures);)*
                signature
            };
            fn describe(description: &mut #private::Description) -> #private::Type {
                #describe
            }
            #[inline]
            fn encoded_len(self) -> usize {
                #encoded_len
            }
            #[inline]
            fn put(self, out: &mut #private::Encoder<'_>) {
                #put
            }
        }
    }
}
