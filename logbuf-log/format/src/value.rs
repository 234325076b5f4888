//! Values, decoded from their bytes by their types.

mod nested;
mod reader;
mod varint;

use crate::{Error, Fault, Part, definition::Definitions, limits, site::Slot};
pub use nested::{Inner, Map, Seq, Struct, Tuple};
use reader::Reader;
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// Bit of a string's length that says it was cut.
const CUT: u32 = 1 << 31;

/// A value of a record. It borrows the bytes of the record and the types of the site.
///
/// Values that hold others decode them as they are asked for; all have been checked by then.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "a variant is named as its type is")]
pub enum Value<'a> {
    Unit,
    Bool(bool),
    Char(char),
    U8(u8),
    U16(u16),
    U32(u32),
    U64(u64),
    U128(u128),
    I8(i8),
    I16(i16),
    I32(i32),
    I64(i64),
    I128(i128),
    F32(f32),
    F64(f64),
    /// A string to be formatted.
    Str(Str<'a>),
    /// A string that the program has formatted.
    Text(Str<'a>),
    /// A sequence or an array.
    Seq(Seq<'a>),
    Set(Seq<'a>),
    Map(Map<'a>),
    Tuple(Tuple<'a>),
    Option(Option<Inner<'a>>),
    Result(Result<Inner<'a>, Inner<'a>>),
    /// A struct, or an enum in one of its variants.
    Struct(Struct<'a>),
    Duration(Duration),
    SystemTime(SystemTime),
    Ip(IpAddr),
    Socket(SocketAddr),
    OsStr(OsStr<'a>),
    Redacted,
    /// A value that the program encoded by `postcard`; `None` if it could not.
    Postcard(Option<Inner<'a>>),
}

/// A string, as much of it as the record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a> {
    /// The string.
    pub text: &'a str,
    /// It was longer, and was cut to fit the record.
    pub cut: bool,
}

/// A string of the operating system: mostly UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OsStr<'a> {
    /// Its bytes.
    pub bytes: &'a [u8],
    /// It was longer, and was cut to fit the record.
    pub cut: bool,
}

/// A point in time, as `std::time::SystemTime` has it on Unix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SystemTime {
    /// Seconds since the Unix epoch, rounded down.
    pub seconds: i64,
    /// Nanoseconds since that second, less than 10⁹.
    pub nanoseconds: u32,
}

/// Decodes the values of a record, in the order of their `slots`, to the end of `out`.
///
/// # Errors
///
/// What is wrong with the first bad value, or [`Fault::Mismatch`] if bytes are left over. The offset counts from the
/// start of `bytes`.
///
/// # Examples
///
/// ```
/// use logbuf_format::{definition::Definitions, site::{Role, Slot}, types::Type, value::{self, Value}};
///
/// let slots = [Slot { name: "qty".into(), role: Role::Argument, ty: Type::U16 }];
/// let mut values = Vec::new();
/// value::take_all(&slots, Definitions::none(), &[3, 0], &mut values)?;
/// assert_eq!(values, [Value::U16(3)]);
/// # Ok::<_, logbuf_format::Error>(())
/// ```
pub fn take_all<'a>(
    slots: &'a [Slot],
    definitions: &'a Definitions,
    bytes: &'a [u8],
    out: &mut Vec<Value<'a>>,
) -> Result<(), Error> {
    take_some(slots, definitions, bytes, limits::ITEMS, out)
}

/// As [`take_all`], of a record whose values inside other values number at most so many more than its bytes.
///
/// Each takes a byte of text or more: of a record that has room for less text, no more need be read.
///
/// # Errors
///
/// As [`take_all`].
pub fn take_some<'a>(
    slots: &'a [Slot],
    definitions: &'a Definitions,
    bytes: &'a [u8],
    items: usize,
    out: &mut Vec<Value<'a>>,
) -> Result<(), Error> {
    let mut reader = Reader::new(bytes, definitions, items.min(limits::ITEMS));
    out.reserve(slots.len());
    for slot in slots {
        reader.value(&slot.ty, |value| out.push(value))?;
    }
    if reader.is_empty() {
        return Ok(());
    }
    let (found, expected) = (bytes.len() as u64, reader.offset() as u64);
    Err(Error::at(reader.offset(), Fault::Mismatch { part: Part::Values, found, expected }))
}

impl Value<'_> {
    /// Appends the value, one that [`take_all`] gave or a scalar, as a record holds it.
    ///
    /// # Panics
    ///
    /// If a string is longer than [`limits::RECORD`].
    pub fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Unit | Self::Redacted => {}
            Self::Bool(value) => out.push(value.into()),
            Self::Char(value) => out.extend_from_slice(&u32::from(value).to_le_bytes()),
            Self::U8(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::U16(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::U32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::U64(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::U128(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::I8(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::I16(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::I32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::I64(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::I128(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::F32(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::F64(value) => out.extend_from_slice(&value.to_le_bytes()),
            Self::Str(value) | Self::Text(value) => put_str(out, value.text.as_bytes(), value.cut),
            Self::OsStr(value) => put_str(out, value.bytes, value.cut),
            Self::Duration(value) => {
                out.extend_from_slice(&value.as_secs().to_le_bytes());
                out.extend_from_slice(&value.subsec_nanos().to_le_bytes());
            }
            Self::SystemTime(value) => {
                out.extend_from_slice(&value.seconds.to_le_bytes());
                out.extend_from_slice(&value.nanoseconds.to_le_bytes());
            }
            Self::Ip(value) => put_ip(out, value),
            Self::Socket(value) => put_socket(out, value),
            Self::Seq(value) | Self::Set(value) => out.extend_from_slice(value.encoding()),
            Self::Map(value) => out.extend_from_slice(value.encoding()),
            Self::Tuple(value) => out.extend_from_slice(value.encoding()),
            Self::Struct(value) => out.extend_from_slice(value.encoding()),
            Self::Option(None) => out.push(0),
            Self::Postcard(None) => out.extend_from_slice(&CUT.to_le_bytes()),
            Self::Option(Some(value))
            | Self::Result(Ok(value) | Err(value))
            | Self::Postcard(Some(value)) => out.extend_from_slice(value.encoding()),
        }
    }

    /// The value as an unsigned number, if it is one: a width or a precision.
    pub fn as_unsigned(&self) -> Option<u128> {
        match *self {
            Self::U8(value) => Some(value.into()),
            Self::U16(value) => Some(value.into()),
            Self::U32(value) => Some(value.into()),
            Self::U64(value) => Some(value.into()),
            Self::U128(value) => Some(value),
            _ => None,
        }
    }
}

impl<'a> Str<'a> {
    /// The whole of `text`.
    pub const fn new(text: &'a str) -> Self {
        Self { text, cut: false }
    }
}

fn put_str(out: &mut Vec<u8>, bytes: &[u8], cut: bool) {
    assert!(bytes.len() <= limits::RECORD, "a string fits a record");
    let cut = if cut { CUT } else { 0 };
    out.extend_from_slice(&(bytes.len() as u32 | cut).to_le_bytes());
    out.extend_from_slice(bytes);
}

fn put_ip(out: &mut Vec<u8>, ip: IpAddr) {
    match ip {
        IpAddr::V4(ip) => {
            out.push(4);
            out.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            out.push(6);
            out.extend_from_slice(&ip.octets());
        }
    }
}

fn put_socket(out: &mut Vec<u8>, socket: SocketAddr) {
    put_ip(out, socket.ip());
    out.extend_from_slice(&socket.port().to_le_bytes());
    if let SocketAddr::V6(socket) = socket {
        out.extend_from_slice(&socket.flowinfo().to_le_bytes());
        out.extend_from_slice(&socket.scope_id().to_le_bytes());
    }
}
