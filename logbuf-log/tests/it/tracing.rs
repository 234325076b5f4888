//! Events and spans of `tracing`, beside what `tracing-subscriber` itself prints of them.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use logbuf_decode::{Json, Reader, Render};
use logbuf_log::tracing::Layer;
use logbuf_log::{context, info};
use tracing::{Level, debug, error, info_span, span, trace, warn};
use tracing_subscriber::prelude::*;

#[cfg(feature = "log")]
mod beside;
mod known;
mod limits;
mod several;
mod spans;

use crate::support::Session;

/// What the formatter of `tracing-subscriber` wrote.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics while it is locked").write(bytes)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `work` under both, and compares event for event: level, spans, target, message and fields.
fn check(work: impl FnOnce()) -> Vec<String> {
    let session = Session::start();
    let written = Written::default();
    let sink = written.clone();
    let formatter = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .without_time()
        .with_writer(move || sink.clone());
    let subscriber = tracing_subscriber::registry().with(Layer::new()).with(formatter);
    tracing::subscriber::with_default(subscriber, work);
    let mut found = Vec::new();
    let lost = session.visit(|record| {
        let mut line = format!("{:>5} ", record.level());
        for span in record.spans() {
            line.push_str(span.name());
            let fields: Vec<_> =
                span.fields().map(|(name, value)| span_field(name, &value)).collect();
            if !fields.is_empty() {
                line.push_str(&format!("{{{}}}", fields.join(" ")));
            }
            line.push(':');
        }
        if line.ends_with(':') {
            line.push(' ');
        }
        line.push_str(&format!("{}: ", record.target()));
        record.message(&mut line).expect("the message is short");
        for (name, value) in record.fields() {
            line.push(' ');
            line.push_str(&field(name, value));
        }
        found.push(line.replace(": : ", ": "));
    });
    assert_eq!(lost, []);
    let text = written.0.lock().expect("nobody panics while it is locked").clone();
    let text = String::from_utf8(text).expect("it writes text");
    let expected: Vec<_> = text.lines().map(str::to_owned).collect();
    let normal = |line: &String| line.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        found.iter().map(normal).collect::<Vec<_>>(),
        expected.iter().map(normal).collect::<Vec<_>>()
    );
    found
}

fn field(name: &str, value: &logbuf_format::value::Value<'_>) -> String {
    let mut text = format!("{name}=");
    logbuf_format::render::field(&mut text, value, logbuf_format::render::Room::most(""))
        .expect("the field is short");
    text
}

/// The message of a span stands without its name.
fn span_field(name: &str, value: &logbuf_format::value::Value<'_>) -> String {
    if name != "message" {
        return field(name, value);
    }
    let mut text = String::new();
    logbuf_format::render::unquoted(&mut text, value, logbuf_format::render::Room::most(""))
        .expect("the field is short");
    text
}

/// An error with others behind it.
#[derive(Debug)]
struct Failure(Option<&'static Failure>);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it failed")
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.map(|source| source as _)
    }
}

#[test]
fn fields_of_all_kinds_are_those_that_the_formatter_prints() {
    static INNER: Failure = Failure(None);
    check(|| {
        let failure: &dyn Error = &Failure(Some(&INNER));
        tracing::info!(i = i8::MIN, u = u16::MAX, big = i128::MIN, f = f32::MIN, "numbers");
        tracing::info!(none = Option::<u64>::None, some = Some(7), "options");
        tracing::info!(failure, r#type = "raw", dotted.name = 1, "names");
        tracing::info!(quoted = "a \"b\"", control = "a\nb", "text with {{braces}}");
        tracing::info!(x = 1.0, y = f64::NAN, z = -0.0, "floats");
        tracing::info!(message = 7, "numbers are messages" = 1);
        tracing::info!({ a = 1, b = ?"b" });
    });
}

#[test]
fn a_message_may_stand_behind_fields() {
    let session = Session::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new());
    tracing::subscriber::with_default(subscriber, || {
        tracing::event!(Level::INFO, first = 1, message = "behind", last = 2);
    });
    let shown = session.shown();
    assert_eq!((&*shown[0].message, &*shown[0].fields), ("behind", "first=1 last=2"));
}

