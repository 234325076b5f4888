//! Where output goes: files in whose place it comes, what is no file, and what takes no more.

use crate::{
    command::{command, folder, run},
    convert::large,
    file::sample,
};
use std::{
    fs::{self, File},
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    process::{Command, Stdio},
    time::{Duration, UNIX_EPOCH},
};
use tempfile::TempDir;

fn log() -> TempDir {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    folder
}

/// Runs a line of a shell in which `$0` is the command; what it printed.
fn shell(folder: &Path, line: &str) -> String {
    let mut shell = Command::new("sh");
    shell.current_dir(folder).args(["-c", line, env!("CARGO_BIN_EXE_logbuf-decode")]);
    let output = shell.output().expect("a shell");
    String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder");
    let name = |entry: fs::DirEntry| entry.file_name().into_string().expect("UTF-8");
    let mut names: Vec<_> = entries.map(|entry| name(entry.expect("an entry"))).collect();
    names.sort();
    names
}

#[test]
fn what_is_read_is_not_replaced() {
    let log = log();
    symlink("app.logbuf", log.path().join("link")).expect("a link");
    fs::hard_link(log.path().join("app.logbuf"), log.path().join("second")).expect("a name");
    for args in [
        ["export", "-o", "app.logbuf", "app.logbuf"],
        ["export", "-o", "./app.logbuf", "."],
        ["export", "-o", "link", "app.logbuf"],
        ["export", "-o", "app.logbuf", "link"],
        ["export", "-o", "second", "app.logbuf"],
    ] {
        let (stdout, stderr, status) = run(log.path(), &args);
        let expected =
            format!("logbuf-decode: error: {}: is read, and would be replaced\n", args[2]);
        assert_eq!((stdout.as_str(), stderr, status), ("", expected, 2), "{args:?}");
    }
    let shown = shell(log.path(), "$0 export -o app.logbuf - < app.logbuf");
    assert!(shown.ends_with("app.logbuf: is read, and would be replaced\n"), "{shown}");
    assert_eq!(fs::read(log.path().join("app.logbuf")).expect("the log"), sample().bytes());
}

#[test]
fn a_link_is_followed_and_what_is_no_file_is_written_to() {
    let log = log();
    let (lines, _, _) = run(log.path(), &["export", "app.logbuf"]);
    fs::create_dir(log.path().join("inner")).expect("a folder");
    fs::write(log.path().join("inner/old"), "old").expect("write");
    symlink("inner/old", log.path().join("old")).expect("a link");
    symlink("inner/new", log.path().join("new")).expect("a link");
    for name in ["old", "new"] {
        assert_eq!(run(log.path(), &["export", "-o", name, "app.logbuf"]).2, 0);
        let kept = fs::symlink_metadata(log.path().join(name)).expect("the link");
        assert!(kept.is_symlink(), "{name}");
        let target = log.path().join("inner").join(name);
        assert_eq!(fs::read_to_string(target).expect("its target"), lines);
    }
    let line =
        "mkfifo pipe; $0 export -o pipe app.logbuf & cat pipe; wait; test -p pipe && rm pipe";
    assert_eq!(shell(log.path(), line), lines);
    assert_eq!(shell(log.path(), "$0 export -o /dev/stdout app.logbuf"), lines);
    let line = "echo before > out; $0 export -o /dev/stdout app.logbuf >> out; cat out";
    assert_eq!(shell(log.path(), line), format!("before\n{lines}"));
    assert_eq!(run(log.path(), &["export", "-o", "/dev/null", "app.logbuf"]).2, 0);
    let (_, stderr, status) = run(log.path(), &["export", "-o", "/dev/full", "app.logbuf"]);
    assert!(stderr.contains("error: /dev/full: No space left"), "{stderr}");
    assert_eq!(status, 2);
    assert_eq!(names(log.path()), ["app.logbuf", "inner", "new", "old", "out"]);
}

