//! The records of one block, in order of time.

use crate::{
    finding::Problem,
    happening::is_happening,
    scope::{Follow, Leaves, Nodes},
    segment::{EventBlock, Segment, bad_payload, is_readable, unreadable},
};
use logbuf_format::{
    Error,
    block::{Codec, DUMPED, HEADER_LEN, Header, Kind},
    events, packed,
    render::Share,
    scope::Head,
    site,
};
use std::{borrow::Cow, io, ops::Range, sync::Arc};

/// Records of one block, or the first of those that are left of it.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    /// What the values of the records are in.
    bytes: Vec<u8>,
    /// What scopes they are in.
    scopes: Nodes,
    /// The records, by time; those with the same time in the order of the block.
    index: Vec<Entry>,
    /// How many records of the block come before those in `index`.
    rank: usize,
    /// The time stamp of the first record that is not in `index`, if there are more.
    more: Option<u64>,
    /// Whether a flight recorder held them.
    is_dumped: bool,
    /// What each record may become as text, beside what its bytes allow.
    share: Share,
}

/// A record of a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The time stamp.
    pub(crate) ticks: u64,
    /// The site.
    pub(crate) site: u32,
    /// The thread.
    pub(crate) thread: u32,
    /// The scopes it was logged in.
    pub(crate) scopes: Leaves,
    start: u32,
    len: u32,
}

impl Entry {
    /// Bytes of the record with its head and its padding.
    pub(crate) fn size(&self) -> usize {
        (events::RECORD_HEAD_LEN + self.len as usize).next_multiple_of(8)
    }

    fn range(&self) -> Range<usize> {
        self.start as usize..self.start as usize + self.len as usize
    }
}

/// Memory of blocks that are through, for those that come: what the allocator gives back to the system comes back page by page,
/// each filled with zeros.
#[derive(Debug, Default)]
pub(crate) struct Room {
    /// A block as it is stored.
    stored: Vec<u8>,
    chunks: Vec<Chunk>,
}

impl Room {
    /// Bytes that a chunk may take to be kept, which that of a usual block does not; and how many are.
    const KEPT: (usize, usize) = (4 << 20, 2);

    /// Keeps the memory of a chunk, if nobody else holds it.
    pub(crate) fn keep(&mut self, chunk: Arc<Chunk>) {
        if let Some(chunk) = Arc::into_inner(chunk)
            && chunk.cost() <= Self::KEPT.0
            && self.chunks.len() < Self::KEPT.1
        {
            self.chunks.push(chunk);
        }
    }

    /// Bytes that nobody needs, and an empty chunk.
    fn take(&mut self) -> (Vec<u8>, Chunk) {
        let Chunk { bytes, mut index, .. } = self.chunks.pop().unwrap_or_default();
        index.clear();
        (bytes, Chunk { index, ..Chunk::default() })
    }
}

impl Chunk {
    /// Reads a block, and what is wrong with it: the records in front of that are there.
    pub(crate) fn read(
        segment: &Segment,
        block: &EventBlock,
        room: &mut Room,
    ) -> (Self, Vec<Problem>) {
        let ((spent, mut chunk), mut problems) = (room.take(), Vec::new());
        let mut report = |problem| problems.push(problem);
        if let Err(problem) = chunk.fill(segment, block, (&mut room.stored, spent), &mut report) {
            report(problem);
            chunk.index.clear();
        }
        let index = &mut chunk.index;
        index.sort_by_key(|entry| entry.ticks);
        if index.first().is_some_and(|entry| entry.ticks < block.first) {
            report(Problem::Range);
        }
        chunk.is_dumped = block.levels & DUMPED != 0;
        chunk.share = Share::of(chunk.index.len());
        (chunk, problems)
    }

    fn fill(
        &mut self,
        segment: &Segment,
        block: &EventBlock,
        room: (&mut Vec<u8>, Vec<u8>),
        report: &mut dyn FnMut(Problem),
    ) -> Result<(), Problem> {
        let mut is_good = true;
        let mut noted = |problem| {
            is_good = false;
            report(problem);
        };
        let (base, records) = read(segment, block, room, &mut self.bytes, &mut noted)?;
        // A record takes 16 bytes at least; what the header says need not be true.
        self.index.reserve((records as usize).min(self.bytes.len() / 16));
        let found = self.enter(segment, base, &mut noted);
        // What is damaged, or of sites that are not described, is told of elsewhere.
        if is_good
            && let Some(found) = found
            && found != u64::from(records)
        {
            report(Problem::Events { found, expected: records.into() });
        }
        Ok(())
    }

