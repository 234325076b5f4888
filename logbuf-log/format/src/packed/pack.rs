//! From records to a packed payload.

mod head;
mod room;
mod site;
mod sites;
mod slot;

use super::{
    Layout, START,
    layout::MAX_OPS,
    site_code,
    strings::{Entry, Strings},
    varint,
};
use crate::{
    Error, Fault, Part,
    bytes::padded,
    events::{HEAD_LEN, RECORD_HEAD_LEN, RESTATED},
    limits,
};
use head::{Head, TimeStep};
use room::Room;
use site::Site;
use sites::Sites;

/// Bytes that stand before the values of a record when it is [put](Packer::put).
pub const LEAD: usize = 8;

/// More bytes than a record takes beyond those of its values: what stands before them, a definition of its site, for each
/// operation a number and the bits of a float, and what is written over in steps of 8 bytes.
const MOST: usize = 128 + MAX_OPS * (varint::MAX + 9);

/// Bytes of a record, with those before its values, up to which there is room for it wherever [`Packer::limit`] says so.
const SHORT: usize = 4096;

// A record of numbers alone is short, and a short one may be put.
const _: () = assert!(LEAD + 8 * MAX_OPS <= SHORT && SHORT + RECORD_HEAD_LEN < limits::RECORD);

/// Packs the records of EVENTS blocks, one block at a time.
///
/// What it learns about sites outlives a block. What predictions rest on does not, so that each block can be read alone.
///
/// # Examples
///
/// ```
/// use logbuf_format::{definition::Definitions, events, packed::{self, Layout, Packer}, types::Type};
///
/// let mut packer = Packer::new();
/// packer.learn(7, Layout::new(&[Type::U64], Definitions::none()));
/// packer.open(1, 1, 4096);
/// for i in 0..100_u64 {
///     // The values, with 8 bytes of anything before them: here, as in a ring, the time stamp.
///     let record = [1_000 + 25 * i, i].map(u64::to_le_bytes).concat();
///     packer.put(7, 1_000 + 25 * i, &record)?;
/// }
/// packer.seal(4096 + 100 * 32);
/// let payload = packer.payload();
/// assert!(payload.len() < 4 * 100);
///
/// let mut raw = Vec::new();
/// packed::expand(payload, &mut raw)?;
/// let extent = events::extents(&raw).next().unwrap()?;
/// let last = extent.records().last().unwrap()?;
/// assert_eq!((last.site, last.ticks, last.values), (7, 3_475, &99_u64.to_le_bytes()[..]));
/// # Ok::<_, logbuf_format::Error>(())
/// ```
#[derive(Debug)]
pub struct Packer {
    /// The payload, and behind `len` room that is written over.
    bytes: Vec<u8>,
    len: usize,
    /// While `len` is less, an extent is open and has room for a [`SHORT`] record.
    limit: usize,
    /// Length of the payload that these records have in codec raw.
    raw_len: usize,
    /// The extent that is open: where its head stands.
    extent: Option<usize>,
    /// Records in that extent.
    records: u32,
    /// The time of the record before.
    ticks: u64,
    sites: Sites,
    strings: Strings,
}

impl Default for Packer {
    fn default() -> Self {
        Self::new()
    }
}

impl Packer {
    /// A packer with an empty payload, which knows of no site.
    pub fn new() -> Self {
        let mut packer = Self {
            bytes: Vec::new(),
            len: 0,
            limit: 0,
            raw_len: 0,
            extent: None,
            records: 0,
            ticks: 0,
            sites: Sites::new(),
            strings: Strings::new(),
        };
        packer.clear();
        packer
    }

    /// Empties the payload. What is known of sites stays.
    pub fn clear(&mut self) {
        self.len = START;
        self.raw_len = 0;
        self.extent = None;
        self.limit = 0;
        self.records = 0;
        self.ticks = 0;
        self.sites.clear();
        self.strings.clear();
    }

    /// Whether the layout of a site is known.
    #[inline]
    pub fn knows(&self, site: u32) -> bool {
        self.sites.find(site).is_some()
    }

    /// Takes note of what the records of a site are made of, or have been made of since the records before.
    ///
    /// A site of which nothing is known has the [opaque](Layout::opaque) layout. Records that do not fit the layout of their
    /// site are packed all the same, and take more room.
    pub fn learn(&mut self, site: u32, layout: Layout) {
        self.sites.learn(site, &layout);
    }

