//! The background thread: from the rings to the file.
//!
//! The order of things is what keeps records safe. Records are copied from a ring into a block while the ring **holds**
//! them; the block is written; only then is the ring's room released. At each instant a record is in its ring, or in the
//! file, or in both, and the extents of the blocks say which ring positions are in the file.

use core::sync::atomic::Ordering;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use logbuf::queue::mpsc;
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
        };
        writer.put_clock(anchor);
        writer.put_sites();
        let mut threads = Table::new(Kind::THREADS);
        put_thread(&mut threads, &REGISTRY.stand_in);
        writer.segment.put_table(&threads);
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
            let found = self.sweep();
            let failure = if self.is_due(demand) { self.emit().err() } else { None };
            if demand.flush_due {
                self.control.answer(demand.flush, failure.as_ref());
            }
            if failure.is_some() {
                if demand.stop && self.failures >= LAST_TRIES {
                    return self.abandon();
                }
                // Not a wait for the guard: nothing it could ask for can be done before writing works again.
                std::thread::sleep(retry_delay(self.failures));
                sleep = Duration::ZERO;
            } else if found {
                sleep = Duration::ZERO;
            } else if demand.stop {
                return self.close();
            } else {
                sleep = (sleep * 2).clamp(SHORTEST_SLEEP, LONGEST_SLEEP);
            }
        }
    }

    fn is_due(&self, demand: Demand) -> bool {
        demand.flush_due
            || demand.stop
            || self.failures > 0
            || self.events.is_older_than(self.flush_interval)
    }

    /// Moves what the rings hold into blocks, and writes those that are full. Says whether there was anything.
    fn sweep(&mut self) -> bool {
        if self.failures > 0 {
            // What could not be written comes first; the rings keep the rest, if there is any.
            return true;
        }
        self.adopt_rings();
        let mut found = self.take_shared();
        for i in 0..self.rings.len() {
            // A lap at most, so that a busy thread starves neither the others nor a flush.
            let mut left = self.rings[i].ring.consumer.capacity();
            while left > 0 {
                let taken = self.take_extent(i, left);
                if taken == 0 {
                    break;
                }
                found = true;
                left = left.saturating_sub(taken);
                if self.is_full(i) && self.emit().is_err() {
                    return true;
                }
            }
        }
        if self.rings.iter().any(|attached| attached.finished) && self.emit().is_ok() {
            for attached in self.rings.extract_if(.., |attached| attached.finished) {
                REGISTRY.retire(attached.ring);
            }
        }
        found
    }

    /// Copies what the shared ring holds into the block. Says whether there was anything.
    fn take_shared(&mut self) -> bool {
        let Some(consumer) = &mut self.shared else { return false };
        let mut batch = consumer.batch(BLOCK);
        let found = self.events.take_shared(&mut batch, &mut self.dictionary);
        batch.hold();
        found
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

    /// Whether the block, or what is held of ring `i`, is to be written before more is taken.
    fn is_full(&self, i: usize) -> bool {
        let consumer = &self.rings[i].ring.consumer;
        self.events.len() >= BLOCK || consumer.held_bytes() > consumer.capacity() / 2
    }

    /// Puts what was taken, behind everything it refers to, and writes it.
    fn emit(&mut self) -> Result<(), WriteError> {
        if self.failures == 0 {
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
            self.control.counters.write_errors.fetch_add(1, Ordering::Relaxed);
            let error =
                WriteError { path: self.segment.path().to_owned(), attempt: self.failures, source };
            (self.on_error)(&error);
            return Err(error);
        }
        self.failures = 0;
        for attached in &mut self.rings {
            attached.ring.consumer.release_held();
        }
        if let Some(consumer) = &mut self.shared {
            consumer.release_held();
        }
        Ok(())
    }

    fn write_pending(&mut self) -> io::Result<()> {
        let bytes = self.segment.write()?;
        let counters = &self.control.counters;
        counters.written.fetch_add(std::mem::take(&mut self.on_their_way), Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.blocks.store(self.segment.blocks(), Ordering::Relaxed);
        Ok(())
    }

    fn put_sites(&mut self) {
        for table in self.dictionary.take_tables() {
            self.segment.put_table(&table);
        }
    }

    /// Lists the threads of which something is written for the first time.
    fn put_threads(&mut self) {
        let mut table = Table::new(Kind::THREADS);
        for attached in self.rings.iter_mut().filter(|attached| !attached.listed) {
            put_thread(&mut table, &attached.ring.thread);
            attached.listed = true;
        }
        self.segment.put_table(&table);
    }

    fn put_losses(&mut self) {
        let now = clock::now();
        let mut table = Table::new(Kind::LOSS);
        let threads = self.rings.iter().map(|attached| &*attached.ring.thread);
        for thread in threads.chain([&REGISTRY.stand_in]) {
            for Lost { level, reason, count, bytes, ticks: (first, last) } in
                thread.losses.take(now)
            {
                Loss { thread: thread.id, level, reason, count, bytes, first, last }
                    .put(&mut table.payload);
                table.entries += 1;
                table.span.add_level(level);
                table.span.add_time(first);
                table.span.add_time(last);
                self.control.counters.lost.fetch_add(count, Ordering::Relaxed);
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
        while self.write().is_err() {
            if self.failures >= LAST_TRIES {
                return self.abandon();
            }
            std::thread::sleep(retry_delay(self.failures));
        }
        if let Err(source) = self.segment.sync() {
            self.control.counters.write_errors.fetch_add(1, Ordering::Relaxed);
            (self.on_error)(&WriteError {
                path: self.segment.path().to_owned(),
                attempt: 1,
                source,
            });
        }
        self.give_back();
    }

    /// Ends with what cannot be written counted as lost.
    fn abandon(mut self) {
        let lost = self.on_their_way + u64::from(self.events.count());
        self.control.counters.lost.fetch_add(lost, Ordering::Relaxed);
        self.give_back();
    }

    /// Leaves the rings of living threads to the next writer.
    fn give_back(&mut self) {
        let rings = self.rings.drain(..).filter(|attached| !attached.finished);
        REGISTRY.give_back(rings.map(|mut attached| {
            attached.ring.consumer.release_held();
            attached.ring
        }));
        if let Some(mut consumer) = self.shared.take() {
            consumer.release_held();
            REGISTRY.give_back_shared(consumer);
        }
    }
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
