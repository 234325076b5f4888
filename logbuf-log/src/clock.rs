//! The clocks: ticks for the hot path, and anchors that tie them to the wall clock.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use logbuf_format::clock::Anchor;
use logbuf_format::segment::Clock;

#[cfg(target_arch = "aarch64")]
#[path = "clock/aarch64.rs"]
mod counter;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
#[path = "clock/other.rs"]
mod counter;
#[cfg(target_arch = "x86_64")]
#[path = "clock/x86_64.rs"]
mod counter;
mod monotonic;

/// Reads the counter that the hot path uses where [`is_steady`]. Elsewhere no site is opened, and [`now`] serves.
pub(crate) use counter::{halves, ticks};

/// How often the pair of clocks is read for one anchor; the closest pair counts.
const TRIES: usize = 8;

/// How long the start measures the frequency of the counter. Only time stamps outside all anchors depend on it.
const CALIBRATION: Duration = Duration::from_millis(1);

/// Whether the counter runs at one rate on all processors, whatever they do, so that its readings are times.
pub(crate) fn is_steady() -> bool {
    static STEADY: OnceLock<bool> = OnceLock::new();
    *STEADY.get_or_init(counter::is_steady)
}

/// The clock in use: the counter if it is steady, otherwise the monotonic clock.
pub(crate) fn kind() -> Clock {
    if is_steady() { counter::KIND } else { monotonic::KIND }
}

/// Reads the clock in use.
#[inline]
pub(crate) fn now() -> u64 {
    if is_steady() { ticks() } else { monotonic::ticks() }
}

/// Reads both clocks at the same instant, as nearly as can be had.
pub(crate) fn anchor() -> Anchor {
    (0..TRIES)
        .map(|_| read_pair())
        .min_by_key(|anchor| anchor.uncertainty_ns)
        .expect("TRIES is not zero")
}

/// Reads the wall clock between two readings of the counter; the middle of those is taken for its instant.
fn read_pair() -> Anchor {
    let before = now();
    let wall = SystemTime::now();
    let after = now();
    let width = after.saturating_sub(before);
    Anchor {
        ticks: before + width / 2,
        unix_ns: unix_ns(wall),
        uncertainty_ns: u32::try_from(nanoseconds_in(width.div_ceil(2))).unwrap_or(u32::MAX),
        step: false,
    }
}

/// Nanoseconds since the Unix epoch, negative before it.
fn unix_ns(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_nanos()).map_or(i64::MIN, |ns| -ns),
    }
}

/// Ticks per second of the clock in use. The first call measures, for a millisecond.
pub(crate) fn frequency() -> u64 {
    static FREQUENCY: OnceLock<u64> = OnceLock::new();
    *FREQUENCY.get_or_init(measure_frequency)
}

/// How many ticks `time` is.
pub(crate) fn ticks_in(time: Duration) -> u64 {
    // Less than 2^95 nanoseconds; where the product does not fit, neither does the result.
    let product = time.as_nanos().saturating_mul(u128::from(frequency()));
    u64::try_from(product / 1_000_000_000).unwrap_or(u64::MAX)
}

/// How many nanoseconds `ticks` are, rounded up.
fn nanoseconds_in(ticks: u64) -> u128 {
    (u128::from(ticks) * 1_000_000_000).div_ceil(u128::from(frequency()))
}

fn measure_frequency() -> u64 {
    let (start, from) = (Instant::now(), now());
    loop {
        let (elapsed, to) = (start.elapsed(), now());
        if elapsed >= CALIBRATION {
            let ticks = u128::from(to.saturating_sub(from));
            return u64::try_from(ticks * 1_000_000_000 / elapsed.as_nanos())
                .unwrap_or(u64::MAX)
                .max(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_are_close_pairs_in_order() {
        let (first, second) = (anchor(), anchor());
        assert!(first.ticks < second.ticks);
        assert!(first.unix_ns > 1_600_000_000_000_000_000);
    }

    #[test]
    fn times_are_ticks_at_the_frequency() {
        let frequency = frequency();
        assert_eq!(ticks_in(Duration::ZERO), 0);
        assert_eq!(ticks_in(Duration::from_secs(1)), frequency);
        assert_eq!(ticks_in(Duration::from_millis(2500)), frequency * 5 / 2);
        assert_eq!(ticks_in(Duration::MAX), u64::MAX);
        assert_eq!(nanoseconds_in(frequency), 1_000_000_000);
        assert_eq!(nanoseconds_in(0), 0);
    }

    #[test]
    fn the_frequency_predicts_the_wall_clock() {
        let frequency = measure_frequency();
        let (start, from) = (Instant::now(), now());
        while start.elapsed() < Duration::from_millis(5) {}
        let (elapsed, to) = (start.elapsed(), now());
        let predicted = (to - from) as f64 / frequency as f64;
        let error = (predicted / elapsed.as_secs_f64() - 1.0).abs();
        assert!(error < 0.2, "frequency {frequency}, off by {error}");
    }
}
