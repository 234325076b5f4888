//! What the file is told about the types of a call's values.

use logbuf_format::definition::{Definition, Definitions, Member, Members, Shape, Variant};
use logbuf_format::types::Type;

use crate::signature::Signature;

/// The types of a call's values, in order, and the structs and enums inside them, each once.
///
/// Made when a site is first written into a segment, not when it records.
#[derive(Debug, Default)]
pub struct Description {
    types: Vec<Type>,
    /// By index; `None` while it is being made, which is when a type that contains itself meets itself.
    definitions: Vec<Option<Definition>>,
    /// The signature of each definition.
    signatures: Vec<Signature>,
}

impl Description {
    /// Appends the type of the next value.
    pub(crate) fn push(&mut self, ty: Type) {
        self.types.push(ty);
    }

    /// The struct whose type has this signature; `members` describes it if nothing has yet.
    pub fn structure(
        &mut self,
        signature: Signature,
        name: &str,
        members: impl FnOnce(&mut Self) -> Members,
    ) -> Type {
        self.define(signature, name, |description| Shape::Struct(members(description)))
    }

    /// The enum whose type has this signature; `variants` describes it if nothing has yet.
    pub fn enumeration(
        &mut self,
        signature: Signature,
        name: &str,
        variants: impl FnOnce(&mut Self) -> Vec<Variant>,
    ) -> Type {
        self.define(signature, name, |description| Shape::Enum(variants(description)))
    }

    fn define(
        &mut self,
        signature: Signature,
        name: &str,
        shape: impl FnOnce(&mut Self) -> Shape,
    ) -> Type {
        if let Some(index) = self.signatures.iter().position(|known| *known == signature) {
            return Type::Named(index as u32);
        }
        let index = self.signatures.len();
        self.signatures.push(signature);
        self.definitions.push(None);
        let shape = shape(self);
        self.definitions[index] = Some(Definition { name: name.to_owned(), shape });
        Type::Named(index as u32)
    }

    /// The types, and what they refer to.
    pub(crate) fn into_parts(self) -> (Vec<Type>, Definitions) {
        // Every definition is there once `define` has returned.
        (self.types, Definitions::new(self.definitions.into_iter().flatten().collect()))
    }
}

/// Members without names.
pub fn tuple(types: Vec<Type>) -> Members {
    Members::Tuple(types)
}

/// Members with names.
pub fn named(members: Vec<(&str, Type)>) -> Members {
    let member = |(name, ty): (&str, Type)| Member { name: name.to_owned(), ty };
    Members::Named(members.into_iter().map(member).collect())
}

/// A variant of an enum.
pub fn variant(name: &str, members: Members) -> Variant {
    Variant { name: name.to_owned(), members }
}
