//! What the writer does while the rings are empty, or nearly so.

use std::time::Duration;

use crate::control::Control;

/// What the background thread does when it finds nothing to do. [`Builder::idle`](crate::Builder::idle) sets it.
///
/// Whatever the strategy, a thread whose ring is half full, a flush and the end of the logger wake the writer at once.
///
/// | strategy | an idle logger costs | a record is noticed after |
/// |---|---|---|
/// | `Spin` | a core | a microsecond |
/// | `Yield` | a core, for whoever else wants it | a microsecond, if nobody else wants the core |
/// | `Sleep(time)` | little: one look at the rings in `time` | `time`, and what the system needs to wake a thread |
/// | `Adaptive` | less than 0.5 % of a core | 20 ms, and less while there is work |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum IdleStrategy {
    /// Look again at once. For a core that nobody else needs.
    Spin,
    /// Give the core to whoever else wants it, and look again.
    Yield,
    /// Sleep for so long; at most one second.
    Sleep(Duration),
    /// Sleep shortly at first, twice as long each time that nothing is found, and at most 20 ms, or a quarter of the
    /// [flush interval](crate::Builder::flush_interval).
    #[default]
    Adaptive,
}

/// How long an adaptive writer sleeps: the first time, and at most. It doubles in between. With 50 wake-ups in a second
/// of some 10 µs each an idle writer costs about 0.05 % of a core.
const SHORTEST: Duration = Duration::from_micros(50);
const LONGEST: Duration = Duration::from_millis(20);

/// Bytes of ring: a sweep that found fewer was close behind those who log. To read a record just after it was committed costs both
/// sides the transfer of a cache line; so the writer lets them get ahead, for the shortest sleep, and takes more at once.
const CLOSE_BEHIND: usize = 16 << 10;

/// The longest of all sleeps: anchors of the clock are read as often.
const LIMIT: Duration = Duration::from_secs(1);

/// A strategy at work.
#[derive(Debug)]
pub(crate) struct Idle {
    strategy: IdleStrategy,
    longest: Duration,
    /// How long the last sleep was, since there was work.
    slept: Duration,
}

impl Idle {
    pub(crate) fn new(strategy: IdleStrategy, flush_interval: Duration) -> Self {
        let longest = match strategy {
            IdleStrategy::Spin | IdleStrategy::Yield => Duration::ZERO,
            IdleStrategy::Sleep(time) => time.min(LIMIT),
            IdleStrategy::Adaptive => LONGEST.min(flush_interval / 4).max(SHORTEST),
        };
        Self { strategy, longest, slept: Duration::ZERO }
    }

    /// How long a record may wait before it is noticed.
    pub(crate) fn longest(&self) -> Duration {
        self.longest
    }

    /// There was work: `taken` bytes of ring. Rests if that was little. What is asked for, and a ring that is half full, ends
    /// the rest at once.
    pub(crate) fn rest(&mut self, taken: usize, control: &Control) {
        self.slept = Duration::ZERO;
        if let Some(time) = self.rest_after(taken) {
            control.sleep(time);
        }
    }

    /// For how long to rest. Those who told the writer to spin or to yield have a core for it.
    fn rest_after(&self, taken: usize) -> Option<Duration> {
        let sleeps = !self.longest.is_zero();
        (sleeps && taken < CLOSE_BEHIND).then(|| SHORTEST.min(self.longest))
    }

    /// There was none: waits.
    pub(crate) fn wait(&mut self, control: &Control) {
        match self.strategy {
            IdleStrategy::Spin => std::hint::spin_loop(),
            IdleStrategy::Yield => std::thread::yield_now(),
            IdleStrategy::Sleep(_) => control.sleep(self.longest),
            IdleStrategy::Adaptive => {
                self.slept = (self.slept * 2).clamp(SHORTEST, self.longest);
                control.sleep(self.slept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn adaptive_sleeps_double_up_to_their_bound_and_start_again() {
        let control = Control::default();
        // Something is asked for, so that no sleep begins.
        control.ask(crate::output::Asked::default());
        let mut idle = Idle::new(IdleStrategy::Adaptive, SECOND);
        assert_eq!(idle.longest(), LONGEST);
        let mut sleeps = Vec::new();
        for _ in 0..12 {
            idle.wait(&control);
            sleeps.push(idle.slept);
        }
        assert_eq!(sleeps[..3], [SHORTEST, SHORTEST * 2, SHORTEST * 4]);
        assert_eq!(sleeps[11], LONGEST);
        idle.rest(CLOSE_BEHIND, &control);
        idle.wait(&control);
        assert_eq!(idle.slept, SHORTEST);
    }

    #[test]
    fn rests_when_little_was_found_unless_told_to_look_at_once() {
        let rest = |strategy, taken| Idle::new(strategy, SECOND).rest_after(taken);
        assert_eq!(rest(IdleStrategy::Adaptive, CLOSE_BEHIND - 1), Some(SHORTEST));
        assert_eq!(rest(IdleStrategy::Adaptive, CLOSE_BEHIND), None);
        assert_eq!(rest(IdleStrategy::Sleep(SHORTEST / 2), 0), Some(SHORTEST / 2));
        assert_eq!(rest(IdleStrategy::Sleep(Duration::ZERO), 0), None);
        assert_eq!(rest(IdleStrategy::Spin, 0), None);
        assert_eq!(rest(IdleStrategy::Yield, 0), None);
    }

    #[test]
    fn no_sleep_is_longer_than_a_quarter_of_the_flush_interval() {
        let adaptive = |interval| Idle::new(IdleStrategy::Adaptive, interval).longest();
        assert_eq!(adaptive(Duration::from_millis(40)), Duration::from_millis(10));
        assert_eq!(adaptive(Duration::ZERO), SHORTEST);
        assert_eq!(Idle::new(IdleStrategy::Sleep(SECOND * 9), SECOND).longest(), LIMIT);
        assert_eq!(Idle::new(IdleStrategy::Spin, SECOND).longest(), Duration::ZERO);
    }
}
