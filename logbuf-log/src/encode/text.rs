//! Strings, those of the operating system included.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use logbuf_format::types::Type;

use crate::Encode;
use crate::description::Description;
use crate::encoder::Encoder;
use crate::signature::{self, Signature};
use crate::value::{Shown, Value};

macro_rules! text {
    ($($type:ty, $self:ident => $value:ty = $borrow:expr;)*) => {$(
        impl Encode for $type {
            type Value<'a> = &'a $value;
            #[inline(always)]
            fn value(&$self) -> &$value {
                $borrow
            }
        }
    )*};
}

text! {
    str, self => str = self;
    String, self => str = self;
    OsStr, self => OsStr = self;
    OsString, self => OsStr = self;
    Path, self => OsStr = self.as_os_str();
    PathBuf, self => OsStr = self.as_os_str();
}

impl Value for &str {
    const SIGNATURE: Signature = signature::of("Str");
    fn describe(_: &mut Description) -> Type {
        Type::Str
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        4 + known_len(self.len())
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_bytes(self.as_bytes());
    }
}

impl Shown for &str {}

impl Value for &OsStr {
    const SIGNATURE: Signature = signature::of("OsStr");
    fn describe(_: &mut Description) -> Type {
        Type::OsStr
    }
    #[inline(always)]
    fn encoded_len(self) -> usize {
        4 + known_len(self.len())
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_bytes(self.as_encoded_bytes());
    }
}

/// The length of text. The compiler does not know that it is less than half the address space, and would test whether the sum of
/// this and the size of a record's header overflows, at each step of writing one.
#[inline(always)]
fn known_len(len: usize) -> usize {
    // SAFETY: nothing in Rust is longer than `isize::MAX` bytes, and this is called with the length of what is borrowed.
    unsafe { core::hint::assert_unchecked(len <= isize::MAX as usize) };
    len
}
