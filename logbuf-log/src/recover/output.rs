//! From salvaged records to the blocks of a segment.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use logbuf_format::block::{self, Kind};
use logbuf_format::events::{self, OpenExtent};
use logbuf_format::limits;
use logbuf_format::loss::Loss;
use logbuf_format::packed::LEAD;
use logbuf_format::scope::Which;
use logbuf_format::site;
use logbuf_format::thread::Thread as ThreadEntry;

use super::remains::{Around, Salvaged, Sites};
use super::report::Report;
use super::segment::Segment;
use crate::description::Description;
use crate::dictionary;
use crate::loss::Lost;
use crate::paths::{Paths, Restated};
use crate::record::Taken;
use crate::registry::SHARED_RING;
use crate::scope;
use crate::session::catalogue::Listed;
use crate::session::threads::Noted;
use crate::table::{TABLE, Table};

/// Payload of a block of events, in bytes, from which it is written.
const BLOCK: usize = 64 << 10;

/// The number of the site of what is left or forgotten: no other has it.
const LEAVE: u32 = u32::MAX;

/// Values of the scopes that are said again at once, in bytes, at most. No process has more, because blocks have to hold them; those of
/// an image that was made up are not known.
const SCOPES: usize = limits::RECORD;

/// The same of all that is said again: at first, and for each byte of records. An image that was made up could have scopes said again
/// between any two records.
const ROOM: usize = 16 * SCOPES;
const ROOM_PER_BYTE: usize = SCOPES / BLOCK;

/// What is recovered, on its way into a segment. That is begun with the first of it.
pub(super) struct Output<'a> {
    segment: Segment<'a>,
    names: &'a BTreeMap<u32, Noted>,
    known: &'a Sites,
    sites: Table,
    threads: Table,
    losses: Table,
    /// What was on its way to the file, and what a flight recorder held back.
    written: Events,
    held: Events,
    /// The scopes of each thread. Of those that are not here only the dead process knew them.
    paths: BTreeMap<u32, Paths>,
    /// Bytes of scopes that may still be said again.
    room: usize,
    listed_sites: BTreeSet<u32>,
    listed_threads: BTreeSet<u32>,
    /// Records of each thread.
    counts: BTreeMap<u32, u64>,
    lost: u64,
    ticks: (u64, u64),
}

/// A block of events that is being filled.
struct Events {
    table: Table,
    extent: Option<Extent>,
}

/// The extent that is open at the end of a block.
struct Extent {
    ring: u32,
    thread: u32,
    end: u64,
    open: OpenExtent,
}

impl Events {
    fn new() -> Self {
        Self { table: Table::new(Kind::EVENTS), extent: None }
    }

    /// Whether an extent is open that ends where a record of this ring and thread starts.
    fn goes_on(&self, ring: u32, thread: u32, start: u64) -> bool {
        let of = |extent: &Extent| (extent.ring, extent.thread, extent.end);
        self.extent.as_ref().map(of) == Some((ring, thread, start))
    }

    fn open(&mut self, ring: u32, thread: u32, start: u64) {
        let open = events::open(&mut self.table.payload, ring, thread, start);
        self.extent = Some(Extent { ring, thread, end: start, open });
    }

    fn seal(&mut self) {
        if let Some(Extent { end, open, .. }) = self.extent.take() {
            open.seal(&mut self.table.payload, end);
        }
    }

    /// Says which scopes the next extent of a ring starts in.
    fn restate(&mut self, ring: u32, thread: u32, paths: &Paths) -> io::Result<()> {
        let mut open = events::open_restated(&mut self.table.payload, ring, thread);
        for scope in paths.restated() {
            put(&mut open, &mut self.table.payload, &scope)?;
        }
        open.seal(&mut self.table.payload, ring.into());
        Ok(())
    }

    /// Appends records to the open extent that the dead process did not write.
    fn put_all(&mut self, restated: &[Restated]) -> io::Result<()> {
        let extent = self.extent.as_mut().expect("there is one");
        restated.iter().try_for_each(|one| put(&mut extent.open, &mut self.table.payload, one))
    }
}

