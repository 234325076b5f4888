//! Reading values one behind the other.

use super::{
    CUT, Inner, Map, OsStr, Seq, Str, Struct, SystemTime, Tuple, Value, nested::Nested, varint,
};
use crate::{
    Error, Fault, Part,
    definition::{Definitions, Members, Shape},
    limits,
    types::Type,
};
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6},
    time::Duration,
};

/// Reads an unsigned number of more than a byte.
macro_rules! unsigned {
    ($reader:ident, $type:ty) => {
        match $reader.wire {
            Wire::Record => <$type>::from_le_bytes($reader.array()?),
            // It has been checked to fit.
            Wire::Postcard => $reader.varint(<$type>::BITS)? as $type,
        }
    };
}

/// Reads a signed number of more than a byte.
macro_rules! signed {
    ($reader:ident, $type:ty) => {
        match $reader.wire {
            Wire::Record => <$type>::from_le_bytes($reader.array()?),
            Wire::Postcard => varint::unfold($reader.varint(<$type>::BITS)?) as $type,
        }
    };
}

/// How values are encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    /// As in a record.
    Record,
    /// As `postcard` encodes them.
    Postcard,
}

/// The unread rest of a record's values.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes of the record's values, read or not.
    len: usize,
    definitions: &'a Definitions,
    /// How many more values inside others there may be. Those without bytes are bounded by nothing else.
    items: usize,
    /// How many there might be at first.
    most_items: usize,
    /// How many more levels of nesting there may be.
    depth: usize,
    wire: Wire,
}

impl<'a> Reader<'a> {
    /// Reads the values of a record, of which those inside others number at most `items` more than its bytes.
    pub(super) fn new(bytes: &'a [u8], definitions: &'a Definitions, items: usize) -> Self {
        let items = bytes.len() + items;
        let (len, depth, wire) = (bytes.len(), limits::NESTING, Wire::Record);
        Self { rest: bytes, len, definitions, items, most_items: items, depth, wire }
    }

    /// Reads values that have been read before, and are within the limits.
    pub(super) fn again(bytes: &'a [u8], definitions: &'a Definitions, wire: Wire) -> Self {
        let (len, items, depth) = (bytes.len(), usize::MAX, limits::NESTING);
        Self { rest: bytes, len, definitions, items, most_items: items, depth, wire }
    }

