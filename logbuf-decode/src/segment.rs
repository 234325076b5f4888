//! A file: what its headers and tables say, before any record is read.

use crate::{
    callsite::CallSite,
    filter::Filter,
    finding::{Findings, Problem},
    index,
    loss::Lost,
    source::Source,
    tables::Tables,
    walk::{self, Item, Walk},
};
use logbuf_format::{
    Error, Fault,
    block::{self, Codec, HEADER_LEN, Header, Kind, Summary},
    clock,
    end::End,
    index::Entry,
    limits, segment,
    site::Site,
    thread::{Thread, ThreadName},
    timeline::{Stretch, Timeline},
};
use std::{io, ops::Range, path::Path, sync::Arc};

/// Bytes of a CLOCK block of one anchor.
const CLOCK_BLOCK: u64 = (HEADER_LEN + clock::LEN) as u64;

/// One segment. Its tables are in memory; its records are read block by block when they are due.
#[derive(Debug)]
pub struct Segment {
    source: Source,
    /// `None` if it is damaged.
    header: Option<segment::Header>,
    walk: Walk,
    /// Of its own anchors.
    timeline: Timeline,
    /// Of those of all segments of its process, and the number of the first of these, if there are several.
    process: Option<(u32, Arc<Timeline>)>,
    tables: Tables,
    blocks: Vec<EventBlock>,
    /// How many of them are no news.
    known: usize,
    is_readable: bool,
    /// Whether every block is read, and its checksum compared.
    is_thorough: bool,
    /// Events according to the headers of their blocks.
    events: u64,
    /// The number that the next block should have.
    number: u64,
    /// Damage whose finding waits for the number of the block behind it.
    damage: Option<Damage>,
    /// Whether what happens to spans is handed out.
    wants_happenings: bool,
}

/// An EVENTS block, as its header or INDEX describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EventBlock {
    /// Where its header starts.
    pub(crate) offset: u64,
    /// The smallest time stamp, ticks.
    pub(crate) first: u64,
    /// The largest time stamp, ticks.
    pub(crate) last: u64,
    /// Bytes of header and stored payload.
    pub(crate) len: u32,
    /// Records inside, as the header says.
    pub(crate) records: u32,
    /// The bits of the levels inside.
    pub(crate) levels: u8,
    /// The bits of the sites inside.
    pub(crate) sites: u32,
}

#[derive(Debug)]
struct Damage {
    offset: u64,
    until: u64,
    error: Error,
}

impl EventBlock {
    /// The block with this header.
    fn of(offset: u64, header: &Header) -> Self {
        let Summary { first, last, levels, sites, records, .. } = header.summary;
        Self { offset, first, last, len: walk::stored_end(header) as u32, records, levels, sites }
    }

    /// Whether this is the header of the block.
    pub(crate) fn has(&self, header: &Header) -> bool {
        header.summary.kind == Kind::EVENTS && *self == Self::of(self.offset, header)
    }
}

impl Segment {
    /// Reads the header of a segment that starts at `start` in its file; `None` if nothing can be read behind it, which has been
    /// reported.
    pub(crate) fn open(
        source: Source,
        start: u64,
        findings: &mut Findings,
    ) -> io::Result<Option<Self>> {
        if source.len() == 0 {
            findings.add(source.name(), 0, Problem::Empty);
            return Ok(None);
        }
        let mut bytes = Vec::new();
        source.read_at(start, limits::FIXED + limits::META, &mut bytes)?;
        match segment::Header::take(&bytes) {
            Ok((header, len)) => {
                let walk = Walk::new(header.salt, start + len as u64);
                let mut timeline = Timeline::new(header.meta.ticks_per_second);
                timeline.add(header.anchor);
                Ok(Some(Self::new(source, Some(header), walk, timeline)))
            }
            Err(error) if start > 0 => {
                let bytes = source.len() - start;
                findings.add(source.name(), start, Problem::Behind { bytes, error });
                Ok(None)
            }
            Err(error) => Self::open_without_header(source, error, findings),
        }
    }

