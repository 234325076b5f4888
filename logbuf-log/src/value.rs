//! Values as they travel: how each is described in the file, measured and written.

use core::fmt;

use logbuf_format::types::Type;

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

/// A value that the decoder prints by `Display`, and by whatever other trait than `Debug` its type has.
///
/// Types that users derive are not among them: what their `Display` prints, only the program knows.
#[diagnostic::on_unimplemented(
    message = "the decoder can print this value by `Debug` alone",
    label = "only `{{:?}}` is deferred for this type",
    note = "to print it by its own `Display`, format it at the call: write `%` before the argument, as in `info!(\"{{}}\", %value)`"
)]
pub trait Shown: Value {}

/// Requires that a value can be printed by more than `Debug`.
#[inline(always)]
pub fn shown<V: Shown>(value: V) -> V {
    value
}

/// A member whose text goes into the record in its place.
#[derive(Debug)]
pub struct Displayed<'a, T: ?Sized>(pub &'a T);

impl<T: ?Sized> Clone for Displayed<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Displayed<'_, T> {}

/// It is formatted twice, to measure and to write. If the two differ, its record is unreadable, and no other.
impl<T: fmt::Display + ?Sized> Value for Displayed<'_, T> {
    const SIGNATURE: Signature = signature::of("Text");
    fn describe(_: &mut Description) -> Type {
        Type::Text
    }
    fn encoded_len(self) -> usize {
        let mut counter = Encoder::new(&mut []);
        self.put(&mut counter);
        counter.wanted()
    }
    fn put(self, out: &mut Encoder<'_>) {
        out.put_formatted(format_args!("{}", self.0));
    }
}

/// Stands for a member that is kept out of the log.
#[derive(Debug, Clone, Copy)]
pub struct Redacted;

impl Value for Redacted {
    const SIGNATURE: Signature = signature::of("Redacted");
    fn describe(_: &mut Description) -> Type {
        Type::Redacted
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        0
    }
    #[inline(always)]
    fn put(self, _: &mut Encoder<'_>) {}
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
