//! The command on a terminal: colours, the pager.

use crate::{
    command::{command, folder, run},
    file::sample,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
    process::Command,
};
use tempfile::TempDir;

fn log() -> TempDir {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    folder
}

/// Runs the command with a terminal as its standard output; what appears there, and the exit status.
fn on_terminal(folder: &Path, args: &[&str], set: impl FnOnce(&mut Command)) -> (String, i32) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("its name").into_string().expect("UTF-8");
    let stdout = File::options().write(true).open(name).expect("its other side");
    let mut command = command(folder, args);
    for variable in ["PAGER", "LESS", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        command.env_remove(variable);
    }
    command.env("TERM", "xterm").env("LOGBUF_DECODE_PAGER", "");
    set(&mut command);
    let mut child = command.stdout(stdout).spawn().expect("the command runs");
    // The terminal hangs up when the last to write to it is gone.
    drop(command);
    let mut shown = Vec::new();
    let mut terminal = File::from(terminal);
    let mut bytes = [0; 4096];
    while let Ok(count @ 1..) = terminal.read(&mut bytes) {
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
    // Not a terminal.
    let mut command = command(log.path(), &args);
    sed(&mut command);
    assert_eq!(command.output().expect("the command runs").stdout, PLAIN.as_bytes());
}

#[test]
fn a_pager_that_ends_early_is_success() {
    let log = log();
    let quit = |command: &mut Command| {
        command.env("LOGBUF_DECODE_PAGER", "true");
    };
    assert_eq!(on_terminal(log.path(), &["app.logbuf"], quit), (String::new(), 0));
}
