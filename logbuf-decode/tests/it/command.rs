//! The command itself: arguments, exit status, messages.

use crate::file::{File, filled, sample, sample_sites};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// Runs the command in `folder`: standard output, standard error, exit status.
pub(crate) fn run(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let output = command(folder, args).output().expect("the command runs");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (text(output.stdout), text(output.stderr), output.status.code().expect("an exit status"))
}

pub(crate) fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_logbuf-decode"));
    command.current_dir(folder).args(args);
    command
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

/// A segment of one thread with a record at each of these times.
fn segment(salt: u64, ticks: &[u64]) -> Vec<u8> {
    let records: Vec<_> = ticks.iter().map(|&ticks| filled(ticks, "BTC-USD", ticks)).collect();
    let mut file = File::new(salt);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]).events(&[(1, &records)]).end();
    file.bytes()
}

/// The order ids of the lines.
fn ids(stdout: &str) -> Vec<u64> {
    let id = |line: &str| line.split("order_id=").nth(1)?.split(' ').next()?.parse::<u64>().ok();
    stdout.lines().map(|line| id(line).expect("an order id") - 4).collect()
}

#[test]
fn a_folder_stands_for_its_segments() {
    let folder = folder();
    fs::write(folder.path().join("app.000001.logbuf"), segment(1, &[1, 5, 9])).expect("write");
    fs::write(folder.path().join("app.000002.logbuf"), segment(2, &[2, 4, 10])).expect("write");
    fs::write(folder.path().join("notes.txt"), "no segment").expect("write");
    fs::create_dir(folder.path().join("inner.logbuf")).expect("a folder");
    let (stdout, stderr, status) = run(folder.path(), &["."]);
    assert_eq!((ids(&stdout), stderr.as_str(), status), (vec![1, 2, 4, 5, 9, 10], "", 0));
}

#[test]
fn a_file_given_twice_is_read_once() {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), segment(1, &[1, 5])).expect("write");
    let (stdout, _, status) = run(folder.path(), &["app.logbuf", ".", "./app.logbuf"]);
    assert_eq!((ids(&stdout), status), (vec![1, 5], 0));
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_shown() {
    let folder = folder();
    fs::write(folder.path().join("good.logbuf"), segment(1, &[1])).expect("write");
    fs::create_dir(folder.path().join("nothing")).expect("a folder");
    let (stdout, stderr, status) =
        run(folder.path(), &["missing.logbuf", "nothing", "good.logbuf"]);
    assert_eq!(ids(&stdout), [1]);
    let expected = "logbuf-decode: error: nothing: no files *.logbuf in this folder\n\
                    logbuf-decode: error: missing.logbuf: No such file or directory (os error 2)\n";
    assert_eq!((stderr.as_str(), status), (expected, 2));
}

#[test]
fn the_worst_status_counts() {
    let folder = folder();
    let mut damaged = sample().bytes();
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(folder.path().join("a.logbuf"), damaged).expect("write");
    fs::write(folder.path().join("b.logbuf"), "not ours, and longer than a magic").expect("write");
    assert_eq!(run(folder.path(), &["a.logbuf"]).2, 1);
    assert_eq!(run(folder.path(), &["b.logbuf"]).2, 2);
    assert_eq!(run(folder.path(), &["a.logbuf", "b.logbuf"]).2, 2);
}

#[test]
fn a_name_cannot_reach_the_terminal() {
    let folder = folder();
    let name = "a\u{1b}[2J.logbuf";
    fs::write(folder.path().join(name), "").expect("write");
    for args in [[name], ["b\u{1b}c"]] {
        let (_, stderr, _) = run(folder.path(), &args);
        assert!(!stderr.contains('\u{1b}') && stderr.contains("\\u{1b}"), "{stderr}");
    }
}

#[test]
fn wrong_usage_is_told_from_a_wrong_file() {
    let folder = folder();
    for args in
        [&[][..], &["--no-such-option", "x"], &["--json", "--raw", "x"], &["-l", "loud", "x"]]
    {
        let (stdout, stderr, status) = run(folder.path(), args);
        assert_eq!((stdout.as_str(), status), ("", 2), "{args:?}");
        assert!(stderr.starts_with("error: "), "{stderr}");
    }
}

#[test]
fn help_tells_the_exit_status() {
    let (stdout, stderr, status) = run(folder().path(), &["--help"]);
    assert!(stdout.contains("Exit status:") && stdout.contains("Examples:"), "{stdout}");
    assert_eq!((stderr.as_str(), status), ("", 0));
}

/// More lines than any pipe holds.
fn large(folder: &Path) {
    let ticks: Vec<u64> = (0..20_000).collect();
    fs::write(folder.join("large.logbuf"), segment(1, &ticks)).expect("write");
}

