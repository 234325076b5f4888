//! What disks, people and other processes do to the files of a logger. Nothing of it stops the logger, and nothing is silent.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use logbuf_decode::Reader;
use logbuf_log::{Builder, FlushError, Operation, SyncPolicy, WhenFull, info};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::output::{bare_len, folder, log, number, numbers_in, segments, start};
use crate::support::{Session, skip, visit_file};

/// What a logger reported: what could not be done, and why.
#[derive(Clone, Default)]
struct Errors(Arc<Mutex<Vec<(Operation, ErrorKind, String)>>>);

impl Errors {
    fn collect(&self, builder: Builder) -> Builder {
        let errors = self.0.clone();
        builder.on_error(move |error| {
            let error = (error.operation, error.source.kind(), error.to_string());
            errors.lock().expect("nobody panics").push(error);
        })
    }

    fn seen(&self) -> Vec<(Operation, ErrorKind, String)> {
        self.0.lock().expect("nobody panics").clone()
    }

    fn has(&self, operation: Operation, kind: ErrorKind) -> bool {
        self.seen().iter().any(|error| (error.0, error.1) == (operation, kind))
    }
}

/// A writer that does what a list says, again and again.
#[derive(Clone)]
struct Faulty {
    bytes: Arc<Mutex<Vec<u8>>>,
    faults: &'static [Fault],
    next: usize,
}

#[derive(Clone, Copy)]
enum Fault {
    /// Takes so many bytes.
    Short(usize),
    Fails(ErrorKind),
    /// Takes nothing and says so.
    Zero,
    /// Says it took more than there was.
    Lies,
    Panics,
}

impl Write for Faulty {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fault = self.faults[self.next % self.faults.len()];
        self.next += 1;
        match fault {
            Fault::Short(len) => {
                let len = len.min(bytes.len());
                self.bytes.lock().expect("nobody panics").extend_from_slice(&bytes[..len]);
                Ok(len)
            }
            Fault::Fails(kind) => Err(kind.into()),
            Fault::Zero => Ok(0),
            Fault::Lies => Ok(bytes.len() + 1),
            Fault::Panics => panic!("as this test has it"),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(ErrorKind::TimedOut.into())
    }
}

#[test]
fn a_writer_may_fail_in_every_way() {
    // The first goes well, so that the logger starts.
    const FAULTS: &[Fault] = &[
        Fault::Short(1 << 20),
        Fault::Fails(ErrorKind::Interrupted),
        Fault::Short(1),
        Fault::Fails(ErrorKind::TimedOut),
        Fault::Short(77),
        Fault::Zero,
        Fault::Short(4096),
        Fault::Lies,
        Fault::Short(1000),
        Fault::Panics,
    ];
    let _turn = Session::lock();
    let bytes = Arc::default();
    let faulty = Faulty { bytes: Arc::clone(&bytes), faults: FAULTS, next: 0 };
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::to_writer(faulty)));
    log(0..500);
    while guard.flush().is_err() {}
    log(500..1000);
    while guard.flush().is_err() {}
    assert_eq!((guard.stats().written, guard.stats().lost), (1000, 0));
    let failure = guard.sync().expect_err("its flush fails");
    assert!(matches!(failure, FlushError::Write { kind: ErrorKind::TimedOut, .. }), "{failure:?}");
    drop(guard);
    for kind in [ErrorKind::TimedOut, ErrorKind::WriteZero, ErrorKind::Other] {
        assert!(errors.has(Operation::Write, kind), "{kind}: {:?}", errors.seen());
    }
    assert!(errors.has(Operation::Sync, ErrorKind::TimedOut));
    assert!(!errors.has(Operation::Write, ErrorKind::Interrupted), "that is no error");
    let mut reader = Reader::new();
    reader.add_stream("faulty", io::Cursor::new(bytes.lock().expect("nobody panics").clone()));
    let mut numbers = Vec::new();
    reader.for_each(|record| numbers.push(number(record)));
    assert_eq!(numbers, (0..1000).collect::<Vec<_>>());
    assert!(reader.findings().is_empty(), "{:?}", reader.findings());
}

