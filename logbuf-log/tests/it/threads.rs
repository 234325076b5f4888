//! Many threads, many records: each once, in order, with its losses counted.

use std::collections::HashMap;
use std::sync::Barrier;
use std::thread;

use logbuf_log::{Level, debug, info, warn};

use crate::support::{Session, numbers};

#[test]
fn four_threads_with_a_million_records_each() {
    const THREADS: u64 = 4;
    const EACH: u64 = 1_000_000;
    /// Fewer than fit a ring, so that none is lost; a flush in between lets the ring go round.
    const AT_ONCE: u64 = 50_000;
    let session = Session::start_with(|builder| builder.ring_capacity(4 << 20));
    thread::scope(|scope| {
        for id in 0..THREADS {
            let session = &session;
            let work = move || {
                for i in 0..EACH {
                    info!("{id} {i}");
                    if i % AT_ONCE == AT_ONCE - 1 {
                        session.flush();
                    }
                }
            };
            thread::Builder::new()
                .name(format!("worker {id}"))
                .spawn_scoped(scope, work)
                .expect("threads can be made");
        }
    });
    let stats = session.stats();
    assert_eq!((stats.written, stats.lost), (THREADS * EACH, 0));

    let mut next = [0; THREADS as usize];
    let mut time = i64::MIN;
    let lost = session.visit(|record| {
        let [id, i] = numbers(record.values());
        assert_eq!(i, next[id as usize], "the next record of thread {id}");
        assert_eq!(record.thread().to_string(), format!("worker {id}"));
        assert!(record.unix_ns() >= time, "records are in the order of their times");
        next[id as usize] += 1;
        time = record.unix_ns();
    });
    assert_eq!(next, [EACH; THREADS as usize]);
    assert_eq!(lost, []);
}

#[test]
fn what_a_full_ring_refuses_is_counted_to_the_record() {
    const THREADS: u64 = 3;
    const EACH: u64 = 200_000;
    let session = Session::start_with(|builder| builder.ring_capacity(16 << 10));
    thread::scope(|scope| {
        for id in 0..THREADS {
            scope.spawn(move || {
                for i in 0..EACH {
                    if i % 4 == 0 {
                        warn!("{id} {i}");
                    } else {
                        debug!("{id} {i}");
                    }
                }
            });
        }
    });
    let mut written: HashMap<Level, u64> = HashMap::new();
    let mut last = [None; THREADS as usize];
    let lost = session.visit(|record| {
        let [id, i] = numbers(record.values());
        assert!(last[id as usize] < Some(i), "thread {id} is in order");
        last[id as usize] = Some(i);
        *written.entry(record.level()).or_default() += 1;
    });
    assert!(!lost.is_empty(), "a ring of 16 KiB keeps up with no loop");
    let mut total = written;
    for (level, count) in lost {
        *total.entry(level).or_default() += count;
    }
    assert_eq!(
        total,
        HashMap::from([(Level::Warn, THREADS * EACH / 4), (Level::Debug, THREADS * EACH / 4 * 3)])
    );
}

#[test]
fn a_thread_that_ends_at_once_leaves_its_records_behind() {
    const THREADS: usize = 200;
    let session = Session::start_with(|builder| builder.ring_capacity(64 << 10));
    for i in 0..THREADS {
        thread::spawn(move || info!("thread {i}")).join().expect("the thread ends by itself");
    }
    let expected: Vec<_> = (0..THREADS).map(|i| format!("thread {i}")).collect();
    session.check_messages(&expected);
}

#[test]
fn threads_are_known_by_name_or_number() {
    let session = Session::start();
    let spawn = |builder: thread::Builder| {
        builder
            .spawn(|| info!("here"))
            .expect("threads can be made")
            .join()
            .expect("the thread ends by itself")
    };
    spawn(thread::Builder::new().name("named".to_owned()));
    spawn(thread::Builder::new());
    let shown = session.shown();
    assert_eq!(shown[0].thread, "named");
    assert!(shown[1].thread.parse::<u64>().is_ok_and(|id| id > 0), "{}", shown[1].thread);
}

#[test]
fn a_thread_outlives_the_logger_and_logs_into_the_next() {
    let (first_done, second_started) = (Barrier::new(2), Barrier::new(2));
    let first = Session::start();
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            info!("first");
            first_done.wait();
            second_started.wait();
            info!("second");
        });
        first_done.wait();
        assert_eq!(first.messages(), ["first"]);
        let second = Session::start();
        second_started.wait();
        worker.join().expect("the thread ends by itself");
        assert_eq!(second.messages(), ["second"]);
    });
}

#[test]
fn a_record_longer_than_the_ring_allows_is_counted() {
    let session = Session::start_with(|builder| builder.ring_capacity(4096));
    thread::scope(|scope| {
        scope.spawn(|| {
            let long = "x".repeat(5000);
            info!("{long}");
            warn!("{}", %long);
            info!("short");
        });
    });
    let decoded = session.decode();
    assert_eq!(decoded.messages(), ["short"]);
    assert_eq!(decoded.lost_by_level(), [(Level::Warn, 1), (Level::Info, 1)]);
}

#[test]
fn times_are_those_of_the_wall_clock() {
    let now = || {
        i64::try_from(std::time::UNIX_EPOCH.elapsed().expect("it is after 1970").as_nanos())
            .expect("it is before 2262")
    };
    let session = Session::start();
    let before = now();
    info!("now");
    let after = now();
    let shown = session.shown().remove(0);
    // The two clocks are read apart from each other; what is read between them may be off by as much.
    const SLACK: i64 = 100_000;
    assert!(
        (before - SLACK..after + SLACK).contains(&shown.unix_ns),
        "{before} {} {after}",
        shown.unix_ns
    );
}
