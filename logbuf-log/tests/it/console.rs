//! Records on the console. Each test starts itself again as a process whose standard error, or standard output, it holds.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{self, Child, Command, Stdio};
use std::time::Duration;
use std::{env, thread};

use logbuf_decode::{Reader, Render, Text};
use logbuf_log::{
    Builder, Console, Guard, Level, Notice, WhenFull, context, debug, error, info, trace, warn,
};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// Set in the process that has a console: where it logs.
const CHILD: &str = "LOGBUF_TEST_CONSOLE";

/// In the process that has a console, the builder of its logger.
fn child() -> Option<Builder> {
    Some(Builder::new(env::var_os(CHILD)?).ignore_env())
}

/// The same test in a process of its own.
fn command(test: &str) -> (TempDir, Command) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let mut command = Command::new(env::current_exe().expect("the test knows its own path"));
    command
        .args(["--exact", &format!("console::{test}"), "--nocapture"])
        .env(CHILD, folder.path().join("app"))
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    (folder, command)
}

/// What `logbuf-decode` prints for the records of a folder.
fn decoded(folder: &TempDir) -> Vec<String> {
    let mut reader = Reader::new();
    reader.add_file(folder.path().join("app.000001.logbuf"));
    let (mut text, mut lines) = (Text::new(), String::new());
    reader.for_each(|record| text.record(record, &mut lines).expect("a short line"));
    assert!(reader.findings().is_empty(), "{:?}", reader.findings());
    assert_eq!(reader.lost().count(), 0);
    lines.lines().map(str::to_owned).collect()
}

/// Takes a line apart: the time, in nanoseconds of its hour, and what is behind it.
fn timed(line: &str) -> (u64, &str) {
    let (time, rest) = line.split_once("Z ").expect("a time in UTC");
    let of_hour = time.get("2026-11-23T14:".len()..).expect("a time with nine digits");
    let digits: String = of_hour.chars().filter(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().expect("minutes, seconds and nanoseconds");
    let (minutes, ns) = (number / 100_000_000_000, number % 100_000_000_000);
    (minutes * 60_000_000_000 + ns, rest)
}

/// A value that logs while it is formatted, through the ring that all threads share.
struct Talks;

impl std::fmt::Display for Talks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        warn!(depth = 2, "from within");
        f.write_str("talks")
    }
}

#[cfg(feature = "tracing")]
fn log_in_spans() {
    use tracing_subscriber::layer::SubscriberExt;
    let layers = tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new());
    tracing::subscriber::with_default(layers, || {
        let outer = tracing::info_span!("request", id = 7);
        let _outer = outer.enter();
        let inner = tracing::info_span!("parse");
        let _inner = inner.enter();
        tracing::info!(bytes = 99, "in two spans");
    });
}

#[cfg(not(feature = "tracing"))]
fn log_in_spans() {}

