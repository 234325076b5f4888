//! The files: where they are made, and what happens when that fails.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use logbuf_log::{Builder, FlushError, InitError, info};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::{Session, visit_file};

/// Starts a logger that must not start.
fn refused(path: impl AsRef<Path>) -> InitError {
    let _turn = Session::lock();
    Builder::new(path.as_ref()).start().expect_err("this logger cannot start")
}

#[test]
fn each_start_takes_the_next_number_and_touches_no_file_that_is_there() {
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("a/b/app");
    let start = || Builder::new(&path).start().expect("the logger starts").path();
    let first = start();
    let bytes = fs::read(&first).expect("the file is there");
    let second = start();
    fs::write(folder.path().join("a/b/app.000041.logbuf"), "kept")
        .expect("the folder can be written to");
    let third = start();
    let names = [first.clone(), second, third]
        .map(|path| path.file_name().map(|name| name.to_string_lossy().into_owned()));
    assert_eq!(
        names,
        ["app.000001.logbuf", "app.000002.logbuf", "app.000042.logbuf"]
            .map(|name| Some(name.to_owned()))
    );
    assert_eq!(fs::read(&first).expect("the file is there"), bytes);
}

#[test]
fn a_second_logger_is_refused_while_one_runs() {
    let session = Session::start();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let error =
        Builder::new(folder.path().join("other")).start().expect_err("one logger runs already");
    assert!(matches!(error, InitError::AlreadyRunning), "{error}");
    assert_eq!(
        error.to_string(),
        "a logger is already running in this process; drop its guard first"
    );
    info!("unharmed");
    assert_eq!(session.messages(), ["unharmed"]);
}

