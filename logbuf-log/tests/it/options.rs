//! What a call can say for itself: its time, and what it does when the ring is full.

use std::cell::Cell;
use std::thread;
use std::time::Duration;

use logbuf_log::{
    Level, Timestamp, WhenFull, debug, error, info, log, log_every, log_every_n, log_once, trace,
    warn,
};

use crate::support::Session;

/// Far more than the rings of these tests hold.
const RECORDS: u64 = 100_000;

const PATIENT: WhenFull = WhenFull::Block(Duration::from_secs(60));

#[test]
fn records_carry_the_time_they_are_given() {
    let session = Session::start();
    let (first, second) = (Timestamp::now(), Timestamp::now());
    info!("now");
    info!(ts: second, "b");
    info!(ts: first, id = 7, "a {}", 1);
    info!(ts: Timestamp::from_ticks(first.ticks()), "a again");
    info!(ts: first, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, "a with many");
    info!(ts: first, debug = ?first, "a formatted");
    let shown = session.shown();
    let messages: Vec<_> = shown.iter().map(|shown| shown.message.as_str()).collect();
    assert_eq!(messages, ["a 1", "a again", "a with many", "a formatted", "b", "now"]);
    let times: Vec<_> = shown.iter().map(|shown| shown.unix_ns).collect();
    assert!(times[..4].iter().all(|time| *time == times[0]), "{times:?}");
    assert!(times[3] <= times[4] && times[4] <= times[5], "{times:?}");
}

#[test]
fn a_timestamp_is_evaluated_once_before_the_values_and_only_if_the_call_records() {
    let session = Session::start_with(|builder| builder.level(Level::Info));
    let evaluated = Cell::new(0);
    let next = |expected| {
        assert_eq!(evaluated.replace(expected + 1), expected);
        expected
    };
    let stamp = |expected| {
        next(expected);
        Timestamp::now()
    };
    debug!(ts: stamp(99), "off");
    info!(ts: stamp(0), field = next(1), "{}", next(2));
    assert_eq!(evaluated.get(), 3);
    assert_eq!(session.messages(), ["2"]);
}

#[test]
fn every_macro_takes_options_in_any_order() {
    const TARGET: &str = "order";
    let session = Session::start();
    let now = Timestamp::now();
    error!(ts: now, target: TARGET, when_full: Drop, "error");
    warn!(target: TARGET, when_full: WhenFull::Drop, ts: now, "warn");
    info!(when_full: PATIENT, ts: now, target: TARGET, "info");
    debug!(when_full: Block(Duration::from_millis(5)), target: TARGET, ts: now, "debug");
    trace!(target: TARGET, ts: now, when_full: Grow { max_bytes: 1 << 20 }, "trace");
    log!(Level::Info, ts: now, target: TARGET, "behind the level");
    log!(ts: now, when_full: Drop, Level::Info, target: TARGET, "on both sides");
    log_every!(Duration::from_secs(1), Level::Info, ts: now, target: TARGET, "every");
    log_every_n!(10, ts: now, target: TARGET, Level::Info, when_full: Drop, "every n");
    log_once!(target: TARGET, Level::Info, when_full: Drop, ts: now, "once");
    let shown = session.shown();
    assert_eq!(shown.len(), 10);
    let time = shown[0].unix_ns;
    assert!(
        shown.iter().all(|shown| (&*shown.target, shown.unix_ns) == (TARGET, time)),
        "{shown:?}"
    );
}

/// Floods a new thread's small ring by `call`. Returns how many records came, and how many were lost.
fn flood(when_full: WhenFull, call: fn(u64)) -> (u64, u64) {
    let session =
        Session::start_with(|builder| builder.ring_capacity(4 << 10).when_full(when_full));
    thread::spawn(move || (0..RECORDS).for_each(call)).join().expect("the thread ends by itself");
    let mut written = 0;
    let lost = session.visit(|_| written += 1).iter().map(|(_, count)| count).sum();
    (written, lost)
}

#[test]
fn a_call_can_be_more_patient_than_its_logger() {
    assert_eq!(flood(WhenFull::Drop, |i| info!(when_full: PATIENT, "{i}")), (RECORDS, 0));
}

#[test]
fn a_call_can_be_less_patient_than_its_logger() {
    let (written, lost) = flood(PATIENT, |i| info!(when_full: Drop, "{i}"));
    assert_eq!(written + lost, RECORDS);
    assert!(lost > 0, "a ring of 4 KiB keeps up with no loop");
}

#[test]
fn a_call_can_make_its_ring_grow() {
    let grown = flood(WhenFull::Drop, |i| info!(when_full: Grow { max_bytes: 64 << 20 }, "{i}"));
    assert_eq!(grown, (RECORDS, 0));
}
