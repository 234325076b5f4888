//! The types of values.

use crate::{Error, Fault, Part, definition::Definitions, fields::Fields, limits};
use serde::Serialize;
use std::{fmt, slice};

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
    /// A number of items of one type that is the same in every record.
    Array(Box<Type>, u32),
    /// As `Seq`, printed in braces.
    Set(Box<Type>),
    /// Any number of keys, each with its value.
    Map(Box<[Type; 2]>),
    /// Values of different types.
    Tuple(Vec<Type>),
    Option(Box<Type>),
    /// The types of `Ok` and of `Err`.
    Result(Box<[Type; 2]>),
    /// A struct or an enum: the index of its definition in the [`Definitions`] of the site.
    Named(u32),
    Duration,
    SystemTime,
    /// `IpAddr`, `Ipv4Addr` or `Ipv6Addr`.
    Ip,
    /// `SocketAddr`, `SocketAddrV4` or `SocketAddrV6`.
    Socket,
    /// `OsStr` or `Path`: bytes that are mostly UTF-8.
    OsStr,
    /// A value that was kept out of the log.
    Redacted,
    /// A value of the type inside, encoded by `postcard`.
    Postcard(Box<Type>),
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

/// The types behind `PLAIN`, by index.
mod index {
    pub(super) const SEQ: u32 = 17;
    pub(super) const ARRAY: u32 = 18;
    pub(super) const SET: u32 = 19;
    pub(super) const MAP: u32 = 20;
    pub(super) const TUPLE: u32 = 21;
    pub(super) const OPTION: u32 = 22;
    pub(super) const RESULT: u32 = 23;
    pub(super) const NAMED: u32 = 24;
    pub(super) const DURATION: u32 = 25;
    pub(super) const SYSTEM_TIME: u32 = 26;
    pub(super) const IP: u32 = 27;
    pub(super) const SOCKET: u32 = 28;
    pub(super) const OS_STR: u32 = 29;
    pub(super) const REDACTED: u32 = 30;
    pub(super) const POSTCARD: u32 = 31;
}

impl Type {
    /// A sequence of `item`s.
    pub fn seq(item: Self) -> Self {
        Self::Seq(Box::new(item))
    }

    /// A sequence of exactly `count` `item`s.
    pub fn array(item: Self, count: u32) -> Self {
        Self::Array(Box::new(item), count)
    }

    /// A set of `item`s.
    pub fn set(item: Self) -> Self {
        Self::Set(Box::new(item))
    }

    /// A map from `key` to `value`.
    pub fn map(key: Self, value: Self) -> Self {
        Self::Map(Box::new([key, value]))
    }

    /// A `value` or nothing.
    pub fn option(value: Self) -> Self {
        Self::Option(Box::new(value))
    }

    /// An `ok` or an `err`.
    pub fn result(ok: Self, err: Self) -> Self {
        Self::Result(Box::new([ok, err]))
    }

    /// A `value` encoded by `postcard`.
    pub fn postcard(value: Self) -> Self {
        Self::Postcard(Box::new(value))
    }

    /// How deep the type nests: 1 for a scalar. A named type counts as a scalar.
    pub fn depth(&self) -> usize {
        1 + self.inner().iter().map(Self::depth).max().unwrap_or(0)
    }

    /// Whether the named types in it, if any, are defined.
    pub(crate) fn is_defined(&self, definitions: &Definitions) -> bool {
        match self {
            Self::Named(index) => definitions.get(*index).is_some(),
            _ => self.inner().iter().all(|inner| inner.is_defined(definitions)),
        }
    }

    /// The types it is made of.
    fn inner(&self) -> &[Self] {
        match self {
            Self::Seq(inner)
            | Self::Array(inner, _)
            | Self::Set(inner)
            | Self::Option(inner)
            | Self::Postcard(inner) => slice::from_ref(inner),
            Self::Map(inner) | Self::Result(inner) => &inner[..],
            Self::Tuple(inner) => inner,
            _ => &[],
        }
    }

    /// Reads the next type. `depth` is how many levels of nesting are still allowed.
    pub(crate) fn take(fields: &mut Fields<'_>, depth: usize) -> Result<Self, Error> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(fields.error(Fault::TooDeep { limit: limits::DEPTH as u64 }));
        };
        let offset = fields.offset();
        let index: u32 = fields.take(Part::Type)?;
        let mut inner = || Self::take(fields, depth);
        Ok(match index {
            index::SEQ => Self::seq(inner()?),
            index::ARRAY => {
                let item = inner()?;
                Self::array(item, fields.take(Part::Type)?)
            }
            index::SET => Self::set(inner()?),
            index::MAP => Self::map(inner()?, inner()?),
            index::TUPLE => {
                Self::Tuple(fields.list(Part::Type, |fields| Self::take(fields, depth))?)
            }
            index::OPTION => Self::option(inner()?),
            index::RESULT => Self::result(inner()?, inner()?),
            index::NAMED => Self::Named(fields.take(Part::Type)?),
            index::DURATION => Self::Duration,
            index::SYSTEM_TIME => Self::SystemTime,
            index::IP => Self::Ip,
            index::SOCKET => Self::Socket,
            index::OS_STR => Self::OsStr,
            index::REDACTED => Self::Redacted,
            index::POSTCARD => Self::postcard(inner()?),
            _ => PLAIN.get(index as usize).cloned().ok_or(Error::at(
                offset,
                Fault::Unknown { part: Part::Type, found: index.into() },
            ))?,
        })
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
            Self::Array(item, count) => return write!(f, "[{item}; {count}]"),
            Self::Set(item) => return write!(f, "set of {item}"),
            Self::Map(inner) => return write!(f, "map from {} to {}", inner[0], inner[1]),
            Self::Tuple(inner) => return tuple(inner, f),
            Self::Option(inner) => return write!(f, "Option<{inner}>"),
            Self::Result(inner) => return write!(f, "Result<{}, {}>", inner[0], inner[1]),
            Self::Named(index) => return write!(f, "definition {index}"),
            Self::Duration => "Duration",
            Self::SystemTime => "SystemTime",
            Self::Ip => "IpAddr",
            Self::Socket => "SocketAddr",
            Self::OsStr => "OsStr",
            Self::Redacted => "redacted",
            Self::Postcard(inner) => return write!(f, "postcard of {inner}"),
        })
    }
}

fn tuple(inner: &[Type], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("(")?;
    for (index, ty) in inner.iter().enumerate() {
        write!(f, "{}{ty}", if index == 0 { "" } else { ", " })?;
    }
    f.write_str(if inner.len() == 1 { ",)" } else { ")" })
}
