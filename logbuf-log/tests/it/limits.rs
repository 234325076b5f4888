//! Rate limits: which calls record, and that every other one is counted.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use logbuf_log::{Builder, Filter, Level, info, log_every, log_every_n, log_once};

use crate::support::{Session, Shown, visit_file};

/// Longer than any test.
const FOREVER: Duration = Duration::from_secs(1 << 40);

/// Messages and fields.
fn lines(session: Session) -> Vec<(String, String)> {
    session.shown().into_iter().map(|shown| (shown.message, shown.fields)).collect()
}

fn owned<const N: usize>(lines: [(&str, &str); N]) -> [(String, String); N] {
    lines.map(|(message, fields)| (message.to_owned(), fields.to_owned()))
}

/// The count in a record's last field.
fn suppressed(shown: &Shown) -> u64 {
    let (_, count) = shown.fields.rsplit_once("suppressed=").expect("the last field is the count");
    count.parse().expect("the count is a number")
}

#[test]
fn one_call_in_n_records_and_tells_of_the_others() {
    let session = Session::start();
    for i in 0..10 {
        log_every_n!(4, Level::Info, i, "every {}", "fourth");
    }
    let line = line!() - 2;
    assert_eq!(session.stats().suppressed, 7);
    let shown = session.shown();
    let told: Vec<_> = shown.iter().map(|shown| (&*shown.message, &*shown.fields)).collect();
    let expected = [
        ("every fourth", "i=0 suppressed=0"),
        ("every fourth", "i=4 suppressed=3"),
        ("every fourth", "i=8 suppressed=3"),
        ("suppressed since the last record: every {}", "suppressed=1"),
    ];
    assert_eq!(told, expected);
    // The record at the end is that of the call.
    for shown in &shown {
        assert_eq!((shown.level, &*shown.target, shown.line), (Level::Info, module_path!(), line));
    }
}

#[test]
fn one_in_one_is_every_call() {
    let session = Session::start();
    (0..3).for_each(|i| log_every_n!(1, Level::Info, target: "all", i));
    assert_eq!(
        lines(session),
        owned([("", "i=0 suppressed=0"), ("", "i=1 suppressed=0"), ("", "i=2 suppressed=0")])
    );
}

#[test]
fn once_is_once_in_the_life_of_the_process() {
    let call = || log_once!(Level::Warn, "{{once}} {}", 1);
    let session = Session::start();
    (0..5).for_each(|_| call());
    let expected =
        [("{once} 1", ""), ("suppressed since the last record: {{once}} {}", "suppressed=4")];
    assert_eq!(lines(session), owned(expected));
    let session = Session::start();
    call();
    assert_eq!(session.stats().suppressed, 1);
    assert_eq!(lines(session), owned([(expected[1].0, "suppressed=1")]));
    let session = Session::start();
    assert_eq!(session.stats().suppressed, 0);
    assert_eq!(lines(session), [], "what was reported is not reported again");
}

#[test]
fn within_the_period_calls_are_suppressed() {
    let session = Session::start();
    for i in 0..100 {
        log_every!(FOREVER, Level::Error, i, "seldom");
        log_every!(Duration::ZERO, Level::Error, "always");
    }
    let shown = session.shown();
    let (seldom, always): (Vec<_>, Vec<_>) =
        shown.into_iter().partition(|shown| shown.message != "always");
    let seldom: Vec<_> = seldom.iter().map(|shown| (&*shown.message, &*shown.fields)).collect();
    let expected = [
        ("seldom", "i=0 suppressed=0"),
        ("suppressed since the last record: seldom", "suppressed=99"),
    ];
    assert_eq!(seldom, expected);
    assert_eq!(always.len(), 100);
    assert!(always.iter().all(|shown| suppressed(shown) == 0));
}

#[test]
fn a_record_passes_once_in_a_period() {
    const PERIOD: Duration = Duration::from_nanos(5);
    let time = Arc::new(AtomicU64::new(0));
    let clock = Arc::clone(&time);
    let session =
        Session::start_with(|builder| builder.clock(move || clock.load(Ordering::Relaxed)));
    let passed = Cell::new(0);
    for now in 100..128 {
        time.store(now, Ordering::Relaxed);
        // The period may be computed, and arguments are evaluated only for what is recorded.
        log_every!(PERIOD * 2 / 2, Level::Info, "{}", passed.replace(passed.get() + 1));
    }
    assert_eq!(session.stats().suppressed, 22);
    let shown = session.shown();
    let told: Vec<_> =
        shown.iter().map(|shown| (shown.unix_ns, &*shown.message, &*shown.fields)).collect();
    let expected = [
        (100, "0", "suppressed=0"),
        (105, "1", "suppressed=4"),
        (110, "2", "suppressed=4"),
        (115, "3", "suppressed=4"),
        (120, "4", "suppressed=4"),
        (125, "5", "suppressed=4"),
        (127, "suppressed since the last record: {}", "suppressed=2"),
    ];
    assert_eq!(told, expected);
}