    /// Whether the header is there, or what is there cannot become one.
    pub(crate) fn is_started(source: &Source) -> io::Result<bool> {
        let mut bytes = Vec::new();
        source.read_at(0, limits::FIXED + limits::META, &mut bytes)?;
        Ok(!segment::Header::take(&bytes).is_err_and(|error| error.is_incomplete()))
    }

    /// What can be read of a file whose header is wrong: its blocks, if it is one of ours.
    fn open_without_header(
        source: Source,
        error: Error,
        findings: &mut Findings,
    ) -> io::Result<Option<Self>> {
        let offset = error.offset;
        let problem = match error.fault {
            Fault::Version { .. } => Problem::Foreign(error),
            Fault::Incomplete { .. } => Problem::Cut(error),
            _ => match walk::adopt_salt(&source)? {
                Some((salt, first)) => {
                    findings.add(source.name(), offset, Problem::Header { error, blocks: true });
                    let walk = Walk::new(salt, first);
                    return Ok(Some(Self::new(source, None, walk, Timeline::new(0))));
                }
                None if matches!(error.fault, Fault::NotSegment { .. }) => Problem::Foreign(error),
                None => Problem::Header { error, blocks: false },
            },
        };
        findings.add(source.name(), offset, problem);
        Ok(None)
    }

    fn new(
        source: Source,
        header: Option<segment::Header>,
        walk: Walk,
        timeline: Timeline,
    ) -> Self {
        Self {
            source,
            header,
            walk,
            timeline,
            process: None,
            tables: Tables::new(),
            blocks: Vec::new(),
            known: 0,
            is_readable: true,
            is_thorough: false,
            events: 0,
            number: 0,
            damage: None,
            wants_happenings: false,
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.source.name()
    }

    pub(crate) fn file(&self) -> &Arc<Path> {
        self.source.name()
    }

    /// The header, if it is not damaged.
    pub fn header(&self) -> Option<&segment::Header> {
        self.header.as_ref()
    }

    /// Bytes of text that it adds to that of a record, in a pattern that asks for them.
    pub(crate) fn meta_text_len(&self) -> usize {
        self.header.as_ref().map_or(0, |header| header.meta.process.len() + header.meta.host.len())
    }

    /// The totals of a segment that was closed.
    pub fn end(&self) -> Option<&End> {
        self.tables.end.as_ref()
    }

    /// The sites that the segment describes, those that never fired included.
    pub fn sites(&self) -> impl Iterator<Item = &Site> {
        self.tables.sites.values().map(|call_site| &call_site.site)
    }

    /// The site with this number.
    pub fn described(&self, id: u32) -> Option<&Site> {
        self.site(id).map(|call_site| &call_site.site)
    }

    /// How many records its blocks hold, as the headers of those say that can be read.
    pub fn records(&self) -> u64 {
        self.blocks.iter().map(|block| u64::from(block.records)).sum()
    }

    /// The times of the first and of the last of them, according to the same headers: nanoseconds since the Unix epoch, UTC.
    pub fn time(&self) -> Option<(i64, i64)> {
        let times = self.blocks.iter().map(|block| self.time_of(block));
        times.reduce(|(first, last), (from, to)| (first.min(from), last.max(to)))
    }

    /// Bytes of the file, whether or not it holds other segments too.
    pub fn len(&self) -> u64 {
        self.source.len()
    }

    /// Whether the file holds nothing. None that can be read does.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The threads that the segment describes.
    pub fn threads(&self) -> impl Iterator<Item = &Thread> {
        self.tables.threads.values().map(|known| &known.thread)
    }

    /// The thread with this number.
    pub fn thread(&self, id: u32) -> Option<&Thread> {
        self.tables.threads.get(id).map(|known| &known.thread)
    }

    /// Whether records of the thread with this number are handed out.
    #[inline]
    pub(crate) fn wants_thread(&self, id: u32, filter: &Filter) -> bool {
        match self.tables.threads.get(id) {
            Some(known) => known.wanted,
            None => filter.wants_thread(ThreadName::new(id, None)),
        }
    }

    /// Marks the sites and threads that `filter` wants.
    pub(crate) fn choose(&mut self, filter: &Filter) {
        self.tables.choose(filter);
        self.wants_happenings = filter.wants_happenings();
    }

    /// Whether what happens to spans is handed out.
    pub(crate) fn wants_happenings(&self) -> bool {
        self.wants_happenings
    }

    /// Whether a block may hold records that are wanted, whatever their time.
    pub(crate) fn wants_block(&self, block: &EventBlock, filter: &Filter) -> bool {
        // Of a block without a mask nothing is known.
        let wants_sites = block.sites == 0 || block.sites & self.tables.wanted_sites != 0;
        wants_sites && filter.wants_levels(block.levels)
    }

    /// The times of the first and of the last record of a block.
    pub(crate) fn time_of(&self, block: &EventBlock) -> (i64, i64) {
        (self.unix_ns(block.first), self.unix_ns(block.last))
    }

    /// The site with this number.
    pub(crate) fn site(&self, id: u32) -> Option<&CallSite> {
        self.tables.sites.get(id)
    }

    /// What was logged and is not in the file: one item for each thread, reason and level.
    pub fn lost(&self) -> impl Iterator<Item = Lost<'_>> {
        self.tables.losses.iter().map(|(thread, reason, level, total)| Lost {
            segment: self,
            thread: ThreadName::new(thread, self.thread(thread)),
            level,
            reason,
            count: total.count,
            bytes: total.bytes,
            first_unix_ns: self.unix_ns(total.first),
            last_unix_ns: self.unix_ns(total.last),
        })
    }

