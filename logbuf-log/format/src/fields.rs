//! Reading `postcard` values field by field, so that an error names the field and where it stands.

use crate::{Error, Fault, Part};
use serde::{Deserialize, Serialize};

/// The unread rest of an entry.
pub(crate) struct Fields<'a> {
    all: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { all: bytes, rest: bytes }
    }

    /// The next field.
    pub(crate) fn take<T: Deserialize<'a>>(&mut self, part: Part) -> Result<T, Error> {
        let (value, rest) = postcard::take_from_bytes(self.rest)
            .map_err(|cause| self.error(Fault::Malformed { part, cause }))?;
        self.rest = rest;
        Ok(value)
    }

    /// A count, and as many things as it says. A hostile count ends with the entry: each thing takes a byte or more.
    pub(crate) fn list<T>(
        &mut self,
        part: Part,
        mut take: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let count: u32 = self.take(part)?;
        // Not collected, which might believe the count.
        let mut things = Vec::new();
        for _ in 0..count {
            things.push(take(self)?);
        }
        Ok(things)
    }

    /// `fault`, at the next unread byte.
    pub(crate) fn error(&self, fault: Fault) -> Error {
        Error::at(self.offset(), fault)
    }

    /// Whether all has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Where the next unread byte stands.
    pub(crate) fn offset(&self) -> usize {
        self.all.len() - self.rest.len()
    }
}

/// Appends `value` as `postcard` encodes it.
pub(crate) fn put<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    struct Append<'a>(&'a mut Vec<u8>);

    impl postcard::ser_flavors::Flavor for Append<'_> {
        type Output = ();

        fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
            self.0.push(byte);
            Ok(())
        }

        fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }

        fn finalize(self) -> postcard::Result<()> {
            Ok(())
        }
    }

    // A vector takes whatever it is given, and the crate's own types know their lengths: nothing is left to fail.
    postcard::serialize_with_flavor(value, Append(out)).expect("a vector takes every byte")
}
