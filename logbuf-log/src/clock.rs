//! The clocks: ticks for the hot path, and readings that tie them to the wall clock.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use logbuf_format::clock::Anchor;
use logbuf_format::segment::Clock;

mod anchors;
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

pub(crate) use self::anchors::Anchors;

/// Reads the counter that the hot path uses where it [`is_counter`]. Elsewhere no site is opened, and [`now`] serves.
pub(crate) use counter::{halves, ticks};

/// How often the clocks are read for one reading; the closest together count.
const TRIES: usize = 8;

/// How long the start measures the frequency of the counter. Only time stamps outside all anchors depend on it, and from
/// the first second on [`refine_frequency`] knows better.
const CALIBRATION: Duration = Duration::from_millis(1);

/// Nanoseconds in a second.
const SECOND: u128 = 1_000_000_000;

/// A clock of the caller's: nanoseconds since the Unix epoch.
pub(crate) type Supplied = Box<dyn Fn() -> u64 + Send + Sync>;

/// The clock of the caller's, if the logger was started with one.
static SUPPLIED: RwLock<Option<Supplied>> = RwLock::new(None);
/// Whether there is one.
static IS_SUPPLIED: AtomicBool = AtomicBool::new(false);

/// Ticks per second; 0 before they were measured.
static FREQUENCY: AtomicU64 = AtomicU64::new(0);

/// One instant, read on all clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) ticks: u64,
    /// The wall clock: nanoseconds since the Unix epoch.
    pub(crate) unix_ns: i64,
    /// A clock that is never set: nanoseconds since some instant.
    pub(crate) steady_ns: i64,
    /// How far ticks and wall clock may be apart.
    pub(crate) uncertainty_ns: u32,
    /// How far all three may be apart.
    pub(crate) spread_ns: u32,
}

impl Reading {
    /// Ticks and wall clock.
    pub(crate) fn anchor(&self) -> Anchor {
        let Self { ticks, unix_ns, uncertainty_ns, .. } = *self;
        Anchor { ticks, unix_ns, uncertainty_ns, step: false }
    }
}

/// What reads the clocks: [`read`], or a test's.
pub(crate) type Read = fn() -> Reading;

/// Sets the clock of the caller's, or takes it away. No logger is running, so no call is recording.
pub(crate) fn supply(clock: Option<Supplied>) {
    let is_supplied = clock.is_some();
    *SUPPLIED.write().unwrap_or_else(PoisonError::into_inner) = clock;
    // Release, with the acquisition in `is_supplied`.
    IS_SUPPLIED.store(is_supplied, Ordering::Release);
}

fn is_supplied() -> bool {
    IS_SUPPLIED.load(Ordering::Acquire)
}

/// Whether call sites may read the counter by themselves: it runs at one rate on all processors, whatever they do, so
/// that its readings are times, and the caller has not supplied another clock.
pub(crate) fn is_counter() -> bool {
    is_steady() && !is_supplied()
}

fn is_steady() -> bool {
    static STEADY: OnceLock<bool> = OnceLock::new();
    *STEADY.get_or_init(counter::is_steady)
}

/// The clock in use: the caller's, the counter if it is steady, otherwise the monotonic clock.
pub(crate) fn kind() -> Clock {
    match (is_supplied(), is_steady()) {
        (true, _) => Clock::CALLER,
        (false, true) => counter::KIND,
        (false, false) => monotonic::KIND,
    }
}

/// Reads the clock in use.
#[inline]
pub(crate) fn now() -> u64 {
    if is_counter() { ticks() } else { otherwise() }
}

#[cold]
fn otherwise() -> u64 {
    match &*SUPPLIED.read().unwrap_or_else(PoisonError::into_inner) {
        Some(clock) => clock(),
        None => monotonic::ticks(),
    }
}

