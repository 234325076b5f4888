//! What can be an argument: the trait users meet, and its implementations.

use std::borrow::Cow;

use crate::value::Value;

/// A type whose values can be arguments and fields of a log call.
///
/// The value is not formatted at the call. Its bytes go into the ring, its type into the file, and the decoder prints
/// what `format!` would have printed.
///
/// Whatever is not `Encode` but is `Debug` or `Display` is formatted straight into the ring, without allocating, by
/// putting `?` or `%` before the argument:
///
/// ```
/// use logbuf_log::info;
/// let address = std::net::Ipv4Addr::LOCALHOST;
/// info!(from = %address, "connected to {}", ?(1, 2));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged as a typed value",
    label = "this argument has no encoding",
    note = "to format it at the call instead, write `?` (Debug) or `%` (Display) before it: `info!(\"{{}}\", %value)`, `info!(key = ?value)`"
)]
pub trait Encode {
    /// The form in which the value is handed to the ring: small, `Copy`, borrowed where it must be.
    #[doc(hidden)]
    type Value<'a>: Value
    where
        Self: 'a;

    /// The value in that form.
    #[doc(hidden)]
    fn value(&self) -> Self::Value<'_>;
}

macro_rules! encode_by_copy {
    ($($type:ty),*) => {$(
        impl Encode for $type {
            type Value<'a> = $type;
            #[inline(always)]
            fn value(&self) -> $type {
                *self
            }
        }
    )*};
}

encode_by_copy! { u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64, bool, char, () }

impl Encode for str {
    type Value<'a> = &'a str;
    #[inline(always)]
    fn value(&self) -> &str {
        self
    }
}

impl Encode for String {
    type Value<'a> = &'a str;
    #[inline(always)]
    fn value(&self) -> &str {
        self
    }
}

impl<T: Encode> Encode for [T] {
    type Value<'a>
        = &'a [T]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T] {
        self
    }
}

impl<T: Encode, const N: usize> Encode for [T; N] {
    type Value<'a>
        = &'a [T]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T] {
        self
    }
}

impl<T: Encode> Encode for Vec<T> {
    type Value<'a>
        = &'a [T]
    where
        T: 'a;
    #[inline(always)]
    fn value(&self) -> &[T] {
        self
    }
}

impl<T: Encode + ?Sized> Encode for &T {
    type Value<'a>
        = T::Value<'a>
    where
        Self: 'a;
    #[inline(always)]
    fn value(&self) -> T::Value<'_> {
        (**self).value()
    }
}

impl<T: Encode + ?Sized> Encode for &mut T {
    type Value<'a>
        = T::Value<'a>
    where
        Self: 'a;
    #[inline(always)]
    fn value(&self) -> T::Value<'_> {
        (**self).value()
    }
}

impl<T: Encode + ToOwned + ?Sized> Encode for Cow<'_, T> {
    type Value<'a>
        = T::Value<'a>
    where
        Self: 'a;
    #[inline(always)]
    fn value(&self) -> T::Value<'_> {
        (**self).value()
    }
}

impl<T: Encode + ?Sized> Encode for Box<T> {
    type Value<'a>
        = T::Value<'a>
    where
        Self: 'a;
    #[inline(always)]
    fn value(&self) -> T::Value<'_> {
        (**self).value()
    }
}
