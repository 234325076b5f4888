//! The packed payload, read from the front.

use crate::{
    Error, Fault, Part,
    packed::{
        strings::Entry,
        varint::{self, MAX},
    },
};

/// A payload and a place in it.
pub(super) struct Input<'p> {
    payload: &'p [u8],
    at: usize,
}

impl<'p> Input<'p> {
    pub(super) fn new(payload: &'p [u8]) -> Self {
        Self { payload, at: 0 }
    }

    #[inline]
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn is_empty(&self) -> bool {
        self.at == self.payload.len()
    }

    /// The next `len` bytes.
    #[inline]
    pub(super) fn take(&mut self, part: Part, len: usize) -> Result<&'p [u8], Error> {
        match self.payload[self.at..].get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(self.cut(part, len)),
        }
    }

    /// The bytes of a string that was taken before.
    #[inline]
    pub(super) fn again(&self, entry: Entry) -> &'p [u8] {
        entry.bytes(self.payload)
    }

    #[inline]
    pub(super) fn byte(&mut self, part: Part) -> Result<u8, Error> {
        match self.payload.get(self.at) {
            Some(byte) => {
                self.at += 1;
                Ok(*byte)
            }
            None => Err(self.cut(part, 1)),
        }
    }

    /// The number in the next `len` bytes, at most 8.
    #[inline]
    pub(super) fn word(&mut self, part: Part, len: usize) -> Result<u64, Error> {
        let (word, have) = self.peek();
        if have < len {
            return Err(self.cut(part, len));
        }
        self.at += len;
        Ok(if len == 0 { 0 } else { word & u64::MAX >> (64 - 8 * len) })
    }

    /// The next number that tells its own length.
    #[inline]
    pub(super) fn number(&mut self, part: Part) -> Result<u64, Error> {
        let (word, have) = self.peek();
        let len = varint::len(word as u8);
        if have == 0 || have < len.min(8) {
            return Err(self.cut(part, len));
        }
        if len < MAX {
            self.at += len;
            return Ok(varint::decode(word, len));
        }
        self.at += 1;
        self.word(part, 8)
    }

    /// The next 8 bytes, zeros behind the end, and how many of them there are.
    #[inline]
    fn peek(&self) -> (u64, usize) {
        let rest = &self.payload[self.at..];
        match rest.first_chunk() {
            Some(word) => (u64::from_le_bytes(*word), 8),
            None => {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                (u64::from_le_bytes(word), rest.len())
            }
        }
    }

    #[cold]
    fn cut(&self, part: Part, need: usize) -> Error {
        let have = (self.payload.len() - self.at) as u64;
        Error::at(self.at, Fault::Incomplete { part, have, need: need as u64 })
    }
}
