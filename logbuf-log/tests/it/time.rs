//! Time stamps: how near they are to the wall clock, and a clock of the caller's.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, UNIX_EPOCH};

use logbuf_log::info;

use crate::support::{Session, numbers};

/// How many seconds the comparison with the wall clock takes; a minute says more than the few of a test.
const SECONDS: &str = "LOGBUF_TIME_SECONDS";

fn wall_clock() -> i64 {
    let now = UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos();
    i64::try_from(now).expect("it is before 2262")
}

#[test]
fn times_are_within_a_microsecond_of_the_wall_clock() {
    /// Between two comparisons.
    const PAUSE: Duration = Duration::from_millis(1);
    /// Readings of the wall clock further apart than this say little about what was logged between them.
    const CLOSE_NS: i64 = 2_000;
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(3);
    let session = Session::start();
    let start = Instant::now();
    let mut readings = Vec::new();
    while start.elapsed() < Duration::from_secs(seconds) {
        let before = wall_clock();
        info!("{}", readings.len());
        readings.push((before, wall_clock()));
        thread::sleep(PAUSE);
    }
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
        "{} of {} comparisons in {seconds} s, with readings {} ns apart (p99 {} ns); outside of them: median {} ns, p99 {} ns, \
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
    assert!(errors.len() * 2 > readings.len(), "the machine is too busy to tell");
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
