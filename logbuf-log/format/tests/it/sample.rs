//! Owned values of every type, which std formats and a record encodes.

use crate::std_format::{self as std_format, Flags};
use logbuf_format::types::Type;
use proptest::prelude::*;

/// A Rust type as a type of the format, encoded by code of its own.
pub(crate) trait Encode {
    fn ty() -> Type;
    fn encode(&self, out: &mut Vec<u8>);
}

macro_rules! encode_numbers {
    ($($rust:ty => $ty:ident,)*) => {
        $(impl Encode for $rust {
            fn ty() -> Type {
                Type::$ty
            }
            fn encode(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_le_bytes());
            }
        })*
    };
}

encode_numbers! {
    u8 => U8, u16 => U16, u32 => U32, u64 => U64, u128 => U128,
    i8 => I8, i16 => I16, i32 => I32, i64 => I64, i128 => I128,
    f32 => F32, f64 => F64,
}

impl Encode for () {
    fn ty() -> Type {
        Type::Unit
    }
    fn encode(&self, _: &mut Vec<u8>) {}
}

impl Encode for bool {
    fn ty() -> Type {
        Type::Bool
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
}

impl Encode for char {
    fn ty() -> Type {
        Type::Char
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&u32::from(*self).to_le_bytes());
    }
}

impl Encode for String {
    fn ty() -> Type {
        Type::Str
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        out.extend_from_slice(self.as_bytes());
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn ty() -> Type {
        Type::seq(T::ty())
    }
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.len() as u32).to_le_bytes());
        self.iter().for_each(|item| item.encode(out));
    }
}

/// Declares [`Sample`]: which variant holds what, and in which styles std formats it.
macro_rules! samples {
    ($($variant:ident($rust:ty): $styles:ident,)*) => {
        #[derive(Clone, Debug)]
        pub(crate) enum Sample {
            $($variant($rust),)*
        }

        impl Sample {
            pub(crate) fn ty(&self) -> Type {
                match self {
                    $(Self::$variant(_) => <$rust>::ty(),)*
                }
            }

            pub(crate) fn encode(&self, out: &mut Vec<u8>) {
                match self {
                    $(Self::$variant(value) => value.encode(out),)*
                }
            }

            /// What std prints; `None` if this type has no such style.
            pub(crate) fn formatted(
                &self, style: &str, flags: Flags, width: usize, precision: Option<usize>,
            ) -> Option<String> {
                match self {
                    $(Self::$variant(value) => $styles!(value, style, flags, width, precision),)*
                }
            }
        }
    };
}

macro_rules! debug_only {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "?" => Some(std_format::debug($value, $($options),*)),
            "x?" => Some(std_format::debug_lower_hex($value, $($options),*)),
            "X?" => Some(std_format::debug_upper_hex($value, $($options),*)),
            _ => None,
        }
    };
}

macro_rules! display {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "" => Some(std_format::display($value, $($options),*)),
            _ => debug_only!($value, $style, $($options),*),
        }
    };
}

macro_rules! float {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "e" => Some(std_format::lower_exp($value, $($options),*)),
            "E" => Some(std_format::upper_exp($value, $($options),*)),
            _ => display!($value, $style, $($options),*),
        }
    };
}

macro_rules! integer {
    ($value:ident, $style:ident, $($options:ident),*) => {
        match $style {
            "x" => Some(std_format::lower_hex($value, $($options),*)),
            "X" => Some(std_format::upper_hex($value, $($options),*)),
            "o" => Some(std_format::octal($value, $($options),*)),
            "b" => Some(std_format::binary($value, $($options),*)),
            _ => float!($value, $style, $($options),*),
        }
    };
}

samples! {
    Unit(()): debug_only,
    Bool(bool): display,
    Char(char): display,
    U8(u8): integer,
    U16(u16): integer,
    U32(u32): integer,
    U64(u64): integer,
    U128(u128): integer,
    I8(i8): integer,
    I16(i16): integer,
    I32(i32): integer,
    I64(i64): integer,
    I128(i128): integer,
    F32(f32): float,
    F64(f64): float,
    Str(String): display,
    Units(Vec<()>): debug_only,
    Bools(Vec<bool>): debug_only,
    Chars(Vec<char>): debug_only,
    Bytes(Vec<u8>): debug_only,
    Numbers(Vec<i64>): debug_only,
    Floats(Vec<f64>): debug_only,
    Strings(Vec<String>): debug_only,
    Nested(Vec<Vec<i16>>): debug_only,
}