#[test]
fn a_sync_that_fails_is_told_to_those_who_wait_for_it() {
    let _turn = Session::lock();
    const FAULTS: &[Fault] = &[Fault::Short(1 << 20)];
    let faulty = Faulty { bytes: Arc::default(), faults: FAULTS, next: 0 };
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::to_writer(faulty).sync(SyncPolicy::EachWrite)));
    log([0]);
    let failure = guard.flush().expect_err("nothing lasts here");
    assert!(matches!(failure, FlushError::Write { kind: ErrorKind::TimedOut, .. }), "{failure:?}");
    assert_eq!(guard.stats().written, 1, "it is written all the same");
    drop(guard);
    assert!(errors.has(Operation::Sync, ErrorKind::TimedOut));
    assert!(!errors.seen().iter().any(|error| error.0 == Operation::Write));
}

/// Has `harm` done to the live file of a logger, and looks whether what is logged from then on is in the folder.
fn survives(harm: impl FnOnce(&Path)) -> (Errors, tempfile::TempDir) {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path().join("logs/app");
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::new(&path)));
    log(0..100);
    guard.flush().expect("the file can be written");
    let first = guard.path();
    harm(&first);
    log(100..200);
    guard.flush().expect("a fresh file can be written");
    log(200..300);
    guard.flush().expect("a fresh file can be written");
    let second = guard.path();
    assert!(second.ends_with("app.000002.logbuf"), "{}", second.display());
    assert_eq!(guard.stats().lost, 0);
    drop(guard);
    assert_eq!(numbers_in(&[second]), (100..300).collect::<Vec<_>>());
    (errors, folder)
}

#[test]
fn a_folder_that_is_deleted_is_made_again() {
    let (errors, _folder) = survives(|live| {
        let folder = live.parent().expect("the file is in a folder");
        fs::remove_file(live).expect("the file can be deleted");
        // Unless the logger has made the next file already.
        let _deleted = fs::remove_file(folder.join("app.current.logbuf"));
        let _deleted = fs::remove_dir(folder);
    });
    assert!(errors.has(Operation::Write, ErrorKind::NotFound), "{:?}", errors.seen());
    assert!(errors.seen()[0].2.ends_with(": it was deleted"), "{:?}", errors.seen());
}

#[test]
fn a_file_that_is_replaced_is_left_alone() {
    let (errors, folder) = survives(|live| {
        let other = live.with_extension("other");
        fs::write(&other, "of somebody else").expect("a file can be made");
        fs::rename(&other, live).expect("a file can be renamed over another");
    });
    assert!(errors.has(Operation::Write, ErrorKind::NotFound), "{:?}", errors.seen());
    let replaced = fs::read(folder.path().join("logs/app.000001.logbuf"));
    assert_eq!(replaced.expect("the file is there"), b"of somebody else");
}

#[test]
fn a_file_that_is_made_read_only_is_written_on() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    let mut permissions = fs::metadata(guard.path()).expect("the file is there").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(guard.path(), permissions).expect("it is our file");
    log(0..100);
    drop(guard);
    assert_eq!(numbers_in(&segments(folder.path())), (0..100).collect::<Vec<_>>());
}

#[test]
fn a_file_that_cannot_be_changed_any_more_is_followed_by_another() {
    let _turn = Session::lock();
    let folder = folder();
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::new(folder.path().join("app"))));
    log(0..100);
    guard.flush().expect("the file can be written");
    let first = guard.path();
    let set = |flag| Command::new("chattr").arg(flag).arg(&first).output();
    match set("+i") {
        Ok(output) if output.status.success() => {}
        Ok(output) => return skip("chattr +i", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return skip("chattr +i", error),
    }
    log(100..200);
    while guard.flush().is_err() {}
    let second = guard.path();
    drop(guard);
    set("-i").expect("the flag can be taken away again");
    if first == second {
        // Some systems look at the flag when a file is opened, and only then.
        assert_eq!(numbers_in(&[first]), (0..200).collect::<Vec<_>>());
        return skip("a file that cannot be changed", "this file system goes on writing to it");
    }
    assert!(errors.has(Operation::Write, ErrorKind::PermissionDenied), "{:?}", errors.seen());
    assert_eq!(numbers_in(&[second]), (100..200).collect::<Vec<_>>());
    assert_eq!(numbers_of_the_unclosed(&first), (0..100).collect::<Vec<_>>());
}

