//! Rate limits: call sites that record some of their calls and count the others.

use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

use linkme::distributed_slice;

use crate::clock;
use crate::record::record1;
use crate::site::Site;
use crate::timestamp::Now;

/// The limit of every call site that has one.
#[distributed_slice]
pub static LIMITS: [Limit];

/// The state of one limit: which call is next to pass, and how many were suppressed.
///
/// All orderings are relaxed: each count is right by itself, because it is changed by one atomic operation, and nothing is
/// published through it. Records get their order from their time stamps.
#[derive(Debug)]
#[repr(align(64))] // A line of the cache each: threads that share a limit disturb no others.
pub struct Limit {
    /// One call in this many passes; 0 where time decides.
    one_in: u64,
    /// Where time decides, the suppressed calls; otherwise all calls.
    calls: AtomicU64,
    /// Where time decides, the ticks from which the next call passes.
    opens: AtomicU64,
    /// How many of the suppressed calls were reported, by the records that passed or at the end.
    reported: AtomicU64,
    /// Reports the rest at the end.
    summary: &'static Site,
}

impl Limit {
    /// A limit for [`every`](Self::every).
    pub const fn by_time(summary: &'static Site) -> Self {
        Self::new(0, summary)
    }

    /// A limit for [`one_in`](Self::one_in), with the same `n`, or for [`once`](Self::once).
    ///
    /// # Panics
    ///
    /// If `n` is 0; in a static, this is an error at compile time.
    pub const fn by_count(n: u64, summary: &'static Site) -> Self {
        assert!(n > 0, "`log_every_n!` needs an n of at least 1");
        Self::new(n, summary)
    }

    const fn new(one_in: u64, summary: &'static Site) -> Self {
        Self {
            one_in,
            calls: AtomicU64::new(0),
            opens: AtomicU64::new(0),
            reported: AtomicU64::new(0),
            summary,
        }
    }

    /// Whether `period` has passed since a call passed: then, how many were suppressed since.
    pub fn every(&self, period: Duration) -> Option<u64> {
        let (now, opens) = (clock::now(), self.opens.load(Ordering::Relaxed));
        if now < opens || !self.claim(opens, now, period) {
            self.calls.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        Some(self.report())
    }

    /// Takes the passage that opened at `opens`, unless another thread did.
    #[cold]
    fn claim(&self, opens: u64, now: u64, period: Duration) -> bool {
        let next = now.saturating_add(clock::ticks_in(period));
        self.opens.compare_exchange(opens, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Whether this call is the first or one that `n` calls later passes: then, how many were suppressed since the
    /// last one. Inlined, so that the division is one by a constant.
    #[inline(always)]
    pub fn one_in(&self, n: u64) -> Option<u64> {
        let earlier = self.calls.fetch_add(1, Ordering::Relaxed);
        earlier.is_multiple_of(n).then(|| self.report_up_to(earlier - earlier / n))
    }

    /// Whether this is the first call.
    #[inline(always)]
    pub fn once(&self) -> bool {
        self.calls.fetch_add(1, Ordering::Relaxed) == 0
    }

    /// All calls suppressed so far.
    fn suppressed(&self) -> u64 {
        let calls = self.calls.load(Ordering::Relaxed);
        if self.one_in == 0 { calls } else { calls - calls.div_ceil(self.one_in) }
    }

    /// Takes what was suppressed and not reported.
    #[cold]
    fn report(&self) -> u64 {
        self.report_up_to(self.suppressed())
    }

    /// As [`report`](Self::report), of the first `suppressed` calls that were. The counts that are taken add up to the
    /// largest `suppressed` of all, in whatever order threads come here.
    #[cold]
    fn report_up_to(&self, suppressed: u64) -> u64 {
        suppressed.saturating_sub(self.reported.fetch_max(suppressed, Ordering::Relaxed))
    }
}

/// All calls suppressed so far, in the whole program.
pub(crate) fn suppressed() -> u64 {
    LIMITS.iter().map(Limit::suppressed).sum()
}

/// Whether calls were suppressed that no record reports.
pub(crate) fn is_any_pending() -> bool {
    LIMITS.iter().any(|limit| limit.suppressed() > limit.reported.load(Ordering::Relaxed))
}

/// Records, for each limit, how many calls were suppressed that no record reports; whatever the filter says by now.
pub(crate) fn report_pending() {
    for limit in LIMITS {
        let suppressed = limit.report();
        if suppressed > 0 {
            record1(suppressed, limit.summary, Now);
        }
    }
}

#[cfg(test)]
mod tests {
    use logbuf_format::Level;

    use super::*;
    use crate::place::Place;
    use crate::switch::Flag;

    static FLAG: Flag = Flag::new();
    static SUMMARY: Site =
        Site::new(Place::new(&FLAG, Level::Info, "", ("", 0, 0)), "", &["suppressed"], 0);

    #[test]
    fn reports_that_overtake_one_another_add_up() {
        let limit = Limit::by_time(&SUMMARY);
        let reports = [3, 12, 10, 12, 15].map(|suppressed| limit.report_up_to(suppressed));
        assert_eq!(reports, [3, 9, 0, 0, 3]);
    }

    #[test]
    fn what_was_suppressed_follows_from_the_calls() {
        let limit = Limit::by_count(4, &SUMMARY);
        for calls in 1..10 {
            assert_eq!(limit.one_in(4).is_some(), calls % 4 == 1);
            assert_eq!(limit.suppressed(), calls - [0, 1, 1, 1, 1, 2, 2, 2, 2, 3][calls as usize]);
        }
    }
}