    /// The EVENTS blocks, in the order of the file.
    pub(crate) fn blocks(&self) -> &[EventBlock] {
        &self.blocks
    }

    /// Which of them were found since the last call.
    pub(crate) fn take_news(&mut self) -> Range<usize> {
        let known = std::mem::replace(&mut self.known, self.blocks.len());
        known..self.known
    }

    /// Whether more of it may come: it was not closed, and can be read.
    pub(crate) fn is_live(&self) -> bool {
        self.is_readable && self.tables.end.is_none()
    }

    /// Takes note that it cannot be read any more.
    pub(crate) fn give_up(&mut self) {
        self.is_readable = false;
    }

    /// Reads every block when it is come to, and compares its checksum; the header, which starts at `start`, has been read.
    pub(crate) fn be_thorough(&mut self, start: u64, findings: &mut Findings) -> io::Result<()> {
        self.is_thorough = true;
        self.walk.read_all();
        let mut bytes = Vec::new();
        self.source.read_at(start, limits::FIXED + limits::META, &mut bytes)?;
        // Of a header that is damaged nothing is known, which has been reported.
        let padding = segment::Header::padding(&bytes).unwrap_or_default();
        if self.header.is_some()
            && let Some(at) = nonzero(&bytes, padding)
        {
            findings.add(self.source.name(), start + at as u64, Problem::Padding);
        }
        Ok(())
    }

    /// Where the next block starts, as far as is known.
    pub(crate) fn offset(&self) -> u64 {
        self.walk.offset()
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Whether the two are the same segment in two files: salts are random, so they tell, with the number.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        let number = |segment: &Self| segment.header().map(|header| header.number);
        number(self).is_some() && number(self) == number(other) && self.salt() == other.salt()
    }

    /// The salt of its blocks.
    pub(crate) fn salt(&self) -> u64 {
        self.walk.salt()
    }

    /// The session of its process; 0 if it names none.
    pub(crate) fn session(&self) -> u64 {
        self.header.as_ref().map_or(0, |header| header.meta.session)
    }

    /// The timeline of its own anchors.
    pub(crate) fn own_timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// Goes by the timeline of its process from now on, of whose segments the first has this number.
    pub(crate) fn join(&mut self, first: u32, timeline: Arc<Timeline>) {
        self.process = Some((first, timeline));
    }

    /// The number of the first segment of its process; its own is `number`.
    pub(crate) fn first_of_process(&self, number: u32) -> u32 {
        self.process.as_ref().map_or(number, |(first, _)| *first)
    }

    fn timeline(&self) -> &Timeline {
        self.process.as_ref().map_or(&self.timeline, |(_, timeline)| timeline)
    }

    /// The stretch of the timeline around `ticks`.
    pub(crate) fn stretch(&self, ticks: u64) -> Stretch {
        self.timeline().stretch(ticks)
    }