#[test]
fn a_broken_pipe_is_success() {
    let folder = folder();
    large(folder.path());
    let mut child = command(folder.path(), &["large.logbuf"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command runs");
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    assert_eq!(ids(&line), [0]);
    drop(stdout);
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!((output.stderr, output.status.code()), (vec![], Some(0)));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let folder = folder();
    large(folder.path());
    let full = fs::File::options().write(true).open("/dev/full").expect("a full disk");
    let output =
        command(folder.path(), &["large.logbuf"]).stdout(full).output().expect("the command runs");
    let expected = "logbuf-decode: error: cannot write to standard output: No space left on device (os error 28)\n";
    assert_eq!(String::from_utf8(output.stderr).expect("UTF-8"), expected);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn json_parses_line_by_line() {
    let folder = folder();
    fs::write(folder.path().join("sample.logbuf"), sample().bytes()).expect("write");
    let (stdout, _, status) = run(folder.path(), &["--json", "sample.logbuf"]);
    assert_eq!(status, 0);
    let keys = ["ts", "ts_ns", "level", "target", "file", "line", "thread", "message", "fields"];
    let mut count = 0;
    for line in stdout.lines() {
        let object: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let object = object.as_object().expect("an object");
        for key in keys {
            assert!(object.contains_key(key), "{key} in {line}");
        }
        count += 1;
    }
    assert_eq!(count, 8);
}

#[test]
fn a_pattern_stands_for_what_it_matches() {
    let folder = folder();
    fs::create_dir(folder.path().join("logs")).expect("a folder");
    for number in 1..4 {
        let path = folder.path().join(format!("logs/app.{number}.logbuf"));
        fs::write(path, segment(number, &[number])).expect("write");
    }
    let shown = |args| {
        let (stdout, stderr, status) = run(folder.path(), args);
        (ids(&stdout), stderr, status)
    };
    assert_eq!(shown(&["logs/app.[12].logbuf"]), (vec![1, 2], String::new(), 0));
    assert_eq!(shown(&["l*"]), (vec![1, 2, 3], String::new(), 0));
    let expected = "logbuf-decode: error: logs/*.txt: no file matches this pattern\n".to_owned();
    assert_eq!(shown(&["logs/*.txt"]), (vec![], expected, 2));
}

#[test]
fn standard_input_is_read() {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), segment(1, &[1, 5])).expect("write");
    let input = |bytes: &[u8], args| {
        let mut child = command(folder.path(), args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(bytes).expect("the command reads");
        drop(stdin);
        let output = child.wait_with_output().expect("the command ends");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (ids(&text(output.stdout)), text(output.stderr), output.status.code())
    };
    let bytes = segment(2, &[2, 9]);
    assert_eq!(input(&bytes, &["-"]), (vec![2, 9], String::new(), Some(0)));
    assert_eq!(input(&bytes, &["app.logbuf", "-"]).0, [1, 2, 5, 9]);
    if cfg!(unix) {
        assert_eq!(input(&bytes, &["/dev/stdin"]).0, [2, 9]);
    }
    let cut = input(&bytes[..bytes.len() - 1], &["-"]);
    assert!(cut.1.starts_with("logbuf-decode: warning: -: byte "), "{}", cut.1);
    assert_eq!(cut.2, Some(1));
}

#[test]
fn options_of_the_environment_come_first() {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    let run = |options: &str, args: &[&str]| {
        let output = command(folder.path(), args).env("LOGBUF_DECODE_OPTS", options).output();
        let output = output.expect("the command runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        (text(output.stdout), text(output.stderr), output.status.code().expect("an exit status"))
    };
    let plain = |args: &[&str]| self::run(folder.path(), args);
    let warnings = plain(&["-l", "warn", "--format", "{level} {message}", "."]);
    assert_eq!(run("-l warn --format '{level} {message}'", &["."]), warnings);
    // The last counts.
    assert_eq!(run("-l error", &["-l", "warn", "--format", "{level} {message}", "."]), warnings);
    assert_eq!(run(" ", &["."]), plain(&["."]));
    // Subcommands have options of their own.
    assert_eq!(run("-l error", &["stats", "."]), plain(&["stats", "."]));
    // So it is among those of which one alone can be.
    for (options, args) in [
        ("-L", &["-Z", "UTC", "."][..]),
        ("-Z Asia/Tokyo", &["-L", "--json", "."]),
        ("--json", &["--csv", "."]),
        ("--json", &["--format", "{level}", "."]),
        ("--format '{level}'", &["--logfmt", "."]),
        ("--raw", &["--json", "."]),
        ("--json", &["--raw", "."]),
        ("--head 1", &["-n", "2", "."]),
        ("-n 1", &["--head", "2", "."]),
    ] {
        assert_eq!(run(options, args), plain(args), "{options} {args:?}");
    }
    // On the command line alone they are refused.
    assert_eq!(plain(&["--json", "--csv", "."]).2, 2);
    for options in ["--no-such-option", "-l 'warn"] {
        let (stdout, stderr, status) = run(options, &["."]);
        assert!(stdout.is_empty() && stderr.contains("LOGBUF_DECODE_OPTS"), "{stderr}");
        assert_eq!(status, 2);
    }
}

#[test]
fn an_empty_file_is_no_damage() {
    let folder = folder();
    fs::write(folder.path().join("empty.logbuf"), "").expect("write");
    for args in [&["empty.logbuf"][..], &["verify", "empty.logbuf"], &["-"]] {
        let output = command(folder.path(), args).stdin(Stdio::null()).output().expect("it runs");
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(stderr.starts_with("logbuf-decode: note: "), "{stderr}");
        assert_eq!(output.status.code(), Some(0), "{args:?}");
    }
}

#[test]
fn a_folder_inside_that_was_perhaps_meant_is_named() {
    let folder = folder();
    fs::create_dir(folder.path().join("inner")).expect("a folder");
    fs::write(folder.path().join("inner/app.logbuf"), sample().bytes()).expect("write");
    let expected = "logbuf-decode: error: .: no files *.logbuf in this folder; ./inner has some: folders in it are not read\n";
    assert_eq!(run(folder.path(), &["."]), (String::new(), expected.to_owned(), 2));
}
