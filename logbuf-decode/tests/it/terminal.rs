//! The command on a terminal: colours, the pager, how far something is.

use crate::{
    command::{command, folder, run},
    file::sample,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Read},
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
};
use tempfile::TempDir;

fn log() -> TempDir {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    folder
}

/// A terminal, from the side of who looks at it.
struct Terminal {
    side: File,
    name: String,
}

impl Terminal {
    fn open() -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&terminal).expect("a terminal");
        unlockpt(&terminal).expect("a terminal");
        let name = ptsname(&terminal, Vec::new()).expect("its name").into_string().expect("UTF-8");
        Self { side: File::from(terminal), name }
    }

    fn other_side(&self) -> File {
        File::options().write(true).open(&self.name).expect("its other side")
    }
}

/// Runs the command with a terminal as its standard output; what appears there, and the exit status.
pub(crate) fn on_terminal(
    folder: &Path,
    args: &[&str],
    set: impl FnOnce(&mut Command),
) -> (String, i32) {
    with_terminal(folder, args, |command, terminal| {
        set(command);
        command.stdout(terminal);
    })
}

/// Runs the command with a terminal, where `set` puts it; what appears there, and the exit status.
fn with_terminal(
    folder: &Path,
    args: &[&str],
    set: impl FnOnce(&mut Command, File),
) -> (String, i32) {
    let terminal = Terminal::open();
    let other_side = terminal.other_side();
    let mut command = command(folder, args);
    for variable in ["PAGER", "LESS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm").env("LOGBUF_DECODE_PAGER", "");
    set(&mut command, other_side);
    let mut child = command.spawn().expect("the command runs");
    // The terminal hangs up when the last to write to it is gone.
    drop(command);
    let mut shown = Vec::new();
    let mut terminal = terminal;
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = terminal.side.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..count]);
    }
    let status = child.wait().expect("the command ends").code().expect("an exit status");
    (String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n"), status)
}

const COLORED: &str = "\u{1b}[2m2026-11-23T14:05:06.000001500Z\u{1b}[0m\u{1b}[34m DEBUG\u{1b}[0m\
    \u{1b}[2m [4712] app::book: \u{1b}[0m{[1, 255]}  \u{1b}[36mpeer\u{1b}[0m=\"gw-2\\u{1b}[2J\"\n";
const PLAIN: &str =
    "2026-11-23T14:05:06.000001500Z DEBUG [4712] app::book: {[1, 255]}  peer=\"gw-2\\u{1b}[2J\"\n";

#[test]
fn a_terminal_has_colours() {
    let log = log();
    let args = ["app.logbuf", "--grep", "255"];
    assert_eq!(on_terminal(log.path(), &args, |_| {}), (COLORED.to_owned(), 0));
    assert_eq!(run(log.path(), &args).0, PLAIN);
}

#[test]
fn colours_can_be_had_and_not_had() {
    let log = log();
    let args = ["app.logbuf", "--grep", "255", "--color"];
    assert_eq!(run(log.path(), &[&args[..], &["always"]].concat()).0, COLORED);
    let never = [&args[..], &["never"]].concat();
    assert_eq!(on_terminal(log.path(), &never, |_| {}).0, PLAIN);
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let set = |command: &mut Command| {
            command.env(variable, value);
        };
        assert_eq!(on_terminal(log.path(), &args[..3], set).0, PLAIN, "{variable}");
    }
}

#[test]
fn a_terminal_has_a_pager() {
    let log = log();
    let args = ["app.logbuf", "--grep", "255", "--color", "never"];
    let sed = |command: &mut Command| {
        command.env("LOGBUF_DECODE_PAGER", "sed -e s/DEBUG/PAGED/");
    };
    let paged = PLAIN.replace("DEBUG", "PAGED");
    assert_eq!(on_terminal(log.path(), &args, sed), (paged.clone(), 0));
    let other = |command: &mut Command| {
        command.env_remove("LOGBUF_DECODE_PAGER").env("PAGER", "sed -e s/DEBUG/PAGED/");
    };
    assert_eq!(on_terminal(log.path(), &args, other).0, paged);
    let never = [&args[..], &["--pager", "never"]].concat();
    assert_eq!(on_terminal(log.path(), &never, sed).0, PLAIN);
    let missing = |command: &mut Command| {
        command.env("LOGBUF_DECODE_PAGER", "no-such-pager");
    };
    assert_eq!(on_terminal(log.path(), &args, missing).0, PLAIN);
    let cat = |command: &mut Command| {
        command.env_remove("LOGBUF_DECODE_PAGER").env("PAGER", "cat");
    };
    assert_eq!(on_terminal(log.path(), &args, cat).0, PLAIN);
    // Not a terminal.
    let mut command = command(log.path(), &args);
    sed(&mut command);
    assert_eq!(command.output().expect("the command runs").stdout, PLAIN.as_bytes());
}

