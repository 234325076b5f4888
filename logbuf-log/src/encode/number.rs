//! Numbers, and what is a number in memory.

use core::num::{NonZero, Saturating, Wrapping};
use core::sync::atomic::{self, Ordering};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::{Shown, Value};

/// A type whose values are in memory what they are in a record, on a little-endian machine.
pub trait Plain: Encode {
    /// Bytes of a value.
    const LEN: usize;
}

macro_rules! number {
    ($($type:ident as $wide:ident => $variant:ident;)*) => {$(
        impl Encode for $type {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                *self
            }
            #[inline(always)]
            fn items_len(items: &[Self]) -> usize {
                items.len() * size_of::<$wide>()
            }
            #[inline(always)]
            fn put_items(items: &[Self], out: &mut Encoder<'_>) {
                if cfg!(target_endian = "little") && size_of::<$type>() == size_of::<$wide>() {
                    return out.put(bytemuck::cast_slice(items));
                }
                for item in items {
                    item.put(out);
                }
            }
        }

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

        impl Shown for $type {}
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

macro_rules! plain {
    ($($type:ident)*) => {$(
        impl Plain for $type {
            const LEN: usize = size_of::<$type>();
        }
    )*};
}

plain! { u8 u16 u32 u64 u128 i8 i16 i32 i64 i128 f32 f64 bool char }

#[cfg(target_pointer_width = "64")]
plain! { usize isize }

impl<T: Plain, const N: usize> Plain for [T; N] {
    const LEN: usize = N * T::LEN;
}

macro_rules! wrapper {
    ($($wrapper:ident, $self:ident => $inner:expr;)*) => {$(
        impl<T: Encode> Encode for $wrapper<T> {
            type Value<'a>
                = T::Value<'a>
            where
                T: 'a;
            #[inline(always)]
            fn value(&$self) -> T::Value<'_> {
                $inner.value()
            }
        }
    )*};
}

wrapper! {
    Wrapping, self => self.0;
    Saturating, self => self.0;
}

macro_rules! non_zero {
    ($($type:ident)*) => {$(
        impl Encode for NonZero<$type> {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                self.get()
            }
        }
    )*};
}

non_zero! { u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize }

macro_rules! atomic {
    ($($atomic:ident: $type:ident;)*) => {$(
        impl Encode for atomic::$atomic {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                // Relaxed, as in its `Debug`: whoever logs a value that others change asks for any of its states.
                self.load(Ordering::Relaxed)
            }
        }
    )*};
}

atomic! {
    AtomicBool: bool;
    AtomicU8: u8;
    AtomicU16: u16;
    AtomicU32: u32;
    AtomicU64: u64;
    AtomicUsize: usize;
    AtomicI8: i8;
    AtomicI16: i16;
    AtomicI32: i32;
    AtomicI64: i64;
    AtomicIsize: isize;
}