#[test]
fn a_file_is_as_readable_as_the_umask_or_its_predecessor_says() {
    let log = log();
    let mode = |name: &str| {
        let metadata = log.path().join(name).metadata().expect("the file");
        metadata.permissions().mode() & 0o7777
    };
    assert_eq!(shell(log.path(), "umask 027; $0 export -o new app.logbuf"), "");
    assert_eq!(mode("new"), 0o640);
    assert_eq!(shell(log.path(), "chmod 604 new; umask 0; $0 export -o new app.logbuf"), "");
    assert_eq!(mode("new"), 0o604);
    assert_eq!(names(log.path()), ["app.logbuf", "new"]);
}

#[test]
fn a_compacted_segment_is_not_written_again() {
    let log = folder();
    let path = log.path().join("app.logbuf");
    fs::write(&path, large().bytes()).expect("write");
    let file = File::options().write(true).open(&path).expect("the log");
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).expect("a time");
    let modified = || path.metadata().and_then(|metadata| metadata.modified()).expect("a time");
    // As its writer has it.
    file.lock().expect("a lock");
    let (stdout, stderr, status) = run(log.path(), &["compact", "app.logbuf"]);
    assert_eq!((stdout.as_str(), status), ("", 0));
    assert!(stderr.ends_with("left as it is\n"), "{stderr}");
    assert_eq!(fs::read(&path).expect("the log"), large().bytes());
    drop(file);
    let (logged, size) = (modified(), path.metadata().expect("the log").len());
    let inode = || std::os::unix::fs::MetadataExt::ino(&path.metadata().expect("the log"));
    symlink("app.logbuf", log.path().join("link")).expect("a link");
    assert_eq!(run(log.path(), &["compact", "link"]).2, 0);
    assert!(fs::symlink_metadata(log.path().join("link")).expect("the link").is_symlink());
    assert!(path.metadata().expect("the log").len() * 2 < size);
    assert_eq!(modified(), logged);
    let before = inode();
    let bytes = path.metadata().expect("the log").len();
    assert!(bytes > 1000, "{bytes}");
    let bytes = format!("{},{:03}", bytes / 1000, bytes % 1000);
    let expected = format!("app.logbuf: as compact as it gets, {bytes} bytes\n");
    assert_eq!(run(log.path(), &["compact", "app.logbuf"]), (expected, String::new(), 0));
    assert_eq!(inode(), before);
}

#[cfg(target_os = "linux")]
#[test]
fn whatever_cannot_be_written_is_an_error() {
    let log = log();
    for args in [
        &["--help"][..],
        &["--version"],
        &["stats", "--help"],
        &["completions", "zsh"],
        &["man"],
        &["sites", "app.logbuf"],
        &["stats", "app.logbuf"],
        &["verify", "app.logbuf"],
        &["export", "app.logbuf"],
    ] {
        let full = File::options().write(true).open("/dev/full").expect("a full disk");
        let output = command(log.path(), args).stdout(full).output().expect("the command runs");
        let expected = "logbuf-decode: error: cannot write to standard output: No space left on device (os error 28)\n";
        let stderr = String::from_utf8(output.stderr).expect("UTF-8");
        assert_eq!((stderr.as_str(), output.status.code()), (expected, Some(2)), "{args:?}");
        // And one that ends early is none.
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = command(log.path(), args).stdout(writer).output().expect("the command runs");
        assert_eq!((output.stderr, output.status.code()), (vec![], Some(0)), "{args:?}");
    }
}

#[test]
fn what_has_no_end_and_is_no_log_is_refused() {
    let log = log();
    let (_, stderr, status) = run(log.path(), &["/dev/zero"]);
    assert!(stderr.contains("/dev/zero: ") && stderr.contains("not a logbuf"), "{stderr}");
    assert_eq!(status, 2);
    let mut child = command(log.path(), &["-"]);
    let zeros = File::open("/dev/zero").expect("zeros");
    let output = child.stdin(Stdio::from(zeros)).output().expect("the command runs");
    assert_eq!(output.status.code(), Some(2));
    // Damage in the first bytes of a segment is damage.
    let mut bytes = sample().bytes();
    bytes[3] ^= 1;
    fs::write(log.path().join("app.logbuf"), bytes).expect("write");
    let (shown, direct) =
        (shell(log.path(), "cat app.logbuf | $0 -"), shell(log.path(), "$0 app.logbuf"));
    assert!(shown.lines().count() > 8, "{shown}");
    assert_eq!(shown.lines().count(), direct.lines().count());
}
