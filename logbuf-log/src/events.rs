//! The EVENTS block that is being filled.

use std::collections::HashMap;
use std::mem;
use std::time::{Duration, Instant};

use logbuf::queue::spsc::Spsc;
use logbuf::queue::{mpsc, spsc};
use logbuf::{Batch, Held};
use logbuf_format::block::{self, Codec, Kind};
use logbuf_format::packed::Packer;
use logbuf_format::scope::Which;
use logbuf_format::site;
use logbuf_format::{Level, limits, loss::Reason};

use crate::console::Tee;
use crate::dictionary::{Dictionary, Entry};
use crate::loss::Losses;
use crate::paths::{Paths, Restated};
use crate::record::{self, SharedRecord, Taken};
use crate::registry::{REGISTRY, SHARED_RING};
use crate::scope;
use crate::segment::Segment;
use crate::table::Reach;
use crate::thread::Thread;

/// Bytes of packed payload from which a block is written.
const PACKED: usize = 64 << 10;

/// Bytes that its payload has in codec raw from which a block is written: a reader holds as many.
const RAW: usize = 1 << 20;

/// Bytes of ring that are taken at once, which is by how much more than [`RAW`] a block may be, or one record.
pub(crate) const BATCH: usize = 64 << 10;

// A block is one that can be read, whatever is in it.
const _: () = assert!(RAW + 2 * BATCH + limits::RECORD < limits::PAYLOAD);

/// Records on their way from the rings into one block.
#[derive(Default)]
pub(crate) struct Events {
    packer: Packer,
    /// Events.
    count: u32,
    reach: Reach,
    /// Rings and threads whose scopes were restated, and whether the extents behind that say what has become of them.
    restated: HashMap<(u32, u32), bool>,
    /// When the first of them was taken.
    since: Option<Instant>,
    /// What shows them on the console, if that is wanted.
    tee: Option<Box<Tee>>,
}

/// What becomes of a record on its way into the block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// It is put.
    Put,
    /// It is passed over.
    Pass,
}

/// Records of one ring, one after the other.
pub(crate) trait Walk {
    /// The next record.
    fn next(&mut self) -> Option<&[u8]>;
    /// Position behind the last one handed out.
    fn position(&self) -> u64;
}

impl Walk for Batch<'_, Spsc> {
    fn next(&mut self) -> Option<&[u8]> {
        self.iter().next()
    }
    fn position(&self) -> u64 {
        self.end()
    }
}

impl Walk for Held<'_, Spsc> {
    fn next(&mut self) -> Option<&[u8]> {
        self.next_record()
    }
    fn position(&self) -> u64 {
        Held::position(self)
    }
}

impl Events {
    /// No records yet. Those that are put are shown by `tee`, too.
    pub(crate) fn new(tee: Option<Tee>) -> Self {
        Self { tee: tee.map(Box::new), ..Self::default() }
    }

    /// What shows events on the console, if that is wanted.
    pub(crate) fn tee(&mut self) -> Option<&mut Tee> {
        self.tee.as_deref_mut()
    }

    /// Whether the block had better be written before more is taken.
    pub(crate) fn is_full(&self) -> bool {
        let packer = &self.packer;
        packer.len() >= PACKED || packer.raw_len() >= RAW || packer.is_crowded()
    }

    /// Whether nothing is in the block.
    pub(crate) fn is_empty(&self) -> bool {
        self.since.is_none()
    }

    /// Events in the block.
    pub(crate) fn count(&self) -> u32 {
        self.count
    }

