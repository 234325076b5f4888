//! What a process that dies leaves behind, and how it comes back.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use logbuf_decode::Reader;
use logbuf_log::recover::{self, Options, RecoverError, State};
use logbuf_log::{Builder, CrashSafe, FlightRecorder, Notice, WhenFull, debug, info};
use tempfile::TempDir;

use crate::support::{Session, Shown, numbers, visit_file};

pub(crate) const FOLDER: &str = "LOGBUF_TEST_FOLDER";
const THREADS: u64 = 4;

/// The folders of one test: logs, sessions, and a ledger of what was acknowledged.
pub(crate) struct Scene(pub(crate) TempDir);

impl Scene {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.0.path().join("logs")
    }

    pub(crate) fn place(&self) -> CrashSafe {
        place(self.0.path())
    }

    /// Runs a child of this test binary until it says that it is ready.
    pub(crate) fn child(&self, name: &str) -> Child {
        let mut child = Command::new(env::current_exe().expect("it is this program"))
            .args(["--exact", name, "--nocapture"])
            .env(FOLDER, self.0.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be run");
        let mut output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let mut line = String::new();
        while line != "ready\n" {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("it is text"), 0, "the child ended");
        }
        child.stdout = Some(output.into_inner());
        child
    }

    /// For each thread, how many of its calls have returned at least.
    pub(crate) fn ledger(&self) -> Vec<u64> {
        let bytes = fs::read(self.0.path().join("ledger")).expect("the child made it");
        bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
            .collect()
    }

    pub(crate) fn sessions(&self) -> Vec<(String, State)> {
        let found = recover::sessions(&self.place()).expect("the place can be read");
        found.into_iter().map(|found| (found.name, found.state)).collect()
    }

    /// Recovers all that is dead, and says how many records that were.
    pub(crate) fn recover(&self) -> u64 {
        let recovered = self.sessions().into_iter().map(|(name, state)| {
            assert_eq!(state, State::Dead, "{name}");
            let report = recover::recover(&self.place(), &name, &Options::default());
            report.expect("it can be recovered").records
        });
        recovered.sum()
    }

    /// Reads all files.
    pub(crate) fn reader(&self) -> Reader {
        let mut reader = Reader::new();
        for entry in fs::read_dir(self.logs()).expect("the child made it") {
            let path = entry.expect("it is there").path();
            if path.extension().is_some_and(|extension| extension == "logbuf") && !path.is_symlink()
            {
                reader.add_file(path);
            }
        }
        reader
    }

    /// Decodes all files, and compares each thread's records with what was acknowledged.
    fn check(&self) {
        let mut seen = BTreeMap::<u64, u64>::new();
        self.reader().for_each(|record| {
            let [thread, sequence] = numbers(record.values());
            let next = seen.entry(thread).or_default();
            assert_eq!(sequence, *next, "thread {thread}");
            assert_eq!(record.thread().to_string(), format!("worker-{thread}"));
            *next += 1;
        });
        for (thread, acknowledged) in self.ledger().into_iter().enumerate() {
            let seen = seen.get(&(thread as u64)).copied().unwrap_or(0);
            assert!(
                (acknowledged..=acknowledged + 1).contains(&seen),
                "thread {thread}: {acknowledged} acknowledged, {seen} found"
            );
        }
    }
}

pub(crate) fn place(folder: &Path) -> CrashSafe {
    CrashSafe::Dir(folder.join("sessions"))
}

/// Logs from some threads until it is killed. Does nothing unless it is run by a test.
#[test]
fn child_that_logs_until_it_is_killed() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .when_full(WhenFull::Block(Duration::MAX))
        .ignore_env()
        .start()
        .expect("the logger starts");
    assert_eq!((guard.stats().private_rings, guard.stats().unlisted_sites), (0, 0));
    let ledger = fs::File::create(folder.join("ledger")).expect("the folder is there");
    thread::scope(|scope| {
        for number in 0..THREADS {
            let ledger = &ledger;
            let work = move || {
                for sequence in 0_u64.. {
                    info!("{number} {sequence}");
                    ledger
                        .write_all_at(&(sequence + 1).to_le_bytes(), number * 8)
                        .expect("the ledger can be written");
                    if (number, sequence) == (0, 5000) {
                        println!("\nready");
                    }
                }
            };
            let thread = thread::Builder::new().name(format!("worker-{number}"));
            thread.spawn_scoped(scope, work).expect("threads can be made");
        }
    });
}

