//! Filters: from the builder, from the environment, and changed while threads log.

use std::path::Path;
use std::process::{Command, Output};

use logbuf_log::{
    Builder, EnvFilterError, Filter, Level, debug, enabled, error, info, trace, warn,
};

use crate::support::{Session, listed_sites, visit_file};

fn filter(text: &str) -> Filter {
    text.parse().expect("the test's filters are right")
}

/// Where [`call_all`] logs its first record.
const ERROR_LINE: u32 = line!() + 4;

/// One call of each level, and some with a target.
fn call_all() {
    error!("error");
    warn!("warn");
    info!("info");
    debug!("debug");
    trace!("trace");
    info!(target: "gateway", "gateway");
    debug!(target: "gateway::book", "book");
    debug!(target: "gateways", "gateways");
}

/// The messages that `call_all` leaves under `directives`.
fn check(directives: &str, expected: &[&str]) {
    let session = Session::start_with(|builder| builder.filter(filter(directives)));
    call_all();
    assert_eq!(session.guard().filter(), filter(directives));
    assert_eq!(session.messages(), expected, "{directives}");
}

#[test]
fn directives_choose_the_calls_that_record() {
    check("off", &[]);
    check("", &[]);
    check("warn", &["error", "warn"]);
    check("error,gateway=debug", &["error", "gateway", "book"]);
    check("error,gateway::book", &["error", "book"]);
    check("gateway=debug,gateway::book=off", &["gateway"]);
    check("it::filters=info", &["error", "warn", "info"]);
    check("it=error,gateways=trace", &["error", "gateways"]);
}

#[test]
fn a_line_of_a_file_can_be_switched_by_itself() {
    let base = line!() + 2;
    let calls = || {
        debug!("one");
        error!("two");
    };
    let run = |directives: String| {
        let session = Session::start_with(|builder| builder.filter(filter(&directives)));
        calls();
        session.messages()
    };
    assert_eq!(run(format!("off,filters.rs:{base}=trace")), ["one"]);
    assert_eq!(run(format!("trace,it/filters.rs:{base}=off")), ["two"]);
    assert_eq!(run(format!("off,it=off,filters.rs=error,filters.rs:{base}")), ["one", "two"]);
    assert_eq!(run("filter.rs,ilters.rs,files.rs".to_owned()), [""; 0]);
}

#[test]
fn the_builder_s_level_is_a_filter_and_the_last_counts() {
    let level = |configure: fn(Builder) -> Builder| Session::start_with(configure).guard().filter();
    assert_eq!(level(|builder| builder), filter("trace"));
    assert_eq!(level(|builder| builder.level(Level::Warn)), filter("warn"));
    assert_eq!(
        level(|builder| builder.filter(filter("a=info")).level(Level::Warn)),
        filter("warn")
    );
    assert_eq!(
        level(|builder| builder.level(Level::Warn).filter(filter("a=info"))),
        filter("a=info")
    );
}

#[test]
fn a_filter_is_changed_while_the_logger_runs() {
    let session = Session::start_with(|builder| builder.level(Level::Error));
    call_all();
    session.guard().set_filter(filter("gateway"));
    call_all();
    session.guard().set_filter(Filter::off());
    call_all();
    session.guard().set_filter(filter("it=warn"));
    call_all();
    assert_eq!(session.messages(), ["error", "gateway", "book", "error", "warn"]);
}

#[test]
fn of_two_changes_at_once_one_is_in_force_everywhere() {
    const CHANGES: usize = 2000;
    let session = Session::start();
    let (calls, books) = (filter("off,it=trace"), filter("off,gateway=trace"));
    std::thread::scope(|scope| {
        for filter in [&calls, &books] {
            let guard = session.guard();
            scope.spawn(move || (0..CHANGES).for_each(|_| guard.set_filter(filter.clone())));
        }
    });
    let last = session.guard().filter();
    call_all();
    let expected: &[_] = if last == calls {
        &["error", "warn", "info", "debug", "trace"]
    } else {
        assert_eq!(last, books);
        &["gateway", "book"]
    };
    assert_eq!(session.messages(), expected);
}

#[test]
fn nothing_records_behind_the_end_of_the_guard() {
    drop(Session::start());
    let _no_other_logger = Session::lock();
    let evaluated = std::cell::Cell::new(false);
    error!("{}", evaluated.replace(true));
    assert!(!evaluated.get());
}