    /// Starts an extent.
    ///
    /// # Panics
    ///
    /// If one is open.
    pub fn open(&mut self, ring: u32, thread: u32, start: u64) {
        assert!(self.extent.is_none(), "an extent is open");
        self.make_room(HEAD_LEN);
        let head = &mut self.bytes[self.len..self.len + HEAD_LEN];
        head[0..4].copy_from_slice(&ring.to_le_bytes());
        head[4..8].copy_from_slice(&thread.to_le_bytes());
        head[8..16].copy_from_slice(&start.to_le_bytes());
        self.extent = Some(self.len);
        self.len += HEAD_LEN;
        self.make_room(0);
        self.raw_len += HEAD_LEN;
        self.records = 0;
    }

    /// Starts an extent that says which scopes the next extent of `ring` and `thread` starts in. It is sealed with `ring` as
    /// its end. See [`events::open_restated`](crate::events::open_restated).
    ///
    /// # Panics
    ///
    /// If an extent is open.
    pub fn open_restated(&mut self, ring: u32, thread: u32) {
        self.open(RESTATED, thread, ring.into());
    }

    /// Appends a record to the extent that is open. `record` is its values, and before them 8 bytes of anything.
    ///
    /// The 8 bytes spare a case distinction for each value. Records in rings and in files have them: the time stamp.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`] if it is longer than [`limits::RECORD`], or if it would make the payload longer than
    /// [`limits::PAYLOAD`] in codec raw, or its layouts more than [`limits::LAYOUTS`]. Nothing is then appended.
    ///
    /// # Panics
    ///
    /// If no extent is open, or `record` has fewer than 8 bytes.
    #[inline]
    pub fn put(&mut self, id: u32, ticks: u64, record: &[u8]) -> Result<(), Error> {
        let later = ticks.wrapping_sub(self.ticks);
        if record.len() <= SHORT
            && self.len < self.limit
            && self.raw_len <= limits::PAYLOAD - padded(SHORT + RECORD_HEAD_LEN)
            && later < head::MAX_TIME
            && let Some((place, site, head)) = self.sites.in_block(id)
        {
            let start = self.len + head.put(later, &mut self.bytes[self.len..]);
            if !head.is_for(record) {
                return self.put_rest(0, start, place, ticks, record);
            }
            let hits = site.count_hits(record);
            if hits < site.len() {
                return self.put_rest(hits, start, place, ticks, record);
            }
            self.len = start;
            self.count(raw_len(record), ticks);
            return Ok(());
        }
        self.put_otherwise(id, ticks, record)
    }

    /// The rest of [`put`](Self::put) for a record whose head was put, up to `start`, and of which only the first `hits` values are
    /// known to be as predicted.
    #[inline(never)]
    fn put_rest(
        &mut self,
        hits: usize,
        start: usize,
        place: usize,
        ticks: u64,
        record: &[u8],
    ) -> Result<(), Error> {
        assert!(record.len() >= LEAD, "8 bytes stand before the values");
        let mut room = Room::new(&mut self.bytes, start);
        let known = self.strings.len();
        let site = self.sites.get_mut(place);
        if site.put_values(hits, record, &mut room, &mut self.strings) {
            self.len = room.at;
            self.count(raw_len(record), ticks);
            return Ok(());
        }
        self.strings.truncate(known);
        site.leave_block();
        self.put_opaque(place, ticks, record)
    }

    /// [`put`](Self::put) in any case.
    #[inline(never)]
    fn put_otherwise(&mut self, id: u32, ticks: u64, record: &[u8]) -> Result<(), Error> {
        assert!(self.extent.is_some(), "a record is put into an extent");
        assert!(record.len() >= LEAD, "8 bytes stand before the values");
        let len = RECORD_HEAD_LEN + (record.len() - LEAD);
        if len > limits::RECORD || self.raw_len + padded(len) > limits::PAYLOAD {
            return Err(self.too_long(len));
        }
        self.make_room(MOST + len.max(SHORT));
        let number = match self.sites.find(id) {
            Some(number) => number,
            None => self.sites.learn(id, &Layout::opaque()),
        };
        let site = self.sites.get_mut(number);
        let Some(head) = site.head() else {
            return self.put_first(number, ticks, record);
        };
        let later = ticks.wrapping_sub(self.ticks);
        let start = if later < head::MAX_TIME {
            self.len + head.put(later, &mut self.bytes[self.len..])
        } else {
            let mut room = Room::new(&mut self.bytes, self.len);
            let time = TimeStep::new(self.ticks, ticks);
            room.put(head.with_time(time.code), head.site_len());
            time.put(&mut room);
            room.put(0, site.misses_len());
            room.at
        };
        self.put_rest(0, start, number, ticks, record)
    }