/// Reads all clocks at the same instant, as nearly as can be had.
pub(crate) fn read() -> Reading {
    if is_supplied() {
        // The caller's clock is the wall clock, and nobody sets it.
        let ticks = now();
        let unix_ns = i64::try_from(ticks).unwrap_or(i64::MAX);
        return Reading { ticks, unix_ns, steady_ns: unix_ns, uncertainty_ns: 0, spread_ns: 0 };
    }
    (0..TRIES)
        .map(|_| read_once())
        .min_by_key(|reading| reading.spread_ns)
        .expect("TRIES is not zero")
}

/// Reads the other clocks between readings of the counter. The middle of the two around the wall clock is taken for its
/// instant.
fn read_once() -> Reading {
    let before = now();
    let wall = SystemTime::now();
    let after = now();
    let steady_ns = monotonic::ns();
    let end = now();
    let width = after.saturating_sub(before);
    let ns = |ticks| u32::try_from(nanoseconds_in(ticks)).unwrap_or(u32::MAX);
    Reading {
        ticks: before + width / 2,
        unix_ns: unix_ns(wall),
        steady_ns,
        uncertainty_ns: ns(width.div_ceil(2)),
        spread_ns: ns(end.saturating_sub(before)),
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
    if is_supplied() {
        return SECOND as u64;
    }
    match FREQUENCY.load(Ordering::Relaxed) {
        0 => {
            // Of two threads that measure at once one has the last word; both are right.
            let measured = measure_frequency();
            FREQUENCY.store(measured, Ordering::Relaxed);
            measured
        }
        known => known,
    }
}

/// Takes the frequency from two readings that are at least a second apart, which is more exact than a measurement at the
/// start can be. Segments that begin later name it.
fn refine_frequency(from: &Reading, to: &Reading) {
    let elapsed = to.steady_ns.saturating_sub(from.steady_ns);
    if elapsed >= SECOND as i64 && !is_supplied() {
        let ticks = u128::from(to.ticks.saturating_sub(from.ticks));
        let frequency = u64::try_from(ticks * SECOND / elapsed as u128).unwrap_or(u64::MAX);
        FREQUENCY.store(frequency.max(1), Ordering::Relaxed);
    }
}

/// How many ticks `time` is.
pub(crate) fn ticks_in(time: Duration) -> u64 {
    // Less than 2^95 nanoseconds; where the product does not fit, neither does the result.
    let product = time.as_nanos().saturating_mul(u128::from(frequency()));
    u64::try_from(product / SECOND).unwrap_or(u64::MAX)
}

/// How long `ticks` are.
pub(crate) fn time_of(ticks: u64) -> Duration {
    Duration::from_nanos(u64::try_from(nanoseconds_in(ticks)).unwrap_or(u64::MAX))
}

/// How many nanoseconds `ticks` are, rounded up.
pub(crate) fn nanoseconds_in(ticks: u64) -> u128 {
    (u128::from(ticks) * SECOND).div_ceil(u128::from(frequency()))
}

fn measure_frequency() -> u64 {
    // The readings closest together, as in `read`, which cannot be used: it needs the frequency.
    let pair = || {
        let pairs = (0..TRIES).map(|_| {
            let (before, instant, after) = (now(), Instant::now(), now());
            (after.saturating_sub(before), instant, before + after.saturating_sub(before) / 2)
        });
        pairs.min_by_key(|(width, ..)| *width).expect("TRIES is not zero")
    };
    let (_, start, from) = pair();
    while start.elapsed() < CALIBRATION {
        std::hint::spin_loop();
    }
    let (_, end, to) = pair();
    let ticks = u128::from(to.saturating_sub(from));
    u64::try_from(ticks * SECOND / (end - start).as_nanos()).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_in_order() {
        let (first, second) = (read(), read());
        assert!(first.ticks < second.ticks);
        assert!(first.steady_ns < second.steady_ns);
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
        let start = read();
        let end = loop {
            let now = read();
            if now.steady_ns - start.steady_ns >= 5_000_000 {
                break now;
            }
        };
        let predicted = (end.ticks - start.ticks) as f64 / frequency as f64;
        let error = (predicted * 1e9 / (end.steady_ns - start.steady_ns) as f64 - 1.0).abs();
        assert!(error < 0.2, "frequency {frequency}, off by {error}");
    }
}
