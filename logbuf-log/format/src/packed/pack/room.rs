//! The cursor through which a record reaches the payload.

use crate::packed::varint::{self, MAX};

/// Bytes that are written from `at` on. Whoever makes one has seen to it that there are enough.
pub(super) struct Room<'a> {
    pub(super) bytes: &'a mut [u8],
    pub(super) at: usize,
    /// Whether an operation of the site was changed, so that its next record needs a new definition.
    pub(super) is_stale: bool,
}

impl<'a> Room<'a> {
    pub(super) fn new(bytes: &'a mut [u8], at: usize) -> Self {
        Self { bytes, at, is_stale: false }
    }

    /// Appends the first `len` bytes, at most 8, of `word`. What is behind them is written over.
    #[inline]
    pub(super) fn put(&mut self, word: u64, len: usize) {
        self.bytes[self.at..self.at + 8].copy_from_slice(&word.to_le_bytes());
        self.at += len;
    }

    /// Appends a number.
    #[inline]
    pub(super) fn put_number(&mut self, value: u64) {
        match varint::encode(value) {
            (word, len @ ..MAX) => self.put(word, len),
            _ => self.put_longest(value),
        }
    }

    /// Appends a number that takes [`MAX`] bytes.
    #[cold]
    fn put_longest(&mut self, value: u64) {
        self.put(0, 1);
        self.put(value, 8);
    }

    /// Appends bytes as they are.
    #[inline]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.at..self.at + bytes.len()].copy_from_slice(bytes);
        self.at += bytes.len();
    }
}