fn put(open: &mut OpenExtent, payload: &mut Vec<u8>, restated: &Restated) -> io::Result<()> {
    let site = restated.site.unwrap_or(LEAVE);
    open.put(payload, site, restated.ticks, &restated.led[LEAD..]).map_err(too_long)
}

/// Longer records are refused when they are logged, so that this can only come of an image that was made up.
fn too_long(error: logbuf_format::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error.to_string())
}

impl<'a> Output<'a> {
    /// An output of records of threads that were in the scopes of `paths`.
    pub(super) fn new(
        segment: Segment<'a>,
        names: &'a BTreeMap<u32, Noted>,
        known: &'a Sites,
        paths: BTreeMap<u32, Paths>,
    ) -> Self {
        Self {
            segment,
            names,
            known,
            sites: Table::new(Kind::SITES),
            threads: Table::new(Kind::THREADS),
            losses: Table::new(Kind::LOSS),
            written: Events::new(),
            held: Events::new(),
            paths,
            room: ROOM,
            listed_sites: BTreeSet::new(),
            listed_threads: BTreeSet::new(),
            counts: BTreeMap::new(),
            lost: 0,
            ticks: (u64::MAX, 0),
        }
    }

    /// Appends a record.
    pub(super) fn put(&mut self, record: Salvaged<'_>) -> io::Result<()> {
        let keeps = self.segment.header.keeps;
        let is_event = record.site.kind == site::Kind::Event;
        if keeps.is_some() && !is_event {
            // As the writer does with a flight recorder: scopes are said again in front of the next event, of either kind.
            self.written.seal();
            self.held.seal();
            self.follow(&record);
            return Ok(());
        }
        if !self.segment.is_begun() {
            self.begin()?;
        }
        if self.written.table.payload.len().max(self.held.table.payload.len()) >= BLOCK {
            self.emit()?;
        }
        self.list(record.site);
        self.list_thread(record.thread);
        let is_held =
            record.ring != SHARED_RING && keeps.is_some_and(|keep| record.site.level > keep);
        self.put_event(&record, is_held)?;
        if is_event {
            *self.counts.entry(record.thread).or_default() += 1;
        } else {
            self.follow(&record);
        }
        Ok(())
    }

    /// Appends a record to the block that it belongs to.
    fn put_event(&mut self, record: &Salvaged<'_>, is_held: bool) -> io::Result<()> {
        let &Salvaged { ring, thread, start, end, site, ticks, values, .. } = record;
        let around = self.around(&record.around);
        let events = if is_held { &mut self.held } else { &mut self.written };
        if !events.goes_on(ring, thread, start) {
            events.seal();
            if self.known.has_scopes() && ring != SHARED_RING {
                let paths = self.paths.entry(thread).or_insert_with(Paths::unknown);
                if paths.len() > SCOPES.min(self.room) {
                    paths.forget();
                }
                self.room = self.room.saturating_sub(paths.len());
                events.restate(ring, thread, paths)?;
            }
            events.open(ring, thread, start);
        }
        self.room = self.room.saturating_add(ROOM_PER_BYTE * values.len());
        events.put_all(&around)?;
        let extent = events.extent.as_mut().expect("it was opened if there was none");
        extent.open.put(&mut events.table.payload, site.number, ticks, values).map_err(too_long)?;
        extent.end = end;
        if !around.is_empty() {
            events.put_all(&[Restated::leave(Which::Context), Restated::leave(Which::Span)])?;
        }
        let Table { entries, reach, .. } = &mut events.table;
        reach.sites |= site::bit(site.number);
        reach.add_time(ticks);
        self.ticks = (self.ticks.0.min(ticks), self.ticks.1.max(ticks));
        if site.kind == site::Kind::Event {
            *entries += 1;
            reach.add_level(site.level);
            if is_held {
                reach.levels |= block::DUMPED;
            }
        }
        Ok(())
    }

