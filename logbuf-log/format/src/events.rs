//! EVENTS: extents of records.
//!
//! ```text
//! payload:  ┌─────────────┬────────┬────────┬─ ─ ─┬─────────────┬────────┬─ ─
//!           │ extent head │ record │ record │     │ extent head │ record │
//!           └─────────────┴────────┴────────┴─ ─ ─┴─────────────┴────────┴─ ─
//! record:   len u32 │ site u32 │ ticks u64 │ values … │ zeros to a multiple of 8
//! ```

use crate::{
    Error, Fault, Part,
    bytes::{pad, padded, u32_at, u64_at},
    limits,
};

/// What stands for the ring of an extent that restates scopes: see [`open_restated`].
pub(crate) const RESTATED: u32 = u32::MAX;

/// Bytes of an extent's head.
pub(crate) const HEAD_LEN: usize = 32;

/// Bytes of a record before its values.
pub const RECORD_HEAD_LEN: usize = 16;

/// Bytes of a record's head that its length counts: the site and the time stamp.
pub(crate) const COUNTED: usize = 12;

/// Consecutive records of one ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent<'a> {
    /// The ring they went through.
    pub ring: u32,
    /// The thread that logged them (an id from THREADS).
    pub thread: u32,
    /// Where the extent starts in the ring, in bytes since the ring was made.
    pub start: u64,
    /// Where it ends in the ring.
    pub end: u64,
    /// How many records there are.
    pub count: u32,
    bytes: &'a [u8],
    /// Where `bytes` stands in the payload.
    offset: usize,
}

/// A record as it stands in the file: its values still need the types of its site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord<'a> {
    /// The site (an id from SITES).
    pub site: u32,
    /// The time stamp.
    pub ticks: u64,
    /// The values, packed.
    pub values: &'a [u8],
}

/// An extent that is being written: its records are put until [`OpenExtent::seal`].
#[derive(Debug)]
#[must_use = "an extent is complete only when it is sealed"]
pub struct OpenExtent {
    at: usize,
    records: u32,
}

/// Starts an extent at the end of `payload`.
///
/// # Panics
///
/// If the length of `payload` is not a multiple of 8. It may be the vector a [block](crate::block::open) was opened in.
///
/// # Examples
///
/// ```
/// use logbuf_format::events;
///
/// let mut payload = Vec::new();
/// let mut extent = events::open(&mut payload, 1, 1, 4096);
/// extent.put(&mut payload, 7, 1_000, b"abc")?;
/// extent.seal(&mut payload, 4120);
///
/// let extent = events::extents(&payload).next().unwrap()?;
/// let record = extent.records().next().unwrap()?;
/// assert_eq!((record.site, record.ticks, record.values), (7, 1_000, &b"abc"[..]));
/// # Ok::<_, logbuf_format::Error>(())
/// ```
pub fn open(payload: &mut Vec<u8>, ring: u32, thread: u32, start: u64) -> OpenExtent {
    assert!(payload.len().is_multiple_of(8), "an extent starts at a multiple of 8 bytes");
    let at = payload.len();
    payload.extend_from_slice(&ring.to_le_bytes());
    payload.extend_from_slice(&thread.to_le_bytes());
    payload.extend_from_slice(&start.to_le_bytes());
    payload.extend_from_slice(&[0; 16]);
    OpenExtent { at, records: 0 }
}

/// Starts an extent that says which scopes the next extent of `ring` and `thread` starts in, by records of
/// [`scope`](crate::scope)s. It is sealed with `ring` as its end.
///
/// # Panics
///
/// As [`open`].
pub fn open_restated(payload: &mut Vec<u8>, ring: u32, thread: u32) -> OpenExtent {
    open(payload, RESTATED, thread, ring.into())
}

impl OpenExtent {
    /// Appends a record.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`] if it is longer than [`limits::RECORD`]. Nothing is then appended.
    #[inline]
    pub fn put(
        &mut self,
        payload: &mut Vec<u8>,
        site: u32,
        ticks: u64,
        values: &[u8],
    ) -> Result<(), Error> {
        let len = RECORD_HEAD_LEN + values.len();
        check_record(len).map_err(|fault| Error::at(payload.len(), fault))?;
        payload.reserve(padded(len));
        payload.extend_from_slice(&((COUNTED + values.len()) as u32).to_le_bytes());
        payload.extend_from_slice(&site.to_le_bytes());
        payload.extend_from_slice(&ticks.to_le_bytes());
        payload.extend_from_slice(values);
        pad(payload);
        self.records += 1;
        Ok(())
    }

    /// Records put so far.
    pub fn records(&self) -> u32 {
        self.records
    }

    /// Completes the extent, which ends at position `end` of its ring.
    ///
    /// # Panics
    ///
    /// If `payload` is shorter than when the extent was opened.
    pub fn seal(self, payload: &mut [u8], end: u64) {
        let len = (payload.len() - self.at - HEAD_LEN) as u32;
        let head = &mut payload[self.at..self.at + HEAD_LEN];
        head[16..24].copy_from_slice(&end.to_le_bytes());
        head[24..28].copy_from_slice(&self.records.to_le_bytes());
        head[28..32].copy_from_slice(&len.to_le_bytes());
    }
}