#[test]
fn every_record_comes_back_from_a_process_that_was_killed() {
    let mut recovered = 0;
    for _ in 0..5 {
        let scene = Scene::new();
        let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
        child.kill().expect("it is a child");
        child.wait().expect("it is a child");
        recovered += scene.recover();
        assert_eq!(scene.sessions(), []);
        scene.check();
    }
    assert!(recovered > 0, "the files held everything each time");
}

/// How many records a child logs that aborts: half of them before a flush.
const ABORTED: u64 = 2000;

/// Logs and aborts. Does nothing unless it is run by a test.
#[test]
fn child_that_aborts() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .flush_interval(Duration::from_secs(1))
        .ignore_env()
        .start()
        .expect("the logger starts");
    for number in 0..ABORTED {
        info!("{number}");
        if number == ABORTED / 2 {
            guard.flush().expect("the file can be written");
        }
    }
    assert_eq!(guard.stats().lost, 0);
    println!("\nready");
    std::process::abort();
}

#[test]
fn an_abort_loses_nothing() {
    let scene = Scene::new();
    let status = scene.child("recovery::child_that_aborts").wait().expect("it is a child");
    assert_eq!(status.code(), None, "a signal ends it");
    let mut written = 0;
    scene.reader().for_each(|_| written += 1);
    assert!(written > ABORTED / 2, "what was flushed is in the file");
    assert_eq!(written + scene.recover(), ABORTED);
    let mut found = Vec::new();
    scene.reader().for_each(|record| found.extend(numbers::<1>(record.values())));
    assert_eq!(found, (0..ABORTED).collect::<Vec<_>>());
}

/// Logs, and becomes another program. Does nothing unless it is run by a test.
#[test]
fn child_that_becomes_another_program() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let _guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .ignore_env()
        .start()
        .expect("the logger starts");
    let ledger = fs::File::create(folder.join("ledger")).expect("the folder is there");
    let log = move || {
        for sequence in 0_u64..100 {
            info!("{} {sequence}", 0_u64);
        }
        ledger.write_all_at(&100_u64.to_le_bytes(), 0).expect("the ledger can be written");
    };
    let thread = thread::Builder::new().name("worker-0".to_owned()).spawn(log);
    thread.expect("threads can be made").join().expect("it ends by itself");
    let error = Command::new("sh").args(["-c", "echo; echo ready; exec sleep 600"]).exec();
    panic!("{error}");
}

#[test]
fn exec_leaves_a_session_that_can_be_recovered() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_becomes_another_program");
    // The process lives, and has nothing to do with the session any more.
    scene.recover();
    scene.check();
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
}

#[test]
fn a_session_that_lives_is_left_alone() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
    let sessions = scene.sessions();
    let [(name, State::Alive)] = &sessions[..] else { panic!("{sessions:?}") };
    let refused = recover::recover(&scene.place(), name, &Options::default());
    assert!(matches!(refused, Err(RecoverError::Alive { .. })), "{refused:?}");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    scene.recover();
    scene.check();
}

#[test]
fn the_next_start_of_the_same_logger_recovers() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let _turn = Session::lock();
    let before = recovered();
    let guard = Builder::new(scene.logs().join("app"))
        .crash_safe(scene.place())
        .on_notice(|_| {})
        .ignore_env()
        .start()
        .expect("the logger starts");
    let found = guard.stats().recovered;
    drop(guard);
    assert!(found >= before);
    scene.check();
}

/// What a start of the logger called `stem` says of the recovery.
fn told_by_a_start(scene: &Scene, stem: &str) -> Vec<String> {
    let (send, told) = mpsc::channel();
    let guard = Builder::new(scene.logs().join(stem))
        .crash_safe(scene.place())
        .on_notice(move |notice| match notice {
            Notice::NotRecovered { .. } | Notice::Recovered { .. } => {
                let _nobody_listens = send.send(notice.to_string());
            }
            _ => {}
        })
        .ignore_env()
        .start()
        .expect("the logger starts");
    drop(guard);
    told.iter().collect()
}

