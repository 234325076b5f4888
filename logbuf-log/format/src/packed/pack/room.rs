//! The cursor through which a record reaches the payload.

use crate::packed::varint::{self, MAX};

/// Bytes that are written from `at` on. Whoever makes one has seen to it that there are enough.
pub(super) struct Room<'a> {
    pub(super) bytes: &'a mut [u8],
    pub(super) at: usize,
}

impl Room<'_> {
    /// Appends the first `len` bytes, at most 8, of `word`. What is behind them is written over.
    #[inline]
    pub(super) fn put(&mut self, word: u64, len: usize) {
        self.bytes[self.at..self.at + 8].copy_from_slice(&word.to_le_bytes());
        self.at += len;
    }

    /// Appends a number.
    #[inline]
    pub(super) fn put_number(&mut self, value: u64) {
        let (word, len) = varint::encode(value);
        self.put(word, len.min(8));
        if len == MAX {
            self.at -= 7;
            self.put(value, 8);
        }
    }

    /// Appends bytes as they are.
    #[inline]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}