    /// Wall-clock time at `ticks`: nanoseconds since the Unix epoch, UTC.
    pub fn unix_ns(&self, ticks: u64) -> i64 {
        self.timeline().unix_ns(ticks)
    }

    /// Reads tables and where blocks are from where the last call stopped to the end of the file, or to the END block.
    pub(crate) fn scan(&mut self, findings: &mut Findings) -> io::Result<()> {
        let is_new = self.number == 0;
        let indexed = if is_new && !self.is_thorough { self.scan_index(findings) } else { Ok(()) };
        let result = indexed.and_then(|()| self.scan_headers(u64::MAX, findings));
        let anchors = self.tables.take_anchors();
        anchors.into_iter().for_each(|anchor| self.timeline.add(anchor));
        result
    }

    /// Goes by the INDEX, if there is one: reads only what stands between EVENTS blocks and is more than an anchor.
    fn scan_index(&mut self, findings: &mut Findings) -> io::Result<()> {
        let entries = index::read(&self.source, self.walk.salt(), self.walk.offset())?;
        for entry in entries.into_iter().flatten() {
            match entry.anchor {
                Some(anchor)
                    if entry.offset - self.walk.offset() == CLOCK_BLOCK
                        && self.tables.add_anchor(anchor).is_ok() =>
                {
                    self.add_entry(&entry);
                }
                _ => self.scan_headers(entry.end(), findings)?,
            }
            // Where the two differ, the headers are right from here on.
            if self.walk.offset() != entry.end() || self.damage.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// Takes in an EVENTS block as INDEX describes it, and the CLOCK block before it.
    fn add_entry(&mut self, entry: &Entry) {
        let &Entry { offset, first, last, records, sites, stored_len, levels, .. } = entry;
        self.events = self.events.saturating_add(records.into());
        self.number += 2;
        self.walk.seek(entry.end());
        let len = HEADER_LEN as u32 + stored_len;
        self.blocks.push(EventBlock { offset, first, last, len, records, levels, sites });
    }

    /// Goes from header to header, up to the first at `until` or behind it.
    fn scan_headers(&mut self, until: u64, findings: &mut Findings) -> io::Result<()> {
        while self.tables.end.is_none() && self.walk.offset() < until {
            match self.walk.next(&self.source)? {
                Item::Block { offset, header } => self.take(offset, &header, findings)?,
                Item::Damage { offset, until, error } => {
                    self.settle(None, findings);
                    self.damage = Some(Damage { offset, until, error });
                }
                // A file that is being written may have grown in the meantime.
                Item::Cut { .. } | Item::End if self.source.measure()? => {}
                Item::Cut { .. } | Item::End => break,
            }
        }
        Ok(())
    }

    /// Reports how the file ends and what its totals say, as far as [`Segment::scan`] has read it.
    pub(crate) fn finish(&mut self, findings: &mut Findings) -> io::Result<()> {
        self.settle(None, findings);
        match self.tables.end {
            Some(end) => self.check_totals(&end, findings),
            None => self.report_cut(findings)?,
        }
        for step in self.timeline.steps() {
            findings.add(self.source.name(), None, Problem::ClockStep { by_ns: step.by_ns });
        }
        Ok(())
    }

    /// Whether the segment is closed, and another one starts behind it in the same file.
    pub(crate) fn is_followed(&self) -> bool {
        if self.tables.end.is_none() || self.offset() >= self.source.len() {
            return false;
        }
        let mut bytes = Vec::new();
        // What cannot be read is no segment.
        let read = self.source.read_at(self.offset(), segment::MAGIC.len(), &mut bytes);
        read.is_ok() && bytes == segment::MAGIC
    }

    fn report_cut(&mut self, findings: &mut Findings) -> io::Result<()> {
        let item = self.walk.next(&self.source)?;
        let (offset, problem) = match item {
            Item::Cut { offset, error } => (offset, Problem::Cut(error)),
            _ => (self.walk.offset(), Problem::Open),
        };
        findings.add(self.source.name(), offset, problem);
        Ok(())
    }

    fn check_totals(&self, end: &End, findings: &mut Findings) {
        let (file, offset) = (self.source.name(), self.walk.offset());
        if let Some(bytes @ 1..) = self.source.len().checked_sub(offset)
            && !self.is_followed()
        {
            findings.add(file, offset, Problem::Trailing { bytes });
        }
        if end.written != self.events {
            let problem = Problem::Count { found: self.events, expected: end.written };
            findings.add(file, None, problem);
        }
        let lost = self.tables.losses.count();
        if end.lost != lost {
            findings.add(file, None, Problem::LossCount { found: lost, expected: end.lost });
        }
    }

    /// Takes in one block.
    fn take(&mut self, offset: u64, header: &Header, findings: &mut Findings) -> io::Result<()> {
        let kind = header.summary.kind;
        self.settle(Some((offset, header.summary.number)), findings);
        if self.is_thorough {
            let padding = walk::stored_end(header)..header.block_len();
            let block = self.walk.whole_block(&self.source, offset, header)?;
            if let Some(at) = nonzero(block, padding) {
                findings.add(self.source.name(), offset + at as u64, Problem::Padding);
            }
        }
        if kind == Kind::EVENTS {
            self.events = self.events.saturating_add(header.summary.records.into());
            if self.is_thorough
                && let Err(error) = header.stored(self.walk.block(&self.source, offset, header)?)
            {
                findings.add(self.source.name(), offset, bad_payload(header, error));
                return Ok(());
            }
            self.add_events(offset, header, findings);
        } else if self.is_thorough || Tables::holds(kind) {
            let file = self.source.name().clone();
            let block = self.walk.block(&self.source, offset, header)?;
            let mut report = |problem| findings.add(&file, offset, problem);
            match header.payload(block) {
                Ok(payload) => self.tables.add(kind, &payload, &mut report),
                Err(error) => report(bad_payload(header, error)),
            }
        }
        Ok(())
    }

    fn add_events(&mut self, offset: u64, header: &Header, findings: &mut Findings) {
        if !is_readable(header) {
            findings.add(self.source.name(), offset, unreadable(header));
        } else if header.expanded_len > 0 {
            self.blocks.push(EventBlock::of(offset, header));
        }
    }

    /// Compares the number of the block that `found` describes (offset, number), and reports damage before it.
    fn settle(&mut self, found: Option<(u64, u64)>, findings: &mut Findings) {
        let expected = self.number;
        let file = self.source.name();
        let missing = found.and_then(|(_, number)| number.checked_sub(expected));
        match self.damage.take() {
            Some(Damage { offset, until, error }) => {
                let problem = Problem::Damage { until, error, blocks: missing };
                findings.add(file, offset, problem);
            }
            None => match (found, missing) {
                (Some((offset, next)), Some(1..)) => {
                    findings.add(file, offset, Problem::Missing { first: expected, next });
                }
                (Some((offset, number)), None) => {
                    findings.add(file, offset, Problem::Order { found: number, expected });
                }
                _ => {}
            },
        }
        if let Some((_, number)) = found {
            self.number = number.saturating_add(1);
        }
    }
}

/// The first byte in `range`, as far as it is there, that is not zero.
fn nonzero(bytes: &[u8], range: Range<usize>) -> Option<usize> {
    let padding = bytes.get(range.start..range.end.min(bytes.len()))?;
    Some(range.start + padding.iter().position(|byte| *byte != 0)?)
}

/// Whether this reader knows codec and compression of a block.
pub(crate) fn is_readable(header: &Header) -> bool {
    matches!(header.summary.codec, Codec::RAW | Codec::PACKED)
        && block::can_expand(header.compression)
}

/// What a payload that cannot be had means.
pub(crate) fn bad_payload(header: &Header, error: Error) -> Problem {
    match error.fault {
        Fault::Unknown { .. } => unreadable(header),
        _ => Problem::Block { kind: header.summary.kind, records: header.summary.records, error },
    }
}

/// What a block that this reader cannot expand means.
pub(crate) fn unreadable(header: &Header) -> Problem {
    let summary = &header.summary;
    Problem::Unreadable {
        codec: summary.codec,
        compression: header.compression,
        records: summary.records,
    }
}