/// The numbers in a segment that may lack its end.
fn numbers_of_the_unclosed(path: &Path) -> Vec<u64> {
    let mut reader = Reader::new();
    reader.add_file(path);
    let mut numbers = Vec::new();
    reader.for_each(|record| numbers.push(number(record)));
    numbers
}

/// Set for the processes that a test starts.
pub(crate) const CHILD: &str = "LOGBUF_TEST_FAULT";

/// Runs one test of this binary again, by `command`, with a path to log to.
pub(crate) fn again(mut command: Command, test: &str, path: &Path) -> Command {
    command
        .arg(std::env::current_exe().expect("the test knows its own path"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, path);
    command
}

#[test]
fn a_file_that_cannot_grow_is_followed_by_another() {
    if let Some(path) = std::env::var_os(CHILD) {
        return outgrow_a_file(Path::new(&path));
    }
    let folder = folder();
    let mut shell = Command::new("sh");
    // The limit comes with a signal, which the shell turns off.
    shell.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]);
    let test = "faults::a_file_that_cannot_grow_is_followed_by_another";
    let status = again(shell, test, &folder.path().join("app")).status();
    assert!(status.expect("the test can be started again").success());
}

fn outgrow_a_file(path: &Path) {
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::new(path)));
    // Far more than what each file begins with.
    log(0..100_000);
    guard.flush().expect("there is no limit yet");
    let first = guard.path();
    let limit = getrlimit(Resource::Fsize);
    let size = fs::metadata(&first).expect("the file is there").len();
    let at_its_limit = Rlimit { current: Some(size + 100), maximum: limit.maximum };
    setrlimit(Resource::Fsize, at_its_limit).expect("a limit can be lowered");
    log(100_000..100_100);
    while guard.flush().is_err() {}
    let second = guard.path();
    assert_ne!(first, second);
    drop(guard);
    assert!(errors.has(Operation::Write, ErrorKind::FileTooLarge), "{:?}", errors.seen());
    assert_eq!(numbers_of_the_unclosed(&first), (0..100_000).collect::<Vec<_>>());
    assert_eq!(numbers_in(&[second]), (100_000..100_100).collect::<Vec<_>>());
}

/// A small disk of our own.
struct Disk(PathBuf);

impl Disk {
    /// `None`, and a message, where file systems cannot be mounted.
    fn mount(path: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir_all(&path).expect("a folder can be made");
        let size = format!("size={size}");
        let output =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).output();
        match output {
            Ok(output) if output.status.success() => return Some(Self(path)),
            Ok(output) => skip("a full disk", String::from_utf8_lossy(&output.stderr)),
            Err(error) => skip("a full disk", error),
        }
        None
    }

    /// Fills it to the last byte, with a file that can be deleted again.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("ballast");
        let mut file = fs::File::create(&path).expect("a file can be made");
        while file.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let status = Command::new("umount").arg("--lazy").arg(&self.0).status();
        assert!(status.is_ok_and(|status| status.success()), "{} is mounted", self.0.display());
    }
}

