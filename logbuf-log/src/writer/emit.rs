//! Emitting: the block that was filled, behind all that it refers to.

use core::sync::atomic::Ordering;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};

use logbuf_format::block::Kind;
use logbuf_format::clock::Anchor;
use logbuf_format::loss::Loss;
use logbuf_format::thread::Thread as ThreadEntry;

use super::Writer;
use crate::clock;
use crate::error::WriteError;
use crate::loss::Lost;
use crate::registry::REGISTRY;
use crate::segment::Table;
use crate::thread::Thread;

/// Bytes of segment after which sites and threads are listed again, so that damage to one listing, or the loss of the
/// beginning of the file, costs no more than what is near.
pub(super) const LISTING_INTERVAL: u64 = 4 << 20;

impl Writer {
    /// Puts what was taken, behind everything it refers to, and writes it.
    pub(super) fn emit(&mut self) -> Result<(), WriteError> {
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
    pub(super) fn write(&mut self) -> Result<(), WriteError> {
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
    pub(super) fn report(&mut self, source: io::Error, left: Option<u64>) -> WriteError {
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

    pub(super) fn write_pending(&mut self) -> io::Result<()> {
        let bytes = self.segment.write()?;
        let counters = &self.control.counters;
        counters.written.fetch_add(mem::take(&mut self.on_their_way), Ordering::Relaxed);
        counters.bytes.fetch_add(bytes, Ordering::Relaxed);
        counters.blocks.store(self.segment.blocks(), Ordering::Relaxed);
        Ok(())
    }

    pub(super) fn put_sites(&mut self) {
        for table in self.dictionary.take_tables() {
            self.segment.put_table(&table);
        }
    }

    /// Lists all sites in use and all threads again, for readers that have lost the first listing.
    pub(super) fn list_again(&mut self) {
        self.dictionary.list_again();
        self.put_sites();
        self.rings.iter_mut().for_each(|attached| attached.listed = false);
        self.put_stand_in();
        self.put_threads();
        self.next_listing = self.segment.len() + LISTING_INTERVAL;
    }

    /// Lists the thread that stands for those without a ring.
    pub(super) fn put_stand_in(&mut self) {
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

    pub(super) fn put_clock(&mut self, anchor: Anchor) {
        let mut table = Table::new(Kind::CLOCK);
        anchor.put(&mut table.payload);
        table.entries = 1;
        table.span.add_time(anchor.ticks);
        self.segment.put_table(&table);
    }
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
