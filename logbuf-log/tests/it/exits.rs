//! The end of the process. Each test starts itself again as a process that ends in some way.

use std::process::{self, Command, ExitStatus, Stdio};
use std::time::Duration;
use std::{env, panic, thread};

use logbuf_decode::Reader;
use logbuf_log::{Builder, Guard, error, info};

use crate::support::{Shown, doomed};

/// Set in the process that ends: where it logs.
const CHILD: &str = "LOGBUF_TEST_EXITS";

/// Records that the child logs before it ends.
const RECORDS: usize = 1000;

/// How a child ended, and what it left in its file.
struct Ended {
    status: ExitStatus,
    messages: Vec<String>,
    findings: Vec<String>,
}

/// Runs `child` in a process of its own, which runs the same test.
fn run(test: &str, child: fn(Builder)) -> Ended {
    if let Some(path) = env::var_os(CHILD) {
        // Nothing is written by itself before the process ends.
        child(doomed(path).ignore_env().flush_interval(Duration::from_secs(1)));
        unreachable!("the child ends before");
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let status = Command::new(env::current_exe().expect("the test knows its own path"))
        .args(["--exact", &format!("exits::{test}")])
        .env(CHILD, folder.path().join("app"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the test can be started again");
    let mut reader = Reader::new();
    reader.add_file(folder.path().join("app.000001.logbuf"));
    let mut messages = Vec::new();
    reader.for_each(|record| messages.push(Shown::new(record).message));
    let findings = reader.findings().iter().map(ToString::to_string).collect();
    Ended { status, messages, findings }
}

/// Checks that a child that exits has left a file that is closed and has everything in it.
fn check_drained(test: &str, child: fn(Builder)) {
    let Ended { status, messages, findings } = run(test, child);
    assert_eq!((status.code(), findings), (Some(3), vec![]));
    assert_eq!(messages, logged());
}

/// Starts a logger and logs.
fn log(builder: Builder) -> Guard {
    let guard = builder.start().expect("the logger starts");
    (0..RECORDS).for_each(|i| info!("{i}"));
    guard
}

/// What [`log`] logs.
fn logged() -> Vec<String> {
    (0..RECORDS).map(|i| i.to_string()).collect()
}

#[test]
fn an_exit_drains() {
    check_drained("an_exit_drains", |builder| {
        let _guard = log(builder);
        process::exit(3);
    });
}

#[test]
fn an_exit_drains_a_writer_that_is_polled() {
    check_drained("an_exit_drains_a_writer_that_is_polled", |builder| {
        let (_guard, _writer) = builder.manual().expect("the logger starts");
        (0..RECORDS).for_each(|i| info!("{i}"));
        process::exit(3);
    });
}

#[test]
fn an_exit_without_hooks_drains_nothing() {
    let Ended { status, messages, findings } =
        run("an_exit_without_hooks_drains_nothing", |builder| {
            let _guard = log(builder.exit_hooks(false));
            process::exit(3);
        });
    assert_eq!((status.code(), messages.len()), (Some(3), 0));
    assert_eq!(findings.len(), 1, "the file was not closed: {findings:?}");
}

#[test]
fn a_panic_in_a_thread_flushes() {
    check_drained("a_panic_in_a_thread_flushes", |builder| {
        let guard = log(builder);
        let thread = thread::spawn(|| panic!("on purpose"));
        assert!(thread.join().is_err());
        let is_flushed = guard.stats().written == RECORDS as u64;
        process::exit(if is_flushed { 3 } else { 4 });
    });
}

#[test]
fn a_panic_that_unwinds_past_the_guard_drains() {
    check_drained("a_panic_that_unwinds_past_the_guard_drains", |builder| {
        let panicked = panic::catch_unwind(panic::AssertUnwindSafe(|| {
            let _guard = log(builder);
            panic!("on purpose");
        }));
        process::exit(if panicked.is_err() { 3 } else { 4 });
    });
}

#[test]
fn what_a_panic_hook_logs_before_an_abort_is_kept() {
    /// Aborts the process when it panics, as all functions do in a program that is compiled to.
    extern "C" fn abort() {
        panic!("on purpose");
    }
    let Ended { status, messages, .. } =
        run("what_a_panic_hook_logs_before_an_abort_is_kept", |builder| {
            panic::set_hook(Box::new(|info| error!("panicked: {}", %info)));
            let _guard = log(builder);
            abort();
        });
    assert_eq!(status.code(), None, "a signal ends it");
    assert_eq!(messages[..RECORDS], logged());
    assert!(messages[RECORDS].contains("on purpose"), "{:?}", &messages[RECORDS..]);
}

#[test]
fn an_exit_from_a_function_that_the_writer_calls_does_not_wait_for_the_writer() {
    let Ended { status, .. } = run(
        "an_exit_from_a_function_that_the_writer_calls_does_not_wait_for_the_writer",
        |builder| {
            let _guard = builder.cpu(usize::MAX).on_notice(|_| process::exit(3)).start();
            loop {
                thread::park();
            }
        },
    );
    assert_eq!(status.code(), Some(3));
}
