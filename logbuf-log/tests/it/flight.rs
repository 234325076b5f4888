//! The flight recorder: what it keeps, what makes it write, and what it lets go.

use std::collections::BTreeSet;
use std::thread;

use logbuf_decode::Reader;
use logbuf_log::{
    Builder, FlightRecorder, Level, Progress, Stats, WhenFull, context, debug, error, info, trace,
    warn,
};

use crate::support::{Session, Shown, doomed};

/// The target of the record that follows a dump.
const NOTES: &str = "logbuf::flight_recorder";

fn record() -> Session {
    record_with(FlightRecorder::new())
}

fn record_with(recorder: FlightRecorder) -> Session {
    Session::start_with(|builder| builder.flight_recorder(recorder))
}

/// The messages, and whether each was dumped. Those that tell of dumps are apart.
fn messages(session: Session) -> (Vec<(String, bool)>, Vec<String>) {
    let (mut messages, mut notes) = (Vec::new(), Vec::new());
    let lost = session.visit(|record| {
        let shown = Shown::new(record);
        if shown.target == NOTES {
            assert!(!record.is_dumped(), "{shown:?}");
            notes.push(shown.message);
        } else {
            messages.push((shown.message, record.is_dumped()));
        }
    });
    assert_eq!(lost, []);
    (messages, notes)
}

fn expected<const N: usize>(messages: [(&str, bool); N]) -> Vec<(String, bool)> {
    messages.map(|(message, dumped)| (message.to_owned(), dumped)).to_vec()
}

#[test]
fn what_is_kept_is_written_and_the_rest_is_let_go() {
    let session = record();
    for i in 0..10 {
        trace!("trace {i}");
        info!("info {i}");
        debug!("debug {i}");
    }
    session.flush();
    let Stats { written, lost, let_go, .. } = session.stats();
    assert_eq!((written, lost, let_go), (10, 0, 0));
    let (messages, notes) = messages(session);
    let kept: Vec<_> = (0..10).map(|i| (format!("info {i}"), false)).collect();
    assert_eq!((messages, notes.len()), (kept, 0));
}

#[test]
fn what_is_held_is_written_when_it_is_asked_for_and_once() {
    let session = record();
    debug!("before");
    info!("between");
    trace!("behind");
    session.guard().dump("the operator asked").expect("it can be written");
    debug!("after");
    warn!("last");
    session.guard().dump("again").expect("it can be written");
    assert_eq!(session.stats().written, 5 + 2);
    let (messages, notes) = messages(session);
    let dumped =
        [("before", true), ("between", false), ("behind", true), ("after", true), ("last", false)];
    assert_eq!(messages, expected(dumped));
    assert_eq!(notes.len(), 2);
    assert!(notes[0].starts_with("the operator asked: 2 records of the "), "{notes:?}");
    assert!(notes[1].starts_with("again: 1 records of the "), "{notes:?}");
}

#[test]
fn where_only_a_request_dumps_no_record_does() {
    let session = record_with(FlightRecorder::new().dump_on_request());
    debug!("before");
    error!("an error");
    session.flush();
    assert_eq!(session.stats().written, 1);
    session.guard().dump("asked").expect("it can be written");
    let (messages, notes) = messages(session);
    assert_eq!(messages, expected([("before", true), ("an error", false)]));
    assert_eq!(notes.len(), 1, "{notes:?}");
}

#[test]
fn a_record_makes_the_others_be_written_of_all_threads() {
    let session = record_with(FlightRecorder::new().keep(Level::Warn).dump_on(Level::Warn));
    thread::scope(|scope| {
        scope.spawn(|| info!("a thread that has ended"));
    });
    let (ready, is_ready) = std::sync::mpsc::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            info!("a thread that goes on");
            ready.send(()).expect("the other waits");
            // Ends when it can go on no longer.
            let _ended = ended.recv();
        });
        is_ready.recv().expect("the thread logs");
        debug!("this thread");
        warn!("the cause");
        session.flush();
        drop(end);
    });
    debug!("too late");
    let (messages, notes) = messages(session);
    let dumped = [
        ("a thread that has ended", true),
        ("a thread that goes on", true),
        ("this thread", true),
        ("the cause", false),
    ];
    assert_eq!(messages, expected(dumped));
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("a record of level WARN: 3 records of the "), "{notes:?}");
}

