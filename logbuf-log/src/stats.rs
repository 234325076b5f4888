//! What the writer has done so far.

use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::array;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::clock;
use crate::thread::Thread;

/// Counters of a running logger, since its start. [`Guard::stats`](crate::Guard::stats) reads them, at any time and
/// without disturbing anybody.
///
/// Each number is right for itself; they are not read at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Records in the file.
    pub written: u64,
    /// Records that were logged and could not be kept. While writing fails, what was lost meanwhile is counted with each try; a logger
    /// that gives up counts what its file does not say, and the file of the next says it.
    pub lost: u64,
    /// Records that a [`FlightRecorder`](crate::FlightRecorder) held in memory and let go, as it was meant to: they are neither
    /// written nor lost. When the logger has ended, `written + lost + let_go` is what was logged.
    pub let_go: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Blocks in the file.
    pub blocks: u64,
    /// Writes that failed and were tried again.
    pub write_errors: u64,
    /// Notices that were delivered.
    pub notices: u64,
    /// Calls that [`log_every!`](crate::log_every!), [`log_every_n!`](crate::log_every_n!) and
    /// [`log_once!`](crate::log_once!) suppressed.
    pub suppressed: u64,
    /// Threads that have a ring.
    pub threads: usize,
    /// The most bytes of any ring that were seen in use. [`Guard::rings`](crate::Guard::rings) has it for each.
    pub high_water: usize,
    /// The age of the oldest record that was taken from its ring and is not in the file; zero if there is none. By the
    /// record's own time stamp.
    pub behind: Duration,
    /// How long records waited between the call and the end of the write.
    pub delay: Delay,
    /// Rings that this process made in memory of its own, because there was no room in shared memory, or no wish to use it: see
    /// [`Builder::crash_safe`](crate::Builder::crash_safe). What is in them is lost if the process is killed.
    pub private_rings: u64,
    /// Call sites whose records could not be read if the process were killed, because there was no room to describe them.
    pub unlisted_sites: u64,
    /// Records that the [`Console`](crate::Console) was to show and did not, because it was slow or takes nothing any more. They are in
    /// the file as others are.
    pub not_shown: u64,
    /// Records of earlier processes that the start salvaged.
    pub recovered: u64,
}

/// What is known of the ring of one thread. [`Guard::rings`](crate::Guard::rings) lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RingStats {
    /// The thread's name; empty if it has none.
    pub thread: String,
    /// The kernel's number of the thread.
    pub os_id: u64,
    /// Bytes of ring that the thread has: of one ring, or of several while a ring that grew is not drained.
    pub capacity: usize,
    /// The most bytes that were seen in use, by the thread itself at least once in half a ring, and by the writer at
    /// each look.
    pub high_water: usize,
}

/// How long records waited to be written: a histogram with steps of a factor of two.
///
/// All records of a block count with the age of its oldest, so that every number here is an upper bound. Ages are by the
/// records' time stamps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delay {
    /// How many records waited less than 2^i microseconds, and not less than half of that.
    records: [u64; Delay::STEPS],
    max: Duration,
}

impl Delay {
    /// Up to 2^31 microseconds, which is more than half an hour; the last step holds all that waited longer.
    const STEPS: usize = 32;

    /// The longest that any record waited.
    pub fn max(&self) -> Duration {
        self.max
    }

    /// How long the fastest records waited at most that make up `share` of all, from 0 to 1: `quantile(0.99)` is a time
    /// that 99 of 100 records did not exceed. Zero if there was no record.
    pub fn quantile(&self, share: f64) -> Duration {
        let all: u64 = self.records.iter().sum();
        let wanted = (all as f64 * share.clamp(0.0, 1.0)).ceil() as u64;
        let mut sum = 0;
        let step = self.records.iter().position(|records| {
            sum += records;
            sum >= wanted && sum > 0
        });
        step.map_or(Duration::ZERO, |step| Duration::from_micros(1 << step).min(self.max))
    }
}

/// Says that no record waits.
pub(crate) const NONE: u64 = u64::MAX;

/// The counters as the writer keeps them.
#[derive(Debug)]
pub(crate) struct Counters {
    pub(crate) written: AtomicU64,
    /// As the file says.
    pub(crate) lost: AtomicU64,
    /// Beyond that, while writing fails.
    pub(crate) unwritten_lost: AtomicU64,
    pub(crate) let_go: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) blocks: AtomicU64,
    pub(crate) write_errors: AtomicU64,
    pub(crate) notices: AtomicU64,
    /// Time stamp of the oldest record on its way to the file, or [`NONE`].
    pub(crate) oldest: AtomicU64,
    pub(crate) delays: Delays,
    /// The most bytes of a ring in use, of threads that are gone.
    high_water: AtomicUsize,
    /// Those that had a ring when they were last listed.
    threads: Mutex<Vec<Weak<Thread>>>,
}