/// The extents in the payload of an EVENTS block of codec raw.
///
/// After a head that cannot be believed nothing more can be found: it is the last item.
pub fn extents(payload: &[u8]) -> impl Iterator<Item = Result<Extent<'_>, Error>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == payload.len() {
            return None;
        }
        let extent = Extent::take(payload, at);
        at = extent.as_ref().map_or(payload.len(), |extent| extent.offset + extent.bytes.len());
        Some(extent)
    })
}

impl<'a> Extent<'a> {
    /// The records, in the order in which the thread logged them.
    ///
    /// After a record that cannot be believed, or if there are not as many as the extent says, the last item is an
    /// error.
    pub fn records(&self) -> Records<'a> {
        Records { rest: self.bytes, offset: self.offset, left: self.count, count: self.count }
    }

    /// The ring whose next extent, of the same thread, starts in the scopes that this one restates; `None` for an extent
    /// of records that were logged.
    pub fn restates(&self) -> Option<u32> {
        (self.ring == RESTATED).then_some(self.start as u32)
    }

    /// Reads the extent whose head stands at `at`.
    fn take(payload: &'a [u8], at: usize) -> Result<Self, Error> {
        let have = payload.len() - at;
        if have < HEAD_LEN {
            return Err(cut(Part::Extent, at, have, HEAD_LEN));
        }
        let head = &payload[at..at + HEAD_LEN];
        let len = u32_at(head, 28) as usize;
        let offset = at + HEAD_LEN;
        let bytes =
            payload.get(offset..offset + len).ok_or(cut(Part::Extent, at, have, HEAD_LEN + len))?;
        let extent = Self {
            ring: u32_at(head, 0),
            thread: u32_at(head, 4),
            start: u64_at(head, 8),
            end: u64_at(head, 16),
            count: u32_at(head, 24),
            bytes,
            offset,
        };
        if extent.end < extent.start {
            let fault = Fault::Mismatch {
                part: Part::ExtentEnd,
                found: extent.end,
                expected: extent.start,
            };
            return Err(Error::at(at + 16, fault));
        }
        Ok(extent)
    }
}

/// Iterator over the records of an [`Extent`].
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: &'a [u8],
    /// Where `rest` stands in the payload.
    offset: usize,
    left: u32,
    count: u32,
}

impl<'a> Records<'a> {
    /// Reads the record at the start of the rest; returns it and its length with padding.
    #[inline]
    fn first(&self) -> Result<(RawRecord<'a>, usize), Error> {
        let (rest, have) = (self.rest, self.rest.len());
        if have < RECORD_HEAD_LEN {
            return Err(cut(Part::Record, self.offset, have, RECORD_HEAD_LEN));
        }
        let counted = u32_at(rest, 0) as usize;
        if counted < COUNTED {
            let (found, expected) = (counted as u64, COUNTED as u64);
            return Err(Error::at(
                self.offset,
                Fault::Mismatch { part: Part::Record, found, expected },
            ));
        }
        let len = RECORD_HEAD_LEN - COUNTED + counted;
        check_record(len).map_err(|fault| Error::at(self.offset, fault))?;
        if have < padded(len) {
            return Err(cut(Part::Record, self.offset, have, padded(len)));
        }
        let record = RawRecord {
            site: u32_at(rest, 4),
            ticks: u64_at(rest, 8),
            values: &rest[RECORD_HEAD_LEN..len],
        };
        Ok((record, padded(len)))
    }

    fn end_with(&mut self, error: Error) -> Option<Result<RawRecord<'a>, Error>> {
        self.rest = &[];
        self.left = 0;
        Some(Err(error))
    }

    /// More or fewer records than the extent says, if so.
    #[cold]
    fn miscount(&self) -> Error {
        let expected = u64::from(self.count);
        let found = if self.left > 0 { expected - u64::from(self.left) } else { expected + 1 };
        Error::at(self.offset, Fault::Mismatch { part: Part::ExtentRecords, found, expected })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<RawRecord<'a>, Error>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() && self.left == 0 {
            return None;
        }
        if self.rest.is_empty() || self.left == 0 {
            return self.end_with(self.miscount());
        }
        match self.first() {
            Ok((record, len)) => {
                self.rest = &self.rest[len..];
                self.offset += len;
                self.left -= 1;
                Some(Ok(record))
            }
            Err(error) => self.end_with(error),
        }
    }
}

impl std::iter::FusedIterator for Records<'_> {}

fn check_record(len: usize) -> Result<(), Fault> {
    match len {
        0..=limits::RECORD => Ok(()),
        _ => Err(Fault::Limit {
            part: Part::Record,
            found: len as u64,
            limit: limits::RECORD as u64,
        }),
    }
}

fn cut(part: Part, at: usize, have: usize, need: usize) -> Error {
    Error::at(at, Fault::Incomplete { part, have: have as u64, need: need as u64 })
}
