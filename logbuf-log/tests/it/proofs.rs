//! What a call does not do once its thread has logged a record: allocate, or enter the kernel.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::path::Path;
use std::process::Command;

use logbuf_log::{Encode, Timestamp, debug, info, log_every_n, preallocate};
use rustix::process::getpgid;

use crate::support::{Session, skip};

/// The system's allocator, which counts by thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: the system's allocator does what is asked; counting touches a thread local that needs neither memory nor a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        // SAFETY: the caller's promise.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[derive(Debug, Encode)]
struct Order<'a> {
    id: u64,
    symbol: &'a str,
    legs: Vec<u32>,
}

/// One of each kind of call.
fn log_all(i: u64, order: &Order<'_>, now: Timestamp) {
    info!("{i} of {} at {:.2}", "BTC-USD", 52_100.5);
    info!(i, order, "fields and a {order:?}");
    info!(error = ?std::fmt::Error, "formatted: {}", %i);
    info!(ts: now, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, "many");
    debug!("off {i}");
    log_every_n!(7, logbuf_log::Level::Info, "seldom {i}");
}

/// Calls that fit half of the ring, so that nobody has to be woken.
const CALLS: u64 = 1000;

#[test]
fn a_call_allocates_nothing() {
    let session = Session::start_with(|builder| builder.level(logbuf_log::Level::Info));
    let order = Order { id: 7, symbol: "BTC-USD", legs: vec![1, 2, 3] };
    preallocate();
    log_all(0, &order, Timestamp::now());
    let before = ALLOCATIONS.get();
    (0..CALLS).for_each(|i| log_all(i, &order, Timestamp::now()));
    assert_eq!(ALLOCATIONS.get(), before);
    drop(Box::new(order));
    assert!(ALLOCATIONS.get() > before, "allocations are counted");
    drop(session);
}

/// Calls of other facades: events, and spans that are entered and left.
#[cfg(feature = "tracing")]
#[test]
fn an_event_of_tracing_allocates_nothing() {
    use tracing_subscriber::prelude::*;
    let session = Session::start_with(|builder| builder.level(logbuf_log::Level::Info));
    let subscriber = tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new());
    tracing::subscriber::with_default(subscriber, || {
        let (outer, inner) = (tracing::info_span!("outer", id = 7), tracing::info_span!("inner"));
        let call = |i: u64| {
            tracing::info!(i, half = i as f64 / 2.0, text = "text", shown = ?Some(i), "event {i}");
            tracing::debug!(i, "off");
            let _outer = outer.enter();
            let _inner = inner.enter();
            tracing::info!(i, "in a span");
        };
        preallocate();
        call(0);
        let before = ALLOCATIONS.get();
        (1..CALLS).for_each(call);
        assert_eq!(ALLOCATIONS.get(), before);
    });
    drop(session);
}

/// Makes a system call that nothing else here makes.
fn mark() {
    getpgid(None).expect("a process is in a group");
}

#[test]
fn a_call_makes_no_system_call() {
    const CHILD: &str = "LOGBUF_TEST_PROOFS";
    if std::env::var_os(CHILD).is_some() {
        let session = Session::start_with(|builder| builder.level(logbuf_log::Level::Info));
        let order = Order { id: 7, symbol: "BTC-USD", legs: vec![1, 2, 3] };
        log_all(0, &order, Timestamp::now());
        mark();
        (0..CALLS).for_each(|i| log_all(i, &order, Timestamp::now()));
        mark();
        drop(session);
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let traced = Command::new("strace")
        .args(["-ff", "-o"])
        .arg(folder.path().join("trace"))
        .arg(std::env::current_exe().expect("this runs"))
        .args(["--exact", "proofs::a_call_makes_no_system_call"])
        .env(CHILD, "1")
        .output();
    match traced {
        Ok(output) if output.status.success() => check_traces(folder.path()),
        Ok(output) => {
            let passed = String::from_utf8_lossy(&output.stdout).contains("1 passed");
            let why = String::from_utf8_lossy(&output.stderr);
            // It may not trace; or it did, and the test failed in it.
            assert!(!passed && why.contains("strace:"), "{output:?}");
            skip("what a call asks of the kernel", why);
        }
        Err(error) => skip("what a call asks of the kernel: strace", error),
    }
}

/// Looks for the thread that marked, and for what it did in between.
fn check_traces(folder: &Path) {
    let mut marked = 0;
    for file in std::fs::read_dir(folder).expect("the folder is there") {
        let trace = std::fs::read_to_string(file.expect("it is there").path());
        let trace = trace.expect("a trace is text");
        let mut lines = trace.lines().skip_while(|line| !line.starts_with("getpgid("));
        if lines.next().is_some() {
            marked += 1;
            let next = lines.next().expect("it marks twice");
            assert!(next.starts_with("getpgid("), "{next}");
        }
    }
    assert_eq!(marked, 1, "one thread marks");
}