    /// Where the rest starts.
    pub(super) fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Reads the next value and hands it on.
    ///
    /// A continuation and not a return value: each arm then builds its variant where it belongs, and the value is not
    /// copied about as a whole, which took longer than reading it.
    #[inline]
    pub(super) fn value<R>(
        &mut self,
        ty: &'a Type,
        then: impl FnOnce(Value<'a>) -> R,
    ) -> Result<R, Error> {
        Ok(match ty {
            Type::Unit => then(Value::Unit),
            Type::Bool => then(Value::Bool(self.bool()?)),
            Type::Char => then(Value::Char(self.char()?)),
            Type::U8 => then(Value::U8(u8::from_le_bytes(self.array()?))),
            Type::U16 => then(Value::U16(unsigned!(self, u16))),
            Type::U32 => then(Value::U32(unsigned!(self, u32))),
            Type::U64 => then(Value::U64(unsigned!(self, u64))),
            Type::U128 => then(Value::U128(unsigned!(self, u128))),
            Type::I8 => then(Value::I8(i8::from_le_bytes(self.array()?))),
            Type::I16 => then(Value::I16(signed!(self, i16))),
            Type::I32 => then(Value::I32(signed!(self, i32))),
            Type::I64 => then(Value::I64(signed!(self, i64))),
            Type::I128 => then(Value::I128(signed!(self, i128))),
            Type::F32 => then(Value::F32(f32::from_le_bytes(self.array()?))),
            Type::F64 => then(Value::F64(f64::from_le_bytes(self.array()?))),
            Type::Str => then(Value::Str(self.str()?)),
            Type::Text => then(Value::Text(self.str()?)),
            Type::Seq(item) => then(Value::Seq(self.seq(item)?)),
            // What is rare, or nests by its nature, out of the way of what is not.
            _ => then(self.other(ty)?),
        })
    }

    #[inline(never)]
    fn other(&mut self, ty: &'a Type) -> Result<Value<'a>, Error> {
        Ok(match ty {
            Type::Array(item, count) => Value::Seq(self.items(item, *count, self.rest)?),
            Type::Set(item) => Value::Set(self.seq(item)?),
            Type::Map(types) => Value::Map(self.map(types)?),
            Type::Tuple(types) => Value::Tuple(self.tuple(types)?),
            Type::Option(inner) => Value::Option(self.option(inner)?),
            Type::Result(inner) => Value::Result(self.result(inner)?),
            Type::Named(index) => Value::Struct(self.named(*index)?),
            Type::Duration => Value::Duration(self.duration()?),
            Type::SystemTime => Value::SystemTime(self.system_time()?),
            Type::Ip => Value::Ip(self.ip()?),
            Type::Socket => Value::Socket(self.socket()?),
            Type::OsStr => Value::OsStr(self.os_str()?),
            Type::Redacted => Value::Redacted,
            Type::Postcard(inner) => Value::Postcard(self.postcard(inner)?),
            _ => return self.value(ty, |value| value),
        })
    }

    fn bool(&mut self) -> Result<bool, Error> {
        let offset = self.offset();
        match self.array()? {
            [byte @ (0 | 1)] => Ok(byte == 1),
            [byte] => {
                let fault = Fault::Unknown { part: Part::Bool, found: byte.into() };
                Err(Error::at(offset, fault))
            }
        }
    }

    fn char(&mut self) -> Result<char, Error> {
        let offset = self.offset();
        if self.wire == Wire::Postcard {
            // A string of one.
            let text = self.str()?.text;
            let mut chars = text.chars();
            return match (chars.next(), chars.next()) {
                (Some(char), None) => Ok(char),
                _ => {
                    let (part, found) = (Part::Char, text.len() as u64);
                    Err(Error::at(offset, Fault::Mismatch { part, found, expected: 1 }))
                }
            };
        }
        let scalar = u32::from_le_bytes(self.array()?);
        let unknown = Fault::Unknown { part: Part::Char, found: scalar.into() };
        char::from_u32(scalar).ok_or_else(|| Error::at(offset, unknown))
    }

    #[inline]
    fn str(&mut self) -> Result<Str<'a>, Error> {
        let (bytes, cut) = self.prefixed()?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Str { text, cut }),
            Err(error) => {
                let start = self.offset() - bytes.len();
                Err(Error::at(start + error.valid_up_to(), Fault::Utf8 { part: Part::Value }))
            }
        }
    }

    fn os_str(&mut self) -> Result<OsStr<'a>, Error> {
        let (bytes, cut) = self.prefixed()?;
        Ok(OsStr { bytes, cut })
    }

    /// Bytes behind their length, and whether they were cut.
    #[inline]
    fn prefixed(&mut self) -> Result<(&'a [u8], bool), Error> {
        let prefix = self.count()?;
        // `postcard` knows nothing of cuts; there the bit is an unbelievable length, as it should be.
        let mark = if self.wire == Wire::Record { prefix & CUT } else { 0 };
        Ok((self.bytes((prefix ^ mark) as usize)?, mark != 0))
    }

    /// A length, or a number of items.
    #[inline]
    fn count(&mut self) -> Result<u32, Error> {
        Ok(unsigned!(self, u32))
    }

    fn seq(&mut self, item: &'a Type) -> Result<Seq<'a>, Error> {
        let before = self.rest;
        let count = self.count()?;
        self.items(item, count, before)
    }

    /// Items of one type; `before` starts with the head of the sequence.
    fn items(&mut self, item: &'a Type, count: u32, before: &'a [u8]) -> Result<Seq<'a>, Error> {
        let head = before.len() - self.rest.len();
        let nested = self.nested(before, head, count, count as usize, |reader| {
            if let Some(len) = plain_len(item, reader.wire) {
                // Neither factor is more than 32 bits.
                reader.bytes((count as usize).saturating_mul(len)).map(|_| ())
            } else {
                (0..count).try_for_each(|_| reader.skip(item))
            }
        })?;
        Ok(Seq { item, nested })
    }

    fn map(&mut self, types: &'a [Type; 2]) -> Result<Map<'a>, Error> {
        let before = self.rest;
        let count = self.count()?;
        let head = before.len() - self.rest.len();
        let nested = self.nested(before, head, count, 2 * count as usize, |reader| {
            (0..count).try_for_each(|_| types.iter().try_for_each(|ty| reader.skip(ty)))
        })?;
        Ok(Map { types, nested })
    }

    fn tuple(&mut self, types: &'a [Type]) -> Result<Tuple<'a>, Error> {
        let count = types.len();
        let nested = self.nested(self.rest, 0, count as u32, count, |reader| {
            types.iter().try_for_each(|ty| reader.skip(ty))
        })?;
        Ok(Tuple { types, nested })
    }

    fn option(&mut self, inner: &'a Type) -> Result<Option<Inner<'a>>, Error> {
        let (offset, before) = (self.offset(), self.rest);
        match self.array()? {
            [0] => Ok(None),
            [1] => self.inner(before, inner).map(Some),
            [tag] => Err(unknown_variant(offset, tag.into())),
        }
    }

    fn result(&mut self, inner: &'a [Type; 2]) -> Result<Result<Inner<'a>, Inner<'a>>, Error> {
        let (offset, before) = (self.offset(), self.rest);
        match self.array()? {
            [0] => self.inner(before, &inner[0]).map(Ok),
            [1] => self.inner(before, &inner[1]).map(Err),
            [tag] => Err(unknown_variant(offset, tag.into())),
        }
    }

    fn named(&mut self, index: u32) -> Result<Struct<'a>, Error> {
        let (offset, before) = (self.offset(), self.rest);
        let definitions = self.definitions;
        let definition = definitions.get(index).ok_or_else(|| {
            Error::at(offset, Fault::Undefined { definitions: definitions.len() as u64 })
        })?;
        let (number, members) = match &definition.shape {
            Shape::Struct(members) => (0, members),
            Shape::Enum(variants) => {
                let number = match self.wire {
                    Wire::Record if variants.len() <= 256 => {
                        u8::from_le_bytes(self.array()?).into()
                    }
                    _ => self.count()?,
                };
                let variant = variants.get(number as usize);
                let variant = variant.ok_or_else(|| unknown_variant(offset, number.into()))?;
                (number, &variant.members)
            }
        };
        let head = before.len() - self.rest.len();
        let nested = self.nested(before, head, number, members.len(), |reader| match members {
            Members::Tuple(types) => types.iter().try_for_each(|ty| reader.skip(ty)),
            Members::Named(named) => named.iter().try_for_each(|member| reader.skip(&member.ty)),
        })?;
        Ok(Struct { definition, nested })
    }

    fn postcard(&mut self, inner: &'a Type) -> Result<Option<Inner<'a>>, Error> {
        let offset = self.offset();
        let before = self.rest;
        let (bytes, failed) = self.prefixed()?;
        if failed {
            return Ok(None);
        }
        let head = before.len() - self.rest.len() - bytes.len();
        let mut reader = Self {
            rest: bytes,
            len: offset + head + bytes.len(),
            definitions: self.definitions,
            items: self.items,
            most_items: self.most_items,
            depth: self.depth,
            wire: Wire::Postcard,
        };
        let Nested { encoding, .. } = reader.nested(bytes, 0, 1, 1, |reader| reader.skip(inner))?;
        self.items = reader.items;
        if !reader.is_empty() {
            let (part, found) = (Part::Value, bytes.len() as u64);
            let fault = Fault::Mismatch { part, found, expected: encoding.len() as u64 };
            return Err(Error::at(reader.offset(), fault));
        }
        let nested = Nested {
            encoding: &before[..before.len() - self.rest.len()],
            definitions: self.definitions,
            number: 1,
            head: head as u8,
            wire: Wire::Postcard,
        };
        Ok(Some(Inner { ty: inner, nested }))
    }

    fn duration(&mut self) -> Result<Duration, Error> {
        let (seconds, nanoseconds) = (u64::from_le_bytes(self.array()?), self.nanoseconds()?);
        Ok(Duration::new(seconds, nanoseconds))
    }

    fn system_time(&mut self) -> Result<SystemTime, Error> {
        let seconds = i64::from_le_bytes(self.array()?);
        Ok(SystemTime { seconds, nanoseconds: self.nanoseconds()? })
    }

    /// A part of a second.
    fn nanoseconds(&mut self) -> Result<u32, Error> {
        const SECOND: u32 = 1_000_000_000;
        let offset = self.offset();
        match u32::from_le_bytes(self.array()?) {
            nanoseconds @ 0..SECOND => Ok(nanoseconds),
            found => {
                let (part, limit) = (Part::Nanoseconds, (SECOND - 1).into());
                Err(Error::at(offset, Fault::Limit { part, found: found.into(), limit }))
            }
        }
    }

    fn ip(&mut self) -> Result<IpAddr, Error> {
        let offset = self.offset();
        match self.array()? {
            [4] => Ok(Ipv4Addr::from(self.array::<4>()?).into()),
            [6] => Ok(Ipv6Addr::from(self.array::<16>()?).into()),
            [tag] => Err(unknown_variant(offset, tag.into())),
        }
    }

    fn socket(&mut self) -> Result<SocketAddr, Error> {
        let ip = self.ip()?;
        let port = u16::from_le_bytes(self.array()?);
        Ok(match ip {
            IpAddr::V4(_) => SocketAddr::new(ip, port),
            IpAddr::V6(ip) => {
                let flow = u32::from_le_bytes(self.array()?);
                SocketAddrV6::new(ip, port, flow, u32::from_le_bytes(self.array()?)).into()
            }
        })
    }

    /// The one value behind a tag, which `before` starts with.
    fn inner(&mut self, before: &'a [u8], ty: &'a Type) -> Result<Inner<'a>, Error> {
        let nested = self.nested(before, 1, 1, 1, |reader| reader.skip(ty))?;
        Ok(Inner { ty, nested })
    }

    /// Reads values inside a value, `parts` of them, by `walk`. `before` starts with the `head` of the value.
    fn nested(
        &mut self,
        before: &'a [u8],
        head: usize,
        number: u32,
        parts: usize,
        walk: impl FnOnce(&mut Self) -> Result<(), Error>,
    ) -> Result<Nested<'a>, Error> {
        self.items = self.items.checked_sub(parts).ok_or_else(|| {
            let limit = self.most_items as u64;
            let fault = Fault::Limit { part: Part::Items, found: parts as u64, limit };
            Error::at(self.offset(), fault)
        })?;
        self.depth = self.depth.checked_sub(1).ok_or_else(|| {
            let limit = limits::NESTING as u64;
            Error::at(self.offset(), Fault::Limit { part: Part::Nesting, found: limit + 1, limit })
        })?;
        walk(self)?;
        self.depth += 1;
        Ok(Nested {
            encoding: &before[..before.len() - self.rest.len()],
            definitions: self.definitions,
            number,
            // At most the five bytes of a varint.
            head: head as u8,
            wire: self.wire,
        })
    }

    fn skip(&mut self, ty: &'a Type) -> Result<(), Error> {
        self.value(ty, |_| ())
    }

    /// A number as `postcard` writes it, of a type with so many bits.
    #[cold]
    #[inline(never)]
    fn varint(&mut self, bits: u32) -> Result<u128, Error> {
        match varint::take(self.rest, bits) {
            Some(Ok((value, len))) => {
                self.rest = &self.rest[len..];
                Ok(value)
            }
            Some(Err(varint::TooLarge)) => {
                let (part, limit) = (Part::Number, bits.into());
                let fault = Fault::Limit { part, found: u64::from(bits) + 1, limit };
                Err(Error::at(self.offset(), fault))
            }
            None => Err(self.cut(self.rest.len() + 1)),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let Some((array, rest)) = self.rest.split_first_chunk() else { return Err(self.cut(N)) };
        self.rest = rest;
        Ok(*array)
    }

    #[inline]
    fn bytes(&mut self, len: usize) -> Result<&'a [u8], Error> {
        let Some((bytes, rest)) = self.rest.split_at_checked(len) else {
            return Err(self.cut(len));
        };
        self.rest = rest;
        Ok(bytes)
    }

    #[cold]
    fn cut(&self, need: usize) -> Error {
        let (have, need) = (self.rest.len() as u64, need as u64);
        Error::at(self.offset(), Fault::Incomplete { part: Part::Value, have, need })
    }
}

#[cold]
fn unknown_variant(offset: usize, found: u64) -> Error {
    Error::at(offset, Fault::Unknown { part: Part::Variant, found })
}

/// The length of a value of this type, if any bytes of that length are one.
fn plain_len(ty: &Type, wire: Wire) -> Option<usize> {
    match ty {
        Type::Unit | Type::Redacted => Some(0),
        Type::U8 | Type::I8 => Some(1),
        Type::F32 => Some(4),
        Type::F64 => Some(8),
        _ if wire == Wire::Postcard => None,
        Type::U16 | Type::I16 => Some(2),
        Type::U32 | Type::I32 => Some(4),
        Type::U64 | Type::I64 => Some(8),
        Type::U128 | Type::I128 => Some(16),
        _ => None,
    }
}
