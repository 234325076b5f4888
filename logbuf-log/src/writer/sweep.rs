//! Sweeping the rings: what they hold becomes the block that is being filled.

use std::mem;

use super::{Attached, Writer};
use crate::events::BATCH;
use crate::registry::{REGISTRY, Ring};

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
pub(super) enum Sweep {
    /// Nothing was in them.
    Nothing,
    /// Something was, and all that had been there when it began was taken.
    Found,
    /// Something was, and its budget ended before all was taken.
    Partial,
    /// A write failed before all was taken.
    Cut,
}

impl Sweep {
    /// Whether all was taken that had been in the rings when it began.
    pub(super) fn is_whole(self) -> bool {
        matches!(self, Self::Nothing | Self::Found)
    }
}

impl Writer {
    /// Moves what the rings hold into blocks, and writes those that are full. Ends when it has taken about `budget` bytes;
    /// the next sweep goes on there.
    pub(super) fn sweep(&mut self, budget: usize) -> Sweep {
        self.taken = 0;
        if self.output.failures() > 0 {
            // What could not be written comes first; the rings keep the rest.
            return Sweep::Cut;
        }
        self.adopt_rings();
        REGISTRY.stock();
        let sweep = self.drain_all(budget);
        self.retire_ended();
        sweep
    }

    /// Lets go of the rings whose threads have ended, and of which nothing is left.
    fn retire_ended(&mut self) {
        let is_over = if self.recorder.is_some() {
            self.bound_ended();
            |attached: &mut Attached| attached.finished && attached.ring.consumer.held_bytes() == 0
        } else {
            if !self.rings.iter().any(|attached| attached.finished) || self.emit().is_err() {
                return;
            }
            |attached: &mut Attached| attached.finished
        };
        for attached in self.rings.extract_if(.., is_over) {
            self.control.counters.note_used(attached.ring.thread.high_water());
            REGISTRY.retire(attached.ring);
        }
    }

    fn drain_all(&mut self, mut budget: usize) -> Sweep {
        let mut sweep = Sweep::Nothing;
        // The shared ring comes behind the others.
        let sources = self.rings.len() + 1;
        let first = mem::take(&mut self.next_ring);
        for place in (first..first + sources).map(|place| place % sources) {
            let source = if place < self.rings.len() { Source::Own(place) } else { Source::Shared };
            match self.drain(source, &mut budget) {
                Sweep::Nothing => {}
                Sweep::Found => sweep = Sweep::Found,
                cut => return cut,
            }
            if budget == 0 {
                self.next_ring = place + 1;
                return Sweep::Partial;
            }
        }
        sweep
    }

    /// Moves what one ring holds: a lap at most, so that a busy thread starves neither the others nor a flush.
    fn drain(&mut self, source: Source, budget: &mut usize) -> Sweep {
        let mut sweep = Sweep::Nothing;
        let (_, lap) = self.room(source);
        let mut left = lap.min(*budget);
        while left > 0 {
            let was_due = self.is_dump_due();
            let taken = match source {
                Source::Own(i) if self.recorder.is_some() => self.take_kept(i, left),
                Source::Own(i) => self.take_extent(i, left),
                Source::Shared => self.take_shared(left),
            };
            if taken == 0 {
                break;
            }
            sweep = Sweep::Found;
            self.taken += taken;
            left = left.saturating_sub(taken);
            *budget = budget.saturating_sub(taken);
            let (held, capacity) = self.room(source);
            if let Source::Own(i) = source {
                self.rings[i].ring.thread.note_used(held);
            }
            let is_crowded = match source {
                Source::Own(i) if self.recorder.is_some() => self.is_crowded(i),
                _ => held > capacity / 2,
            };
            if (self.events.is_full() || is_crowded) && self.emit().is_err() {
                return Sweep::Cut;
            }
            if self.is_dump_due() && !was_due {
                // The other rings come first, which are to be dumped as well.
                break;
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

    pub(super) fn adopt_rings(&mut self) {
        let rings = REGISTRY.adopt();
        if rings.is_empty() {
            return;
        }
        self.control.counters.add_threads(rings.iter().map(|ring| &ring.thread));
        let rings = rings.into_iter();
        self.rings.extend(rings.map(Attached::new));
    }

    /// Copies up to `limit` bytes of ring `i` into the block. Returns how many bytes of ring that were.
    fn take_extent(&mut self, i: usize, limit: usize) -> usize {
        let Attached { ring: Ring { id, consumer, thread, .. }, finished, .. } = &mut self.rings[i];
        // Before the records: if the producer was gone by then, what is found now is all there is.
        let gone = consumer.is_producer_gone();
        let mut batch = consumer.batch(limit.min(BATCH));
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
        let mut batch = consumer.batch(limit.min(BATCH));
        // Threads that had their rings since the segment began are listed in it, and so are those whose rings are here.
        let (rings, recorder) = (&self.rings, &mut self.recorder);
        let is_listed = |id| {
            id >= self.first_thread || rings.iter().any(|attached| attached.ring.thread.id == id)
        };
        self.events.take_shared(&mut batch, is_listed, &mut self.dictionary, |level| {
            if let Some(recorder) = recorder {
                recorder.see(level);
            }
        });
        let taken = batch.end() - batch.start();
        batch.hold();
        taken as usize
    }
}
