//! The recovered segment.
//!
//! It is written under a name that no reader looks at, made to last, and only then named as a segment: it is there whole, or not
//! at all. A recovery that comes after one that was cut short finds it by its session, and what it holds is then in a file.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use logbuf_format::block::{self, Codec, Kind, Summary};
use logbuf_format::clock::Anchor;
use logbuf_format::end::End;
use logbuf_format::events::{self, OpenExtent};
use logbuf_format::packed::LEAD;
use logbuf_format::scope::Which;
use logbuf_format::site;
use logbuf_format::thread::Thread as ThreadEntry;

use super::covered;
use super::remains::Salvaged;
use super::report::Report;
use crate::description::Description;
use crate::dictionary;
use crate::paths::{Paths, Restated};
use crate::platform;
use crate::record::Taken;
use crate::registry::SHARED_RING;
use crate::scope;
use crate::session::header::Header;
use crate::session::system;

/// Payload of a block, in bytes, from which it is written.
const BLOCK: usize = 64 << 10;

/// The end of a segment's name, and of a recovered one's.
const SEGMENT: &str = ".logbuf";
const RECOVERED: &str = ".recovered.logbuf";

/// How often a free name is sought.
const TRIES: usize = 64;

/// The segment that is being written; nothing is, before the first record.
pub(super) struct Output<'a> {
    header: &'a Header,
    folder: &'a Path,
    anchors: &'a [Anchor],
    names: &'a BTreeMap<u32, ThreadEntry>,
    file: Option<File>,
    salt: u64,
    blocks: u64,
    /// Bytes to be written next.
    pending: Vec<u8>,
    sites: Table,
    threads: Table,
    events: Table,
    extent: Option<Extent>,
    /// The scopes of each thread. Those at the start are known to the dead process alone.
    paths: BTreeMap<u32, Paths>,
    has_scopes: bool,
    listed: BTreeSet<u32>,
    /// Records of each thread.
    counts: BTreeMap<u32, u64>,
    ticks: (u64, u64),
}

/// The extent that is open at the end of the events.
struct Extent {
    ring: u32,
    thread: u32,
    end: u64,
    open: OpenExtent,
}

/// A block that is being filled.
struct Table {
    kind: Kind,
    payload: Vec<u8>,
    entries: u32,
    levels: u8,
    /// As in the header of a block.
    sites: u32,
    ticks: (u64, u64),
}

/// The number of the site of what is left or forgotten: no other has it.
const LEAVE: u32 = u32::MAX;

fn put(open: &mut OpenExtent, payload: &mut Vec<u8>, restated: &Restated) -> io::Result<()> {
    let site = restated.site.unwrap_or(LEAVE);
    open.put(payload, site, restated.ticks, &restated.led[LEAD..])
        .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))
}

impl Table {
    fn new(kind: Kind) -> Self {
        Self { kind, payload: Vec::new(), entries: 0, levels: 0, sites: 0, ticks: (u64::MAX, 0) }
    }
}

impl<'a> Output<'a> {
    pub(super) fn new(
        header: &'a Header,
        folder: &'a Path,
        anchors: &'a [Anchor],
        names: &'a BTreeMap<u32, ThreadEntry>,
        has_scopes: bool,
    ) -> Self {
        Self {
            header,
            folder,
            anchors,
            names,
            file: None,
            salt: RandomState::new().hash_one(std::time::SystemTime::now()),
            blocks: 0,
            pending: Vec::new(),
            sites: Table::new(Kind::SITES),
            threads: Table::new(Kind::THREADS),
            events: Table::new(Kind::EVENTS),
            extent: None,
            paths: BTreeMap::new(),
            has_scopes,
            listed: BTreeSet::new(),
            counts: BTreeMap::new(),
            ticks: (u64::MAX, 0),
        }
    }

