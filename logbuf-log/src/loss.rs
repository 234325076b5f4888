//! Counting what was logged and could not be kept.

use core::sync::atomic::{AtomicU64, Ordering};

use logbuf_format::Level;
use logbuf_format::loss::Reason;

const LEVELS: usize = Level::ALL.len();
/// Each at the place of its number.
const REASONS: [Reason; 4] = [Reason::RING_FULL, Reason::TOO_LONG, Reason::GIVEN_UP, Reason::SCOPE];

/// What one thread has lost, by level and reason. Any thread may add; the writer takes.
#[derive(Debug)]
pub(crate) struct Losses([[Counter; REASONS.len()]; LEVELS]);

/// Records of one level lost for one reason.
#[derive(Debug)]
struct Counter {
    count: AtomicU64,
    bytes: AtomicU64,
    /// `u64::MAX` when none was lost since the last taking.
    first: AtomicU64,
    last: AtomicU64,
}

/// What was lost since the last taking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) level: Level,
    pub(crate) reason: Reason,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    /// Ticks of the first and the last, or wider.
    pub(crate) ticks: (u64, u64),
}

impl Losses {
    pub(crate) const fn new() -> Self {
        Self([const { [const { Counter::new() }; REASONS.len()] }; LEVELS])
    }

    /// Counts a record of `bytes` bytes that was logged at `ticks`.
    #[cold]
    pub(crate) fn add(&self, level: Level, reason: Reason, bytes: usize, ticks: u64) {
        let counter = &self.0[level as usize][usize::from(reason.0)];
        counter.first.fetch_min(ticks, Ordering::Relaxed);
        counter.last.fetch_max(ticks, Ordering::Relaxed);
        counter.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        // Release, with the acquisition in `take`: whoever counts this record sees its size and time.
        counter.count.fetch_add(1, Ordering::Release);
    }

    /// Counts again what was taken and could not be written.
    pub(crate) fn put_back(&self, lost: &Lost) {
        let counter = &self.0[lost.level as usize][usize::from(lost.reason.0)];
        counter.first.fetch_min(lost.ticks.0, Ordering::Relaxed);
        counter.last.fetch_max(lost.ticks.1, Ordering::Relaxed);
        counter.bytes.fetch_add(lost.bytes, Ordering::Relaxed);
        // As in `add`.
        counter.count.fetch_add(lost.count, Ordering::Release);
    }

    /// Takes what was counted since the last taking. `now` stands in for times that went into an earlier taking
    /// together with records counted after it.
    pub(crate) fn take(&self, now: u64) -> impl Iterator<Item = Lost> {
        let cells = Level::ALL
            .into_iter()
            .flat_map(|level| REASONS.into_iter().map(move |reason| (level, reason)));
        cells.filter_map(move |(level, reason)| {
            self.0[level as usize][usize::from(reason.0)].take(level, reason, now)
        })
    }
}

impl Counter {
    const fn new() -> Self {
        Self {
            count: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            first: AtomicU64::new(u64::MAX),
            last: AtomicU64::new(0),
        }
    }

    fn take(&self, level: Level, reason: Reason, now: u64) -> Option<Lost> {
        // A plain load first: almost always there is nothing, and then the line stays shared.
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        // The count goes first. A record added meanwhile may have its bytes and times taken now and its count later:
        // the counts are exact, and each span covers the records counted with it.
        let count = self.count.swap(0, Ordering::Acquire);
        let bytes = self.bytes.swap(0, Ordering::Relaxed);
        let first = self.first.swap(u64::MAX, Ordering::Relaxed).min(now);
        let last = self.last.swap(0, Ordering::Relaxed).max(first);
        Some(Lost { level, reason, count, bytes, ticks: (first, last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_level_and_reason_is_taken_once() {
        let losses = Losses::new();
        losses.add(Level::Warn, Reason::RING_FULL, 40, 7);
        losses.add(Level::Warn, Reason::RING_FULL, 60, 9);
        losses.add(Level::Error, Reason::TOO_LONG, 1 << 20, 8);
        let taken: Vec<_> = losses.take(10).collect();
        assert_eq!(
            taken,
            [
                Lost {
                    level: Level::Error,
                    reason: Reason::TOO_LONG,
                    count: 1,
                    bytes: 1 << 20,
                    ticks: (8, 8)
                },
                Lost {
                    level: Level::Warn,
                    reason: Reason::RING_FULL,
                    count: 2,
                    bytes: 100,
                    ticks: (7, 9)
                },
            ]
        );
        assert_eq!(losses.take(10).count(), 0);
        taken.iter().for_each(|lost| losses.put_back(lost));
        assert_eq!(losses.take(10).collect::<Vec<_>>(), taken);
    }

    #[test]
    fn counts_are_exact_under_contention() {
        const EACH: u64 = 50_000;
        let losses = Losses::new();
        let mut taken = 0;
        std::thread::scope(|scope| {
            let adders: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        (0..EACH).for_each(|i| losses.add(Level::Info, Reason::RING_FULL, 1, i))
                    })
                })
                .collect();
            while !adders.iter().all(|adder| adder.is_finished()) {
                taken += losses.take(EACH).map(|lost| lost.count).sum::<u64>();
            }
        });
        taken += losses.take(EACH).map(|lost| lost.count).sum::<u64>();
        assert_eq!(taken, 3 * EACH);
    }
}