#[test]
fn enabled_tells_whether_a_call_would_record() {
    let session = Session::start_with(|builder| builder.filter(filter("info,gateway=debug")));
    let from = line!();
    let ask = || {
        [
            enabled!(Level::Error),
            enabled!(Level::Info),
            enabled!(Level::Debug),
            enabled!(target: "gateway::book", Level::Debug),
            enabled!(Level::Trace, target: "gateway"),
        ]
    };
    assert_eq!(ask(), [true, true, false, true, false]);
    session.guard().set_filter(filter("off,it::filters=trace"));
    assert_eq!(ask(), [true, true, true, false, false]);
    let here = line!() + 1;
    let asks = |_| enabled!(Level::Trace);
    session.guard().set_filter(format!("off,filters.rs:{here}").parse().expect("this is a filter"));
    assert!(asks(()) && !ask().contains(&true));
    let path = session.path();
    session.flush();
    let lines: Vec<_> = listed_sites(&path)
        .into_iter()
        .filter(|site| site.file == file!())
        .map(|site| site.line)
        .collect();
    assert!(lines.contains(&ERROR_LINE), "calls are listed");
    assert!(!lines.iter().any(|line| (from..=here).contains(line)), "questions are not");
    drop(session);
    assert!(!ask().contains(&true), "nothing records without a logger");
}

/// Set, to the path of the log, for the process that [`run`] starts.
const CHILD: &str = "LOGBUF_TEST_ENVIRONMENT";

/// Runs `test` in a process with these variables: the environment is one for all tests, and read at the start.
fn run(test: &str, path: &Path, variables: &[(&str, &str)]) -> Output {
    let this = std::env::current_exe().expect("the test knows its own path");
    let output = Command::new(this)
        .args(["--exact", test, "--nocapture"])
        .env_remove("LOGBUF_LOG")
        .env_remove("RUST_LOG")
        .env(CHILD, path)
        .envs(variables.iter().copied())
        .output()
        .expect("the test can be started again");
    assert!(output.status.success(), "{output:?}");
    output
}

/// In the process that [`run`] starts: logs, and says what it was told about the environment.
fn log_as_told(path: &Path) {
    let configure = if path.ends_with("ignored") { Builder::ignore_env } else { |builder| builder };
    let builder = Builder::new(path).level(Level::Warn);
    let guard = configure(builder).start().expect("the logger starts");
    call_all();
    for error in guard.env_errors() {
        assert!(
            matches!(error, EnvFilterError::Directive { variable: "RUST_LOG", .. }),
            "{error:?}"
        );
    }
    println!("{} wrong", guard.env_errors().len());
}

#[test]
fn the_environment_has_the_last_word_unless_it_is_ignored() {
    if let Some(path) = std::env::var_os(CHILD) {
        return log_as_told(Path::new(&path));
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let check = |name: &str, variables: &[(&str, &str)], expected: &[&str], complaints: &[&str]| {
        let path = folder.path().join(name);
        let test = "filters::the_environment_has_the_last_word_unless_it_is_ignored";
        let output = run(test, &path, variables);
        let mut messages = Vec::new();
        visit_file(&folder.path().join(format!("{name}.000001.logbuf")), |record| {
            let mut message = String::new();
            record.message(&mut message).expect("the messages are short");
            messages.push(message);
        });
        assert_eq!(messages, expected, "{variables:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        let said: Vec<_> = said.lines().filter(|line| line.starts_with("logbuf: ")).collect();
        assert_eq!(said, complaints);
        let counted = format!("{} wrong", complaints.len());
        assert!(String::from_utf8_lossy(&output.stdout).contains(&counted), "{output:?}");
    };
    check("absent", &[], &["error", "warn"], &[]);
    check("blank", &[("RUST_LOG", "")], &["error", "warn"], &[]);
    check("rust_log", &[("RUST_LOG", "gateway")], &["gateway", "book"], &[]);
    check("own", &[("RUST_LOG", "trace"), ("LOGBUF_LOG", "error")], &["error"], &[]);
    check("ignored", &[("RUST_LOG", "trace")], &["error", "warn"], &[]);
    let loud = "logbuf: RUST_LOG: directive \"it=loud\" at byte 6: expected a level (off, error, warn, info, debug or \
        trace), found \"loud\"; this directive is passed over";
    check("wrong", &[("RUST_LOG", "error,it=loud")], &["error"], &[loud]);
    let span = "logbuf: RUST_LOG: directive \"[span]\" at byte 0: expected a target such as gateway::book or a file such \
        as src/book.rs:42, found \"[span]\"; this directive is passed over";
    check("useless", &[("RUST_LOG", "[span]")], &["error", "warn"], &[span]);
}