    /// The rest of [`put`](Self::put) for the first record of a site in the block.
    #[cold]
    fn put_first(&mut self, number: usize, ticks: u64, record: &[u8]) -> Result<(), Error> {
        // Half of the layouts are left for those that have one operation.
        let weight = self.sites.get_mut(number).weight();
        if self.sites.weight() + weight > limits::LAYOUTS / 2 {
            return self.put_opaque(number, ticks, record);
        }
        let (site, index) = self.sites.enter(number);
        let mut room = Room::new(&mut self.bytes, self.len);
        put_first_head(&mut room, site, self.ticks, ticks);
        let known = self.strings.len();
        if site.put_all_values(record, &mut room, &mut self.strings) {
            self.len = room.at;
            self.count(raw_len(record), ticks);
            return Ok(());
        }
        self.strings.truncate(known);
        self.sites.leave(number, index);
        self.put_opaque(number, ticks, record)
    }

    /// Puts a record whose values are not what its site says, or whose site has no room among the layouts: as one item,
    /// with a definition of its own.
    #[cold]
    fn put_opaque(&mut self, number: usize, ticks: u64, record: &[u8]) -> Result<(), Error> {
        let mut site = Site::new(self.sites.get_mut(number).id(), &Layout::opaque());
        let (found, limit) = (self.sites.weight() + site.weight(), limits::LAYOUTS);
        if found > limit {
            let (found, limit) = (found as u64, limit as u64);
            return Err(Error::at(self.len, Fault::Limit { part: Part::Layout, found, limit }));
        }
        self.sites.pass(&site);
        let mut room = Room::new(&mut self.bytes, self.len);
        put_first_head(&mut room, &site, self.ticks, ticks);
        let fits = site.put_all_values(record, &mut room, &mut self.strings);
        debug_assert!(fits, "an item takes whatever there is");
        self.len = room.at;
        self.count(raw_len(record), ticks);
        Ok(())
    }

    #[inline]
    fn count(&mut self, raw_len: usize, ticks: u64) {
        self.ticks = ticks;
        self.raw_len += raw_len;
        self.records += 1;
    }

    /// Completes the extent, which ends at position `end` of its ring.
    ///
    /// # Panics
    ///
    /// If none is open.
    pub fn seal(&mut self, end: u64) {
        let at = self.extent.take().expect("an extent is sealed once");
        self.limit = 0;
        let len = (self.len - at - HEAD_LEN) as u32;
        let head = &mut self.bytes[at..at + HEAD_LEN];
        head[16..24].copy_from_slice(&end.to_le_bytes());
        head[24..28].copy_from_slice(&self.records.to_le_bytes());
        head[28..32].copy_from_slice(&len.to_le_bytes());
    }

    /// Bytes of payload so far.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Bytes that the payload would have in codec raw.
    #[inline]
    pub fn raw_len(&self) -> usize {
        self.raw_len
    }

    /// Whether no extent was opened.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.raw_len == 0
    }

    /// Whether so many sites are in the payload that it had better be written: more would be packed less well, and at last
    /// refused.
    #[inline]
    pub fn is_crowded(&self) -> bool {
        self.sites.weight() > limits::LAYOUTS / 4
    }

    /// The [site mask](crate::block::Summary::sites) of the records so far.
    pub fn sites(&self) -> u32 {
        self.sites.mask()
    }

    /// The payload.
    ///
    /// # Panics
    ///
    /// If an extent is open.
    pub fn payload(&mut self) -> &[u8] {
        assert!(self.extent.is_none(), "an extent is open");
        self.make_room(0);
        self.bytes[..START].copy_from_slice(&(self.raw_len as u32).to_le_bytes());
        &self.bytes[..self.len]
    }

    /// Makes room for so many bytes.
    fn make_room(&mut self, len: usize) {
        let need = self.len + len;
        if need > self.bytes.len() {
            self.bytes.resize(need.next_power_of_two(), 0);
        }
        self.limit = match self.extent {
            Some(_) => self.bytes.len().saturating_sub(MOST + SHORT),
            None => 0,
        };
    }

    #[cold]
    fn too_long(&self, len: usize) -> Error {
        let (part, found, limit) = match len {
            0..=limits::RECORD => {
                (Part::ExpandedPayload, self.raw_len + padded(len), limits::PAYLOAD)
            }
            _ => (Part::Record, len, limits::RECORD),
        };
        let (found, limit) = (found as u64, limit as u64);
        Error::at(self.len, Fault::Limit { part, found, limit })
    }
}

/// Bytes of a record in codec raw.
#[inline]
fn raw_len(record: &[u8]) -> usize {
    const { assert!(RECORD_HEAD_LEN >= LEAD) };
    padded(record.len() + (RECORD_HEAD_LEN - LEAD))
}

/// Appends what stands before the values of a record that brings the definition of its site.
fn put_first_head(room: &mut Room<'_>, site: &Site, before: u64, ticks: u64) {
    let time = TimeStep::new(before, ticks);
    room.put(u64::from(time.code << 4 | site_code::NEW), 1);
    site.put_definition(room);
    time.put(room);
    room.put(0, site.misses_len());
}
