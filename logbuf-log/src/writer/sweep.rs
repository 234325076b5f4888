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
        let over: Vec<Attached> = self.rings.extract_if(.., is_over).collect();
        for attached in over {
            let thread = &attached.ring.thread;
            self.control.counters.note_used(thread.high_water());
            // A thread has handed in its next ring before it leaves the one before.
            let goes_on = self.rings.iter().any(|other| other.is_of(thread))
                || REGISTRY.waiting(thread.id).is_some();
            if !goes_on {
                REGISTRY.disown_losses(thread);
            }
            REGISTRY.retire(attached.ring);
        }
    }

    fn drain_all(&mut self, mut budget: usize) -> Sweep {
        let mut sweep = Sweep::Nothing;
        let mut is_held_up = false;
        // Those that are adopted on the way wait for the next sweep. The shared ring comes behind the others.
        let rings = self.rings.len();
        let sources = rings + 1;
        let first = mem::take(&mut self.next_ring);
        for place in (first..first + sources).map(|place| place % sources) {
            let source = if place < rings { Source::Own(place) } else { Source::Shared };
            if place < rings && self.follows(place) {
                is_held_up = true;
                continue;
            }
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
        if is_held_up { Sweep::Partial } else { sweep }
    }

    /// Whether the thread of ring `i` had one before it that is not finished. A thread's records are taken in the order in which they were
    /// logged: what they say of its scopes builds on each other.
    fn follows(&mut self, i: usize) -> bool {
        let (before, behind) = self.rings.split_at_mut(i);
        let attached = &mut behind[0];
        let is_first = |before: &Attached| !before.finished && before.is_of(&attached.ring.thread);
        attached.follows = attached.follows && before.iter().any(is_first);
        attached.follows
    }

    /// Moves what one ring holds: a lap at most, so that a busy thread starves neither the others nor a flush. A ring that nobody
    /// writes to any more holds no more than that, and is finished.
    fn drain(&mut self, source: Source, budget: &mut usize) -> Sweep {
        let mut sweep = Sweep::Nothing;
        let (_, lap) = self.room(source);
        let mut left = if self.is_left(source) { *budget } else { lap.min(*budget) };
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

    /// Whether nobody writes to a ring any more.
    fn is_left(&self, source: Source) -> bool {
        match source {
            Source::Own(i) => self.rings[i].ring.consumer.is_producer_gone(),
            Source::Shared => false,
        }
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
        if let Some(tee) = self.events.tee() {
            rings.iter().for_each(|ring| tee.meet(&ring.thread));
        }
        for ring in rings {
            let follows = self.rings.iter().any(|before| before.is_of(&ring.thread));
            self.rings.push(Attached::new(ring, follows));
        }
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
