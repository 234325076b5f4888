//! What a process that dies leaves behind, and how it comes back.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use std::{env, fs, thread};

use logbuf_decode::Reader;
use logbuf_log::recover::{self, Options, State};
use logbuf_log::{Builder, CrashSafe, WhenFull, info};
use tempfile::TempDir;

use crate::support::numbers;

const FOLDER: &str = "LOGBUF_TEST_FOLDER";
const THREADS: u64 = 4;

/// The folders of one test: logs, sessions, and a ledger of what was acknowledged.
struct Scene(TempDir);

impl Scene {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder can be made"))
    }

    fn logs(&self) -> PathBuf {
        self.0.path().join("logs")
    }

    fn place(&self) -> CrashSafe {
        place(self.0.path())
    }

    /// Runs a child of this test binary until it says that it is ready.
    fn child(&self, name: &str) -> Child {
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
    fn ledger(&self) -> Vec<u64> {
        let bytes = fs::read(self.0.path().join("ledger")).expect("the child made it");
        bytes
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().expect("8 bytes")))
            .collect()
    }

    fn sessions(&self) -> Vec<(String, State)> {
        let found = recover::sessions(&self.place()).expect("the place can be read");
        found.into_iter().map(|found| (found.name, found.state)).collect()
    }

    /// Recovers all that is dead, and says how many records that were.
    fn recover(&self) -> u64 {
        let recovered = self.sessions().into_iter().map(|(name, state)| {
            assert_eq!(state, State::Dead, "{name}");
            let report = recover::recover(&self.place(), &name, &Options::default());
            report.expect("it can be recovered").records
        });
        recovered.sum()
    }

    /// Decodes all files, and compares each thread's records with what was acknowledged.
    fn check(&self) {
        let mut seen = BTreeMap::<u64, u64>::new();
        let mut reader = Reader::new();
        for entry in fs::read_dir(self.logs()).expect("the child made it") {
            let path = entry.expect("it is there").path();
            if path.extension().is_some_and(|extension| extension == "logbuf") && !path.is_symlink()
            {
                reader.add_file(path);
            }
        }
        reader.for_each(|record| {
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

fn place(folder: &Path) -> CrashSafe {
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
