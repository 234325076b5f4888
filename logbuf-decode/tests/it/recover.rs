//! Salvaging what killed processes left, by the command.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{slice, thread};

use logbuf_log::{Builder, CrashSafe, info};
use tempfile::TempDir;

use crate::command::{folder, run};

const FOLDER: &str = "LOGBUF_TEST_FOLDER";

/// Records of the process that is killed: they fit its ring, and nobody writes them.
const RECORDS: usize = 100;

/// A process that logs into `logs/app` and keeps its rings in `sessions`; killed at the end in any case.
struct Process {
    child: Child,
    name: String,
}

impl Process {
    /// Starts one in `folder`, beside those that are there.
    fn start(folder: &Path) -> Self {
        let before = sessions(folder);
        let mut child = Command::new(env::current_exe().expect("it is this program"))
            .args(["--exact", "recover::process_that_logs", "--nocapture"])
            .env(FOLDER, folder)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be run");
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        let is_ready = output.lines().map_while(Result::ok).any(|line| line == "ready");
        assert!(is_ready, "the process ended");
        let mut names = sessions(folder).into_iter().filter(|name| !before.contains(name));
        let name = names.next().expect("it has a session");
        Self { child, name }
    }

    /// Starts one and kills it; the name of its session.
    fn killed(folder: &Path) -> String {
        Self::start(folder).name.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().expect("it is a child");
        self.child.wait().expect("it is a child");
    }
}

/// Logs, and waits to be killed. Does nothing unless it is run by a test.
#[test]
fn process_that_logs() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (_guard, _writer) = Builder::new(folder.join("logs/app"))
        .crash_safe(CrashSafe::Dir(folder.join("sessions")))
        .recover(false)
        .ignore_env()
        .manual()
        .expect("the logger starts");
    let worker = thread::Builder::new().name("worker".to_owned());
    let work = || {
        (0..RECORDS).for_each(|i| info!("record {i}"));
        println!("\nready");
        loop {
            thread::park();
        }
    };
    worker.spawn(work).expect("threads can be made");
    loop {
        thread::park();
    }
}

/// The names of the sessions in a folder.
fn sessions(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder.join("sessions")).into_iter().flatten();
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    let locks = paths.filter(|path| path.extension() == Some(OsStr::new("lock")));
    locks
        .map(|path| path.file_stem().expect("a name").to_str().expect("UTF-8").to_owned())
        .collect()
}

/// Runs `logbuf-decode recover` for the sessions in `folder`.
fn recover(folder: &TempDir, args: &[&str]) -> (String, String, i32) {
    run(folder.path(), &[&["recover", "--from", "sessions"], args].concat())
}

/// Messages in the log.
fn records(folder: &TempDir) -> usize {
    let (stdout, stderr, status) = run(folder.path(), &["logs"]);
    // The segment that was being written has no end.
    assert!(status == 0, "{stderr}");
    stdout.lines().filter(|line| line.contains("record ")).count()
}

#[test]
fn nothing_to_recover() {
    let folder = folder();
    let missing = "logbuf-decode: error: there is no folder sessions\n".to_owned();
    for args in [&[][..], &["--all"]] {
        assert_eq!(recover(&folder, args), (String::new(), missing.clone(), 2));
    }
    fs::create_dir(folder.path().join("sessions")).expect("it can be made");
    let nothing = (String::new(), String::new(), 0);
    assert_eq!(recover(&folder, &[]), nothing);
    assert_eq!(recover(&folder, &["--all"]), nothing);
    let (stdout, stderr, status) = recover(&folder, &["app-1-0123456789abcdef"]);
    let expected = "logbuf-decode: error: there is no session \"app-1-0123456789abcdef\"\n";
    assert_eq!((stdout.as_str(), stderr.as_str(), status), ("", expected, 2));
}

