//! INDEX: where the EVENTS blocks of a segment are, and what is in them.
//!
//! It is advisory. Whoever uses an entry reads the header it points to all the same, and goes by that if the two differ
//! ([`Entry::matches`]); whoever finds no index makes one from the headers ([`Entry::of`]).

use crate::{
    Error, Part,
    block::{self, Codec, Header, Kind, Summary},
    bytes::{u32_at, u64_at},
    table,
};

/// Bytes of an entry.
const LEN: usize = 40;

/// Entries of an index. Segments with more EVENTS blocks have none: they are larger than 4 GiB, most often, and an index would
/// take more memory than a writer should.
pub const MAX_ENTRIES: u32 = 1 << 16;

/// The index of a segment that is being written: it grows with the segment, and is put before its END.
///
/// # Examples
///
/// ```
/// use logbuf_format::{block::{self, Codec, Kind, Summary}, index::{Entry, Index}};
///
/// let summary = Summary {
///     kind: Kind::EVENTS, codec: Codec::RAW, levels: 4, salt: 7, number: 0, records: 1, first: 10, last: 10,
///     sites: 2,
/// };
/// let header = block::put(&mut Vec::new(), b"records", summary)?;
/// let mut index = Index::default();
/// index.add(4096, &header);
/// let mut out = Vec::new();
/// index.put(&mut out, 7, 1)?;
///
/// let header = block::Header::take(&out, Some(7))?;
/// assert_eq!((header.summary.kind, header.summary.records), (Kind::INDEX, 1));
/// let entry = Entry::table(&header.payload(&out)?).next().expect("there is one")?;
/// assert_eq!((entry.offset, entry.sites), (4096, 2));
/// # Ok::<_, logbuf_format::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Index {
    payload: Vec<u8>,
    /// EVENTS blocks so far, also those that have no entry any more.
    blocks: u64,
}

impl Index {
    /// Takes note of the block with this header, which starts at `offset` in the file. Blocks that hold no events have no entry.
    pub fn add(&mut self, offset: u64, header: &Header) {
        if header.summary.kind != Kind::EVENTS {
            return;
        }
        self.blocks += 1;
        if self.blocks <= u64::from(MAX_ENTRIES) {
            Entry::of(offset, header).put(&mut self.payload);
        } else {
            self.payload = Vec::new();
        }
    }

    /// Appends the INDEX block with this number in the segment with this salt, and says whether it did: not if there is no
    /// EVENTS block, or if there are more than [`MAX_ENTRIES`].
    ///
    /// # Errors
    ///
    /// As [`block::put`]; there is none, because what has an entry fits into a block.
    ///
    /// # Panics
    ///
    /// As [`block::open`].
    pub fn put(&self, out: &mut Vec<u8>, salt: u64, number: u64) -> Result<bool, Error> {
        if self.payload.is_empty() {
            return Ok(false);
        }
        let summary = Summary {
            kind: Kind::INDEX,
            codec: Codec::RAW,
            levels: 0,
            salt,
            number,
            records: (self.payload.len() / LEN) as u32,
            first: 0,
            last: 0,
            sites: 0,
        };
        block::put(out, &self.payload, summary)?;
        Ok(true)
    }
}

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
        header.summary.kind == Kind::EVENTS && *self == Self::of(self.offset, header)
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
