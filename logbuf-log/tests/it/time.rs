//! Time stamps: how near they are to the wall clock, and a clock of the caller's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, UNIX_EPOCH};

use logbuf_log::info;

use crate::support::{Session, numbers};

/// How many seconds the comparison with the wall clock takes at least: a minute says more than a test, which ends when it knows enough.
const SECONDS: &str = "LOGBUF_TIME_SECONDS";

fn wall_clock() -> i64 {
    let now = UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos();
    i64::try_from(now).expect("it is before 2262")
}

#[test]
fn times_are_within_a_microsecond_of_the_wall_clock() {
    /// Readings of the wall clock further apart than this say little about what was logged between them.
    const CLOSE_NS: i64 = 2_000;
    /// Comparisons between readings that close.
    const ENOUGH: usize = 2_000;
    /// Comparisons between two flushes, each of which ties ticks to the wall clock anew.
    const FLUSHED: usize = 64;
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    let session = Session::start();
    let start = Instant::now();
    let (mut readings, mut close) = (Vec::new(), 0);
    while close < ENOUGH || start.elapsed() < Duration::from_secs(seconds) {
        let before = wall_clock();
        info!("{}", readings.len());
        let after = wall_clock();
        close += usize::from(after - before <= CLOSE_NS);
        readings.push((before, after));
        if readings.len().is_multiple_of(FLUSHED) {
            session.flush();
        }
    }
    let took = start.elapsed();
    let (mut errors, mut apart) = (Vec::new(), Vec::new());
    let lost = session.visit(|record| {
        let [i] = numbers(record.values());
        let (before, after) = readings[i as usize];
        if after - before <= CLOSE_NS {
            // How far outside of the time between the two.
            let time = record.unix_ns();
            errors.push((before - time).max(time - after).max(0));
            apart.push(after - before);
        }
    });
    assert_eq!(lost, []);
    errors.sort_unstable();
    apart.sort_unstable();
    let at = |per_mille: usize| errors[(errors.len() - 1) * per_mille / 1000];
    println!(
        "{} of {} comparisons in {took:?}, with readings {} ns apart (p99 {} ns); outside of them: median {} ns, p99 {} ns, \
         p99.9 {} ns, max {} ns",
        errors.len(),
        readings.len(),
        apart[apart.len() / 2],
        apart[(apart.len() - 1) * 99 / 100],
        at(500),
        at(990),
        at(999),
        at(1000)
    );
    assert!(at(990) < 1000, "p99 is {} ns", at(990));
}

#[test]
fn the_callers_clock_is_the_time_of_its_logger_alone() {
    fn log(i: u64) {
        info!("{i}");
    }
    let times = |session: Session| {
        let shown = session.shown();
        shown.iter().map(|shown| shown.unix_ns).collect::<Vec<_>>()
    };
    let real = Session::start();
    log(0);
    let real = times(real);

    let simulated = Arc::new(AtomicU64::new(5));
    let clock = Arc::clone(&simulated);
    let session =
        Session::start_with(|builder| builder.clock(move || clock.load(Ordering::Relaxed)));
    for (i, time) in [5, 1_000_000_007, 1_000_000_007, 9_000_000_000].into_iter().enumerate() {
        simulated.store(time, Ordering::Relaxed);
        log(i as u64);
        if i == 1 {
            session.flush();
        }
    }
    assert_eq!(times(session), [5, 1_000_000_007, 1_000_000_007, 9_000_000_000]);

    let again = Session::start();
    log(0);
    let again = times(again);
    assert!(real[0] > 1_600_000_000_000_000_000);
    assert!((real[0]..real[0] + 600_000_000_000).contains(&again[0]), "{real:?} {again:?}");
}