#[test]
fn events_are_those_that_the_formatter_prints() {
    let found = check(|| {
        tracing::info!("plain");
        warn!(a = 1_u64, b = -2_i64, c = true, d = 1.5, e = "text", "all of {}", "them");
        error!(debug = ?Some(1), display = %fmt::Error, "formatted");
        debug!(only = "fields");
        trace!(target: "elsewhere", big = u128::MAX, "targeted");
    });
    assert_eq!(found.len(), 5);
}

#[test]
fn spans_are_those_that_the_formatter_prints() {
    check(|| {
        let outer = info_span!("outer", id = 7, late = tracing::field::Empty);
        let _outer = outer.enter();
        tracing::info!("in outer");
        {
            let _inner = span!(Level::DEBUG, "inner", text = "t", shown = ?[1, 2]).entered();
            tracing::info!(x = 1, "in both");
            outer.record("late", 3);
            tracing::info!("in both, later");
        }
        tracing::info!("in outer again");
        let apart = info_span!(parent: None, "apart");
        tracing::info!(parent: &apart, "in apart");
        tracing::info!(parent: None, "in none");
        apart.in_scope(|| tracing::info!("in apart by itself"));
        tracing::info!("in outer at last");
        let _told = info_span!("told", a = 1, "told {}", 5).entered();
        let _said = info_span!("said", message = "by itself").entered();
        tracing::info!("in a span with a message");
    });
}

#[test]
fn spans_move_between_threads() {
    check(|| {
        let span = info_span!("task", id = 1);
        let dispatch = tracing::dispatcher::get_default(Clone::clone);
        for i in 0..50 {
            let (span, dispatch) = (span.clone(), dispatch.clone());
            std::thread::spawn(move || {
                tracing::dispatcher::with_default(&dispatch, || {
                    span.in_scope(|| tracing::info!(i, "polled"));
                    tracing::info!(i, "between");
                });
            })
            .join()
            .expect("the thread ends by itself");
        }
    });
}

#[test]
fn a_filter_is_changed_while_it_runs_and_disturbs_no_other_layer() {
    let session = Session::start();
    let written = Written::default();
    let sink = written.clone();
    let formatter = tracing_subscriber::fmt::layer().with_writer(move || sink.clone());
    let subscriber = tracing_subscriber::registry().with(Layer::new()).with(formatter);
    tracing::subscriber::with_default(subscriber, || {
        let call = || debug!("call");
        call();
        session.guard().set_filter("info".parse().expect("it is a level"));
        call();
        session.guard().set_filter("trace".parse().expect("it is a level"));
        call();
    });
    assert_eq!(session.messages(), ["call", "call"]);
    let text = written.0.lock().expect("nobody panics while it is locked").clone();
    assert_eq!(String::from_utf8(text).expect("it writes text").lines().count(), 3);
}

#[test]
fn native_records_are_in_the_spans_and_events_in_the_contexts() {
    let session = Session::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new());
    tracing::subscriber::with_default(subscriber, || {
        let _context = context!(session = 7);
        let _span = info_span!("request", id = 1).entered();
        info!("native");
        tracing::info!("traced");
    });
    let path = session.path();
    let folder = session.stop();
    let mut reader = Reader::new();
    reader.add_file(path);
    let (mut json, mut lines) = (Json::new(), String::new());
    reader.for_each(|record| json.record(record, &mut lines).expect("the line is short"));
    let rest = r#""spans":[{"name":"request","fields":{"id":1}}],"context":{"session":7}}"#;
    assert_eq!(lines.lines().filter(|line| line.ends_with(rest)).count(), 2, "{lines}");
    drop(folder);
}