    /// What is put in front of a record for the scopes that it says it was logged in.
    fn around(&mut self, around: &Around<'_>) -> Vec<Restated> {
        match around {
            Around::Unknown if self.known.has_scopes() => {
                vec![Restated::forget(Which::Context), Restated::forget(Which::Span)]
            }
            Around::OfThread | Around::Unknown => Vec::new(),
            Around::These(scopes) => scopes
                .iter()
                .map(|(site, values)| {
                    self.list(site);
                    Restated::new(Some(site.number), 0, &[values])
                })
                .collect(),
        }
    }

    /// Does what a record says of the scopes of its thread.
    fn follow(&mut self, record: &Salvaged<'_>) {
        if record.ring == SHARED_RING {
            return;
        }
        let led = [&[0; LEAD], record.values].concat();
        let paths = self.paths.entry(record.thread).or_insert_with(Paths::unknown);
        let taken = Taken { site: record.site.number, ticks: record.ticks, led: &led };
        paths.follow(record.site.kind, taken);
        // It may be said again where the record itself is not.
        self.list(record.site);
    }

    /// Appends what was lost of a thread.
    pub(super) fn lose(&mut self, thread: u32, lost: &Lost) -> io::Result<()> {
        if !self.segment.is_begun() {
            self.begin()?;
        }
        self.list_thread(thread);
        let &Lost { level, reason, count, bytes, ticks: (first, last), total } = lost;
        let Table { payload, entries, reach, .. } = &mut self.losses;
        Loss { thread, level, reason, count, bytes, first, last, total }.put(payload);
        *entries += 1;
        reach.add_level(level);
        reach.add_time(first);
        reach.add_time(last);
        self.lost = self.lost.saturating_add(count);
        if self.losses.payload.len() >= TABLE {
            self.emit()?;
        }
        Ok(())
    }

    /// Writes what is left, and gives the segment its name. `None` if there was nothing.
    pub(super) fn finish(mut self, report: &mut Report) -> io::Result<Option<PathBuf>> {
        if !self.segment.is_begun() {
            self.segment.clear();
            return Ok(None);
        }
        self.emit()?;
        let path = self.segment.publish(self.counts.values().sum(), self.lost)?;
        report.lost = self.lost;
        report.count(self.counts, self.names, self.ticks);
        Ok(Some(path))
    }

    fn begin(&mut self) -> io::Result<()> {
        self.segment.begin()?;
        if self.known.has_scopes() {
            let leave = dictionary::entry(LEAVE, &scope::LEAVE, Some(Description::default()));
            leave.put(&mut self.sites.payload).expect("it is short");
            self.sites.entries += 1;
        }
        // Scopes that threads were in before the first of what is recovered.
        let paths = self.paths.values().flat_map(Paths::restated);
        let scopes: BTreeSet<u32> = paths.filter_map(|scope| scope.site).collect();
        let known = self.known;
        scopes
            .into_iter()
            .filter_map(|number| known.numbered(number))
            .for_each(|site| self.list(site));
        Ok(())
    }

    /// Lists a site, unless it is.
    fn list(&mut self, site: &Listed) {
        if !self.listed_sites.insert(site.number) {
            return;
        }
        self.sites.payload.extend_from_slice(&site.entry);
        self.sites.entries += 1;
        if self.sites.payload.len() >= TABLE {
            self.segment.put(&mut self.sites);
        }
    }

    /// Lists a thread, unless it is.
    fn list_thread(&mut self, id: u32) {
        if !self.listed_threads.insert(id) {
            return;
        }
        let nameless = ThreadEntry { id, os_id: 0, name: String::new() };
        let entry = self.names.get(&id).map_or(&nameless, |thread| &thread.entry);
        entry.put(&mut self.threads.payload).expect("names in a session are short");
        self.threads.entries += 1;
        if self.threads.payload.len() >= TABLE {
            self.segment.put(&mut self.threads);
        }
    }

    /// Writes the blocks that are being filled, events behind all that they refer to.
    fn emit(&mut self) -> io::Result<()> {
        self.written.seal();
        self.held.seal();
        let (written, held) = (&mut self.written.table, &mut self.held.table);
        for table in [&mut self.sites, &mut self.threads, written, held, &mut self.losses] {
            self.segment.put(table);
        }
        self.segment.write()
    }
}
