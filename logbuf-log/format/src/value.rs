//! Values, decoded from their bytes by their types.

use crate::{Error, Fault, Part, limits, site::Slot, types::Type};

/// Bit of a string's length that says it was cut.
const CUT: u32 = 1 << 31;

/// A value of a record. It borrows the bytes of the record and the types of the site.
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
    Seq(Seq<'a>),
}

/// A string, as much of it as the record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Str<'a> {
    /// The string.
    pub text: &'a str,
    /// It was longer, and was cut to fit the record.
    pub cut: bool,
}

/// Items of one type. They have been checked, and are decoded as they are asked for.
#[derive(Clone, Copy, Debug)]
pub struct Seq<'a> {
    item: &'a Type,
    count: u32,
    bytes: &'a [u8],
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
/// use logbuf_format::{site::{Role, Slot}, types::Type, value::{self, Value}};
///
/// let slots = [Slot { name: "qty".into(), role: Role::Argument, ty: Type::U16 }];
/// let mut values = Vec::new();
/// value::take_all(&slots, &[3, 0], &mut values)?;
/// assert_eq!(values, [Value::U16(3)]);
/// # Ok::<_, logbuf_format::Error>(())
/// ```
pub fn take_all<'a>(
    slots: &'a [Slot],
    bytes: &'a [u8],
    out: &mut Vec<Value<'a>>,
) -> Result<(), Error> {
    let mut reader = Reader::new(bytes);
    out.reserve(slots.len());
    for slot in slots {
        reader.value(&slot.ty, |value| out.push(value))?;
    }
    if reader.rest.is_empty() {
        return Ok(());
    }
    let (found, expected) = (bytes.len() as u64, reader.offset() as u64);
    Err(Error::at(reader.offset(), Fault::Mismatch { part: Part::Values, found, expected }))
}

impl Value<'_> {
    /// Appends the value as a record holds it.
    ///
    /// # Panics
    ///
    /// If a string is longer than [`limits::RECORD`].
    pub fn put(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Unit => {}
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
            Self::Str(value) | Self::Text(value) => value.put(out),
            Self::Seq(value) => {
                out.extend_from_slice(&value.count.to_le_bytes());
                out.extend_from_slice(value.bytes);
            }
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

    fn put(self, out: &mut Vec<u8>) {
        assert!(self.text.len() <= limits::RECORD, "a string fits a record");
        let cut = if self.cut { CUT } else { 0 };
        out.extend_from_slice(&(self.text.len() as u32 | cut).to_le_bytes());
        out.extend_from_slice(self.text.as_bytes());
    }
}

impl<'a> Seq<'a> {
    /// The type of its items.
    pub fn item(&self) -> &'a Type {
        self.item
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The bytes of the items.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The items.
    pub fn iter(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let item = self.item;
        let mut reader = Reader::new(self.bytes);
        // All of them were decoded once, when the sequence was: none fails now.
        (0..self.count).map_while(move |_| reader.value(item, |value| value).ok())
    }
}

impl PartialEq for Seq<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.item == other.item && self.len() == other.len() && self.iter().eq(other.iter())
    }
}

/// The unread rest of a record's values.
struct Reader<'a> {
    rest: &'a [u8],
    /// Bytes of the record's values, read or not.
    len: usize,
    /// How many more items of sequences there may be. Items without bytes are bounded by nothing else.
    items: usize,
}

impl<'a> Reader<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, len: bytes.len(), items: limits::ITEMS }
    }

    /// Reads the next value and hands it on.
    ///
    /// A continuation and not a return value: each arm then builds its variant where it belongs, and the value is not
    /// copied about as a whole, which took longer than reading it.
    #[inline]
    fn value<R>(&mut self, ty: &'a Type, then: impl FnOnce(Value<'a>) -> R) -> Result<R, Error> {
        Ok(match ty {
            Type::Unit => then(Value::Unit),
            Type::Bool => then(Value::Bool(self.bool()?)),
            Type::Char => then(Value::Char(self.char()?)),
            Type::U8 => then(Value::U8(u8::from_le_bytes(self.array()?))),
            Type::U16 => then(Value::U16(u16::from_le_bytes(self.array()?))),
            Type::U32 => then(Value::U32(u32::from_le_bytes(self.array()?))),
            Type::U64 => then(Value::U64(u64::from_le_bytes(self.array()?))),
            Type::U128 => then(Value::U128(u128::from_le_bytes(self.array()?))),
            Type::I8 => then(Value::I8(i8::from_le_bytes(self.array()?))),
            Type::I16 => then(Value::I16(i16::from_le_bytes(self.array()?))),
            Type::I32 => then(Value::I32(i32::from_le_bytes(self.array()?))),
            Type::I64 => then(Value::I64(i64::from_le_bytes(self.array()?))),
            Type::I128 => then(Value::I128(i128::from_le_bytes(self.array()?))),
            Type::F32 => then(Value::F32(f32::from_le_bytes(self.array()?))),
            Type::F64 => then(Value::F64(f64::from_le_bytes(self.array()?))),
            Type::Str => then(Value::Str(self.str()?)),
            Type::Text => then(Value::Text(self.str()?)),
            Type::Seq(item) => then(Value::Seq(self.seq(item)?)),
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
        let scalar = u32::from_le_bytes(self.array()?);
        let unknown = Fault::Unknown { part: Part::Char, found: scalar.into() };
        char::from_u32(scalar).ok_or_else(|| Error::at(offset, unknown))
    }

    #[inline]
    fn str(&mut self) -> Result<Str<'a>, Error> {
        let prefix = u32::from_le_bytes(self.array()?);
        let start = self.offset();
        let bytes = self.bytes((prefix & !CUT) as usize)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Str { text, cut: prefix & CUT != 0 }),
            Err(error) => {
                Err(Error::at(start + error.valid_up_to(), Fault::Utf8 { part: Part::Value }))
            }
        }
    }

    fn seq(&mut self, item: &'a Type) -> Result<Seq<'a>, Error> {
        let offset = self.offset();
        let count = u32::from_le_bytes(self.array()?);
        self.items = self.items.checked_sub(count as usize).ok_or_else(|| {
            let (found, limit) = (count.into(), limits::ITEMS as u64);
            Error::at(offset, Fault::Limit { part: Part::Items, found, limit })
        })?;
        let before = self.rest;
        match plain_len(item) {
            Some(len) => {
                self.bytes(count as usize * len)?;
            }
            None => {
                for _ in 0..count {
                    self.value(item, |_| ())?;
                }
            }
        }
        Ok(Seq { item, count, bytes: &before[..before.len() - self.rest.len()] })
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

    /// Where the rest starts.
    fn offset(&self) -> usize {
        self.len - self.rest.len()
    }

    #[cold]
    fn cut(&self, need: usize) -> Error {
        let (have, need) = (self.rest.len() as u64, need as u64);
        Error::at(self.offset(), Fault::Incomplete { part: Part::Value, have, need })
    }
}

/// The length of a value of this type, if any bytes of that length are one.
fn plain_len(ty: &Type) -> Option<usize> {
    match ty {
        Type::Unit => Some(0),
        Type::U8 | Type::I8 => Some(1),
        Type::U16 | Type::I16 => Some(2),
        Type::U32 | Type::I32 | Type::F32 => Some(4),
        Type::U64 | Type::I64 | Type::F64 => Some(8),
        Type::U128 | Type::I128 => Some(16),
        Type::Bool | Type::Char | Type::Str | Type::Text | Type::Seq(_) => None,
    }
}