/// Something of everything.
fn log() {
    info!("plain");
    warn!(order_id = 7, peer = "gw\x1b[2J\n", "slow ack from {}", "gateway-2");
    debug!("not so severe");
    let _session = context!(session = 7, user = "ann");
    {
        let _order = context!(order = "a b", session = 8);
        error!("in two contexts: {}", %Talks);
    }
    trace!("in one");
    log_in_spans();
    let threads: Vec<_> = (0..3)
        .map(|i| {
            let thread = thread::Builder::new().name(format!("thread-{i}"));
            thread.spawn(move || (0..50).for_each(|n| info!("{i}: {n}"))).expect("it starts")
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("it only logs"));
}

/// Compares what a console showed with what the file holds.
fn check(shown: &str, folder: &TempDir, is_shown: impl Fn(&str) -> bool) {
    let decoded = decoded(folder);
    let mut expected: Vec<_> = decoded.iter().map(|line| timed(line)).collect();
    expected.retain(|(_, line)| is_shown(line));
    let mut lines: Vec<_> = shown.lines().map(timed).collect();
    // Lines of different sweeps of the rings can be out of order, and times by what the clock is measured to.
    expected.sort_by_key(|(_, line)| *line);
    lines.sort_by_key(|(_, line)| *line);
    let texts = |lines: &[(u64, &str)]| lines.iter().map(|(_, text)| text.to_string()).collect();
    let (shown, written): (Vec<_>, Vec<_>) = (texts(&lines), texts(&expected));
    assert_eq!(shown, written);
    for ((shown, line), (written, _)) in lines.iter().zip(&expected) {
        assert!(shown.abs_diff(*written) < 1_000_000, "{shown} {written}: {line}");
    }
}

#[test]
fn standard_error_shows_what_the_file_holds() {
    if let Some(builder) = child() {
        let _guard = builder.console(Console::stderr()).start().expect("the logger starts");
        return log();
    }
    let (folder, mut command) = command("standard_error_shows_what_the_file_holds");
    let output = command.stderr(Stdio::piped()).output().expect("it can be started again");
    assert!(output.status.success());
    let shown = String::from_utf8(output.stderr).expect("UTF-8");
    check(&shown, &folder, |_| true);
    assert!(shown.contains("  WARN ["), "{shown}");
    assert!(
        shown.contains(r#"slow ack from gateway-2  order_id=7 peer="gw\u{1b}[2J\n""#),
        "{shown}"
    );
    assert!(
        shown.contains(r#"in two contexts: talks  {session=8 user="ann" order="a b"}"#),
        "{shown}"
    );
    assert!(
        shown.contains(r#"from within  depth=2 {session=8 user="ann" order="a b"}"#),
        "{shown}"
    );
    assert!(shown.contains("[thread-2] "), "{shown}");
    #[cfg(feature = "tracing")]
    assert!(
        shown.contains("] request{id=7}:parse: it::console: in two spans  bytes=99"),
        "{shown}"
    );
}

#[test]
fn standard_output_shows_what_it_is_asked_for() {
    if let Some(builder) = child() {
        let console = Console::stdout().level(Level::Info);
        let _guard = builder.console(console).start().expect("the logger starts");
        return log();
    }
    let (folder, mut command) = command("standard_output_shows_what_it_is_asked_for");
    let output = command.stdout(Stdio::piped()).output().expect("it can be started again");
    assert!(output.status.success());
    let shown = String::from_utf8(output.stdout).expect("UTF-8");
    // The test prints something itself.
    let is_record = |line: &&str| line.contains("Z ") && line.starts_with("20");
    let shown = shown.lines().filter(is_record).map(|line| format!("{line}\n"));
    check(&shown.collect::<String>(), &folder, |line| {
        !["DEBUG", "TRACE"].iter().any(|level| line.starts_with(level))
    });
}

#[test]
fn an_exit_shows_everything() {
    if let Some(builder) = child() {
        let _guard = builder.console(Console::stderr()).start().expect("the logger starts");
        log();
        process::exit(3);
    }
    let (folder, mut command) = command("an_exit_shows_everything");
    let output = command.stderr(Stdio::piped()).output().expect("it can be started again");
    assert_eq!(output.status.code(), Some(3));
    check(&String::from_utf8(output.stderr).expect("UTF-8"), &folder, |_| true);
}

/// Runs a process whose standard error is a terminal; what appears there.
fn on_terminal(mut command: Command) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&terminal).expect("a terminal");
    unlockpt(&terminal).expect("a terminal");
    let name = ptsname(&terminal, Vec::new()).expect("its name").into_string().expect("UTF-8");
    let other = File::options().write(true).open(name).expect("its other side");
    let mut child = command.stderr(other).spawn().expect("it can be started again");
    // The terminal hangs up when the last to write to it is gone.
    drop(command);
    let (mut shown, mut terminal, mut bytes) = (Vec::new(), File::from(terminal), [0; 4096]);
    while let Ok(count @ 1..) = terminal.read(&mut bytes) {
        shown.extend_from_slice(&bytes[..count]);
    }
    assert!(child.wait().expect("it ends").success());
    String::from_utf8(shown).expect("UTF-8").replace("\r\n", "\n")
}

#[test]
fn a_terminal_has_colours_unless_they_are_not_wanted() {
    if let Some(builder) = child() {
        let guard = builder.console(Console::default()).start().expect("the logger starts");
        error!(order_id = 7, "rejected");
        return drop(guard);
    }
    let test = "a_terminal_has_colours_unless_they_are_not_wanted";
    let (folder, colored) = command(test);
    let shown = on_terminal(colored);
    let expected = "Z\u{1b}[0m\u{1b}[1;31m ERROR\u{1b}[0m\u{1b}[2m [";
    assert!(shown.starts_with("\u{1b}[2m20") && shown.contains(expected), "{shown:?}");
    assert!(shown.ends_with("rejected  \u{1b}[36morder_id\u{1b}[0m=7\n"), "{shown:?}");
    assert_eq!(decoded(&folder).len(), 1);
    for (variable, value) in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let (folder, mut plain) = command(test);
        plain.env(variable, value);
        check(&on_terminal(plain), &folder, |_| true);
    }
}

/// What the process does with the signal of a broken pipe, if nobody asks for it: it dies.
fn die_of_broken_pipes() {
    const PIPE: i32 = 13;
    unsafe extern "C" {
        fn signal(number: i32, action: usize) -> usize;
    }
    // SAFETY: 0 is `SIG_DFL`, the system's own action.
    let before = unsafe { signal(PIPE, 0) };
    assert_ne!(before, usize::MAX, "that is `SIG_ERR`");
}

#[test]
fn a_console_that_is_closed_harms_nothing() {
    const ALL: u64 = 1000;
    if let Some(builder) = child() {
        die_of_broken_pipes();
        let guard = builder.console(Console::stderr()).start().expect("the logger starts");
        for _ in 0..ALL / 100 {
            (0..100).for_each(|i| info!("{i}"));
            guard.flush().expect("the file can be written");
        }
        // The writer delivers it, and by default says so on the console that is closed.
        while guard.stats().notices == 0 {
            thread::yield_now();
        }
        let stats = guard.stats();
        assert_eq!((stats.written, stats.lost, stats.not_shown), (ALL, 0, ALL));
        drop(guard);
        process::exit(3);
    }
    let (folder, mut command) = command("a_console_that_is_closed_harms_nothing");
    let (reader, writer) = io::pipe().expect("a pipe can be made");
    drop(reader);
    let status = command.stderr(writer).status().expect("it can be started again");
    assert_eq!(status.code(), Some(3), "{status}");
    assert_eq!(decoded(&folder).len() as u64, ALL);
}

#[test]
fn the_user_is_told_of_a_console_that_is_closed() {
    if let Some(builder) = child() {
        let (told, notices) = std::sync::mpsc::channel();
        let builder = builder.on_notice(move |notice| {
            if let Notice::ConsoleFailed { source } = notice {
                told.send(source.kind()).expect("somebody listens");
            }
        });
        let guard = builder.console(Console::stderr()).start().expect("the logger starts");
        info!("nobody sees this");
        assert_eq!(notices.recv(), Ok(io::ErrorKind::BrokenPipe));
        drop(guard);
        process::exit(3);
    }
    let (_folder, mut command) = command("the_user_is_told_of_a_console_that_is_closed");
    let (reader, writer) = io::pipe().expect("a pipe can be made");
    drop(reader);
    let status = command.stderr(writer).status().expect("it can be started again");
    assert_eq!(status.code(), Some(3), "{status}");
}

/// Waits until the process says that it has come to a point.
fn await_line(child: &mut Child, start: &str) -> String {
    let stdout = child.stdout.take().expect("it is piped");
    let mut lines = BufReader::new(stdout).lines();
    let line = lines.by_ref().map_while(Result::ok).find(|line| line.starts_with(start));
    // Whatever else it prints is read, so that it never waits for that.
    thread::spawn(move || lines.for_each(drop));
    line.expect("it says so before it ends")
}

/// Logs more than a console that shows nothing can be told.
fn flood(builder: Builder) -> Guard {
    const ALL: u64 = 60_000;
    let guard = builder
        .console(Console::stderr())
        .when_full(WhenFull::Block(Duration::from_secs(60)))
        .start()
        .expect("the logger starts");
    (0..ALL).for_each(|i| info!(i, "a line of some length"));
    guard.flush().expect("the file can be written");
    let stats = guard.stats();
    assert_eq!((stats.written, stats.lost), (ALL, 0));
    assert!(stats.not_shown > 0, "{stats:?}");
    println!("\nnot shown: {}", stats.not_shown);
    guard
}

#[test]
fn a_console_that_stands_still_loses_lines_and_no_records() {
    if let Some(builder) = child() {
        return drop(flood(builder));
    }
    let (folder, mut command) = command("a_console_that_stands_still_loses_lines_and_no_records");
    let (mut reader, writer) = io::pipe().expect("a pipe can be made");
    let mut child = command.stderr(writer).stdout(Stdio::piped()).spawn().expect("it starts");
    drop(command);
    let said = await_line(&mut child, "not shown: ");
    let not_shown: usize = said["not shown: ".len()..].parse().expect("a number");
    let mut shown = String::new();
    reader.read_to_string(&mut shown).expect("UTF-8");
    assert!(child.wait().expect("it ends").success());
    let (said, records): (Vec<_>, Vec<_>) =
        shown.lines().partition(|line| line.starts_with("logbuf: "));
    let decoded = decoded(&folder);
    assert_eq!(records.len() + not_shown, decoded.len());
    let expected = format!("logbuf: the console is slow, {not_shown} lines are left out here");
    assert_eq!(said, [expected]);
    // What is shown is the beginning, and whole.
    for (record, decoded) in records.iter().zip(&decoded) {
        assert_eq!(timed(record).1, timed(decoded).1);
    }
}

#[test]
fn a_console_that_stands_still_does_not_keep_the_process() {
    if let Some(builder) = child() {
        return drop(flood(builder));
    }
    let (folder, mut command) = command("a_console_that_stands_still_does_not_keep_the_process");
    let (_reader, writer) = io::pipe().expect("a pipe can be made");
    let status = command.stderr(writer).status().expect("it can be started again");
    assert!(status.success(), "{status}");
    assert_eq!(decoded(&folder).len(), 60_000);
}
