//! The definitions of structs and enums, to which types refer by index.
//!
//! A type that contains itself refers to its own definition. How deep a value nests is therefore known only when it is
//! read: see [`limits::NESTING`].

use crate::{Error, Fault, Part, fields::Fields, limits, types::Type};
use serde::Serialize;

/// The structs and enums in the values of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Definitions(Vec<Definition>);

/// A struct or an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// The name that `Debug` prints for a struct.
    pub name: String,
    /// What it is made of.
    pub shape: Shape,
}

/// What a named type is made of. The order of the variants is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Shape {
    /// Of all of its members.
    Struct(Members),
    /// Of one of several variants.
    Enum(Vec<Variant>),
}

/// A variant of an enum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Variant {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub members: Members,
}

/// The members of a struct or a variant. The order of the variants is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Members {
    /// Without names; a unit struct or variant has none of them.
    Tuple(Vec<Type>),
    /// With names.
    Named(Vec<Member>),
}

/// A member with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The name.
    pub name: String,
    /// The type.
    pub ty: Type,
}

impl Definitions {
    /// No definitions: for sites whose values hold no structs and enums.
    pub fn none() -> &'static Self {
        static NONE: Definitions = Definitions(Vec::new());
        &NONE
    }

    /// These, in the order in which types number them.
    pub fn new(definitions: Vec<Definition>) -> Self {
        Self(definitions)
    }

    /// The definition that [`Type::Named`] with this index refers to.
    #[inline]
    pub fn get(&self, index: u32) -> Option<&Definition> {
        self.0.get(index as usize)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Definition> {
        self.0.iter()
    }

    /// The types of all members.
    pub(crate) fn types(&self) -> impl Iterator<Item = &Type> {
        self.iter().flat_map(Definition::members).flat_map(Members::types)
    }

    pub(crate) fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        fields.list(Part::Definitions, Definition::take).map(Self)
    }
}

impl Definition {
    /// Its members, or those of each of its variants.
    fn members(&self) -> impl Iterator<Item = &Members> {
        let (one, many) = match &self.shape {
            Shape::Struct(members) => (Some(members), &[][..]),
            Shape::Enum(variants) => (None, &variants[..]),
        };
        one.into_iter().chain(many.iter().map(|variant| &variant.members))
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self { name: fields.take(Part::Definitions)?, shape: Shape::take(fields)? })
    }
}

impl Shape {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let offset = fields.offset();
        match fields.take::<u32>(Part::Shape)? {
            0 => Members::take(fields).map(Self::Struct),
            1 => fields.list(Part::Definitions, Variant::take).map(Self::Enum),
            index => {
                Err(Error::at(offset, Fault::Unknown { part: Part::Shape, found: index.into() }))
            }
        }
    }
}

impl Variant {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        Ok(Self { name: fields.take(Part::Definitions)?, members: Members::take(fields)? })
    }
}

impl Members {
    /// The types of the members, in order.
    pub fn types(&self) -> impl Iterator<Item = &Type> {
        let (types, named) = match self {
            Self::Tuple(types) => (&types[..], &[][..]),
            Self::Named(named) => (&[][..], &named[..]),
        };
        types.iter().chain(named.iter().map(|member| &member.ty))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Tuple(types) => types.len(),
            Self::Named(named) => named.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type of a member, and its name, empty for none.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> Option<(&str, &Type)> {
        match self {
            Self::Tuple(types) => types.get(index).map(|ty| ("", ty)),
            Self::Named(named) => named.get(index).map(|member| (&member.name[..], &member.ty)),
        }
    }

    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let offset = fields.offset();
        match fields.take::<u32>(Part::Shape)? {
            0 => {
                let ty = |fields: &mut Fields<'_>| Type::take(fields, limits::DEPTH);
                fields.list(Part::Definitions, ty).map(Self::Tuple)
            }
            1 => fields.list(Part::Definitions, Member::take).map(Self::Named),
            index => {
                Err(Error::at(offset, Fault::Unknown { part: Part::Shape, found: index.into() }))
            }
        }
    }
}

impl Member {
    fn take(fields: &mut Fields<'_>) -> Result<Self, Error> {
        let name = fields.take(Part::Definitions)?;
        Ok(Self { name, ty: Type::take(fields, limits::DEPTH)? })
    }
}