#[test]
fn dead_and_living_sessions_are_listed_and_only_the_dead_are_salvaged() {
    let folder = folder();
    let dead = Process::killed(folder.path());
    let living = Process::start(folder.path());
    let log = fs::canonicalize(folder.path()).expect("it is there").join("logs/app");
    let mut expected = [
        format!("dead   {dead}  {}\n", log.display()),
        format!("alive  {}  {}\n", living.name, log.display()),
    ];
    expected.sort_by_key(|line| line.split_whitespace().nth(1).map(str::to_owned));
    assert_eq!(recover(&folder, &[]), (expected.concat(), String::new(), 0));

    let (stdout, stderr, status) = recover(&folder, &[&living.name]);
    let refusal = format!(
        "logbuf-decode: error: the session {:?} is alive, or is being recovered\n",
        living.name
    );
    assert_eq!((stdout.as_str(), stderr, status), ("", refusal, 2));

    let (stdout, stderr, status) = recover(&folder, &["--all"]);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    let lines: Vec<_> = stdout.lines().collect();
    assert!(
        lines[0].starts_with(&format!("recovered {RECORDS} records of 1 thread of process ")),
        "{stdout}"
    );
    assert!(lines[0].ends_with(".recovered.logbuf"), "{stdout}");
    assert!(lines[1].starts_with("  from 2"), "{stdout}");
    assert!(lines[2].trim_start().starts_with(&format!("{RECORDS} worker [")), "{stdout}");
    assert_eq!(lines.len(), 3, "{stdout}");
    assert_eq!(sessions(folder.path()), *slice::from_ref(&living.name));
    assert_eq!(records(&folder), RECORDS);
}

#[test]
fn sessions_that_are_named_are_salvaged_and_no_others() {
    let folder = folder();
    let (first, second) = (Process::killed(folder.path()), Process::killed(folder.path()));
    let (stdout, stderr, status) = recover(&folder, &[&second, "--output", "."]);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert_eq!(sessions(folder.path()), [first]);
    assert!(folder.path().join("app.000001.recovered.logbuf").exists(), "{stdout}");
    assert_eq!(records(&folder), 0);
    let usage = recover(&folder, &["--all", &second]);
    assert_eq!(usage.2, 2, "{}", usage.1);
    assert_eq!(recover(&folder, &["--any-user"]).2, 2);
}

#[test]
fn a_damaged_session_is_salvaged_and_kept_until_it_is_discarded() {
    let folder = folder();
    let name = Process::killed(folder.path());
    let catalogue = folder.path().join("sessions").join(&name).join("catalogue-0");
    // Nobody can tell then what the records say.
    fs::write(catalogue, [7; 8192]).expect("it can be written");
    for _ in 0..2 {
        let (stdout, stderr, status) = recover(&folder, &["--all"]);
        assert!(stdout.starts_with("nothing of the session"), "{stdout}");
        let expected = format!("{RECORDS} records are of the unknown call site");
        assert!(
            stderr.starts_with("logbuf-decode: warning: ") && stderr.contains(&expected),
            "{stderr}"
        );
        assert!(
            stderr.ends_with(&format!("; the session {name:?} is kept until it is discarded\n")),
            "{stderr}"
        );
        assert_eq!(status, 1);
        assert_eq!(sessions(folder.path()), *slice::from_ref(&name));
    }
    let (stdout, stderr, status) = recover(&folder, &["--discard", &name]);
    assert!(stdout.contains("unknown call site"), "{stdout}");
    assert!(stderr.ends_with("what could not be read of it is gone\n"), "{stderr}");
    assert_eq!(status, 1);
    assert_eq!(sessions(folder.path()), [] as [String; 0]);
}

