//! What a flight recorder changes: records are held in their rings, go when there are newer ones, and are written if that is asked
//! for.
//!
//! A ring then holds, from its oldest byte on: records that were dealt with, which are in the file if they are of a kind that is
//! kept; records that were taken and wait in the block that is being filled; records that were not taken yet. Room is
//! released within the first of these alone, in order.

use core::sync::atomic::Ordering;
use std::collections::HashSet;

use logbuf_format::site;

use super::sweep::Sweep;
use super::{Attached, Failed, Writer};
use crate::control::Demand;
use crate::dictionary::Dictionary;
use crate::events::{BATCH, Choice};
use crate::flight::Recorder;
use crate::paths::Paths;
use crate::record;
use crate::table::Table;
use crate::thread;

/// The part of a ring that held records may take, and that which records may take that wait to be written.
const HELD_SHARE: usize = 2;
const WAITING_SHARE: usize = 4;

/// The part of a ring that has to be held for the rings that its thread had before to be let go: a little less than may be.
const WELL_KEPT_SHARE: usize = 3;

/// Bytes of the rings of threads that have ended, and whose last records are held.
const ENDED_BYTES: usize = 16 << 20;

impl Attached {
    /// Bytes of ring that were taken and are not dealt with.
    pub(super) fn waiting_bytes(&self) -> usize {
        (self.ring.consumer.taken_position() - self.done) as usize
    }

    /// Notes that all that was taken is dealt with: what has to be in the file is.
    pub(super) fn settle(&mut self) {
        self.done = self.ring.consumer.taken_position();
    }

    /// Lets the oldest records go until at most `bytes` bytes are held, and returns how many of them were not in the file.
    fn let_go(&mut self, bytes: usize, recorder: &Recorder, dictionary: &mut Dictionary) -> u64 {
        let mut count = 0;
        let mut held = self.ring.consumer.held();
        while held.bytes_left() > bytes && held.position() < self.done {
            let Some(record) = held.next_record() else { break };
            let record = record::split(record);
            match dictionary.entry(record.site) {
                Some(entry) if entry.kind != site::Kind::Event => {
                    if let Some(oldest) = &mut self.oldest {
                        oldest.follow(entry.kind, record);
                    }
                }
                entry => count += u64::from(entry.is_some_and(|entry| !recorder.keeps(entry))),
            }
        }
        held.release();
        count
    }
}

impl Writer {
    /// Moves what the rings hold into blocks, as [`sweep`](Self::sweep) does, and makes the dump that is asked for, by a record
    /// among them or by `demand`.
    pub(super) fn sweep_and_dump(
        &mut self,
        demand: Demand,
        budget: usize,
    ) -> (Sweep, Result<(), Failed>) {
        self.thread = thread::id();
        if let Some(recorder) = &mut self.recorder
            && demand.flush_due
            && let Some(reason) = self.control.take_dump()
        {
            recorder.ask(reason);
        }
        let sweep = self.sweep(budget);
        if !self.is_dump_due() || !sweep.is_whole() {
            return (sweep, Ok(()));
        }
        if let Err(failed) = self.dump() {
            return (Sweep::Cut, Err(failed));
        }
        // What was logged about it goes with it.
        self.thread = thread::id();
        (self.sweep(budget), Ok(()))
    }

    /// Copies up to `limit` bytes of ring `i` into the block, of which what is kept. Returns how many bytes of ring that were.
    pub(super) fn take_kept(&mut self, i: usize, limit: usize) -> usize {
        let Self { rings, events, dictionary, recorder: Some(recorder), thread, .. } = self else {
            return 0;
        };
        let attached = &mut rings[i];
        let gone = attached.ring.consumer.is_producer_gone();
        let (is_own, waited) = (attached.ring.thread.id == *thread, attached.waiting_bytes() > 0);
        let mut paths = attached.ring.thread.lock_paths();
        attached.oldest.get_or_insert_with(|| paths.clone());
        let mut batch = attached.ring.consumer.batch(limit.min(BATCH));
        let (start, before) = (batch.start(), events.count());
        events.take_some(
            &mut batch,
            attached.ring.id,
            (&attached.ring.thread, &mut paths),
            dictionary,
            |entry| {
                // What the writer logs itself is about its own work, and would start it again.
                if is_own {
                    return Choice::Put;
                }
                recorder.see(entry.level);
                if recorder.keeps(entry) { Choice::Put } else { Choice::Pass }
            },
        );
        let taken = (batch.end() - start) as usize;
        batch.hold();
        drop(paths);
        if taken == 0 {
            attached.finished = gone;
        }
        if !waited && events.count() == before {
            attached.settle();
        }
        self.make_room(i);
        taken
    }

