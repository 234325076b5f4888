//! INDEX: where the EVENTS blocks of a segment are, and what is in them.
//!
//! It is advisory. Whoever uses an entry reads the header it points to all the same, and goes by that if the two differ
//! ([`Entry::matches`]); whoever finds no index makes one from the headers ([`Entry::of`]).
//!
//! An entry also holds the [anchor](Anchor) that stands before its block, if nothing else does: so a reader of few records need
//! not read what is between the blocks that it does not want, and knows the time of each of them.

use crate::{
    Error, Fault, Part,
    block::{self, Codec, Header, Kind, Summary},
    bytes::{array, padded, u32_at, u64_at},
    clock::{self, Anchor},
    table,
};

/// Bytes of an entry.
const LEN: usize = 64;

/// Where the anchor stands in it.
const ANCHOR: usize = 40;

/// Flag in byte 37: the entry has an anchor.
const HAS_ANCHOR: u8 = 1;

/// Bytes before the entries: where the INDEX block before stands.
const LINK: usize = 8;

/// Entries of a full INDEX block.
const ENTRIES: usize = 1024;

/// The index of a segment that is being written: a chain of INDEX blocks, the last of which stands before its END.
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
/// index.add(4096, &header, b"records");
/// let mut out = Vec::new();
/// assert!(index.put(&mut out, 8192, 7, 1)?);
/// assert_eq!(index.last(), Some(8192));
///
/// let header = block::Header::take(&out, Some(7))?;
/// assert_eq!((header.summary.kind, header.summary.records), (Kind::INDEX, 1));
/// let payload = header.payload(&out)?;
/// let (before, mut entries) = Entry::table(&payload)?;
/// assert_eq!(before, None);
/// let entry = entries.next().expect("there is one")?;
/// assert_eq!((entry.offset, entry.sites), (4096, 2));
/// # Ok::<_, logbuf_format::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Index {
    /// Entries that are in no INDEX block yet.
    entries: Vec<u8>,
    /// What stands behind the last EVENTS block.
    gap: Gap,
    /// Where the last INDEX block stands.
    last: Option<u64>,
}

/// What stands before an EVENTS block, up to the one before it.
#[derive(Clone, Copy, Debug, Default)]
enum Gap {
    #[default]
    Nothing,
    /// A CLOCK block of one anchor.
    Anchor(Anchor),
    /// Anything else.
    More,
}

impl Index {
    /// Takes note of the block with this header, which starts at `offset` in the file. All blocks are to be added, in their order;
    /// those that hold no events have no entry. The payload is that of CLOCK blocks; no other is looked at.
    pub fn add(&mut self, offset: u64, header: &Header, payload: &[u8]) {
        if header.summary.kind != Kind::EVENTS {
            self.gap = self.gap.and(header.summary.kind, payload);
            return;
        }
        let anchor = match std::mem::take(&mut self.gap) {
            Gap::Anchor(anchor) => Some(anchor),
            Gap::Nothing | Gap::More => None,
        };
        Entry { anchor, ..Entry::of(offset, header) }.put(&mut self.entries);
    }

    /// Whether an INDEX block should be [put](Self::put) before the next block, so that the index takes little memory.
    pub fn is_full(&self) -> bool {
        self.entries.len() >= ENTRIES * LEN
    }

    /// Appends an INDEX block of the entries that are in none yet, and says whether it did: not if there are none. `offset` is
    /// where it starts in the file, `number` its number in the segment with this salt.
    ///
    /// # Errors
    ///
    /// As [`block::put`]; there is none if blocks are put when the index [is full](Self::is_full).
    ///
    /// # Panics
    ///
    /// As [`block::open`].
    pub fn put(
        &mut self,
        out: &mut Vec<u8>,
        offset: u64,
        salt: u64,
        number: u64,
    ) -> Result<bool, Error> {
        if self.entries.is_empty() {
            return Ok(false);
        }
        let summary = Summary {
            kind: Kind::INDEX,
            codec: Codec::RAW,
            levels: 0,
            salt,
            number,
            records: (self.entries.len() / LEN) as u32,
            first: 0,
            last: 0,
            sites: 0,
        };
        let block = block::open(out);
        out.extend_from_slice(&self.last.unwrap_or(0).to_le_bytes());
        out.extend_from_slice(&self.entries);
        block.seal(out, summary)?;
        self.entries.clear();
        self.last = Some(offset);
        self.gap = Gap::More;
        Ok(true)
    }

    /// Where the last INDEX block that was put starts in the file.
    pub fn last(&self) -> Option<u64> {
        self.last
    }
}

impl Gap {
    /// With a block behind it.
    fn and(self, kind: Kind, payload: &[u8]) -> Self {
        match (self, payload.first_chunk()) {
            (Self::Nothing, Some(anchor)) if kind == Kind::CLOCK && payload.len() == clock::LEN => {
                Self::Anchor(Anchor::from_bytes(anchor))
            }
            _ => Self::More,
        }
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
    /// That of the CLOCK block before the block, if this block, of one anchor, is all that stands between it and the EVENTS block before.
    pub anchor: Option<Anchor>,
}

impl Entry {
    /// The entry of the block with this header, which starts at `offset` in the file, without an anchor.
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
            anchor: None,
        }
    }

    /// Whether the header that was found where it points says the same.
    pub fn matches(&self, header: &Header) -> bool {
        let found = Self { anchor: self.anchor, ..Self::of(self.offset, header) };
        header.summary.kind == Kind::EVENTS && *self == found
    }

    /// Where the block ends in the file, padding included.
    pub fn end(&self) -> u64 {
        let len = padded(block::HEADER_LEN + self.stored_len as usize);
        self.offset.saturating_add(len as u64)
    }

    /// Appends the entry to the payload of an INDEX block.
    fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.offset.to_le_bytes());
        payload.extend_from_slice(&self.first.to_le_bytes());
        payload.extend_from_slice(&self.last.to_le_bytes());
        payload.extend_from_slice(&self.records.to_le_bytes());
        payload.extend_from_slice(&self.sites.to_le_bytes());
        payload.extend_from_slice(&self.stored_len.to_le_bytes());
        payload.extend_from_slice(&[self.levels, u8::from(self.anchor.is_some()), 0, 0]);
        payload.extend_from_slice(&self.anchor.map_or([0; clock::LEN], Anchor::to_bytes));
    }

    /// Where the INDEX block before stands, if there is one, and the entries in the payload of an INDEX block. If the last is cut,
    /// the last item is an error.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if the payload is shorter than what stands before the entries.
    pub fn table(
        payload: &[u8],
    ) -> Result<(Option<u64>, impl Iterator<Item = Result<Self, Error>>), Error> {
        let Some((link, entries)) = payload.split_first_chunk::<LINK>() else {
            let (have, need) = (payload.len() as u64, LINK as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::IndexEntry, have, need }));
        };
        let before = Some(u64::from_le_bytes(*link)).filter(|offset| *offset > 0);
        let entries = table::fixed(entries, Part::IndexEntry, |entry| Ok(Self::from_bytes(entry)));
        Ok((before, entries.map(|entry| entry.map_err(|error| error.after(LINK as u64)))))
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
            anchor: (bytes[37] & HAS_ANCHOR != 0)
                .then(|| Anchor::from_bytes(&array(bytes, ANCHOR))),
        }
    }
}
