//! Values as text, byte for byte as `format!` prints them.
//!
//! [`std::fmt::Formatter`] cannot be made at run time from options, so this module is its mirror: the digits come from
//! std by fixed format strings; sign, prefix, padding and the layout of `{:#?}` are done here. Text is always appended
//! to a `String`, which makes it possible to pad what is already there, without a buffer in between.

mod builder;
mod field;
mod number;
mod pad;
mod room;
mod sink;
mod string;
mod time;

use crate::{
    template::{Align, Style},
    types::Type,
    value::Value,
};
pub use field::{field, unquoted};
pub use room::{Room, Share};
pub(crate) use sink::Sink;
use std::fmt;

/// How a value is printed: a [`Spec`](crate::template::Spec) whose width and precision are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) fill: char,
    pub(crate) align: Option<Align>,
    pub(crate) plus: bool,
    pub(crate) alternate: bool,
    pub(crate) zero: bool,
    /// 0 for none, which means the same.
    pub(crate) width: u16,
    pub(crate) precision: Option<u16>,
    pub(crate) style: Style,
}

impl Options {
    /// `{:?}`
    pub(crate) const DEBUG: Self = Self {
        fill: ' ',
        align: None,
        plus: false,
        alternate: false,
        zero: false,
        width: 0,
        precision: None,
        style: Style::Debug,
    };

    /// Whether they say no more than `{}` or `{:?}` does.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { style, align, fill, .. } = *self;
        let is_decimal = matches!(style, Style::Display | Style::Debug);
        // Without a width nothing is filled.
        is_decimal && *self == Self { style, align, fill, ..Self::DEBUG }
    }
}

/// Stands where a value was kept out of the log.
const REDACTED: &str = "[redacted]";

/// Stands where the program could not encode a value.
const FAILED: &str = "[not encoded]";

/// The text of a record is longer than it may be: see [`Share`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How long it may be, in bytes.
    pub limit: usize,
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its text is longer than the {} bytes that there is room for", self.limit)
    }
}

impl std::error::Error for TooLong {}

/// Whether values of this type can be printed in this style, as rustc would have it.
pub(crate) fn supports(ty: &Type, style: Style) -> bool {
    match (ty, style) {
        // The program has printed it; the template says no more how.
        (Type::Text, _) => true,
        (_, Style::Debug | Style::DebugLowerHex | Style::DebugUpperHex) => true,
        (_, Style::Pointer) => false,
        (Type::Bool | Type::Char | Type::Str | Type::Ip | Type::Socket, _) => {
            style == Style::Display
        }
        (Type::F32 | Type::F64, _) => {
            matches!(style, Style::Display | Style::LowerExp | Style::UpperExp)
        }
        (Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::U128, _) => true,
        (Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::I128, _) => true,
        _ => false,
    }
}

/// As [`value`], with options that say no more than `{}` or `{:?}` does: most values are numbers, and this is all there is to them.
#[inline]
pub(crate) fn plain(
    sink: &mut Sink<'_>,
    value: &Value<'_>,
    options: &Options,
) -> Result<(), TooLong> {
    match *value {
        Value::U8(value) => number::decimal(sink.leaf(options)?, value),
        Value::U16(value) => number::decimal(sink.leaf(options)?, value),
        Value::U32(value) => number::decimal(sink.leaf(options)?, value),
        Value::U64(value) => number::decimal(sink.leaf(options)?, value),
        Value::I8(value) => number::decimal(sink.leaf(options)?, value),
        Value::I16(value) => number::decimal(sink.leaf(options)?, value),
        Value::I32(value) => number::decimal(sink.leaf(options)?, value),
        Value::I64(value) => number::decimal(sink.leaf(options)?, value),
        Value::F64(value) if number::shortest(sink.leaf(options)?, value, options.style) => {}
        _ => return self::value(sink, value, options),
    }
    Ok(())
}

/// Appends `value` in a style that its type supports.
#[inline(never)]
pub(crate) fn value(
    sink: &mut Sink<'_>,
    value: &Value<'_>,
    options: &Options,
) -> Result<(), TooLong> {
    match *value {
        Value::Unit => pad::text(sink.leaf(options)?, "()", options),
        Value::Bool(true) => pad::text(sink.leaf(options)?, "true", options),
        Value::Bool(false) => pad::text(sink.leaf(options)?, "false", options),
        Value::Char(value) => string::char(sink.leaf(options)?, value, options),
        Value::U8(value) => number::integer(sink.integer(options)?, value, options),
        Value::U16(value) => number::integer(sink.integer(options)?, value, options),
        Value::U32(value) => number::integer(sink.integer(options)?, value, options),
        Value::U64(value) => number::integer(sink.integer(options)?, value, options),
        Value::U128(value) => number::integer(sink.integer(options)?, value, options),
        Value::I8(value) => number::integer(sink.integer(options)?, value, options),
        Value::I16(value) => number::integer(sink.integer(options)?, value, options),
        Value::I32(value) => number::integer(sink.integer(options)?, value, options),
        Value::I64(value) => number::integer(sink.integer(options)?, value, options),
        Value::I128(value) => number::integer(sink.integer(options)?, value, options),
        Value::F32(value) => {
            number::float(sink.number(options)?, value, f32::is_sign_negative(value), options)
        }
        Value::F64(value) => {
            number::float(sink.number(options)?, value, f64::is_sign_negative(value), options)
        }
        Value::Str(value) => string::str(sink.leaf(options)?, value, options),
        Value::Text(value) => string::text(sink, value)?,
        Value::Seq(value) => builder::list(sink, value, options)?,
        Value::Set(value) => builder::set(sink, value, options)?,
        Value::Map(value) => builder::map(sink, value, options)?,
        Value::Tuple(value) => builder::tuple(sink, "", value.iter(), options)?,
        Value::Option(None) => sink.push_str("None")?,
        Value::Option(Some(inner)) => builder::variant(sink, "Some", inner, options)?,
        Value::Result(Ok(inner)) => builder::variant(sink, "Ok", inner, options)?,
        Value::Result(Err(inner)) => builder::variant(sink, "Err", inner, options)?,
        Value::Struct(value) => builder::structure(sink, value, options)?,
        Value::Duration(value) => time::duration(sink.number(options)?, value, options),
        Value::SystemTime(value) => time::system_time(sink, value, options)?,
        Value::Ip(value) => string::shown(sink.leaf(options)?, value, options),
        Value::Socket(value) => string::shown(sink.leaf(options)?, value, options),
        Value::OsStr(value) => string::os_str(sink.leaf(options)?, value),
        Value::Redacted => sink.push_str(REDACTED)?,
        Value::Postcard(Some(inner)) => self::value(sink, &inner.get(), options)?,
        Value::Postcard(None) => sink.push_str(FAILED)?,
    }
    Ok(())
}