    /// The smallest time stamp in the block.
    pub(crate) fn oldest(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.reach.first)
    }

    /// Whether the first record was taken from its ring at least `age` ago.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        self.since.is_some_and(|since| since.elapsed() >= age)
    }

    /// Packs the records of `batch`, which are of ring `ring` and of `thread`, as one extent. Says whether there were any.
    pub(crate) fn take(
        &mut self,
        batch: &mut spsc::Batch<'_>,
        ring: u32,
        thread: &Thread,
        dictionary: &mut Dictionary,
    ) -> bool {
        let start = batch.start();
        let mut records = batch.iter().peekable();
        if records.peek().is_none() {
            return false;
        }
        let mut paths = thread.lock_paths();
        self.restate_paths(ring, thread.id, &paths, dictionary);
        self.open(ring, thread.id, start);
        for bytes in records {
            self.put(record::split(bytes), dictionary, (&thread.losses, thread.id, &mut paths));
        }
        self.packer.seal(batch.end());
        true
    }

    /// Packs those records of `walk`, which are of ring `ring` and of `thread`, that `choose` says, until the block is full: an
    /// extent for each run of them, so that the extents say exactly what is in the file. Says whether there may be more.
    pub(crate) fn take_some(
        &mut self,
        walk: &mut impl Walk,
        ring: u32,
        (thread, paths): (&Thread, &mut Paths),
        dictionary: &mut Dictionary,
        mut choose: impl FnMut(Entry) -> Choice,
    ) -> bool {
        let mut is_open = false;
        let mut start = walk.position();
        let full = loop {
            if self.is_full() {
                break true;
            }
            let Some(bytes) = walk.next() else { break false };
            let record = record::split(bytes);
            let entry = dictionary.entry(record.site);
            let scope = entry.filter(|entry| entry.kind != site::Kind::Event);
            // One of an unknown site is counted as lost where it is put.
            let choice = match scope {
                None => entry.map_or(Choice::Put, &mut choose),
                Some(entry) => {
                    // Said again in front of the next event that is put, if there is one.
                    paths.follow(entry.kind, record);
                    self.restated.insert((ring, thread.id), false);
                    Choice::Pass
                }
            };
            if choice == Choice::Put {
                if !is_open {
                    self.restate_paths(ring, thread.id, paths, dictionary);
                    self.open(ring, thread.id, start);
                }
                self.put(record, dictionary, (&thread.losses, thread.id, paths));
            } else if is_open {
                self.packer.seal(start);
            }
            is_open = choice == Choice::Put;
            start = walk.position();
        };
        if is_open {
            self.packer.seal(start);
        }
        full
    }

    /// Marks the block as one of records that a flight recorder held.
    pub(crate) fn mark_dumped(&mut self) {
        self.reach.levels |= block::DUMPED;
    }

    /// The smallest and the largest time stamp in the block.
    pub(crate) fn times(&self) -> (u64, u64) {
        (self.reach.first, self.reach.last)
    }

    /// Packs the records of `batch`, which are of the shared ring: an extent for each run of records of one thread. A
    /// thread that is not listed in the segment is nobody there.
    pub(crate) fn take_shared(
        &mut self,
        batch: &mut mpsc::Batch<'_>,
        is_listed: impl Fn(u32) -> bool,
        dictionary: &mut Dictionary,
        mut see: impl FnMut(Level),
    ) {
        let mut open: Option<u32> = None;
        let mut end = batch.start();
        loop {
            let next = batch.iter().next();
            let Some(bytes) = next else { break };
            let SharedRecord { thread, scopes, record } = record::split_shared(bytes)
                .expect("every record in the shared ring was written by `write_shared`");
            let thread = if is_listed(thread) { thread } else { REGISTRY.stand_in.id };
            if open.take_if(|other| *other != thread).is_some() {
                self.packer.seal(end);
            }
            if open.is_none() {
                self.open(SHARED_RING, thread, end);
                open = Some(thread);
            }
            if let Some(entry) = dictionary.entry(record.site) {
                see(entry.level);
            }
            // It says its scopes itself, because the thread's other records are in another ring. Those behind it are in none.
            let scopes = SharedScopes::new(scopes);
            let mut paths = Paths::new();
            for scope in &scopes.before {
                self.restate(scope, dictionary);
                paths.restate(scope, dictionary);
            }
            self.put(record, dictionary, (&REGISTRY.stand_in.losses, thread, &mut paths));
            scopes.behind.iter().for_each(|scope| self.restate(scope, dictionary));
            end = batch.end();
        }
        if open.is_some() {
            self.packer.seal(end);
        }
    }

    /// Says which scopes the next extent of a ring and a thread starts in, unless the extents before it in the block do.
    fn restate_paths(
        &mut self,
        ring: u32,
        thread: u32,
        paths: &Paths,
        dictionary: &mut Dictionary,
    ) {
        match self.restated.get(&(ring, thread)) {
            Some(true) => return,
            None if paths.is_empty() => return,
            None | Some(false) => {}
        }
        self.since.get_or_insert_with(Instant::now);
        self.packer.open_restated(ring, thread);
        for scope in paths.restated() {
            self.restate(&scope, dictionary);
        }
        self.packer.seal(ring.into());
        self.restated.insert((ring, thread), true);
    }

    fn open(&mut self, ring: u32, thread: u32, start: u64) {
        self.since.get_or_insert_with(Instant::now);
        self.packer.open(ring, thread, start);
    }

    /// Puts a record into the extent that is open, or counts it as lost if the file has no room for one like it. `paths` are
    /// what the records before it have made of those of the thread.
    ///
    /// Inlined, so that the record stays in registers.
    #[inline(always)]
    fn put(
        &mut self,
        record: Taken<'_>,
        dictionary: &mut Dictionary,
        (losses, thread, paths): (&Losses, u32, &mut Paths),
    ) {
        let Taken { site, ticks, led } = record;
        let level = match dictionary.entry(site) {
            Some(entry) => {
                if !self.packer.knows(entry.number) {
                    self.learn(entry.number, dictionary);
                }
                let is_put = self.packer.put(entry.number, ticks, led).is_ok();
                if entry.kind != site::Kind::Event {
                    let record = is_put.then_some(record);
                    return self.follow(entry.kind, record, paths);
                }
                if is_put {
                    self.reach.add_level(entry.level);
                    self.reach.add_time(ticks);
                    self.count += 1;
                    if self.tee.is_some() {
                        self.show(entry, record, (thread, paths), dictionary);
                    }
                    return;
                }
                entry.level
            }
            // It may be one that changes them.
            None => {
                paths.forget();
                Level::Error
            }
        };
        losses.add(level, Reason::TOO_LONG, record.values().len(), ticks);
    }

    /// Has the console show an event.
    #[cold]
    #[inline(never)]
    fn show(
        &mut self,
        entry: Entry,
        record: Taken<'_>,
        scopes: (u32, &Paths),
        dictionary: &mut Dictionary,
    ) {
        if let Some(tee) = &mut self.tee
            && tee.shows(entry.level)
        {
            tee.show(entry.number, record, scopes, dictionary);
        }
    }

    /// Does what a record of a scope says, if it could be put.
    #[cold]
    fn follow(&mut self, kind: site::Kind, record: Option<Taken<'_>>, paths: &mut Paths) {
        match record {
            Some(record) => {
                self.reach.add_time(record.ticks);
                paths.follow(kind, record);
            }
            None => paths.forget(),
        }
    }

    /// Puts a record that says what others have said before.
    #[cold]
    fn restate(&mut self, restated: &Restated, dictionary: &mut Dictionary) {
        let site = restated.site.unwrap_or_else(scope::leave_site);
        if let Some(entry) = dictionary.entry(site) {
            if !self.packer.knows(entry.number) {
                self.learn(entry.number, dictionary);
            }
            let put = self.packer.put(entry.number, restated.ticks, &restated.led);
            debug_assert!(put.is_ok(), "a scope is short");
        }
    }

    #[cold]
    fn learn(&mut self, number: u32, dictionary: &Dictionary) {
        self.packer.learn(number, dictionary.layout(number));
    }

    /// Puts the block into `segment`, if there is one, and says how many records it has.
    pub(crate) fn put_into(&mut self, segment: &mut Segment) -> u32 {
        if self.since.take().is_some() {
            let reach = Reach { sites: self.packer.sites(), ..self.reach };
            let payload = self.packer.payload();
            segment.put_block(payload, Kind::EVENTS, Codec::PACKED, self.count, reach);
            self.packer.clear();
        }
        self.reach = Reach::EMPTY;
        self.restated.clear();
        mem::take(&mut self.count)
    }
}

/// What is put around a record of the shared ring for its scopes.
struct SharedScopes {
    before: Vec<Restated>,
    behind: Vec<Restated>,
}

impl SharedScopes {
    fn new(scopes: Option<&[u8]>) -> Self {
        let both = [Which::Context, Which::Span];
        let before: Vec<_> = match scopes {
            None => both.into_iter().map(Restated::forget).collect(),
            Some(scopes) => scope::split(scopes)
                .map(|(site, values)| Restated::new(Some(site), 0, &[values]))
                .collect(),
        };
        let behind = if before.is_empty() { Vec::new() } else { both.map(Restated::leave).into() };
        Self { before, behind }
    }
}