/// Floods a small ring, with a kept record now and then, and dumps. What is dumped is the end of what was logged, without a gap, and
/// everything is accounted for.
#[test]
fn the_oldest_go_first_and_each_is_counted() {
    const RECORDS: u64 = 100_000;
    const KEPT: u64 = 100;
    let session = Session::start_with(|builder| {
        builder
            .ring_capacity(32 << 10)
            .when_full(logbuf_log::WhenFull::Block(std::time::Duration::from_secs(60)))
            .flight_recorder(FlightRecorder::new())
    });
    let handle = session.guard().handle();
    thread::spawn(move || {
        for i in 0..RECORDS {
            if i % KEPT == 0 {
                info!("{i}");
            } else {
                debug!("{i}");
            }
        }
        handle.dump("the end").expect("it can be written");
    })
    .join()
    .expect("the thread ends by itself");
    let Stats { written, lost, let_go, .. } = session.stats();
    assert_eq!((written + let_go, lost), (RECORDS + 1, 0));

    let (messages, _) = messages(session);
    let number = |(message, _): &(String, bool)| message.parse::<u64>().expect("it is a number");
    let dumped: Vec<_> = messages.iter().filter(|(_, dumped)| *dumped).map(number).collect();
    let kept: Vec<_> = messages.iter().filter(|(_, dumped)| !*dumped).map(number).collect();
    assert!(kept.iter().copied().eq((0..RECORDS).step_by(KEPT as usize)));
    let first = dumped[0];
    assert!(first > RECORDS / 2 && dumped.len() > 200, "{first}, {}", dumped.len());
    assert!(dumped.iter().copied().eq((first..RECORDS).filter(|i| i % KEPT != 0)));
    assert_eq!(dumped.len() as u64 + let_go + RECORDS / KEPT, RECORDS);
}

/// The messages with their contexts, and whether each was dumped.
fn in_context(session: Session) -> Vec<(String, bool)> {
    let mut shown = Vec::new();
    let lost = session.visit(|record| {
        let Shown { target, message, context, .. } = Shown::new(record);
        if target != NOTES {
            shown.push((format!("{message} {{{context}}}"), record.is_dumped()));
        }
    });
    assert_eq!(lost, []);
    shown
}

#[test]
fn what_is_dumped_shows_the_contexts_it_was_logged_in() {
    let session = record();
    debug!("none");
    let outer = context!(session = 7);
    debug!("outer");
    info!("kept");
    {
        let _inner = context!(order = 1);
        debug!("inner");
        session.guard().dump("from inside").expect("it can be written");
        debug!("inner, later");
    }
    debug!("outer, later");
    drop(outer);
    debug!("none, later");
    info!("kept, later");
    session.guard().dump("from outside").expect("it can be written");
    let expected_contexts = [
        ("none {}", true),
        ("outer {session=7}", true),
        ("kept {session=7}", false),
        ("inner {session=7 order=1}", true),
        ("inner, later {session=7 order=1}", true),
        ("outer, later {session=7}", true),
        ("none, later {}", true),
        ("kept, later {}", false),
    ];
    assert_eq!(in_context(session), expected(expected_contexts));
}

#[test]
fn a_context_outlasts_the_record_that_entered_it() {
    let session = Session::start_with(|builder| {
        builder.ring_capacity(64 << 10).flight_recorder(FlightRecorder::new())
    });
    let _context = context!(session = 7);
    for _ in 0..20 {
        (0..100).for_each(|i| debug!("{i}"));
        // Takes what there is, and lets the oldest go.
        session.flush();
    }
    assert!(session.stats().let_go > 100, "the record that entered it is gone");
    session.guard().dump("the end").expect("it can be written");
    let dumped = in_context(session);
    assert!(dumped.len() > 100, "{}", dumped.len());
    for (shown, is_dumped) in dumped {
        assert!(is_dumped && shown.ends_with(" {session=7}"), "{shown}");
    }
}

#[test]
fn what_is_held_costs_no_record_its_room() {
    // A ring that is never full, though it holds far more than it has room for: what comes late is let go in time.
    let session = Session::start_with(|builder| {
        builder.ring_capacity(64 << 10).flight_recorder(FlightRecorder::new())
    });
    for i in 0..200 {
        (0..100).for_each(|j| debug!("{i} {j}"));
        session.flush();
    }
    let Stats { written, lost, let_go, .. } = session.stats();
    assert_eq!((written, lost), (0, 0));
    assert!(let_go > 10_000, "{let_go}");
    drop(session);
}