    /// Adds the records of the payload, which starts at `base`, extent by extent; how many of them are events, if that is
    /// known of each.
    fn enter(
        &mut self,
        segment: &Segment,
        base: usize,
        report: &mut dyn FnMut(Problem),
    ) -> Option<u64> {
        let Self { bytes, scopes, index, .. } = self;
        let mut follow = Follow::default();
        let (mut happenings, mut is_known) = (0, true);
        // The last site that a record had: the next record most often has the same.
        let mut known = (u32::MAX, segment.site(u32::MAX));
        for extent in events::extents(&bytes[base..]) {
            let extent = match extent {
                Ok(extent) => extent,
                Err(error) => {
                    report(Problem::Records { error });
                    return None;
                }
            };
            let restates = extent.restates();
            let ring = restates.unwrap_or(extent.ring);
            let paths = follow.start(ring, extent.thread, restates.is_some());
            let mut leaves = paths.leaves();
            for record in extent.records() {
                let record = match record {
                    Ok(record) => record,
                    Err(error) => {
                        paths.forget(scopes);
                        report(Problem::Records { error });
                        continue;
                    }
                };
                if known.0 != record.site {
                    known = (record.site, segment.site(record.site));
                }
                match known.1 {
                    Some(call_site) if call_site.site.kind == site::Kind::Event => {}
                    Some(call_site) => {
                        paths.apply(call_site, &record, scopes);
                        leaves = paths.leaves();
                        let kind = call_site.site.kind;
                        if !segment.wants_happenings() || !is_happening(kind, record.values) {
                            continue;
                        }
                        happenings += 1;
                    }
                    // It may be one that changes them, if it is long enough.
                    None if record.values.len() < Head::LEN => is_known = false,
                    None => {
                        is_known = false;
                        paths.forget(scopes);
                        leaves = paths.leaves();
                    }
                }
                index.push(Entry {
                    ticks: record.ticks,
                    site: record.site,
                    thread: extent.thread,
                    scopes: leaves,
                    start: offset_in(bytes, record.values),
                    len: record.values.len() as u32,
                });
            }
        }
        is_known.then(|| index.len() as u64 - happenings)
    }

    /// Drops the first `rank` records of the block.
    pub(crate) fn skip(&mut self, rank: usize) {
        self.index.drain(..rank.min(self.index.len()));
        self.rank = rank;
    }

    /// Keeps the first records that take no more than `budget` bytes, but one at least.
    pub(crate) fn shrink(&mut self, budget: usize) {
        let mut cost = 0;
        let past = self.index.iter().position(|entry| {
            cost += entry.len as usize + size_of::<Entry>();
            cost > budget
        });
        let keep = past.unwrap_or(self.index.len()).max(1);
        let Some(next) = self.index.get(keep) else { return };
        self.more = Some(next.ticks);
        let mut bytes = Vec::new();
        let mut index = self.index[..keep].to_vec();
        for entry in &mut index {
            let start = bytes.len() as u32;
            bytes.extend_from_slice(&self.bytes[entry.range()]);
            entry.start = start;
        }
        (self.bytes, self.index) = (bytes, index);
    }

    /// Bytes it takes in memory.
    pub(crate) fn cost(&self) -> usize {
        let index = self.index.capacity() * size_of::<Entry>();
        self.bytes.capacity() + index + self.scopes.cost()
    }

    /// The scopes that its records are in.
    pub(crate) fn scopes(&self) -> &Nodes {
        &self.scopes
    }

    /// The records that are here.
    #[inline]
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.index
    }

    /// What each record may become as text, beside what its bytes allow.
    pub(crate) fn share(&self) -> Share {
        self.share
    }

    /// Whether a flight recorder held the records.
    pub(crate) fn is_dumped(&self) -> bool {
        self.is_dumped
    }

    /// The values of one of its records.
    #[inline]
    pub(crate) fn values(&self, entry: &Entry) -> &[u8] {
        &self.bytes[entry.range()]
    }

    /// The rank in the block of the record with this index here.
    pub(crate) fn rank(&self, index: usize) -> usize {
        self.rank + index
    }

    /// The time stamp of the first record of the block behind those that are here.
    pub(crate) fn more(&self) -> Option<u64> {
        self.more
    }
}

/// Reads the block into `bytes`, which are empty; where its payload starts there, and how many events its header says it holds.
/// Two vectors are room to do it in.
fn read(
    segment: &Segment,
    block: &EventBlock,
    (stored, mut spent): (&mut Vec<u8>, Vec<u8>),
    bytes: &mut Vec<u8>,
    report: &mut dyn FnMut(Problem),
) -> Result<(usize, u32), Problem> {
    let io = |error: io::Error| Problem::Io(Arc::new(error));
    let salt = segment.salt();
    segment.source().read_at(block.offset, block.len as usize, stored).map_err(io)?;
    // It was valid when the headers were read, if they were: by INDEX they were not.
    let until = block.offset + u64::from(block.len);
    let damage = |error: Error| {
        let error = error.after(block.offset);
        Problem::Damage { until, error, blocks: Some(1) }
    };
    let header = Header::take(stored, Some(salt)).map_err(damage)?;
    if !block.has(&header) {
        report(Problem::Index);
    }
    if header.summary.kind != Kind::EVENTS || header.expanded_len == 0 {
        return Ok((0, 0));
    }
    if !is_readable(&header) {
        return Err(unreadable(&header));
    }
    let payload = header.payload(stored).map_err(|error| bad_payload(&header, error))?;
    let records = header.summary.records;
    if header.summary.codec == Codec::PACKED {
        // What is in front of a fault is there.
        if let Err(error) = packed::expand(&payload, &mut spent) {
            report(Problem::Records { error });
        }
        *bytes = spent;
        return Ok((0, records));
    }
    match payload {
        Cow::Owned(payload) => {
            *bytes = payload;
            Ok((0, records))
        }
        Cow::Borrowed(_) => {
            *bytes = std::mem::replace(stored, spent);
            Ok((HEADER_LEN, records))
        }
    }
}

/// Where `part`, a slice of `whole`, starts in it. A block is little more than 4 MiB long.
fn offset_in(whole: &[u8], part: &[u8]) -> u32 {
    (part.as_ptr().addr() - whole.as_ptr().addr()) as u32
}