    /// Whether what waits in ring `i` has to be written, to make room.
    pub(super) fn is_crowded(&self, i: usize) -> bool {
        let attached = &self.rings[i];
        attached.waiting_bytes() > attached.ring.consumer.capacity() / WAITING_SHARE
    }

    /// Lets the oldest records of ring `i` go, unless they are about to be written.
    fn make_room(&mut self, i: usize) {
        let Self { rings, dictionary, recorder: Some(recorder), .. } = self else { return };
        if recorder.is_asked() {
            return;
        }
        let share = rings[i].ring.consumer.capacity() / HELD_SHARE;
        let count = rings[i].let_go(share, recorder, dictionary);
        self.count_let_go(count);
    }

    /// After a write: gives back what was dumped, and makes room everywhere.
    pub(super) fn settle_held(&mut self) {
        for i in 0..self.rings.len() {
            let attached = &mut self.rings[i];
            attached.settle();
            attached.ring.thread.lock_paths().settle();
            if attached.is_dumped {
                attached.is_dumped = false;
                attached.ring.consumer.release_held();
                attached.oldest = Some(attached.ring.thread.lock_paths().clone());
            }
            self.make_room(i);
        }
    }

    /// Lets everything go that is held and dealt with, of every ring.
    pub(super) fn let_all_go(&mut self) {
        let Self { rings, dictionary, recorder: Some(recorder), .. } = self else { return };
        let count = rings.iter_mut().map(|ring| ring.let_go(0, recorder, dictionary)).sum();
        self.count_let_go(count);
    }

    fn count_let_go(&self, count: u64) {
        self.control.counters.let_go.fetch_add(count, Ordering::Relaxed);
    }

    /// Lets go what threads left behind, so that the rings can be used again: those that ended long ago, and those that have a newer ring
    /// which holds about as much as it may.
    pub(super) fn bound_ended(&mut self) {
        let Self { rings, dictionary, recorder: Some(recorder), .. } = self else { return };
        if recorder.is_asked() || !rings.iter().any(|attached| attached.finished) {
            return;
        }
        let (mut bytes, mut count) = (0, 0);
        let mut well_kept = HashSet::new();
        for attached in rings.iter_mut().rev() {
            let (capacity, id) = (attached.ring.consumer.capacity(), attached.ring.thread.id);
            let is_outgrown = well_kept.contains(&id);
            if attached.ring.consumer.held_bytes() >= capacity / WELL_KEPT_SHARE {
                well_kept.insert(id);
            }
            if !attached.finished {
                continue;
            }
            if !is_outgrown {
                bytes += capacity;
            }
            if is_outgrown || bytes > ENDED_BYTES {
                count += attached.let_go(0, recorder, dictionary);
            }
        }
        self.count_let_go(count);
    }

    /// Whether a dump is to be made.
    pub(super) fn is_dump_due(&self) -> bool {
        self.recorder.as_ref().is_some_and(Recorder::is_asked)
    }

    /// Writes all that is held, ring by ring, and logs that it did. After an error it goes on where it was when it is called again.
    pub(super) fn dump(&mut self) -> Result<(), Failed> {
        self.emit()?;
        for i in 0..self.rings.len() {
            if self.put_held(i) {
                self.write()?;
            }
        }
        if let Some(dump) = self.recorder.as_mut().and_then(Recorder::end_dump) {
            dump.note(self.control.counters.let_go.load(Ordering::Relaxed));
        }
        Ok(())
    }

    /// Puts what ring `i` holds and is not in the file. Says whether there was anything.
    fn put_held(&mut self, i: usize) -> bool {
        let Self { rings, events, dictionary, output, anchors, recorder, on_their_way, .. } = self;
        let Some(recorder) = recorder else { return false };
        let attached = &mut rings[i];
        if attached.ring.thread.id == self.thread {
            return false;
        }
        let mut put = 0;
        let mut held = attached.ring.consumer.held();
        let mut paths = attached.oldest.clone().unwrap_or_else(Paths::new);
        loop {
            let more = events.take_some(
                &mut held,
                attached.ring.id,
                (&attached.ring.thread, &mut paths),
                dictionary,
                |entry| if recorder.keeps(entry) { Choice::Pass } else { Choice::Put },
            );
            if events.count() == 0 {
                break;
            }
            if put == 0 {
                output.segment().put_table(&Table::clock(&anchors.next()));
            }
            events.mark_dumped();
            let (first, last) = events.times();
            let count = u64::from(events.put_into(output.segment()));
            put += count;
            if let Some(dump) = recorder.dump() {
                dump.records += count;
                dump.first = dump.first.min(first);
                dump.last = dump.last.max(last);
            }
            if !more {
                break;
            }
        }
        *on_their_way += put;
        attached.is_dumped = put > 0;
        put > 0
    }
}