/// Values at the edges of each type.
pub(crate) fn edges() -> Vec<Sample> {
    let strings =
        ["", "a", "größer", "日本語", "tab\tquote\"\u{1b}[31m\\\n\u{301}e\u{301}\u{200b}"];
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        9.995,
        1e-4,
        9.9e-5,
        1e15,
        1e16,
        -1e16,
        1.5e300,
        5e-324,
        f64::MAX,
        f64::MIN,
        f64::EPSILON,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        -f64::NAN,
    ];
    let mut edges = vec![
        Sample::Unit(()),
        Sample::U8(0),
        Sample::U8(255),
        Sample::U16(u16::MAX),
        Sample::U32(u32::MAX),
        Sample::U64(u64::MAX),
        Sample::U64(123_456_789),
        Sample::U128(u128::MAX),
        Sample::I8(i8::MIN),
        Sample::I16(i16::MIN),
        Sample::I32(i32::MIN),
        Sample::I64(i64::MIN),
        Sample::I64(-1),
        Sample::I64(9_995),
        Sample::I128(i128::MIN),
        Sample::I128(i128::MAX),
        Sample::F32(f32::MAX),
        Sample::F32(f32::MIN_POSITIVE),
        Sample::F32(1e16),
        Sample::F32(f32::NAN),
        Sample::Units(vec![(); 3]),
        Sample::Bools(vec![true, false]),
        Sample::Chars(vec!['\'', '"']),
        Sample::Bytes(vec![]),
        Sample::Bytes(vec![0, 10, 255]),
        Sample::Numbers(vec![-1, i64::MAX]),
        Sample::Floats(floats.to_vec()),
        Sample::Strings(strings.map(String::from).to_vec()),
        Sample::Nested(vec![vec![], vec![1, -2], vec![3]]),
    ];
    edges.extend([true, false].map(Sample::Bool));
    edges.extend(['a', '\'', '"', '\n', '\0', 'ß', '\u{301}', '\u{10FFFF}'].map(Sample::Char));
    edges.extend(floats.map(Sample::F64));
    edges.extend(strings.map(|text| Sample::Str(text.into())));
    edges
}

/// Any value of any type.
pub(crate) fn any_sample() -> impl Strategy<Value = Sample> {
    use prop::collection::vec;
    let float = || prop_oneof![any::<f64>(), any::<u64>().prop_map(f64::from_bits), -1e6..1e6_f64];
    let scalar = prop_oneof![
        any::<bool>().prop_map(Sample::Bool),
        any::<char>().prop_map(Sample::Char),
        any::<f32>().prop_map(Sample::F32),
        any::<u32>().prop_map(|bits| Sample::F32(f32::from_bits(bits))),
        float().prop_map(Sample::F64),
        any::<String>().prop_map(Sample::Str),
    ];
    let unsigned = prop_oneof![
        any::<u8>().prop_map(Sample::U8),
        any::<u16>().prop_map(Sample::U16),
        any::<u32>().prop_map(Sample::U32),
        any::<u64>().prop_map(Sample::U64),
        any::<u128>().prop_map(Sample::U128),
    ];
    let signed = prop_oneof![
        any::<i8>().prop_map(Sample::I8),
        any::<i16>().prop_map(Sample::I16),
        any::<i32>().prop_map(Sample::I32),
        any::<i64>().prop_map(Sample::I64),
        any::<i128>().prop_map(Sample::I128),
    ];
    let sequence = prop_oneof![
        vec(any::<()>(), 0..4).prop_map(Sample::Units),
        vec(any::<bool>(), 0..4).prop_map(Sample::Bools),
        vec(any::<char>(), 0..4).prop_map(Sample::Chars),
        vec(any::<u8>(), 0..20).prop_map(Sample::Bytes),
        vec(any::<i64>(), 0..4).prop_map(Sample::Numbers),
        vec(float(), 0..4).prop_map(Sample::Floats),
        vec(any::<String>(), 0..4).prop_map(Sample::Strings),
        vec(vec(any::<i16>(), 0..3), 0..3).prop_map(Sample::Nested),
    ];
    prop_oneof![2 => scalar, 2 => unsigned, 2 => signed, 1 => sequence]
}