#[test]
fn a_start_tells_of_a_session_that_may_be_its_own_and_cannot_be_read() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let (name, _) = scene.sessions().remove(0);
    let header = scene.0.path().join("sessions").join(&name).join("session");
    let good = fs::read(&header).expect("it is there");
    let mut newer = good.clone();
    newer[8] += 1;
    let _turn = Session::lock();
    for (bytes, reason) in [(&[7; 100][..], "is not that of a session"), (&newer, "of layout")] {
        fs::write(&header, bytes).expect("it can be written");
        assert_eq!(told_by_a_start(&scene, "other"), [] as [&str; 0]);
        let told = told_by_a_start(&scene, "app");
        assert!(told.len() == 1 && told[0].contains(&name), "{told:?}");
        assert!(told[0].contains(reason), "{told:?}");
    }
    fs::write(&header, good).expect("it can be written");
    assert_eq!(scene.sessions().len(), 1, "it is still there");
    let recovery = told_by_a_start(&scene, "app");
    assert!(recovery.len() <= 1 && scene.sessions().is_empty(), "{recovery:?}");
    scene.check();
}

/// Has no shared memory but for the shared ring. Does nothing unless it is run by a test.
#[test]
fn child_with_little_shared_memory() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (send, told) = mpsc::channel();
    let guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .shared_memory(300 << 10)
        .on_notice(move |notice| send.send(notice.to_string()).expect("it is listened to"))
        .ignore_env()
        .start()
        .expect("the logger starts");
    let log = |i: u64| thread::spawn(move || info!("{i}")).join().expect("it ends");
    (0..4).for_each(log);
    info!("{}", 4);
    assert!(guard.stats().private_rings > 1);
    drop(guard);
    let told: Vec<_> = told.iter().collect();
    assert!(told.len() == 1 && told[0].contains("for want of shared memory"), "{told:?}");
    println!("\nready");
}

#[test]
fn rings_without_room_in_shared_memory_are_told_once() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_with_little_shared_memory");
    assert!(child.wait().expect("it is a child").success());
}

#[test]
fn a_session_whose_lock_somebody_removed_is_recovered_when_its_process_is_dead() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
    let (name, _) = scene.sessions().remove(0);
    let lock = scene.0.path().join("sessions").join(format!("{name}.lock"));
    fs::remove_file(&lock).expect("it is there");
    assert_eq!(scene.sessions(), [(name.clone(), State::Alive)], "its process has the rings");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    fs::remove_file(&lock).expect("it was made anew");
    assert_eq!(scene.sessions(), [(name, State::Dead)]);
    fs::remove_file(&lock).expect("it was made anew");
    let _turn = Session::lock();
    told_by_a_start(&scene, "app");
    assert_eq!(scene.sessions(), []);
    scene.check();
}

/// Hidden files in the folder of the log.
fn unfinished(scene: &Scene) -> usize {
    let entries = fs::read_dir(scene.logs()).expect("it is there");
    let names = entries.map(|entry| entry.expect("it is there").file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".recovering")).count()
}

#[test]
fn a_recovery_that_fails_leaves_no_file() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_with_a_flight_recorder");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let (name, _) = scene.sessions().remove(0);
    // There is no number left for another segment.
    let last = scene.logs().join(format!("app.{}.recovered.logbuf", u64::MAX));
    fs::write(&last, []).expect("it can be written");
    let refused = recover::recover(&scene.place(), &name, &Options::default());
    assert!(matches!(refused, Err(RecoverError::WriteSegment { .. })), "{refused:?}");
    assert_eq!((scene.sessions().len(), unfinished(&scene)), (1, 0));
    fs::remove_file(last).expect("it is there");
    assert!(scene.recover() > 0);
}

#[test]
fn what_a_killed_recovery_left_is_swept_once_its_session_is_gone() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_with_a_flight_recorder");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let (name, _) = scene.sessions().remove(0);
    let (_, id) = name.rsplit_once('-').expect("it ends with a number");
    let own = scene.logs().join(format!(".app.{id}.recovering"));
    let others = scene.logs().join(".other.0123456789abcdef.recovering");
    for path in [&own, &others] {
        fs::write(path, "cut short").expect("it can be written");
    }
    // Recovered into another folder.
    let mut options = Options::default();
    let elsewhere = scene.0.path().join("else/where");
    options.folder = Some(elsewhere.clone());
    let report = recover::recover(&scene.place(), &name, &options).expect("it can be recovered");
    assert_eq!(report.path.as_deref().and_then(Path::parent), Some(&*elsewhere));
    assert!(own.exists());
    let _turn = Session::lock();
    told_by_a_start(&scene, "app");
    assert!(!own.exists() && others.exists());
}

