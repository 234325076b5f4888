//! The monotonic clock, where there is no counter to trust.

use std::sync::OnceLock;
use std::time::Instant;

use logbuf_format::segment::Clock;

pub(super) const KIND: Clock = Clock::MONOTONIC;

/// Nanoseconds since the first call, plus one second, so that no reading is 0.
pub(crate) fn ticks() -> u64 {
    const FIRST: u64 = 1_000_000_000;
    FIRST + ns().unsigned_abs()
}

/// Nanoseconds since the first call.
pub(super) fn ns() -> i64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    i64::try_from(elapsed.as_nanos()).unwrap_or(i64::MAX)
}
