//! From records to a packed payload.

mod room;
mod site;

use super::{
    EARLIER, Layout, START,
    layout::MAX_OPS,
    site_code,
    strings::{Entry, Strings},
    varint::{self, bytes_of},
};
use crate::{
    Error, Fault, Part,
    bytes::padded,
    events::{HEAD_LEN, RECORD_HEAD_LEN, RESTATED},
    limits,
};
use room::Room;
use site::{Site, Sites};

/// Bytes that stand before the values of a record when it is [put](Packer::put).
pub const LEAD: usize = 8;

/// More bytes than a record takes beyond those of its values: what stands before them, a definition of its site, for each
/// operation a number and the bits of a float, and what is written over in steps of 8 bytes.
const MOST: usize = 128 + MAX_OPS * (varint::MAX + 9);

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
    pub fn put(&mut self, site: u32, ticks: u64, record: &[u8]) -> Result<(), Error> {
        assert!(self.extent.is_some(), "a record is put into an extent");
        let len = RECORD_HEAD_LEN + (record.len() - LEAD);
        if len > limits::RECORD || self.raw_len + padded(len) > limits::PAYLOAD {
            return Err(self.too_long(len));
        }
        if self.bytes.len() - self.len < MOST + len {
            self.make_room(MOST + len);
        }
        let number = match self.sites.find(site) {
            Some(number) => number,
            None => self.sites.learn(site, &Layout::opaque()),
        };
        let site = self.sites.get_mut(number);
        if !site.is_in_block() {
            return self.put_first(number, ticks, record, len);
        }
        let mut room = Room { bytes: &mut self.bytes, at: self.len + 1 };
        let code = site.put_index(&mut room);
        let code = put_time(&mut room, self.ticks, ticks) << 4 | code;
        room.bytes[self.len] = code;
        let known = self.strings.len();
        if site.put_values(record, &mut room, &mut self.strings) {
            self.len = room.at;
            self.count(len, ticks);
            return Ok(());
        }
        self.strings.truncate(known);
        site.leave_block();
        self.put_opaque(number, ticks, record, len)
    }

    /// The rest of [`put`](Self::put) for the first record of a site in the block.
    #[cold]
    fn put_first(
        &mut self,
        number: usize,
        ticks: u64,
        record: &[u8],
        len: usize,
    ) -> Result<(), Error> {
        // Half of the layouts are left for those that have one operation.
        let weight = self.sites.get_mut(number).weight();
        if self.sites.weight() + weight > limits::LAYOUTS / 2 {
            return self.put_opaque(number, ticks, record, len);
        }
        let (site, index) = self.sites.enter(number);
        let mut room = Room { bytes: &mut self.bytes, at: self.len + 1 };
        site.put_definition(&mut room);
        room.bytes[self.len] = put_time(&mut room, self.ticks, ticks) << 4 | site_code::NEW;
        let known = self.strings.len();
        if site.put_values(record, &mut room, &mut self.strings) {
            self.len = room.at;
            self.count(len, ticks);
            return Ok(());
        }
        self.strings.truncate(known);
        self.sites.leave(number, index);
        self.put_opaque(number, ticks, record, len)
    }

    /// Puts a record whose values are not what its site says, or whose site has no room among the layouts: as one item,
    /// with a definition of its own.
    #[cold]
    fn put_opaque(
        &mut self,
        number: usize,
        ticks: u64,
        record: &[u8],
        len: usize,
    ) -> Result<(), Error> {
        let mut site = Site::new(self.sites.get_mut(number).id(), &Layout::opaque());
        let (found, limit) = (self.sites.weight() + site.weight(), limits::LAYOUTS);
        if found > limit {
            let (found, limit) = (found as u64, limit as u64);
            return Err(Error::at(self.len, Fault::Limit { part: Part::Layout, found, limit }));
        }
        self.sites.pass(&site);
        let mut room = Room { bytes: &mut self.bytes, at: self.len + 1 };
        site.put_definition(&mut room);
        room.bytes[self.len] = put_time(&mut room, self.ticks, ticks) << 4 | site_code::NEW;
        let fits = site.put_values(record, &mut room, &mut self.strings);
        debug_assert!(fits, "an item takes whatever there is");
        self.len = room.at;
        self.count(len, ticks);
        Ok(())
    }

    #[inline]
    fn count(&mut self, len: usize, ticks: u64) {
        self.ticks = ticks;
        self.raw_len += padded(len);
        self.records += 1;
    }

    /// Completes the extent, which ends at position `end` of its ring.
    ///
    /// # Panics
    ///
    /// If none is open.
    pub fn seal(&mut self, end: u64) {
        let at = self.extent.take().expect("an extent is sealed once");
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
    #[cold]
    fn make_room(&mut self, len: usize) {
        let need = self.len + len;
        if need > self.bytes.len() {
            self.bytes.resize(need.next_power_of_two(), 0);
        }
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

/// Appends the distance of `ticks` from `before`, and returns the code that says which way it is and how long.
#[inline]
fn put_time(room: &mut Room<'_>, before: u64, ticks: u64) -> u8 {
    let later = ticks.wrapping_sub(before);
    let (distance, base) = match before.wrapping_sub(ticks) {
        earlier if later > earlier && bytes_of(earlier) < 8 => (earlier, EARLIER),
        _ => (later, 0),
    };
    let len = bytes_of(distance);
    room.put(distance, len);
    base + len as u8
}