#[test]
fn a_session_without_a_readable_header_is_discarded_as_a_loss() {
    let folder = folder();
    let name = Process::killed(folder.path());
    let header = folder.path().join("sessions").join(&name).join("session");
    fs::write(header, [7; 100]).expect("it can be written");
    let (listed, _, status) = recover(&folder, &[]);
    assert!(listed.starts_with(&format!("dead   {name}  ?  (")), "{listed}");
    assert!(listed.contains(" bytes, written 2"), "{listed}");
    assert!(listed.ends_with(": the file `session` is not that of a session)\n"), "{listed}");
    assert_eq!(status, 0);
    let (_, stderr, status) = recover(&folder, &["--all"]);
    assert_eq!(status, 2, "{stderr}");
    assert_eq!(sessions(folder.path()), *slice::from_ref(&name));
    let (stdout, stderr, status) = recover(&folder, &["--discard"]);
    assert_eq!((stdout.as_str(), status), ("", 2), "{stderr}");
    let (stdout, stderr, status) = recover(&folder, &["--discard", "--all"]);
    assert!(stdout.starts_with("nothing of the session"), "{stdout}");
    assert!(stdout.contains(" bytes cannot be read: "), "{stdout}");
    assert_eq!(status, 1, "{stderr}");
    assert_eq!(sessions(folder.path()), [] as [String; 0]);
}

#[test]
fn a_session_whose_folder_is_gone_is_salvaged_into_another() {
    let folder = folder();
    let name = Process::killed(folder.path());
    fs::remove_dir_all(folder.path().join("logs")).expect("it is there");
    let (stdout, stderr, status) = recover(&folder, &["--all"]);
    assert!(stderr.ends_with("; -o DIR writes into another folder\n"), "{stderr}");
    assert_eq!((stdout.as_str(), status), ("", 2));
    assert_eq!(sessions(folder.path()), [name]);
    let (stdout, stderr, status) = recover(&folder, &["--all", "-o", "new/logs"]);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert!(folder.path().join("new/logs/app.000001.recovered.logbuf").exists(), "{stdout}");
}

#[test]
fn a_session_without_a_lock_is_listed_and_discarded() {
    let folder = folder();
    let name = Process::killed(folder.path());
    fs::remove_file(folder.path().join("sessions").join(format!("{name}.lock"))).expect("a lock");
    let (listed, _, status) = recover(&folder, &[]);
    assert!(listed.starts_with(&format!("dead   {name}  ")), "{listed}");
    assert_eq!(status, 0);
    let (stdout, stderr, status) = recover(&folder, &["--discard", "--all"]);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert!(stdout.starts_with(&format!("recovered {RECORDS} records")), "{stdout}");
    assert!(!folder.path().join("sessions").exists());
}

#[test]
fn a_session_of_another_user_is_left_alone_unless_told_otherwise() {
    const ANOTHER: u32 = 54_321;
    let folder = folder();
    let name = Process::killed(folder.path());
    let sessions_folder = folder.path().join("sessions");
    let lock = sessions_folder.join(format!("{name}.lock"));
    if fs::metadata(&lock).expect("it is there").uid() != 0 {
        // The test harness does not hold this back, and `.ci/run` lists it.
        let line = "SKIPPED: a session of another user: only root can give files away\n";
        return io::stderr().write_all(line.as_bytes()).expect("standard error is open");
    }
    for path in [&lock, &sessions_folder.join(&name), &sessions_folder] {
        chown(path, Some(ANOTHER), None).expect("we are root");
    }
    let (stdout, stderr, status) = recover(&folder, &["--all"]);
    let refusal =
        format!("logbuf-decode: error: the session {name:?} belongs to the user {ANOTHER}\n");
    assert_eq!((stdout.as_str(), stderr, status), ("", refusal, 2));
    assert_eq!(sessions(folder.path()), *slice::from_ref(&name));
    // It could name any folder as that of its log.
    let (stdout, _, status) = recover(&folder, &["--all", "--any-user"]);
    assert_eq!((stdout.as_str(), status), ("", 2));
    let (stdout, stderr, status) = recover(&folder, &["--all", "--any-user", "-o", "."]);
    assert_eq!((stderr.as_str(), status), ("", 0), "{stdout}");
    assert!(folder.path().join("app.000001.recovered.logbuf").exists(), "{stdout}");
}

#[test]
fn its_help_has_examples() {
    let folder = folder();
    let (stdout, _, status) = run(folder.path(), &["recover", "--help"]);
    assert_eq!(status, 0);
    for expected in ["Examples:", "recover --all", "--discard", "--any-user", "exit status"] {
        assert!(stdout.contains(expected), "{expected}: {stdout}");
    }
}
