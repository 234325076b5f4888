//! The background thread: from the rings to the file.
//!
//! The order of things is what keeps records safe. Records are copied from a ring into a block while the ring **holds**
//! them; the block is written; only then is the ring's room released. At each instant a record is in its ring, or in the
//! file, or in both, and the extents of the blocks say which ring positions are in the file.

use core::sync::atomic::Ordering;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Duration;

use logbuf::queue::mpsc;
use logbuf::{Consumer, Flavour};
use logbuf_format::block::Kind;
use logbuf_format::clock::Anchor;
use logbuf_format::end::End;
use logbuf_format::loss::Loss;
use logbuf_format::thread::Thread as ThreadEntry;

use crate::clock;
use crate::control::{Control, Demand};
use crate::dictionary::Dictionary;
use crate::error::WriteError;
use crate::events::Events;
use crate::loss::Lost;
use crate::registry::{REGISTRY, Ring};
use crate::segment::{Segment, Table};
use crate::thread::{self, Thread};

/// Payload of EVENTS, in bytes, from which a block is written at once.
const BLOCK: usize = 64 << 10;

/// Bytes of segment after which sites and threads are listed again, so that damage to one listing, or the loss of the
/// beginning of the file, costs no more than what is near.
const LISTING_INTERVAL: u64 = 4 << 20;

/// How long the writer sleeps when the rings are empty: the first time, and at most. It doubles in between.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);
const LONGEST_SLEEP: Duration = Duration::from_millis(5);

/// How long the writer waits before it tries again to write: the first time, and at most. It doubles in between.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);
const LONGEST_RETRY: Duration = Duration::from_secs(1);

/// How often writing is tried in a row when the logger ends, before what is left is given up.
const LAST_TRIES: u32 = 5;

/// The user's function for failed writes.
pub(crate) type OnError = Box<dyn FnMut(&WriteError) + Send>;

/// The writer's state, owned by its thread.
pub(crate) struct Writer {
    control: Arc<Control>,
    rings: Vec<Attached>,
    /// The ring of those who have none.
    shared: Option<mpsc::Consumer>,
    dictionary: Dictionary,
    segment: Segment,
    events: Events,
    /// Records that were put into the segment and are not written yet.
    on_their_way: u64,
    flush_interval: Duration,
    on_error: OnError,
    /// Writes that failed in a row.
    failures: u32,
    /// Losses that were put into the segment and are not written yet; without a thread, the stand-in's.
    losses: Vec<(Option<Arc<Thread>>, Lost)>,
    /// The first thread to have its ring after the segment began.
    first_thread: u32,
    /// Length of the segment in bytes from which sites and threads are listed again.
    next_listing: u64,
}

/// Where records come from.
#[derive(Debug, Clone, Copy)]
enum Source {
    /// The ring of one thread, by its place in the writer's list.
    Own(usize),
    /// The ring of those who have none.
    Shared,
}

/// What a look at the rings brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sweep {
    /// Nothing was in them.
    Nothing,
    /// Something was, and all that had been there when it began was taken.
    Found,
    /// A write failed before all was taken.
    Cut,
}

/// A ring that the writer looks after.
struct Attached {
    ring: Ring,
    /// Whether its thread is in the segment.
    listed: bool,
    /// Whether its thread has ended and everything in it was taken.
    finished: bool,
}

