//! Emitting: the block that was filled, behind all that it refers to.

use core::sync::atomic::Ordering;
use std::collections::HashSet;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::Instant;

use logbuf_format::block::Kind;
use logbuf_format::loss::Loss;

use super::contents::Contents;
use super::{Failed, Writer, retry_delay};
use crate::clock;
use crate::error::WriteError;
use crate::loss::Lost;
use crate::output::{Asked, Listing, Output};
use crate::registry::REGISTRY;
use crate::segment::Written;
use crate::stats::NONE;
use crate::table::Table;
use crate::thread::Thread;

impl Writer {
    /// Puts what was taken, behind everything it refers to, and writes it.
    pub(super) fn emit(&mut self) -> Result<(), Failed> {
        if self.output.failures() == 0 {
            // Who logged through the shared ring may have got a ring of its own just before.
            self.adopt_rings();
            self.put_sites_and_threads();
            self.put_losses();
            if !self.events.is_empty() {
                self.output.segment().put_table(&Table::clock(&self.anchors.next()));
            }
            self.oldest_on_their_way = self.events.oldest();
            self.on_their_way += u64::from(self.events.put_into(self.output.segment()));
            self.note_oldest();
        }
        self.write()?;
        if self.output.is_due() {
            // Nothing was asked for, so that what goes wrong is reported, and no error of this call.
            let _reported = self.tend(Asked::default());
        }
        Ok(())
    }

    /// Writes what was put, and releases its room in the rings.
    pub(super) fn write(&mut self) -> Result<(), Failed> {
        let (output, mut contents) = self.parts();
        let result = output.write(&mut contents);
        self.report_errors();
        match result {
            Ok(written) => self.count_written(written),
            Err(error) => {
                self.retry_at = Some(Instant::now() + retry_delay(self.output.failures()));
                let put: u64 = self.losses.iter().map(|(_, lost)| lost.count).sum();
                let unwritten = self.unwritten_losses().saturating_sub(put);
                self.control.counters.unwritten_lost.store(unwritten, Ordering::Relaxed);
                self.failure = Some(self.report(error));
                return Err(Failed);
            }
        }
        self.retry_at = None;
        self.failure = None;
        self.control.set_path(self.output.path());
        // Before the rings: whoever recovers looks for losses in the files no further back than for records.
        for (thread, lost) in self.losses.drain(..) {
            thread.as_deref().unwrap_or(&REGISTRY.stand_in).losses.settle(&lost);
        }
        if self.recorder.is_some() {
            self.settle_held();
        } else {
            for attached in &mut self.rings {
                attached.ring.consumer.release_held();
                attached.ring.thread.lock_paths().settle();
            }
        }
        if let Some(consumer) = &mut self.shared {
            consumer.release_held();
        }
        Ok(())
    }

    /// Has the output do what is due and what is asked for. Everything that was put is written.
    pub(super) fn tend(&mut self, asked: Asked) -> Result<(), WriteError> {
        let (output, mut contents) = self.parts();
        let result = output.tend(asked, &mut contents);
        self.report_errors();
        self.control.set_path(self.output.path());
        match result {
            Ok(written) => {
                self.count_written(written);
                Ok(())
            }
            Err(error) => Err(self.report(error)),
        }
    }

    /// The output, and what it has to list.
    pub(super) fn parts(&mut self) -> (&mut Output, Contents<'_>) {
        let Self { output, dictionary, rings, first_thread, anchors, .. } = self;
        (output, Contents { dictionary, rings, first_thread, anchors })
    }

    /// Reports what the output could not do beside writing, and where it writes now.
    pub(super) fn report_errors(&mut self) {
        for error in self.output.take_errors() {
            self.report(error);
        }
    }

    /// Tells the user's function that something failed. A function that panics is not called again.
    pub(super) fn report(&mut self, error: WriteError) -> WriteError {
        self.control.counters.write_errors.fetch_add(1, Ordering::Relaxed);
        let on_error = AssertUnwindSafe(|| (self.on_error)(&error));
        if panic::catch_unwind(on_error).is_err() {
            self.on_error = Box::new(|_| {});
        }
        error
    }

    fn count_written(&mut self, Written { bytes, blocks }: Written) {
        let counters = &self.control.counters;
        let records = mem::take(&mut self.on_their_way);
        counters.written.fetch_add(records, Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.blocks.fetch_add(blocks, Ordering::Relaxed);
        if let Some(oldest) = self.oldest_on_their_way.take() {
            counters.delays.add(records, clock::now().saturating_sub(oldest));
            self.note_oldest();
        }
    }

    /// Lets [`Stats`](crate::Stats) know how far behind the writer is.
    pub(super) fn note_oldest(&self) {
        let oldest = self.oldest_on_their_way.or_else(|| self.events.oldest());
        self.control.counters.oldest.store(oldest.unwrap_or(NONE), Ordering::Relaxed);
    }

    /// Sees whether the wall clock was set while there was nothing to write.
    pub(super) fn look_at_the_clock(&mut self) {
        if !self.events.is_empty() {
            return;
        }
        let anchors = self.anchors.look();
        if !anchors.is_empty() {
            self.output.segment().put_table(&Table::clock(&anchors));
            // A failure is noted, and tried again as any other.
            let _noted = self.write();
        }
    }

    /// Puts what is not in the segment yet, or everything if that is due.
    fn put_sites_and_threads(&mut self) {
        let (output, mut contents) = self.parts();
        let segment = output.segment();
        if segment.is_listing_due() {
            segment.put_listing(&contents.in_use());
            return;
        }
        let sites = contents.dictionary.take_tables();
        let threads = contents.new_threads(None);
        sites.iter().chain(&threads).for_each(|table| segment.put_table(table));
    }

    /// Losses that no file speaks of yet.
    pub(super) fn unwritten_losses(&self) -> u64 {
        let mut met = HashSet::new();
        let threads = self.rings.iter().map(|attached| &attached.ring.thread);
        let of_threads = threads.filter(|thread| met.insert(thread.id));
        of_threads.map(|thread| thread.losses.unwritten()).sum::<u64>()
            + REGISTRY.stand_in.losses.unwritten()
    }

    fn put_losses(&mut self) {
        self.control.counters.unwritten_lost.store(0, Ordering::Relaxed);
        let now = clock::now();
        let mut table = Table::new(Kind::LOSS);
        let threads = self.rings.iter().map(|attached| Some(&attached.ring.thread));
        for thread in threads.chain([None]) {
            let Thread { id, losses, .. } = thread.map_or(&REGISTRY.stand_in, |thread| thread);
            for lost in losses.take(now) {
                // A thread that has two rings is come to twice.
                let is_same = |(other, known): &(Option<Arc<Thread>>, Lost)| {
                    other.as_ref().map_or(REGISTRY.stand_in.id, |other| other.id) == *id
                        && (known.level, known.reason) == (lost.level, lost.reason)
                };
                if self.losses.iter().any(is_same) {
                    continue;
                }
                put_loss(&mut table, *id, &lost);
                self.control.counters.lost.fetch_add(lost.count, Ordering::Relaxed);
                self.losses.push((thread.cloned(), lost));
                self.output.segment().put_table_if_full(&mut table);
            }
        }
        self.output.segment().put_table(&table);
    }
}

fn put_loss(table: &mut Table, thread: u32, lost: &Lost) {
    let &Lost { level, reason, count, bytes, ticks: (first, last), total } = lost;
    Loss { thread, level, reason, count, bytes, first, last, total }.put(&mut table.payload);
    table.entries += 1;
    table.reach.add_level(level);
    table.reach.add_time(first);
    table.reach.add_time(last);
}
