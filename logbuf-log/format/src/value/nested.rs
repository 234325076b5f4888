//! Values inside values.

use super::{
    Value,
    reader::{Reader, Wire},
};
use crate::{
    definition::{Definition, Definitions, Members, Shape},
    types::Type,
};

/// The bytes of a value that holds others, and what it takes to read them. They have been checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nested<'a> {
    pub(super) encoding: &'a [u8],
    pub(super) definitions: &'a Definitions,
    /// How many values are inside, keys and values of a map as one; of an enum the index of the variant.
    pub(super) number: u32,
    /// Bytes before the first value inside.
    pub(super) head: u8,
    pub(super) wire: Wire,
}

/// Items of one type.
#[derive(Clone, Copy, Debug)]
pub struct Seq<'a> {
    pub(super) item: &'a Type,
    pub(super) nested: Nested<'a>,
}

/// Keys, each with its value.
#[derive(Clone, Copy, Debug)]
pub struct Map<'a> {
    pub(super) types: &'a [Type; 2],
    pub(super) nested: Nested<'a>,
}

/// Values of different types.
#[derive(Clone, Copy, Debug)]
pub struct Tuple<'a> {
    pub(super) types: &'a [Type],
    pub(super) nested: Nested<'a>,
}

/// The members of a struct, or of a variant of an enum.
#[derive(Clone, Copy, Debug)]
pub struct Struct<'a> {
    pub(super) definition: &'a Definition,
    pub(super) nested: Nested<'a>,
}

/// A single value inside another.
#[derive(Clone, Copy, Debug)]
pub struct Inner<'a> {
    pub(super) ty: &'a Type,
    pub(super) nested: Nested<'a>,
}

impl<'a> Nested<'a> {
    fn reader(&self) -> Reader<'a> {
        Reader::again(&self.encoding[usize::from(self.head)..], self.definitions, self.wire)
    }
}

/// Reads a value again: it was read once when the one around it was, and does not fail now.
fn next<'a>(reader: &mut Reader<'a>, ty: &'a Type) -> Option<Value<'a>> {
    reader.value(ty, |value| value).ok()
}

impl<'a> Seq<'a> {
    /// The type of its items.
    pub fn item(&self) -> &'a Type {
        self.item
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.nested.number as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let (item, mut reader) = (self.item, self.nested.reader());
        (0..self.len()).map_while(move |_| next(&mut reader, item))
    }

    pub(super) fn encoding(&self) -> &'a [u8] {
        self.nested.encoding
    }
}

impl<'a> Map<'a> {
    /// The type of its keys.
    pub fn key(&self) -> &'a Type {
        &self.types[0]
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.nested.number as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The keys, each with its value.
    pub fn iter(&self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> + use<'a> {
        let ([key, value], mut reader) = (self.types, self.nested.reader());
        (0..self.len())
            .map_while(move |_| Some((next(&mut reader, key)?, next(&mut reader, value)?)))
    }

    pub(super) fn encoding(&self) -> &'a [u8] {
        self.nested.encoding
    }
}

impl<'a> Tuple<'a> {
    /// How many values there are.
    pub fn len(&self) -> usize {
        self.types.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    /// The values.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let mut reader = self.nested.reader();
        self.types.iter().map_while(move |ty| next(&mut reader, ty))
    }

    pub(super) fn encoding(&self) -> &'a [u8] {
        self.nested.encoding
    }
}

impl<'a> Struct<'a> {
    /// Whether it is an enum.
    pub fn is_enum(&self) -> bool {
        matches!(self.definition.shape, Shape::Enum(_))
    }

    /// The name that `Debug` prints: of the struct, or of the variant.
    pub fn name(&self) -> &'a str {
        self.named().0
    }

    /// Whether its members have names.
    pub fn has_names(&self) -> bool {
        matches!(self.named().1, Some(Members::Named(_)))
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.named().1.map_or(0, Members::len)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The members, each with its name, which is empty if they have none.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let (members, mut reader) = (self.named().1, self.nested.reader());
        (0..self.len()).map_while(move |index| {
            let (name, ty) = members?.get(index)?;
            Some((name, next(&mut reader, ty)?))
        })
    }

    fn named(&self) -> (&'a str, Option<&'a Members>) {
        match &self.definition.shape {
            Shape::Struct(members) => (&self.definition.name, Some(members)),
            Shape::Enum(variants) => match variants.get(self.nested.number as usize) {
                Some(variant) => (&variant.name, Some(&variant.members)),
                // Not met: the variant was looked up when the value was read.
                None => ("", None),
            },
        }
    }

    pub(super) fn encoding(&self) -> &'a [u8] {
        self.nested.encoding
    }
}

impl<'a> Inner<'a> {
    /// The value.
    pub fn get(&self) -> Value<'a> {
        // It was read once, when the value around it was.
        next(&mut self.nested.reader(), self.ty).unwrap_or(Value::Unit)
    }

    pub(super) fn encoding(&self) -> &'a [u8] {
        self.nested.encoding
    }
}

impl PartialEq for Seq<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item && self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl PartialEq for Map<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.types == other.types && self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl PartialEq for Tuple<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.types == other.types && self.iter().eq(other.iter())
    }
}

impl PartialEq for Struct<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.definition == other.definition
            && self.name() == other.name()
            && self.iter().eq(other.iter())
    }
}

impl PartialEq for Inner<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.ty == other.ty && self.get() == other.get()
    }
}
