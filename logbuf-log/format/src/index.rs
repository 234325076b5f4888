//! INDEX: where the EVENTS blocks of a segment are, and what is in them.
//!
//! It is advisory. Whoever uses an entry reads the header it points to all the same, and goes by that if the two differ
//! ([`Entry::matches`]); whoever finds no index makes one from the headers ([`Entry::of`]).

use crate::{
    Error, Part,
    block::Header,
    bytes::{u32_at, u64_at},
    table,
};

/// Bytes of an entry.
const LEN: usize = 40;

/// One EVENTS block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Where its header starts in the file, in bytes.
    pub offset: u64,
    /// The smallest time stamp inside, ticks.
    pub first: u64,
    /// The largest time stamp inside, ticks.
    pub last: u64,
    /// Records inside.
    pub records: u32,
    /// The [bits](crate::site::bit) of the sites inside.
    pub sites: u32,
    /// Length of the payload as stored, in bytes.
    pub stored_len: u32,
    /// The [bits](crate::Level::bit) of the levels inside, and what else byte 7 of the header says.
    pub levels: u8,
}

impl Entry {
    /// The entry of the block with this header, which starts at `offset` in the file.
    pub const fn of(offset: u64, header: &Header) -> Self {
        let summary = &header.summary;
        Self {
            offset,
            first: summary.first,
            last: summary.last,
            records: summary.records,
            sites: summary.sites,
            stored_len: header.stored_len,
            levels: summary.levels,
        }
    }

    /// Whether the header that was found where it points says the same.
    pub fn matches(&self, header: &Header) -> bool {
        header.summary.kind == crate::block::Kind::EVENTS && *self == Self::of(self.offset, header)
    }

    /// Appends the entry to the payload of an INDEX block.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_format::index::Entry;
    ///
    /// let entry =
    ///     Entry { offset: 4096, first: 10, last: 20, records: 3, sites: 1, stored_len: 96, levels: 4 };
    /// let mut payload = Vec::new();
    /// entry.put(&mut payload);
    /// assert_eq!(Entry::table(&payload).next(), Some(Ok(entry)));
    /// ```
    pub fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.offset.to_le_bytes());
        payload.extend_from_slice(&self.first.to_le_bytes());
        payload.extend_from_slice(&self.last.to_le_bytes());
        payload.extend_from_slice(&self.records.to_le_bytes());
        payload.extend_from_slice(&self.sites.to_le_bytes());
        payload.extend_from_slice(&self.stored_len.to_le_bytes());
        payload.extend_from_slice(&[self.levels, 0, 0, 0]);
    }

    /// The entries in the payload of an INDEX block. If the last is cut, the last item is an error.
    pub fn table(payload: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        table::fixed(payload, Part::IndexEntry, |entry| Ok(Self::from_bytes(entry)))
    }

    fn from_bytes(bytes: &[u8; LEN]) -> Self {
        Self {
            offset: u64_at(bytes, 0),
            first: u64_at(bytes, 8),
            last: u64_at(bytes, 16),
            records: u32_at(bytes, 24),
            sites: u32_at(bytes, 28),
            stored_len: u32_at(bytes, 32),
            levels: bytes[36],
        }
    }
}