#[test]
fn less_is_told_what_it_does_unless_the_user_has() {
    let log = log();
    let script = log.path().join("pager");
    fs::write(&script, "echo \"LESS=$LESS\"; exec cat").expect("write");
    let pager = format!("sh {}", script.display());
    let shown = |less: Option<&str>| {
        let set = |command: &mut Command| {
            command.env("LOGBUF_DECODE_PAGER", &pager);
            if let Some(less) = less {
                command.env("LESS", less);
            }
        };
        let (shown, status) = on_terminal(log.path(), &["app.logbuf", "--head", "1"], set);
        assert_eq!(status, 0);
        shown.lines().next().expect("a line").to_owned()
    };
    assert_eq!(shown(None), "LESS=FRX");
    assert_eq!(shown(Some("-S")), "LESS=-S");
}

#[test]
fn what_takes_long_shows_how_far_it_is_on_a_terminal_alone() {
    let log = log();
    for args in [
        &["verify", "app.logbuf"][..],
        &["verify", "--records", "app.logbuf"],
        &["export", "-o", "out", "app.logbuf"],
        &["compact", "app.logbuf"],
    ] {
        let (shown, status) = with_terminal(log.path(), args, |command, terminal| {
            command.stdout(Stdio::null()).stderr(terminal);
        });
        assert_eq!(status, 0, "{args:?}");
        assert!(shown.contains(" %, "), "{args:?}: {shown:?}");
        let (_, stderr, _) = run(log.path(), args);
        assert_eq!(stderr, "", "{args:?}");
    }
    // What it writes to standard output is not mixed with it.
    let (shown, _) = with_terminal(log.path(), &["export", "app.logbuf"], |command, terminal| {
        command.stdout(Stdio::null()).stderr(terminal);
    });
    assert_eq!(shown, "");
}

#[test]
fn what_is_followed_has_no_pager_and_ends_at_a_signal() {
    let log = log();
    let args = ["-F", "--color", "never", "--grep", "255", "app.logbuf"];
    let terminal = Terminal::open();
    let mut command = command(log.path(), &args);
    command.env("LOGBUF_DECODE_PAGER", "sed -e s/DEBUG/PAGED/").stdout(terminal.other_side());
    let mut child = command.spawn().expect("the command runs");
    drop(command);
    let mut lines = BufReader::new(terminal.side);
    let mut line = String::new();
    lines.read_line(&mut line).expect("a line");
    assert_eq!(line.replace("\r\n", "\n"), PLAIN);
    // As an interrupt would end it; but what a shell starts behind its back ignores interrupts, and so would this.
    let pid = child.id().to_string();
    let sent = Command::new("sh").args(["-c", "kill -TERM $0", &pid]).status();
    assert!(sent.expect("a shell").success());
    let status = child.wait().expect("it ends");
    assert_eq!(status.signal(), Some(15));
}

#[test]
fn a_pager_that_ends_early_is_success() {
    let log = log();
    let quit = |command: &mut Command| {
        command.env("LOGBUF_DECODE_PAGER", "true");
    };
    assert_eq!(on_terminal(log.path(), &["app.logbuf"], quit), (String::new(), 0));
}

#[test]
fn whatever_may_be_long_has_a_pager_and_an_error_alone_has_none() {
    let log = log();
    let script = log.path().join("pager");
    fs::write(&script, "echo PAGER; exec cat").expect("write");
    let pager = format!("sh {}", script.display());
    let is_paged = |args: &[&str]| {
        let (shown, status) = on_terminal(log.path(), args, |command| {
            command.env("LOGBUF_DECODE_PAGER", &pager);
        });
        (shown.starts_with("PAGER\n"), status)
    };
    for args in [&["app.logbuf"][..], &["stats", "app.logbuf"], &["sites", "app.logbuf"]] {
        assert_eq!(is_paged(args), (true, 0), "{args:?}");
        assert_eq!(is_paged(&[args, &["--pager", "never"]].concat()), (false, 0), "{args:?}");
    }
    assert_eq!(is_paged(&["missing.logbuf"]), (false, 2));
    assert_eq!(is_paged(&["--since", "soon", "app.logbuf"]), (false, 2));
}