/// Records that this process has recovered so far.
fn recovered() -> u64 {
    let (builder, _memory) = Builder::in_memory();
    let guard = builder.ignore_env().start().expect("the logger starts");
    guard.stats().recovered
}

mod process {
    //! What the standard library has no names for.

    unsafe extern "C" {
        pub(super) fn fork() -> i32;
        pub(super) safe fn _exit(status: i32) -> !;
    }
}

#[test]
fn a_forked_child_has_rings_of_its_own() {
    let session = Session::start();
    let scene = Scene::new();
    info!("parent {}", 1);
    // SAFETY: the child logs, starts threads and exits, as such children do; the C library sees to its own locks.
    let pid = unsafe { process::fork() };
    if pid == 0 {
        let logged = std::panic::catch_unwind(|| {
            info!("nobody hears this {}", 1);
            let guard = Builder::new(scene.logs().join("app"))
                .crash_safe(scene.place())
                .ignore_env()
                .start()
                .expect("the logger starts");
            info!("child {}", 2);
            thread::spawn(|| info!("thread of the child {}", 3)).join().expect("it ends");
            drop(guard);
        });
        process::_exit(i32::from(logged.is_err()));
    }
    let pid = rustix::process::Pid::from_raw(pid).expect("there is a child");
    let (_, status) = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty())
        .expect("it is a child")
        .expect("it was waited for");
    assert_eq!(status.exit_status(), Some(0));
    info!("parent {}", 4);
    let file = scene.logs().join("app.000001.logbuf");
    let mut messages = Vec::new();
    visit_file(&file, |record| messages.push(Shown::new(record).message));
    assert_eq!(messages, ["child 2", "thread of the child 3"]);
    assert_eq!(session.messages(), ["parent 1", "parent 4"]);
}

/// A child knows nothing of the spans that its parent was in.
#[cfg(feature = "tracing")]
#[test]
fn a_child_that_is_forked_in_a_span_is_in_none() {
    use tracing::info_span;
    use tracing_subscriber::prelude::*;
    let session = Session::start();
    let scene = Scene::new();
    let subscriber = tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new());
    let _default = tracing::subscriber::set_default(subscriber);
    let outer = info_span!("outer", id = 7);
    let entered = outer.enter();
    tracing::info!("parent 1");
    // SAFETY: the child logs and exits, as such children do; the C library sees to its own locks.
    let pid = unsafe { process::fork() };
    if pid == 0 {
        let logged = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            tracing::info!("nobody hears this");
            let guard = Builder::new(scene.logs().join("app"))
                .crash_safe(scene.place())
                .ignore_env()
                .start()
                .expect("the logger starts");
            tracing::info!("child 1");
            info_span!("own").in_scope(|| tracing::info!("child 2"));
            drop(entered);
            outer.in_scope(|| tracing::info!("child 3"));
            info_span!("own").in_scope(|| tracing::info!("child 4"));
            drop(guard);
        }));
        process::_exit(i32::from(logged.is_err()));
    }
    let pid = rustix::process::Pid::from_raw(pid).expect("there is a child");
    let (_, status) = rustix::process::waitpid(Some(pid), rustix::process::WaitOptions::empty())
        .expect("it is a child")
        .expect("it was waited for");
    assert_eq!(status.exit_status(), Some(0));
    tracing::info!("parent 2");
    drop(entered);
    tracing::info!("parent 3");
    let mut found = Vec::new();
    visit_file(&scene.logs().join("app.000001.logbuf"), |record| {
        let spans: Vec<_> = record.spans().iter().map(|span| span.name().to_owned()).collect();
        found.push(format!("{}: {}", spans.join(":"), Shown::new(record).message));
    });
    assert_eq!(found, [": child 1", "own: child 2", ": child 3", "own: child 4"]);
    let (lost, lines) = crate::support::spanned(session);
    assert_eq!(lost, []);
    assert_eq!(lines, ["outer{id=7}: parent 1", "outer{id=7}: parent 2", "parent 3"]);
}