#[test]
fn a_full_disk_is_waited_for() {
    const ALL: u64 = 20_000;
    let _turn = Session::lock();
    let folder = folder();
    let Some(disk) = Disk::mount(folder.path().join("disk"), "8m") else { return };
    let errors = Errors::default();
    let guard = start(errors.collect(Builder::new(disk.0.join("app"))));
    log(0..1000);
    guard.flush().expect("there is room yet");
    let ballast = disk.fill();
    log(1000..ALL);
    let failure = guard.flush().expect_err("the disk is full");
    assert!(
        matches!(failure, FlushError::Write { kind: ErrorKind::StorageFull, .. }),
        "{failure:?}"
    );
    guard.rotate().expect_err("the disk is full");
    fs::remove_file(ballast).expect("the ballast is there");
    while guard.flush().is_err() {}
    assert_eq!((guard.stats().written, guard.stats().lost), (ALL, 0));
    drop(guard);
    assert!(errors.has(Operation::Write, ErrorKind::StorageFull), "{:?}", errors.seen());
    assert_eq!(numbers_in(&segments(&disk.0)), (0..ALL).collect::<Vec<_>>());
}

#[test]
fn a_disk_that_is_full_of_old_segments_is_tidied() {
    let _turn = Session::lock();
    let size = bare_len() + 100_000;
    // Records of 8 bytes at least: for twelve segments, of which not eight fit.
    let all = size * 3 / 2;
    let folder = folder();
    let disk = Disk::mount(folder.path().join("disk"), &format!("{}k", 8 * size / 1024));
    let Some(disk) = disk else { return };
    let builder = Builder::new(disk.0.join("app"))
        .when_full(WhenFull::Block(std::time::Duration::from_secs(60)))
        .rotate_at(size)
        .keep_free(2 * size);
    let guard = start(builder);
    log(0..all);
    while guard.flush().is_err() {}
    assert_eq!((guard.stats().written, guard.stats().lost), (all, 0));
    drop(guard);
    let kept = numbers_in(&segments(&disk.0));
    assert!(kept.len() < all as usize, "all of it fits");
    // What is there is the end of it.
    assert_eq!(kept, (all - kept.len() as u64..all).collect::<Vec<_>>());
}

/// Has calls of the system fail in a process that runs the same test, and logs `ALL` records into its one file. What the logger of
/// that process reports is checked there.
fn inject(test: &str, injections: &[&str], check: impl FnOnce(&Errors)) {
    const ALL: u64 = 2000;
    if let Some(path) = std::env::var_os(CHILD) {
        let errors = Errors::default();
        let guard = start(errors.collect(Builder::new(path)));
        for round in 0..ALL / 100 {
            log(100 * round..100 * (round + 1));
            while guard.flush().is_err() {}
        }
        let stats = guard.stats();
        assert_eq!((stats.written, stats.lost), (ALL, 0));
        drop(guard);
        return check(&errors);
    }
    match Command::new("strace").args(["-o", "/dev/null", "true"]).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => return skip("strace", String::from_utf8_lossy(&output.stderr)),
        Err(error) => return skip("strace", error),
    }
    let folder = folder();
    let file = folder.path().join("app.000001.logbuf");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=write,fsync", "-P"]).arg(&file);
    strace.args(injections.iter().flat_map(|injection| ["-e", injection]));
    let mut traced = again(strace, &format!("faults::{test}"), &folder.path().join("app"));
    assert!(traced.status().expect("strace can be started").success());
    assert_eq!(numbers_in(&segments(folder.path())), (0..ALL).collect::<Vec<_>>());
}

#[test]
fn calls_of_the_system_that_fail_cost_nothing() {
    let injections = ["inject=write:error=EIO:when=3+4", "inject=fsync:error=EIO"];
    inject("calls_of_the_system_that_fail_cost_nothing", &injections, |errors| {
        assert!(errors.seen().iter().any(|error| error.0 == Operation::Write), "none was injected");
        assert!(errors.seen().iter().any(|error| error.0 == Operation::Sync), "none was injected");
    });
}

#[test]
fn calls_of_the_system_that_are_interrupted_are_no_errors() {
    // The first write of three, and every second sync.
    let injections = ["inject=write:error=EINTR:when=1+3", "inject=fsync:error=EINTR:when=1+2"];
    inject("calls_of_the_system_that_are_interrupted_are_no_errors", &injections, |errors| {
        assert_eq!(errors.seen(), []);
    });
}

