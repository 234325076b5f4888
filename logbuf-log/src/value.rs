//! Values as they travel: how each is described in the file, measured and written.

use core::fmt;

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};

/// The form of an argument that is handed to the ring.
///
/// Several types share one: `String`, `&str` and `Box<str>` are all `&str` here, which keeps the number of instances of
/// the recording functions small.
pub trait Value: Copy {
    /// Tells types apart: equal signatures mean equal descriptions.
    const SIGNATURE: Signature;
    /// Whether writing the value runs code of the user's (a `Debug` or `Display` implementation), so that its size is
    /// known only afterwards.
    const FORMATS: bool = false;

    /// The type that the file names for it.
    fn describe(description: &mut Description) -> Type;

    /// Bytes that [`put`](Self::put) will write. Without meaning where [`FORMATS`](Self::FORMATS) is set.
    fn encoded_len(self) -> usize;

    /// Writes the value.
    fn put(self, out: &mut Encoder<'_>);
}

macro_rules! number {
    ($($type:ident as $wide:ident => $variant:ident;)*) => {$(
        impl Value for $type {
            const SIGNATURE: Signature = signature::of(stringify!($variant));
            fn describe(_: &mut Description) -> Type {
                Type::$variant
            }
            #[inline(always)]
            fn encoded_len(self) -> usize {
                size_of::<$wide>()
            }
            #[inline(always)]
            fn put(self, out: &mut Encoder<'_>) {
                out.put(&(self as $wide).to_le_bytes());
            }
        }
    )*};
}

number! {
    u8 as u8 => U8;
    u16 as u16 => U16;
    u32 as u32 => U32;
    u64 as u64 => U64;
    u128 as u128 => U128;
    usize as u64 => U64;
    i8 as i8 => I8;
    i16 as i16 => I16;
    i32 as i32 => I32;
    i64 as i64 => I64;
    i128 as i128 => I128;
    isize as i64 => I64;
    f32 as f32 => F32;
    f64 as f64 => F64;
    bool as u8 => Bool;
    char as u32 => Char;
}

impl Value for () {
    const SIGNATURE: Signature = signature::of("Unit");
    fn describe(_: &mut Description) -> Type {
        Type::Unit
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        0
    }
    #[inline(always)]
    fn put(self, _: &mut Encoder<'_>) {}
}

impl Value for &str {
    const SIGNATURE: Signature = signature::of("Str");
    fn describe(_: &mut Description) -> Type {
        Type::Str
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        4 + self.len()
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_str(self);
    }
}

impl<'a, T: Encode> Value for &'a [T] {
    const SIGNATURE: Signature =
        signature::pair(signature::of("Seq"), <T::Value<'a> as Value>::SIGNATURE);
    fn describe(description: &mut Description) -> Type {
        Type::seq(T::Value::<'a>::describe(description))
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        self.iter().fold(4, |len, item| len + item.value().encoded_len())
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put(&(self.len() as u32).to_le_bytes());
        for item in self {
            item.value().put(out);
        }
    }
}

/// Text formatted while the record is written.
impl Value for fmt::Arguments<'_> {
    const SIGNATURE: Signature = signature::of("Text");
    const FORMATS: bool = true;
    fn describe(_: &mut Description) -> Type {
        Type::Text
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        4
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_formatted(self);
    }
}

/// The values of one call: a list, `()` or `(first, rest)`.
pub trait Values: Copy {
    /// As of [`Value`], for the whole list; never 0.
    const SIGNATURE: Signature;
    /// Whether any value formats.
    const FORMATS: bool;

    /// Describes the types, in order.
    fn describe(description: &mut Description);

    /// Bytes of all values.
    fn encoded_len(self) -> usize;

    /// Writes all values.
    fn put(self, out: &mut Encoder<'_>);
}

impl Values for () {
    const SIGNATURE: Signature = signature::of("");
    const FORMATS: bool = false;
    fn describe(_: &mut Description) {}
    #[inline(always)]
    fn encoded_len(self) -> usize {
        0
    }
    #[inline(always)]
    fn put(self, _: &mut Encoder<'_>) {}
}

impl<V: Value, R: Values> Values for (V, R) {
    const SIGNATURE: Signature = signature::pair(V::SIGNATURE, R::SIGNATURE);
    const FORMATS: bool = V::FORMATS || R::FORMATS;
    fn describe(description: &mut Description) {
        let ty = V::describe(description);
        description.push(ty);
        R::describe(description);
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        self.0.encoded_len() + self.1.encoded_len()
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        self.0.put(out);
        self.1.put(out);
    }
}