    /// Appends a record.
    pub(super) fn put(&mut self, record: Salvaged<'_>) -> io::Result<()> {
        if self.file.is_none() {
            self.begin()?;
        }
        if self.events.payload.len() >= BLOCK {
            self.emit()?;
        }
        self.list(&record);
        let Salvaged { ring, thread, start, end, site, ticks, values, is_adrift } = record;
        let goes_on =
            |extent: &Extent| (extent.ring, extent.thread, extent.end) == (ring, thread, start);
        if !self.extent.as_ref().is_some_and(goes_on) {
            self.seal();
            self.restate(ring, thread)?;
            let open = events::open(&mut self.events.payload, ring, thread, start);
            self.extent = Some(Extent { ring, thread, end, open });
        }
        let is_adrift = is_adrift && self.has_scopes;
        if is_adrift {
            self.put_all(&[Restated::forget(Which::Context), Restated::forget(Which::Span)])?;
        }
        let extent = self.extent.as_mut().expect("it was opened if there was none");
        // Longer records are refused when they are logged, so that this can only come of an image that was made up.
        extent
            .open
            .put(&mut self.events.payload, site.number, ticks, values)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error.to_string()))?;
        extent.end = end;
        if is_adrift {
            self.put_all(&[Restated::leave(Which::Context), Restated::leave(Which::Span)])?;
        }
        self.events.sites |= site::bit(site.number);
        for (first, last) in [&mut self.events.ticks, &mut self.ticks] {
            (*first, *last) = ((*first).min(ticks), (*last).max(ticks));
        }
        let count = self.counts.entry(thread).or_default();
        if site.kind == site::Kind::Event {
            self.events.entries += 1;
            self.events.levels |= site.level.bit();
            *count += 1;
        } else if ring != SHARED_RING {
            let led = [&[0; LEAD], values].concat();
            let paths = self.paths.entry(thread).or_insert_with(Paths::unknown);
            paths.follow(site.kind, Taken { site: site.number, ticks, led: &led });
        }
        Ok(())
    }

    /// Says which scopes the next extent of a ring starts in.
    fn restate(&mut self, ring: u32, thread: u32) -> io::Result<()> {
        if !self.has_scopes || ring == SHARED_RING {
            return Ok(());
        }
        let paths = self.paths.entry(thread).or_insert_with(Paths::unknown);
        let restated: Vec<_> = paths.restated().collect();
        let mut open = events::open_restated(&mut self.events.payload, ring, thread);
        for scope in &restated {
            put(&mut open, &mut self.events.payload, scope)?;
        }
        open.seal(&mut self.events.payload, ring.into());
        Ok(())
    }

    /// Appends records to the open extent that the dead process did not write.
    fn put_all(&mut self, restated: &[Restated]) -> io::Result<()> {
        let extent = self.extent.as_mut().expect("there is one");
        restated.iter().try_for_each(|one| put(&mut extent.open, &mut self.events.payload, one))
    }

    /// Writes what is left, and gives the segment its name. `None` if there was no record.
    pub(super) fn finish(mut self, report: &mut Report) -> io::Result<Option<PathBuf>> {
        if self.file.is_none() {
            // A recovery that was cut short may have left one.
            let _none = fs::remove_file(self.unfinished());
            return Ok(None);
        }
        self.emit()?;
        let written = self.counts.values().sum();
        let mut end = Table::new(Kind::END);
        let closed_unix_ns = self.anchors.last().map_or(0, |anchor| anchor.unix_ns);
        let (blocks, lost, index) = (self.blocks, 0, None);
        let totals = End { blocks, written, lost, closed_unix_ns, index };
        totals.put(&mut end.payload);
        end.entries = 1;
        self.block(&mut end);
        let path = self.publish()?;
        let names = self.names.iter().map(|(id, thread)| (*id, thread.name.clone())).collect();
        report.count(self.counts, &names, self.ticks);
        Ok(Some(path))
    }

    fn begin(&mut self) -> io::Result<()> {
        if self.has_scopes {
            let leave = dictionary::entry(LEAVE, &scope::LEAVE, Some(Description::default()));
            leave.put(&mut self.sites.payload).expect("it is short");
            self.sites.entries += 1;
        }
        let path = self.unfinished();
        let _left_by_one_cut_short = fs::remove_file(&path);
        self.file = Some(system::create_private(&path)?);
        self.put_header(0)?;
        let mut clock = Table::new(Kind::CLOCK);
        for anchor in self.anchors {
            anchor.put(&mut clock.payload);
            clock.entries += 1;
            clock.ticks = (clock.ticks.0.min(anchor.ticks), clock.ticks.1.max(anchor.ticks));
        }
        self.block(&mut clock);
        Ok(())
    }

    /// Lists what a record refers to, unless it is.
    fn list(&mut self, record: &Salvaged<'_>) {
        if self.listed.insert(record.site.number) {
            self.sites.payload.extend_from_slice(&record.site.entry);
            self.sites.entries += 1;
        }
        if !self.counts.contains_key(&record.thread) {
            let nameless = ThreadEntry { id: record.thread, os_id: 0, name: String::new() };
            let entry = self.names.get(&record.thread).unwrap_or(&nameless);
            entry.put(&mut self.threads.payload).expect("names in a session are short");
            self.threads.entries += 1;
        }
        for kind in [Kind::SITES, Kind::THREADS] {
            let table = if kind == Kind::SITES { &mut self.sites } else { &mut self.threads };
            if table.payload.len() >= BLOCK {
                let mut full = std::mem::replace(table, Table::new(kind));
                self.block(&mut full);
            }
        }
    }

    fn seal(&mut self) {
        if let Some(Extent { end, open, .. }) = self.extent.take() {
            open.seal(&mut self.events.payload, end);
        }
    }

    /// Writes the block of events behind all that it refers to.
    fn emit(&mut self) -> io::Result<()> {
        self.seal();
        for kind in [Kind::SITES, Kind::THREADS, Kind::EVENTS] {
            let table = match kind {
                Kind::SITES => &mut self.sites,
                Kind::THREADS => &mut self.threads,
                _ => &mut self.events,
            };
            let mut full = std::mem::replace(table, Table::new(kind));
            self.block(&mut full);
        }
        self.write()
    }

    /// Appends a block to what is pending, unless it is empty.
    fn block(&mut self, table: &mut Table) {
        if table.payload.is_empty() {
            return;
        }
        let open = block::open(&mut self.pending);
        self.pending.append(&mut table.payload);
        let (first, last) = table.ticks;
        let summary = Summary {
            kind: table.kind,
            codec: Codec::RAW,
            levels: table.levels,
            salt: self.salt,
            number: self.blocks,
            records: table.entries,
            first: first.min(last),
            last,
            sites: table.sites,
        };
        open.seal(&mut self.pending, summary).expect("blocks are kept shorter than they may be");
        self.blocks += 1;
    }

    fn write(&mut self) -> io::Result<()> {
        let file = self.file.as_mut().expect("it was begun with the first record");
        file.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    /// Puts the header in front, whose length does not depend on the number.
    fn put_header(&mut self, number: u64) -> io::Result<()> {
        let mut header = self.header.segment.clone();
        header.number = number;
        header.salt = self.salt;
        header.meta.session = self.header.id;
        let mut bytes = Vec::new();
        header.put(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let file = self.file.as_mut().expect("it was begun with the first record");
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&bytes)
    }

    /// Makes the segment last, and names it as one.
    fn publish(&mut self) -> io::Result<PathBuf> {
        self.write()?;
        for _ in 0..TRIES {
            let taken = covered::files(self.folder, &self.header.stem)?;
            let numbers =
                taken.iter().filter_map(|(number, _)| number.map(|n| n.saturating_add(1)));
            let number = numbers.max().unwrap_or(1);
            self.put_header(number)?;
            self.file.as_ref().expect("it was begun with the first record").sync_all()?;
            let mut name = self.header.stem.clone();
            name.push(format!(".{number:06}{RECOVERED}"));
            let path = self.folder.join(name);
            match system::rename_new(&self.unfinished(), &path) {
                Ok(()) => {
                    platform::sync_folder(self.folder)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Where the segment is as long as it is not finished: the same place whoever tries.
    fn unfinished(&self) -> PathBuf {
        let mut name = OsString::from(".");
        name.push(&self.header.stem);
        name.push(format!(".{:016x}.recovering", self.header.id));
        self.folder.join(name)
    }
}

/// The number in `name`, if it is that of a segment of the log called `stem`.
pub(super) fn segment_number(name: &OsStr, stem: &OsStr) -> Option<u64> {
    let rest = name.as_encoded_bytes().strip_prefix(stem.as_encoded_bytes())?;
    let rest = str::from_utf8(rest).ok()?.strip_prefix('.')?;
    let number = rest.strip_suffix(RECOVERED).or_else(|| rest.strip_suffix(SEGMENT))?;
    number.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_told_by_their_names() {
        let number = |name: &str| segment_number(OsStr::new(name), OsStr::new("app.v2"));
        assert_eq!(number("app.v2.000007.logbuf"), Some(7));
        assert_eq!(number("app.v2.1000008.recovered.logbuf"), Some(1_000_008));
        for other in [
            "app.000007.logbuf",
            "app.v2.current.logbuf",
            "app.v2.000007.logbuf.tmp",
            ".app.v2.1.recovering",
        ] {
            assert_eq!(number(other), None, "{other}");
        }
    }
}
