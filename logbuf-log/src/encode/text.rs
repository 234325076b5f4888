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
        4 + self.len()
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
        4 + self.len()
    }
    #[inline(always)]
    fn put(self, out: &mut Encoder<'_>) {
        out.put_bytes(self.as_encoded_bytes());
    }
}