/// [`Delay`] as the writer keeps it.
#[derive(Debug)]
pub(crate) struct Delays {
    records: [AtomicU64; Delay::STEPS],
    max_ns: AtomicU64,
}

impl Default for Counters {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            written: zero(),
            lost: zero(),
            unwritten_lost: zero(),
            let_go: zero(),
            bytes: zero(),
            blocks: zero(),
            write_errors: zero(),
            notices: zero(),
            oldest: AtomicU64::new(NONE),
            delays: Delays { records: array::from_fn(|_| zero()), max_ns: zero() },
            high_water: AtomicUsize::new(0),
            threads: Mutex::default(),
        }
    }
}

impl Counters {
    /// All that the writer counts.
    pub(crate) fn read(&self) -> Stats {
        // Relaxed: each counter is right for itself; nothing is read on the strength of one.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (threads, most) = self.threads();
        let oldest = read(&self.oldest);
        let behind = if oldest == NONE { 0 } else { clock::now().saturating_sub(oldest) };
        Stats {
            written: read(&self.written),
            lost: read(&self.lost) + read(&self.unwritten_lost),
            let_go: read(&self.let_go),
            bytes: read(&self.bytes),
            blocks: read(&self.blocks),
            write_errors: read(&self.write_errors),
            notices: read(&self.notices),
            suppressed: 0,
            private_rings: 0,
            unlisted_sites: 0,
            not_shown: 0,
            recovered: 0,
            threads,
            high_water: most.max(self.high_water.load(Ordering::Relaxed)),
            behind: duration(behind),
            delay: self.delays.read(),
        }
    }

    /// How many threads have a ring, and the most bytes of any of their rings that were in use.
    fn threads(&self) -> (usize, usize) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = threads.iter().filter_map(Weak::upgrade);
        threads.fold((0, 0), |(count, most), thread| (count + 1, most.max(thread.high_water())))
    }

    /// Notes how full the ring of a thread has been that is gone.
    pub(crate) fn note_used(&self, bytes: usize) {
        self.high_water.fetch_max(bytes, Ordering::Relaxed);
    }

    /// The rings of all threads that have one.
    pub(crate) fn rings(&self) -> Vec<RingStats> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let threads = threads.iter().filter_map(Weak::upgrade);
        threads
            .map(|thread| RingStats {
                thread: thread.name.clone(),
                os_id: thread.os_id,
                capacity: thread.ring_bytes.load(Ordering::Relaxed),
                high_water: thread.high_water(),
            })
            .collect()
    }

    /// Adds threads whose rings the writer looks after from now on; a thread may come again with another ring.
    pub(crate) fn add_threads<'a>(&self, added: impl Iterator<Item = &'a Arc<Thread>>) {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        for thread in added.map(Arc::downgrade) {
            if !threads.iter().any(|known| known.ptr_eq(&thread)) {
                threads.push(thread);
            }
        }
    }
}

impl Delays {
    /// Counts `records` records that waited for `ticks` at most.
    pub(crate) fn add(&self, records: u64, ticks: u64) {
        let ns = u64::try_from(clock::nanoseconds_in(ticks)).unwrap_or(u64::MAX);
        let micros = ns / 1000;
        let step = (u64::BITS - micros.leading_zeros()) as usize;
        self.records[step.min(Delay::STEPS - 1)].fetch_add(records, Ordering::Relaxed);
        self.max_ns.fetch_max(ns, Ordering::Relaxed);
    }

    fn read(&self) -> Delay {
        Delay {
            records: array::from_fn(|step| self.records[step].load(Ordering::Relaxed)),
            max: Duration::from_nanos(self.max_ns.load(Ordering::Relaxed)),
        }
    }
}

fn duration(ticks: u64) -> Duration {
    Duration::from_nanos(u64::try_from(clock::nanoseconds_in(ticks)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_upper_bounds() {
        let Counters { delays, .. } = Counters::default();
        assert_eq!(delays.read().quantile(1.0), Duration::ZERO);
        let ticks = |micros| clock::ticks_in(Duration::from_micros(micros));
        delays.add(90, ticks(3));
        delays.add(9, ticks(100));
        delays.add(1, ticks(70_000));
        let delay = delays.read();
        assert_eq!(delay.quantile(0.0), Duration::from_micros(4));
        assert_eq!(delay.quantile(0.9), Duration::from_micros(4));
        assert_eq!(delay.quantile(0.95), Duration::from_micros(128));
        assert_eq!(delay.quantile(1.0), delay.max());
        assert!(delay.max().abs_diff(Duration::from_micros(70_000)) < Duration::from_micros(1));
    }

    #[test]
    fn any_delay_has_a_step() {
        let Counters { delays, .. } = Counters::default();
        for ticks in [0, 1, u64::MAX] {
            delays.add(1, ticks);
        }
        assert_eq!(delays.read().records.iter().sum::<u64>(), 3);
    }
}