#[test]
fn a_guard_dropped_while_threads_log_leaves_nothing_out() {
    let _turn = Session::lock();
    let folder = folder();
    let builder = || {
        let patience = std::time::Duration::from_secs(60);
        Builder::new(folder.path().join("app")).when_full(WhenFull::Block(patience))
    };
    let first = start(builder());
    let stop = AtomicBool::new(false);
    let mut written = 0;
    std::thread::scope(|scope| {
        for thread in 0..3_u64 {
            let stop = &stop;
            scope.spawn(move || {
                let numbers = (thread << 32..).take_while(|_| !stop.load(Ordering::Relaxed));
                log(numbers);
            });
        }
        while first.stats().written < 10_000 {
            first.flush().expect("the file can be written");
        }
        let handle = first.handle();
        drop(first);
        assert_eq!(handle.flush(), Err(FlushError::Stopped));
        let second = start(builder());
        while second.stats().written < 10_000 {
            second.flush().expect("the file can be written");
        }
        stop.store(true, Ordering::Relaxed);
        drop(second);
    });
    // What was logged while the second ended is left to the third.
    drop(start(builder()));
    let mut last = [None; 3];
    let mut gaps = [0; 3];
    for file in segments(folder.path()) {
        let lost = visit_file(&file, |record| {
            let number = number(record);
            let thread = (number >> 32) as usize;
            let before: Option<u64> = last[thread].replace(number);
            let expected = before.map_or((thread as u64) << 32, |before| before + 1);
            assert!(number >= expected, "{number:#x} comes behind {before:?}");
            gaps[thread] += u32::from(number > expected);
            written += 1;
        });
        assert_eq!(lost, []);
    }
    assert!(written >= 20_000, "{written} records");
    // While there was no logger, and in a record or two around its start and end, the calls were switched off.
    assert!(gaps.iter().all(|gaps| *gaps <= 4), "{gaps:?}");
}

#[test]
fn a_kill_at_any_moment_of_a_rotation_leaves_readable_files() {
    if let Some(path) = std::env::var_os(CHILD) {
        let guard = start(Builder::new(path).keep_files(4));
        println!("started");
        for number in 0.. {
            log([number]);
            guard.rotate().expect("a segment can be begun");
        }
    }
    let test = "faults::a_kill_at_any_moment_of_a_rotation_leaves_readable_files";
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    for _ in 0..8 {
        let folder = folder();
        let path = folder.path().join("app");
        let mut command = again(Command::new("env"), test, &path);
        // A process has what is locked here, too, until it runs its own program.
        let turn = Session::lock();
        let mut child = command.stdout(Stdio::null()).spawn().expect("it can be started again");
        drop(turn);
        // A few rotations, and then wherever it is after a random number of looks at the folder.
        while !folder.path().join("app.000006.logbuf").exists() {
            std::thread::yield_now();
        }
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        for _ in 0..random % 64 {
            let _looked = segments(folder.path());
        }
        child.kill().expect("it runs until it is killed");
        child.wait().expect("it was killed");
        let files = segments(folder.path());
        // The live one, and the one before or behind it.
        let (closed, unclosed) = files.split_at(files.len().saturating_sub(2));
        let mut numbers = numbers_in(closed);
        for file in unclosed.iter().filter(|file| fs::metadata(file).is_ok_and(|it| it.len() > 0)) {
            let mut reader = Reader::new();
            reader.add_file(file);
            reader.for_each(|record| numbers.push(number(record)));
            let findings: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
            assert!(findings.len() <= 1, "{findings:?}");
        }
        let first = numbers[0];
        assert_eq!(numbers, (first..first + numbers.len() as u64).collect::<Vec<_>>());
        start_again(&path);
    }
}

/// Starts the logger again where it was killed, and ends it.
fn start_again(path: &Path) {
    let _turn = Session::lock();
    let guard = start(Builder::new(path));
    info!("again");
    guard.flush().expect("the file can be written");
}