#[test]
fn a_damaged_session_is_no_danger() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_that_logs_until_it_is_killed");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let (name, _) = scene.sessions().remove(0);
    let sessions = scene.0.path().join("sessions");
    let folder = sessions.join(&name);
    let files: Vec<_> = fs::read_dir(&folder)
        .expect("it is there")
        .map(|entry| entry.expect("it is there").path())
        .map(|path| (path.clone(), fs::read(path).expect("it can be read")))
        .collect();
    let mut random = 0x9E37_79B9_7F4A_7C15_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize % bound
    };
    let mut options = Options::default();
    options.discard = true;
    let mut damaged = 0;
    for round in 0..200 {
        let (path, good) = &files[round % files.len()];
        let mut bad = good.clone();
        for _ in 0..1 + below(8) {
            // Mostly where the numbers are that matter.
            let anywhere = below(4) == 0;
            let at = below(if anywhere { bad.len() } else { bad.len().min(8192) });
            let any = below(256) as u8;
            bad[at] = [0, 1, 0x7F, 0x80, 0xFF, any][below(6)];
        }
        if below(8) == 0 {
            let len = below(bad.len());
            bad.truncate(len);
        }
        fs::create_dir_all(&folder).expect("it can be made");
        fs::write(sessions.join(format!("{name}.lock")), []).expect("it can be written");
        files.iter().for_each(|(path, good)| fs::write(path, good).expect("it can be written"));
        fs::write(path, &bad).expect("it can be written");
        match recover::recover(&scene.place(), &name, &options) {
            Ok(report) => damaged += usize::from(!report.damage.is_empty()),
            Err(error) => panic!("{}: {error}", path.display()),
        }
        assert_eq!(scene.sessions(), []);
        for entry in fs::read_dir(scene.logs()).expect("it is there") {
            let path = entry.expect("it is there").path();
            if path.to_string_lossy().contains("recover") {
                fs::remove_file(path).expect("it can be removed");
            }
        }
    }
    assert!(damaged > 0, "some of it is noticed");
}

/// Records of the child with a flight recorder; one in so many is kept.
const HELD: u64 = 2000;
const KEPT: u64 = 10;

/// Logs with a flight recorder, and waits to be killed. Does nothing unless it is run by a test.
#[test]
fn child_with_a_flight_recorder() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .flight_recorder(FlightRecorder::new())
        .ignore_env()
        .start()
        .expect("the logger starts");
    thread::scope(|scope| {
        let worker = || {
            let (first, second) = (0_u64, 1_u64);
            for i in 0..HELD {
                if i % KEPT == 0 {
                    info!("{first} {i}");
                } else {
                    debug!("{first} {i}");
                }
                // Blocks of what is kept, in two segments, and one dump of what was held until then.
                match i {
                    _ if i == HELD / 4 => guard.dump("a quarter").expect("it can be written"),
                    _ if i == HELD / 2 => guard.rotate().expect("the next segment can be made"),
                    _ if i % 100 == 99 => guard.flush().expect("it can be written"),
                    _ => {}
                }
            }
            // Another ring, all of which is in the file.
            thread::scope(|scope| {
                scope.spawn(move || (0..HELD).for_each(|i| info!("{second} {i}")));
            });
            guard.flush().expect("it can be written");
            println!("\nready");
            loop {
                thread::park();
            }
        };
        scope.spawn(worker);
    });
}

#[test]
fn what_a_flight_recorder_held_comes_back_from_a_process_that_was_killed() {
    let scene = Scene::new();
    let mut child = scene.child("recovery::child_with_a_flight_recorder");
    child.kill().expect("it is a child");
    child.wait().expect("it is a child");
    let behind_the_dump = (HELD / 4..HELD).filter(|i| i % KEPT != 0).count() as u64;
    assert_eq!(scene.recover(), behind_the_dump);
    assert_eq!(scene.sessions(), []);

    let mut seen = [Vec::new(), Vec::new()];
    scene.reader().for_each(|record| {
        if record.target().starts_with("logbuf::") {
            return;
        }
        let [thread, sequence] = numbers(record.values());
        seen[thread as usize].push(sequence);
        // What was held back is told from what was on its way, as in a dump.
        assert_eq!(record.is_dumped(), thread == 0 && sequence % KEPT != 0, "{thread} {sequence}");
    });
    for sequences in &mut seen {
        sequences.sort_unstable();
        assert!(sequences.iter().copied().eq(0..HELD), "{sequences:?}");
    }
}