#[test]
fn a_path_that_cannot_be_logged_to_is_refused() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path();
    let error = refused(path);
    assert!(matches!(error, InitError::PathIsFolder { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        format!("{0} is a folder; name the log files inside it, as in {0}/app", path.display())
    );
    for nameless in ["", ".."] {
        let error = refused(Path::new("does-not-exist").join(nameless).join(".."));
        assert!(matches!(error, InitError::NoFileName { .. }), "{error}");
    }
    fs::write(path.join("file"), "").expect("the folder can be written to");
    let error = refused(path.join("file/app"));
    assert!(matches!(error, InitError::CreateFolder { .. }), "{error}");
    assert!(
        error.to_string().starts_with(&format!("cannot make the folder {}/file: ", path.display())),
        "{error}"
    );
    // Nobody may make files there, not even the superuser.
    let error = refused("/proc/app");
    assert!(matches!(error, InitError::CreateFile { .. }), "{error}");
    assert!(
        error.to_string().starts_with("cannot make the log file /proc/app.000001.logbuf: "),
        "{error}"
    );
}

#[test]
fn a_ring_that_cannot_be_made_is_refused() {
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for bytes in [0, usize::MAX] {
        let error = Builder::new(folder.path().join("app"))
            .ring_capacity(bytes)
            .start()
            .expect_err("no such ring exists");
        assert!(
            matches!(error, InitError::RingCapacity { bytes: named, .. } if named == bytes),
            "{error}"
        );
    }
    assert_eq!(
        fs::read_dir(folder.path()).expect("the folder is there").count(),
        0,
        "nothing was made"
    );
}

#[test]
fn a_flushed_file_is_whole_while_the_logger_runs() {
    let session = Session::start();
    info!("one");
    session.flush();
    let mut count = 0;
    let mut reader = logbuf_decode::Reader::new();
    reader.add_file(session.path());
    reader.for_each(|record| {
        assert_eq!(record.line(), line!() - 6);
        count += 1;
    });
    assert_eq!(count, 1);
    drop(session);
}

#[test]
fn damage_to_one_listing_of_the_sites_costs_no_record() {
    const RECORDS: u32 = 200_000;
    let session = Session::start_with(|builder| builder.ring_capacity(16 << 20));
    (0..RECORDS).for_each(|i| info!("{i} {}", "a text of some length"));
    session.flush();
    let path = session.path();
    let _folder = session.stop();
    let mut bytes = fs::read(&path).expect("the file is there");
    // The kind of a block stands behind its magic: 1 for sites, 2 for threads.
    let is_listing = |at: &usize| {
        [b"LBLK\x01", b"LBLK\x02"].iter().any(|start| bytes[*at..].starts_with(*start))
    };
    let listings: Vec<_> = (0..bytes.len() - 8).step_by(8).filter(is_listing).collect();
    assert!(listings.len() > 6, "they are listed now and then: {listings:?}");
    for at in &listings[..listings.len() / 2] {
        bytes[at + 70] ^= 1;
    }
    let mut reader = logbuf_decode::Reader::new();
    reader.add_stream("damaged", std::io::Cursor::new(bytes));
    let mut count = 0;
    reader.for_each(|_| count += 1);
    assert_eq!(count, RECORDS);
}

#[test]
fn an_absurd_number_in_the_folder_is_passed_over() {
    let _turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let absurd = folder.path().join(format!("app.{}.logbuf", u64::MAX));
    fs::write(absurd, "").expect("the folder can be written to");
    let guard = Builder::new(folder.path().join("app")).start().expect("the logger starts");
    assert!(guard.path().ends_with("app.000001.logbuf"), "{}", guard.path().display());
}

#[test]
fn what_cannot_be_written_at_the_end_is_left_to_the_next_logger() {
    match std::env::var_os(CHILD) {
        Some(path) => end_on_a_full_disk(Path::new(&path)),
        None => {
            run_with_a_limit("files::what_cannot_be_written_at_the_end_is_left_to_the_next_logger")
        }
    }
}

fn end_on_a_full_disk(path: &Path) {
    const ALL: u64 = 3000;
    let errors = Arc::new(Mutex::new(Vec::new()));
    let start = || {
        let seen = Arc::clone(&errors);
        Builder::new(path)
            .ring_capacity(1 << 20)
            .on_error(move |error| seen.lock().expect("nobody panics").push(error.to_string()))
            .start()
            .expect("the logger starts")
    };
    let guard = start();
    let first = guard.path();
    let limit = getrlimit(Resource::Fsize);
    let size = fs::metadata(&first).expect("the file is there").len();
    let full = Rlimit { current: Some(size + 100), maximum: limit.maximum };
    setrlimit(Resource::Fsize, full).expect("a limit can be lowered");
    (0..ALL).for_each(|i| info!("{i}"));
    drop(guard);
    setrlimit(Resource::Fsize, limit).expect("a limit can be raised again");
    let said = errors.lock().expect("nobody panics").last().cloned().unwrap_or_default();
    assert!(
        said.ends_with("; gave up, 3000 records are left in memory for the next logger"),
        "{said}"
    );

    let guard = start();
    info!("{ALL}");
    let second = guard.path();
    drop(guard);
    let mut next = 0;
    let lost = visit_file(&second, |record| {
        assert_eq!(record.values()[0].as_unsigned(), Some(next));
        next += 1;
    });
    // The first number was of a site of its own.
    assert_eq!((next, lost.as_slice()), (u128::from(ALL) + 1, &[][..]));
}

/// Set for the processes that [`run_with_a_limit`] starts.
const CHILD: &str = "LOGBUF_TEST_FULL_DISK";

#[test]
fn a_full_disk_costs_nothing_that_fits_the_rings() {
    match std::env::var_os(CHILD) {
        Some(path) => fill_the_disk(Path::new(&path)),
        None => run_with_a_limit("files::a_full_disk_costs_nothing_that_fits_the_rings"),
    }
}

/// Runs one test of this binary in a process that may limit the size of its files, which stands for a full disk.
fn run_with_a_limit(test: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    // The limit comes with a signal, which the shell turns off.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().expect("the test knows its own path"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, folder.path().join("app"))
        .status()
        .expect("the test can be started again");
    assert!(status.success(), "{status}");
}

fn fill_the_disk(path: &Path) {
    const FIRST: u64 = 1000;
    const ALL: u64 = 4000;
    let errors = Arc::new(Mutex::new(Vec::new()));
    let seen = errors.clone();
    let guard = Builder::new(path)
        .ring_capacity(1 << 20)
        .on_error(move |error| seen.lock().expect("nobody panics").push(error.to_string()))
        .start()
        .expect("the logger starts");
    let log = |range: std::ops::Range<u64>| range.for_each(|i| info!("{i}"));
    log(0..FIRST);
    guard.flush().expect("there is room yet");

    let limit = getrlimit(Resource::Fsize);
    let size = fs::metadata(guard.path()).expect("the file is there").len();
    // Some bytes of the next write fit, so that it is cut in the middle.
    let full = Rlimit { current: Some(size + 100), maximum: limit.maximum };
    setrlimit(Resource::Fsize, full).expect("a limit can be lowered");
    log(FIRST..ALL);
    let error = guard.flush().expect_err("the disk is full");
    assert!(
        matches!(error, FlushError::Write { kind: std::io::ErrorKind::FileTooLarge, .. }),
        "{error:?}"
    );
    let stats = guard.stats();
    assert!(stats.write_errors >= 1);
    assert_eq!((stats.written, stats.lost), (FIRST, 0));

    setrlimit(Resource::Fsize, limit).expect("a limit can be raised again");
    guard.flush().expect("there is room again");
    assert_eq!(guard.stats().written, ALL, "a flush covers what the rings kept meanwhile");
    let file = guard.path();
    drop(guard);
    let mut next = 0;
    let lost = visit_file(&file, |record| {
        assert_eq!(record.values()[0].as_unsigned(), Some(next));
        next += 1;
    });
    assert_eq!((next, lost.as_slice()), (u128::from(ALL), &[][..]));
    let errors = errors.lock().expect("nobody panics");
    assert!(
        errors[0]
            .starts_with(&format!("cannot write the log file {} (attempt 1): ", file.display())),
        "{errors:?}"
    );
}
