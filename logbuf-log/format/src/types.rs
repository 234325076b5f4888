//! The types of values.

use crate::{Error, Fault, Part, fields::Fields, limits};
use serde::Serialize;
use std::fmt;

/// What a value is, and so how its bytes are read.
///
/// `usize` and `isize` are written as `U64` and `I64`. The order of the variants is part of the format.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a variant is named as the Rust type it stands for")]
pub enum Type {
    Unit,
    Bool,
    Char,
    U8,
    U16,
    U32,
    U64,
    U128,
    I8,
    I16,
    I32,
    I64,
    I128,
    F32,
    F64,
    /// A string that the reader formats.
    Str,
    /// A string that the program has formatted; it is printed as it is.
    Text,
    /// Any number of items of one type.
    Seq(Box<Type>),
}

/// The types without parameters, at the index they have in the file.
const PLAIN: [Type; 17] = [
    Type::Unit,
    Type::Bool,
    Type::Char,
    Type::U8,
    Type::U16,
    Type::U32,
    Type::U64,
    Type::U128,
    Type::I8,
    Type::I16,
    Type::I32,
    Type::I64,
    Type::I128,
    Type::F32,
    Type::F64,
    Type::Str,
    Type::Text,
];

const SEQ: u32 = 17;

impl Type {
    /// A sequence of `item`s.
    pub fn seq(item: Self) -> Self {
        Self::Seq(Box::new(item))
    }

    /// How deep the type nests: 1 for a scalar.
    pub fn depth(&self) -> usize {
        let mut depth = 1;
        let mut inner = self;
        while let Self::Seq(item) = inner {
            inner = item;
            depth += 1;
        }
        depth
    }

    /// Reads the next type. `depth` is how many levels of nesting are still allowed.
    pub(crate) fn take(fields: &mut Fields<'_>, depth: usize) -> Result<Self, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(fields.error(Fault::TooDeep { limit: limits::DEPTH as u64 }));
        };
        let offset = fields.offset();
        let index: u32 = fields.take(Part::Type)?;
        match index {
            SEQ => Ok(Self::seq(Self::take(fields, depth)?)),
            _ => PLAIN
                .get(index as usize)
                .cloned()
                .ok_or(Error::at(offset, Fault::Unknown { part: Part::Type, found: index.into() })),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unit => "()",
            Self::Bool => "bool",
            Self::Char => "char",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::U128 => "u128",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::I128 => "i128",
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::Str => "str",
            Self::Text => "text",
            Self::Seq(item) => return write!(f, "[{item}]"),
        })
    }
}