#[test]
fn threads_that_end_leave_bounded_memory() {
    let session = record_with(FlightRecorder::new());
    for i in 0..40 {
        thread::spawn(move || debug!("{i}")).join().expect("the thread ends by itself");
        session.flush();
    }
    // Rings of 16 MiB: that of the last thread alone is kept.
    session.guard().dump("the end").expect("it can be written");
    let Stats { written, let_go, .. } = session.stats();
    assert_eq!(written + let_go, 40 + 1);
    let (messages, _) = messages(session);
    assert_eq!(messages, expected([("39", true)]));
}

#[test]
fn rings_that_were_outgrown_are_let_go() {
    const USUAL: usize = 16 << 10;
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let (guard, mut writer) = Builder::new(folder.path().join("test"))
        .ignore_env()
        .ring_capacity(USUAL)
        .when_full(WhenFull::Grow { max_bytes: 64 << 20 })
        .flight_recorder(FlightRecorder::new())
        .manual()
        .expect("the logger starts");
    let name = thread::current().name().unwrap_or_default().to_owned();
    let capacity = || -> usize {
        let rings = guard.rings();
        rings.iter().filter(|ring| ring.thread == name).map(|ring| ring.capacity).sum()
    };
    debug!("the first");
    writer.poll();
    // Nobody polls, so that the ring has to grow.
    (0..10_000).for_each(|i| debug!("{i}"));
    let grown = capacity();
    assert!(grown > 8 * USUAL && !grown.is_power_of_two(), "{grown} bytes are several rings");
    for _ in 0..1_000 {
        while writer.poll().progress == Progress::Worked {}
        if capacity().is_power_of_two() {
            return;
        }
        (0..100).for_each(|i| debug!("{i}"));
    }
    panic!("the rings of the thread still have {} bytes, of {grown}", capacity());
}

#[test]
fn extents_say_exactly_which_records_are_in_the_file() {
    let session = record();
    let path = session.path();
    debug!("held");
    info!("kept");
    debug!("held");
    info!("kept");
    info!("kept");
    session.guard().dump("the end").expect("it can be written");
    let folder = session.stop();
    let bytes = std::fs::read(path).expect("the file is there");
    let mut covered = BTreeSet::new();
    crate::support::for_each_block(&bytes, |header, payload| {
        if header.summary.kind == logbuf_format::block::Kind::EVENTS {
            for extent in logbuf_format::events::extents(payload) {
                let extent = extent.expect("the extent can be read");
                assert!(covered.insert((extent.ring, extent.start, extent.end)));
            }
        }
    });
    drop(folder);
    let own: Vec<_> = covered
        .iter()
        .filter(|(ring, ..)| *ring == covered.first().expect("there are some").0)
        .collect();
    assert_eq!(own.len(), 4, "{covered:?}");
    assert!(own.windows(2).all(|pair| pair[0].2 == pair[1].1), "{covered:?}");
}

#[test]
fn a_panic_dumps() {
    // In a process of its own, because the hook that the test harness installs is not ours.
    const CHILD: &str = "LOGBUF_TEST_FLIGHT";
    if let Some(path) = std::env::var_os(CHILD) {
        let recorder = FlightRecorder::new();
        let guard = doomed(path).ignore_env().flight_recorder(recorder).start();
        let _guard = guard.expect("the logger starts");
        debug!("what led to it");
        panic!("as it has to be");
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let output = std::process::Command::new(std::env::current_exe().expect("this runs"))
        .args(["--exact", "flight::a_panic_dumps", "--nocapture"])
        .env(CHILD, folder.path().join("app"))
        .output()
        .expect("it runs again");
    assert!(!output.status.success());
    let mut reader = Reader::new();
    reader.add_file(folder.path().join("app.000001.logbuf"));
    let mut shown = Vec::new();
    reader.for_each(|record| shown.push((Shown::new(record).message, record.is_dumped())));
    assert_eq!(shown[0], ("what led to it".to_owned(), true));
    assert!(shown[1].0.starts_with("a panic at "), "{shown:?}");
}

#[test]
fn a_dump_without_a_recorder_is_a_flush() {
    let session = Session::start();
    error!("as ever");
    session.guard().dump("for nothing").expect("it can be written");
    assert_eq!(session.stats().written, 1);
    let (messages, notes) = messages(session);
    assert_eq!((messages, notes.len()), (expected([("as ever", false)]), 0));
}