#[test]
fn threads_share_a_limit_and_no_call_is_lost_count_of() {
    const THREADS: u64 = 4;
    const EACH: u64 = 100_000;
    const PERIOD: u64 = 1000;
    // Each reading of the clock takes a nanosecond.
    let time = AtomicU64::new(0);
    let session =
        Session::start_with(|builder| builder.clock(move || time.fetch_add(1, Ordering::Relaxed)));
    let by_count = || log_every_n!(1001, Level::Info, "count");
    let by_time = || log_every!(Duration::from_nanos(PERIOD), Level::Info, "time");
    let once = || log_once!(Level::Info, id = 1, "once");
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for _ in 0..EACH {
                    by_count();
                    by_time();
                    once();
                }
            });
        }
    });
    let calls = THREADS * EACH;
    let total = session.stats().suppressed;
    let shown = session.shown();
    let of = |message: &str| {
        let of: Vec<_> = shown.iter().filter(|shown| shown.message.ends_with(message)).collect();
        let (ends, records): (Vec<_>, Vec<_>) =
            of.into_iter().partition(|shown| shown.message.starts_with("suppressed"));
        assert!(ends.len() <= 1);
        (records.len() as u64, records, ends)
    };
    let sum = |shown: &[&Shown]| shown.iter().map(|shown| suppressed(shown)).sum::<u64>();
    let (count, records, ends) = of("count");
    assert_eq!(count, calls.div_ceil(1001));
    assert_eq!(count + sum(&records) + sum(&ends), calls);
    let (time, records, ends) = of("time");
    assert!(time >= calls / PERIOD, "each call reads the clock: {time}");
    assert_eq!(time + sum(&records) + sum(&ends), calls);
    let (once, _, ends) = of("once");
    assert_eq!((once, sum(&ends)), (1, calls - 1));
    assert_eq!(total, 3 * calls - count - time - once);
}

#[test]
fn a_call_that_is_switched_off_counts_as_nothing() {
    let session = Session::start_with(|builder| builder.level(Level::Warn));
    let evaluated = AtomicU64::new(0);
    let call = || {
        let count = || evaluated.fetch_add(1, Ordering::Relaxed);
        log_every_n!(2, Level::Info, "{}", count());
        log_every!(FOREVER, Level::Info, "{}", count());
        log_once!(Level::Info, "{}", count());
    };
    (0..5).for_each(|_| call());
    assert_eq!((session.stats().suppressed, evaluated.load(Ordering::Relaxed)), (0, 0));
    session.guard().set_filter(Filter::from(Level::Info));
    call();
    call();
    session.guard().set_filter(Filter::off());
    call();
    assert_eq!(evaluated.load(Ordering::Relaxed), 3);
    // What was suppressed is told, whatever the filter says by then.
    let told = lines(session);
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told[3..].iter().all(|(_, fields)| fields == "suppressed=1"), "{told:?}");
}

#[test]
fn what_waits_for_the_end_finds_room_in_a_full_ring() {
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let work = || {
        let builder = Builder::new(folder.path().join("app")).ring_capacity(4096).ignore_env();
        let guard = builder.start().expect("the logger starts");
        for _ in 0..2 {
            log_once!(Level::Info, "first");
        }
        (0..10_000).for_each(|i| info!("{i}"));
        guard.path()
    };
    // A thread of its own has a ring of the size asked for.
    let path = std::thread::scope(|scope| scope.spawn(work).join()).expect("the thread ends");
    let mut last = None;
    let lost = visit_file(&path, |record| last = Some(Shown::new(record)));
    assert!(!lost.is_empty(), "a ring of 4 KiB keeps up with no loop");
    let last = last.expect("there are records");
    assert_eq!(last.message, "suppressed since the last record: first");
    assert_eq!(suppressed(&last), 1);
}
