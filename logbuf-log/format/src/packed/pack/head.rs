//! What stands before the values of a record: its site, its time, and which values are not as predicted.

use super::Room;
use crate::packed::{EARLIER, site_code, varint::bytes_of};

/// The head of the records of a site that is in the block: all of it but the time is known beforehand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// The first byte without the code of the time, and the index behind it, if it needs bytes of its own.
    site: u32,
    /// Bits of that.
    site_bits: u8,
    /// Bytes of the head without the time.
    len: u8,
    /// Bytes of the site's records, if all have the same, with the [`LEAD`](super::LEAD); otherwise 0, as none has.
    record_len: u16,
}

/// A step of time smaller than this takes at most 5 bytes, so that it fits one word with what is before it.
pub(super) const MAX_TIME: u64 = 1 << 40;

impl Head {
    /// The head of a site with this index in the block, and so many bytes of misses.
    pub(super) fn new(index: u32, misses_len: usize, record_len: u16) -> Self {
        let (site, index_len) = match index {
            ..13 => (index, 0),
            13..=0xFF => (index << 8 | u32::from(site_code::BYTE), 1),
            _ => (index << 8 | u32::from(site_code::WORD), 2),
        };
        let (site_bits, len) = (8 + 8 * index_len, 1 + index_len + misses_len as u8);
        Self { site, site_bits, len, record_len }
    }

    /// Whether a record has the length of one of numbers alone.
    #[inline]
    pub(super) fn is_for(self, record: &[u8]) -> bool {
        record.len() == usize::from(self.record_len)
    }

    /// Writes the head of a record that is `later` than the one before, by less than [`MAX_TIME`], and of which all values are
    /// as predicted. Returns its length.
    #[inline]
    pub(super) fn put(self, later: u64, out: &mut [u8]) -> usize {
        let time_len = bytes_of(later);
        let word = self.with_time(time_len as u8) | later << (self.site_bits & 63);
        let out: &mut [u8; 16] = out.first_chunk_mut().expect("there is room for a record");
        // Zeros behind it: up to 8 bytes of misses.
        *out = u128::from(word).to_le_bytes();
        usize::from(self.len) + time_len
    }

    /// The site, with the code of the time.
    #[inline]
    pub(super) fn with_time(self, code: u8) -> u64 {
        u64::from(self.site) | u64::from(code) << 4
    }

    /// Bytes of the site.
    pub(super) fn site_len(self) -> usize {
        usize::from(self.site_bits / 8)
    }
}

/// The distance from the time of the record before.
pub(super) struct TimeStep {
    /// Which way it is, and how long.
    pub(super) code: u8,
    distance: u64,
}

impl TimeStep {
    pub(super) fn new(before: u64, ticks: u64) -> Self {
        let later = ticks.wrapping_sub(before);
        let (distance, base) = match before.wrapping_sub(ticks) {
            earlier if later > earlier && bytes_of(earlier) < 8 => (earlier, EARLIER),
            _ => (later, 0),
        };
        Self { code: base + bytes_of(distance) as u8, distance }
    }

    /// Appends it without its code.
    pub(super) fn put(&self, room: &mut Room<'_>) {
        room.put(self.distance, bytes_of(self.distance));
    }
}
