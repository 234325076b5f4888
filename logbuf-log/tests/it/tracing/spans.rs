//! The whole life of spans.

use logbuf_decode::{Filter, Happening, Reader, What};
use logbuf_log::tracing::{Layer, Spans};
use tracing::subscriber::with_default;
use tracing::{Span, dispatcher, info_span};
use tracing_subscriber::prelude::*;

use crate::support::{Session, spanned};

/// What happened to spans, in order: name, fields, and what.
fn lives(session: Session) -> Vec<(String, String, Happening, i64)> {
    let path = session.path();
    let folder = session.stop();
    let mut reader = Reader::new().filter(Filter::new().with_happenings());
    reader.add_file(path);
    let mut found = Vec::new();
    reader.for_each(|record| {
        let Some(happening) = record.happening() else { return };
        let mut name = String::new();
        record.message(&mut name).expect("a name is short");
        let fields: Vec<_> =
            record.fields().map(|(name, value)| super::field(name, value)).collect();
        found.push((name, fields.join(" "), happening, record.unix_ns()));
    });
    assert_eq!(reader.findings().iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0]);
    drop(folder);
    found
}

#[test]
fn a_span_is_opened_changed_entered_left_and_closed() {
    let session = Session::start();
    with_default(tracing_subscriber::registry().with(Layer::new()), || {
        let outer = info_span!("outer", id = 7, late = tracing::field::Empty);
        let first = info_span!("first");
        let inner = info_span!(parent: &outer, "inner", x = 1);
        inner.follows_from(&first);
        outer.in_scope(|| inner.in_scope(|| tracing::info!("an event")));
        outer.record("late", "now");
        outer.in_scope(|| {});
    });
    let found = lives(session);
    let id = |of: &str| found.iter().find(|(name, ..)| name == of).expect("it was opened").2.id;
    let what: Vec<_> = found
        .iter()
        .map(|(name, fields, happening, _)| {
            let what = match happening.what {
                What::Opened { parent: 0 } => "opened".to_owned(),
                What::Opened { parent } => format!("opened in {}", parent == id("outer")),
                What::Amended => "amended".to_owned(),
                What::Followed { other } => format!("follows {}", other == id("first")),
                What::Exited { .. } => "exited".to_owned(),
                What::Closed { .. } => "closed".to_owned(),
                other => panic!("{other:?}"),
            };
            format!("{name} {what} {fields}").trim_end().to_owned()
        })
        .collect();
    let expected = [
        "outer opened id=7",
        "first opened",
        "inner opened in true x=1",
        "inner follows true",
        "inner exited",
        "outer exited",
        "outer amended late=\"now\"",
        "outer exited",
        "inner closed",
        "first closed",
        "outer closed",
    ];
    assert_eq!(what, expected);
    for (name, _, happening, now) in &found {
        let opened = found.iter().find(|(of, ..)| of == name).expect("it was opened").3;
        match happening.what {
            What::Exited { since_unix_ns } => assert!((opened..=*now).contains(&since_unix_ns)),
            What::Closed { since_unix_ns } => assert_eq!(since_unix_ns, opened),
            _ => {}
        }
    }
}

#[test]
fn the_life_of_spans_can_be_left_out() {
    let session = Session::start();
    let subscriber = tracing_subscriber::registry().with(Layer::with_spans(Spans::Context));
    with_default(subscriber, || {
        info_span!("span", x = 1).in_scope(|| tracing::info!("an event"));
    });
    assert_eq!(lives(session), []);
}

/// Tasks that are polled in turn by several threads, half of which end.
#[test]
fn tasks_move_between_threads() {
    const TASKS: usize = 2000;
    const THREADS: usize = 3;
    let session = Session::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new());
    with_default(subscriber, || {
        let dispatch = dispatcher::get_default(Clone::clone);
        let spans: Vec<Span> = (0..TASKS).map(|task| info_span!("task", task)).collect();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (spans, dispatch) = (&spans, &dispatch);
                scope.spawn(move || {
                    dispatcher::with_default(dispatch, || {
                        // Each task by all threads, at times by several at once.
                        for task in (0..TASKS).map(|i| (i + thread * TASKS / THREADS) % TASKS) {
                            spans[task].in_scope(|| tracing::info!(task, "polled"));
                        }
                    });
                });
            }
        });
        for (task, span) in spans.into_iter().enumerate() {
            match task % 2 {
                0 => drop(span),
                _ => std::mem::forget(span),
            }
        }
    });
    session.flush();
    let path = session.path();
    let mut reader = Reader::new();
    reader.add_file(&path);
    let mut events = 0;
    reader.for_each(|record| {
        let spans = record.spans();
        let field = |name| record.value(name).and_then(|value| value.as_unsigned());
        let task = spans[0].fields().next().expect("it has a field").1.as_unsigned();
        assert_eq!((spans.len(), spans[0].name(), task), (1, "task", field("task")));
        events += 1;
    });
    assert_eq!(events, TASKS * THREADS);
    let found = lives(session);
    let count = |is: fn(&What) -> bool| {
        found.iter().filter(|(.., happening, _)| is(&happening.what)).count()
    };
    assert_eq!(count(|what| matches!(what, What::Opened { .. })), TASKS);
    assert_eq!(count(|what| matches!(what, What::Exited { .. })), TASKS * THREADS);
    assert_eq!(count(|what| matches!(what, What::Closed { .. })), TASKS / 2);
}

#[test]
fn spans_that_are_entered_out_of_order_are_left() {
    let session = Session::start();
    with_default(tracing_subscriber::registry().with(Layer::new()), || {
        let (a, b) = (info_span!("a"), info_span!("b"));
        let in_a = a.enter();
        let b_in_a = info_span!("b in a");
        let in_b = b_in_a.enter();
        drop(in_a);
        tracing::info!("a was left first");
        let apart = b.enter();
        tracing::info!("b is in nothing");
        drop(apart);
        drop(in_b);
        let again = (a.enter(), a.enter());
        tracing::info!("a twice");
        drop(again.1);
        tracing::info!("a once");
        drop(again.0);
        tracing::info!("nothing");
    });
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    let expected =
        ["a:b in a: a was left first", "b: b is in nothing", "a: a twice", "a: a once", "nothing"];
    assert_eq!(lines, expected);
}
