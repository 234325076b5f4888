//! What happens when a ring is full.

use std::thread;
use std::time::Duration;

use logbuf_decode::Reader;
use logbuf_log::{Builder, WhenFull, debug, error, info};

use crate::support::{Session, numbers};

/// Far more than the rings of these tests hold.
const RECORDS: u64 = 200_000;

/// Logs numbers from several threads, and checks that each arrives once and in order.
fn check_nothing_is_lost(when_full: WhenFull) {
    const THREADS: u64 = 3;
    let session =
        Session::start_with(|builder| builder.ring_capacity(16 << 10).when_full(when_full));
    thread::scope(|scope| {
        for id in 0..THREADS {
            scope.spawn(move || (0..RECORDS).for_each(|i| info!("{id} {i}")));
        }
    });
    let mut next = [0; THREADS as usize];
    let lost = session.visit(|record| {
        let [id, i] = numbers(record.values());
        assert_eq!(i, next[id as usize], "the next record of thread {id}");
        next[id as usize] += 1;
    });
    assert_eq!(lost, []);
    assert_eq!(next, [RECORDS; THREADS as usize]);
}

#[test]
fn a_call_that_blocks_loses_nothing() {
    check_nothing_is_lost(WhenFull::Block(Duration::from_secs(60)));
}

#[test]
fn a_ring_that_grows_loses_nothing() {
    check_nothing_is_lost(WhenFull::Grow { max_bytes: 256 << 20 });
}

#[test]
fn a_ring_grows_to_its_bound_and_no_further() {
    let session = Session::start_with(|builder| {
        builder.ring_capacity(4 << 10).when_full(WhenFull::Grow { max_bytes: 32 << 10 })
    });
    thread::spawn(|| (0..RECORDS).for_each(|i| info!("{i}")))
        .join()
        .expect("the thread ends by itself");
    let mut written = 0;
    let lost: u64 = session.visit(|_| written += 1).iter().map(|(_, count)| count).sum();
    assert_eq!(written + lost, RECORDS);
    assert!(lost > 0, "rings of 32 KiB keep up with no loop");
}

#[test]
fn what_a_thread_loses_while_its_rings_grow_is_its_own() {
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let guard = Builder::new(folder.path().join("test"))
        .ignore_env()
        .ring_capacity(4 << 10)
        .when_full(WhenFull::Grow { max_bytes: 32 << 10 })
        .start()
        .expect("the logger starts");
    let path = guard.path();
    let work = || (0..RECORDS).for_each(|i| info!("{i}"));
    let workers = [(); 4].map(|()| thread::Builder::new().name("worker".to_owned()).spawn(work));
    for worker in workers {
        worker.expect("threads can be made").join().expect("it ends by itself");
    }
    drop(guard);
    let mut reader = Reader::new();
    reader.add_file(path);
    let mut written = 0;
    reader.for_each(|_| written += 1);
    let lost: Vec<_> = reader.lost().map(|lost| (lost.thread.to_string(), lost.count)).collect();
    assert!(lost.iter().all(|(thread, _)| thread == "worker"), "{lost:?}");
    assert_eq!(written + lost.iter().map(|(_, count)| count).sum::<u64>(), 4 * RECORDS);
}

#[test]
fn a_ring_that_grew_is_of_use_and_is_given_back() {
    const USUAL: usize = 16 << 10;
    let session = Session::start_with(|builder| {
        builder.ring_capacity(USUAL).when_full(WhenFull::Grow { max_bytes: 64 << 20 })
    });
    thread::spawn(|| (0..RECORDS).for_each(|i| info!("{i}")))
        .join()
        .expect("the thread ends by itself");
    session.flush();
    assert!(session.stats().high_water > USUAL, "{:?}", session.stats());

    // A thread that goes on at ease is back to the usual size after a lap or so.
    (0..RECORDS).for_each(|i| info!("{i}"));
    let name = thread::current().name().unwrap_or_default().to_owned();
    let capacity = || -> usize {
        let rings = session.guard().rings();
        rings.iter().filter(|ring| ring.thread == name).map(|ring| ring.capacity).sum()
    };
    for _ in 0..10_000 {
        if capacity() == USUAL {
            return;
        }
        (0..100).for_each(|i| info!("{i}"));
        session.flush();
    }
    panic!("the rings of the thread still have {} bytes", capacity());
}

#[test]
fn a_flood_does_not_cost_the_severe_records() {
    /// They all fit the reserve, whatever the writer does meanwhile.
    const SEVERE: u64 = 200;
    let session = Session::start_with(|builder| builder.ring_capacity(64 << 10));
    thread::spawn(|| {
        for i in 0..RECORDS * 5 {
            if i % (RECORDS * 5 / SEVERE) == 0 {
                error!("{i}");
            } else {
                debug!("{i}");
            }
        }
    })
    .join()
    .expect("the thread ends by itself");
    let decoded = session.decode();
    let lost = decoded.lost_by_level();
    assert!(matches!(lost[..], [(logbuf_log::Level::Debug, _)]), "{lost:?}");
}
