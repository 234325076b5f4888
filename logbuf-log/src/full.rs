//! What a call does when its thread's ring is full.

use core::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What to do with a record for which the ring of its thread has no room.
///
/// A logger has one for all calls ([`Builder::when_full`](crate::Builder::when_full)), and a call may have its own:
/// `info!(when_full: Drop, "…")`.
///
/// The last eighth of a ring is kept for [`Warn`](crate::Level::Warn) and more severe records: a flood of others does not
/// cost them. What is lost is counted, and written into the file, by thread, level and time.
///
/// It is about a thread's own ring. The ring that all threads share when they cannot use their own (a call from within another's
/// `Debug`, a thread that is ending, a signal handler) drops and counts, and keeps no room for severe records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenFull {
    /// Drop the record and count it. The call returns at once.
    #[default]
    Drop,
    /// Wait for the writer, up to this long; then drop the record and count it.
    Block(Duration),
    /// Give the thread a ring of twice the size, as long as its rings need no more than `max_bytes` together; then
    /// drop and count. The thread goes back to a ring of the usual size when that suffices again, which it notices as it logs: one
    /// that falls silent keeps the large ring until it logs again or ends.
    Grow {
        /// Bytes of all rings of one thread together.
        max_bytes: usize,
    },
}

/// A [`WhenFull`] that can be read without a lock.
#[derive(Debug)]
pub(crate) struct Policy(AtomicU64);

impl Policy {
    const DROP: u64 = 0;
    const BLOCK: u64 = 1;
    const GROW: u64 = 2;
    /// Bits of the kind, below those of its number.
    const KIND: u32 = 2;

    /// Drops.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(Self::DROP))
    }

    pub(crate) fn get(&self) -> WhenFull {
        let word = self.0.load(Ordering::Relaxed);
        let number = word >> Self::KIND;
        match word & ((1 << Self::KIND) - 1) {
            Self::BLOCK => WhenFull::Block(Duration::from_nanos(number)),
            Self::GROW => {
                WhenFull::Grow { max_bytes: usize::try_from(number).unwrap_or(usize::MAX) }
            }
            _ => WhenFull::Drop,
        }
    }

    pub(crate) fn set(&self, when_full: WhenFull) {
        // More than 62 bits are more than a century, or more than any memory.
        const MOST: u64 = u64::MAX >> Policy::KIND;
        let (kind, number) = match when_full {
            WhenFull::Drop => (Self::DROP, 0),
            WhenFull::Block(bound) => {
                (Self::BLOCK, u64::try_from(bound.as_nanos()).unwrap_or(MOST))
            }
            WhenFull::Grow { max_bytes } => (Self::GROW, max_bytes as u64),
        };
        self.0.store(number.min(MOST) << Self::KIND | kind, Ordering::Relaxed);
    }
}

/// How one call waits for room.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    since: Option<Instant>,
    rounds: u32,
    reserve_opened: bool,
}

/// Rounds of a busy loop, then of giving the processor away, before a waiting call sleeps.
const SPINS: u32 = 64;
const YIELDS: u32 = 64;
/// How long a waiting call sleeps between two looks.
const NAP: Duration = Duration::from_micros(50);

impl Patience {
    /// Whether this is the first time that the call falls back on the reserve.
    pub(crate) fn opens_reserve(&mut self) -> bool {
        !std::mem::replace(&mut self.reserve_opened, true)
    }

    /// Whether it did so.
    pub(crate) fn opened_reserve(&self) -> bool {
        self.reserve_opened
    }

    /// Waits a little. `false` if `bound` has passed since the first call.
    pub(crate) fn wait(&mut self, bound: Duration) -> bool {
        let since = *self.since.get_or_insert_with(Instant::now);
        self.rounds += 1;
        if self.rounds <= SPINS {
            std::hint::spin_loop();
        } else if self.rounds <= SPINS + YIELDS {
            std::thread::yield_now();
        } else {
            std::thread::sleep(NAP);
        }
        since.elapsed() < bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_ends_at_its_bound() {
        const BOUND: Duration = Duration::from_millis(5);
        let start = Instant::now();
        let mut patience = Patience::default();
        while patience.wait(BOUND) {}
        assert!(start.elapsed() >= BOUND);
    }

    #[test]
    fn a_policy_is_what_it_was_set_to() {
        let policy = Policy::new();
        assert_eq!(policy.get(), WhenFull::Drop);
        let most = Duration::from_nanos(u64::MAX >> Policy::KIND);
        for (set, get) in [
            (WhenFull::Block(Duration::from_micros(7)), WhenFull::Block(Duration::from_micros(7))),
            (WhenFull::Block(Duration::MAX), WhenFull::Block(most)),
            (WhenFull::Grow { max_bytes: 1 << 30 }, WhenFull::Grow { max_bytes: 1 << 30 }),
            (WhenFull::Drop, WhenFull::Drop),
        ] {
            policy.set(set);
            assert_eq!(policy.get(), get);
        }
    }

    #[test]
    fn the_reserve_is_opened_once() {
        let mut patience = Patience::default();
        assert!(!patience.opened_reserve());
        assert!(patience.opens_reserve());
        assert!(!patience.opens_reserve());
        assert!(patience.opened_reserve());
    }
}