/// Says that the writer ended, even if it panics.
struct Ending(Arc<Control>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Writer {
    /// A writer to `segment`, whose beginning is written here.
    pub(crate) fn new(
        control: Arc<Control>,
        dictionary: Dictionary,
        segment: Segment,
        anchor: Anchor,
        flush_interval: Duration,
        on_error: OnError,
    ) -> io::Result<Self> {
        let mut writer = Self {
            control,
            rings: Vec::new(),
            shared: REGISTRY.adopt_shared(),
            dictionary,
            segment,
            events: Events::default(),
            on_their_way: 0,
            flush_interval,
            on_error,
            failures: 0,
            losses: Vec::new(),
            first_thread: REGISTRY.next_thread(),
            next_listing: LISTING_INTERVAL,
        };
        writer.put_clock(anchor);
        writer.put_sites();
        writer.put_stand_in();
        writer.write_pending()?;
        Ok(writer)
    }

    /// Runs until the guard says stop, and closes the segment.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.control));
        self.control.begin();
        thread::set_writer();
        let mut sleep = Duration::ZERO;
        loop {
            let demand = self.control.demand(sleep);
            let sweep = self.sweep();
            let failure = if self.is_due(demand) { self.emit().err() } else { None };
            if demand.flush_due && (failure.is_some() || sweep != Sweep::Cut) {
                self.control.answer(demand.flush, failure.as_ref());
            }
            sleep = match (failure, sweep) {
                (Some(error), _) if demand.stop && self.failures >= LAST_TRIES => {
                    return self.abandon(error);
                }
                (Some(_), _) => {
                    // Not a wait for the guard: nothing it could ask for can be done before writing works again.
                    std::thread::sleep(retry_delay(self.failures));
                    Duration::ZERO
                }
                (None, Sweep::Found | Sweep::Cut) => Duration::ZERO,
                (None, Sweep::Nothing) if demand.stop => return self.close(),
                (None, Sweep::Nothing) => (sleep * 2).clamp(SHORTEST_SLEEP, LONGEST_SLEEP),
            };
        }
    }

    fn is_due(&self, demand: Demand) -> bool {
        demand.flush_due
            || demand.stop
            || self.failures > 0
            || self.events.is_older_than(self.flush_interval)
    }

    /// Moves what the rings hold into blocks, and writes those that are full.
    fn sweep(&mut self) -> Sweep {
        if self.failures > 0 {
            // What could not be written comes first; the rings keep the rest.
            return Sweep::Cut;
        }
        self.adopt_rings();
        let mut sweep = Sweep::Nothing;
        let rings = (0..self.rings.len()).map(Source::Own);
        for source in rings.chain(self.shared.is_some().then_some(Source::Shared)) {
            match self.drain(source) {
                Sweep::Nothing => {}
                Sweep::Found => sweep = Sweep::Found,
                Sweep::Cut => return Sweep::Cut,
            }
        }
        if self.rings.iter().any(|attached| attached.finished) && self.emit().is_ok() {
            for attached in self.rings.extract_if(.., |attached| attached.finished) {
                REGISTRY.retire(attached.ring);
            }
        }
        sweep
    }

    /// Moves what one ring holds: a lap at most, so that a busy thread starves neither the others nor a flush.
    fn drain(&mut self, source: Source) -> Sweep {
        let mut sweep = Sweep::Nothing;
        let (_, mut left) = self.room(source);
        while left > 0 {
            let taken = match source {
                Source::Own(i) => self.take_extent(i, left),
                Source::Shared => self.take_shared(left),
            };
            if taken == 0 {
                break;
            }
            sweep = Sweep::Found;
            left = left.saturating_sub(taken);
            let (held, capacity) = self.room(source);
            if (self.events.len() >= BLOCK || held > capacity / 2) && self.emit().is_err() {
                return Sweep::Cut;
            }
        }
        sweep
    }

    /// Bytes that are held of a ring, and its capacity.
    fn room(&self, source: Source) -> (usize, usize) {
        match (source, &self.shared) {
            (Source::Own(i), _) => {
                let consumer = &self.rings[i].ring.consumer;
                (consumer.held_bytes(), consumer.capacity())
            }
            (Source::Shared, Some(consumer)) => (consumer.held_bytes(), consumer.capacity()),
            (Source::Shared, None) => (0, 0),
        }
    }

    fn adopt_rings(&mut self) {
        let rings = REGISTRY.adopt().into_iter();
        self.rings.extend(rings.map(|ring| Attached { ring, listed: false, finished: false }));
    }

    /// Copies up to `limit` bytes of ring `i` into the block. Returns how many bytes of ring that were.
    fn take_extent(&mut self, i: usize, limit: usize) -> usize {
        let Attached { ring: Ring { id, consumer, thread }, finished, .. } = &mut self.rings[i];
        // Before the records: if the producer was gone by then, what is found now is all there is.
        let gone = consumer.is_producer_gone();
        let room = BLOCK.saturating_sub(self.events.len());
        let mut batch = consumer.batch(room.min(limit));
        if !self.events.take(&mut batch, *id, thread, &mut self.dictionary) {
            *finished = gone;
            return 0;
        }
        let taken = batch.end() - batch.start();
        batch.hold();
        taken as usize
    }

    /// Copies up to `limit` bytes of the shared ring into the block. Returns how many bytes of ring that were.
    fn take_shared(&mut self, limit: usize) -> usize {
        let Some(consumer) = &mut self.shared else { return 0 };
        let room = BLOCK.saturating_sub(self.events.len());
        let mut batch = consumer.batch(room.min(limit));
        // Threads that had their rings since the segment began are listed in it, and so are those whose rings are here.
        let rings = &self.rings;
        let is_listed = |id| {
            id >= self.first_thread || rings.iter().any(|attached| attached.ring.thread.id == id)
        };
        self.events.take_shared(&mut batch, is_listed, &mut self.dictionary);
        let taken = batch.end() - batch.start();
        batch.hold();
        taken as usize
    }

    /// Puts what was taken, behind everything it refers to, and writes it.
    fn emit(&mut self) -> Result<(), WriteError> {
        if self.failures == 0 {
            // Who logged through the shared ring may have got a ring of its own just before.
            self.adopt_rings();
            if self.segment.len() >= self.next_listing {
                self.list_again();
            }
            self.put_sites();
            self.put_threads();
            self.put_losses();
            if self.events.count() > 0 {
                self.put_clock(clock::anchor());
            }
            self.on_their_way += u64::from(self.events.put(&mut self.segment));
        }
        self.write()
    }

    /// Writes what was put, and releases its room in the rings.
    fn write(&mut self) -> Result<(), WriteError> {
        if let Err(source) = self.write_pending() {
            self.failures += 1;
            return Err(self.report(source, None));
        }
        self.failures = 0;
        self.losses.clear();
        for attached in &mut self.rings {
            attached.ring.consumer.release_held();
        }
        if let Some(consumer) = &mut self.shared {
            consumer.release_held();
        }
        Ok(())
    }

    /// Tells the user's function that writing failed. A function that panics is not called again.
    fn report(&mut self, source: io::Error, left: Option<u64>) -> WriteError {
        self.control.counters.write_errors.fetch_add(1, Ordering::Relaxed);
        let error = WriteError {
            path: self.segment.path().to_owned(),
            attempt: self.failures,
            left,
            source,
        };
        let on_error = AssertUnwindSafe(|| (self.on_error)(&error));
        if panic::catch_unwind(on_error).is_err() {
            self.on_error = Box::new(|_| {});
        }
        error
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let bytes = self.segment.write()?;
        let counters = &self.control.counters;
        counters.written.fetch_add(mem::take(&mut self.on_their_way), Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.blocks.store(self.segment.blocks(), Ordering::Relaxed);
        Ok(())
    }

    fn put_sites(&mut self) {
        for table in self.dictionary.take_tables() {
            self.segment.put_table(&table);
        }
    }

    /// Lists all sites in use and all threads again, for readers that have lost the first listing.
    fn list_again(&mut self) {
        self.dictionary.list_again();
        self.put_sites();
        self.rings.iter_mut().for_each(|attached| attached.listed = false);
        self.put_stand_in();
        self.put_threads();
        self.next_listing = self.segment.len() + LISTING_INTERVAL;
    }

    /// Lists the thread that stands for those without a ring.
    fn put_stand_in(&mut self) {
        let mut table = Table::new(Kind::THREADS);
        put_thread(&mut table, &REGISTRY.stand_in);
        self.segment.put_table(&table);
    }

    /// Lists the threads of which something is written for the first time.
    fn put_threads(&mut self) {
        let mut table = Table::new(Kind::THREADS);
        for attached in self.rings.iter_mut().filter(|attached| !attached.listed) {
            put_thread(&mut table, &attached.ring.thread);
            attached.listed = true;
            self.segment.put_table_if_full(&mut table);
        }
        self.segment.put_table(&table);
    }

    fn put_losses(&mut self) {
        let now = clock::now();
        let mut table = Table::new(Kind::LOSS);
        let threads = self.rings.iter().map(|attached| Some(&attached.ring.thread));
        for thread in threads.chain([None]) {
            let Thread { id, losses, .. } = thread.map_or(&REGISTRY.stand_in, |thread| thread);
            for lost in losses.take(now) {
                put_loss(&mut table, *id, &lost);
                self.control.counters.lost.fetch_add(lost.count, Ordering::Relaxed);
                self.losses.push((thread.cloned(), lost));
                self.segment.put_table_if_full(&mut table);
            }
        }
        self.segment.put_table(&table);
    }

    fn put_clock(&mut self, anchor: Anchor) {
        let mut table = Table::new(Kind::CLOCK);
        anchor.put(&mut table.payload);
        table.entries = 1;
        table.span.add_time(anchor.ticks);
        self.segment.put_table(&table);
    }

    /// Ends the segment as it should end. Everything taken is written.
    fn close(mut self) {
        self.list_again();
        let anchor = clock::anchor();
        self.put_clock(anchor);
        let stats = self.control.counters.read();
        let mut table = Table::new(Kind::END);
        let end = End {
            blocks: self.segment.blocks(),
            written: stats.written,
            lost: stats.lost,
            closed_unix_ns: anchor.unix_ns,
        };
        end.put(&mut table.payload);
        table.entries = 1;
        self.segment.put_table(&table);
        while let Err(error) = self.write() {
            if self.failures >= LAST_TRIES {
                return self.abandon(error);
            }
            std::thread::sleep(retry_delay(self.failures));
        }
        if let Err(source) = self.segment.sync() {
            self.report(source, None);
        }
        self.give_back();
    }

    /// Ends with records that cannot be written. They are still in the rings, and the next writer finds them there.
    fn abandon(mut self, last: WriteError) {
        for (thread, lost) in self.losses.drain(..) {
            thread.as_deref().unwrap_or(&REGISTRY.stand_in).losses.put_back(&lost);
        }
        // A block that was written in part would be damage to a reader.
        let _stays_if_that_fails = self.segment.cut();
        self.adopt_rings();
        let mut left = 0;
        for attached in &mut self.rings {
            attached.finished = false;
            attached.ring.consumer.rewind_held();
            left += count(&mut attached.ring.consumer);
        }
        if let Some(consumer) = &mut self.shared {
            consumer.rewind_held();
            left += count(consumer);
        }
        self.report(last.source, Some(left));
        self.give_back();
    }

    /// Leaves the rings to the next writer.
    fn give_back(&mut self) {
        let rings = self.rings.drain(..).filter(|attached| !attached.finished);
        REGISTRY.give_back(rings.map(|attached| attached.ring));
        if let Some(consumer) = self.shared.take() {
            REGISTRY.give_back_shared(consumer);
        }
    }
}

/// Counts the records that are ready, and takes none.
fn count<F: Flavour>(consumer: &mut Consumer<F>) -> u64 {
    let mut batch = consumer.batch(usize::MAX);
    let count = batch.iter().count() as u64;
    mem::forget(batch);
    count
}

fn put_loss(table: &mut Table, thread: u32, lost: &Lost) {
    let &Lost { level, reason, count, bytes, ticks: (first, last) } = lost;
    Loss { thread, level, reason, count, bytes, first, last }.put(&mut table.payload);
    table.entries += 1;
    table.span.add_level(level);
    table.span.add_time(first);
    table.span.add_time(last);
}

fn put_thread(table: &mut Table, thread: &Thread) {
    let entry = ThreadEntry { id: thread.id, os_id: thread.os_id, name: thread.name.clone() };
    // A name longer than an entry may be is the only reason for an error; the number alone will do.
    if entry.put(&mut table.payload).is_err() {
        let nameless = ThreadEntry { name: String::new(), ..entry };
        nameless.put(&mut table.payload).expect("two numbers fit an entry");
    }
    table.entries += 1;
}

/// How long to wait after the `failures`th failed write in a row.
fn retry_delay(failures: u32) -> Duration {
    SHORTEST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_RETRY)
}
