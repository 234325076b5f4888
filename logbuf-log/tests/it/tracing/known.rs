//! Spans that a thread knows from before: nothing of it may be out of date.

use logbuf_log::tracing::Layer;
use tracing::field::Empty;
use tracing::subscriber::with_default;
use tracing::{Dispatch, Span, dispatcher, info_span};
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::prelude::*;
use tracing_subscriber::registry;

use crate::support::{Session, spanned};

/// The lines of what `work` logs under a layer by itself.
fn lines(work: impl FnOnce()) -> Vec<String> {
    let session = Session::start();
    with_default(registry().with(Layer::new()), work);
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    lines
}

/// Does something on another thread, under the same subscriber, and waits for it.
fn elsewhere(work: impl FnOnce() + Send) {
    let dispatch = dispatcher::get_default(Clone::clone);
    std::thread::scope(|scope| {
        scope.spawn(|| dispatcher::with_default(&dispatch, work));
    });
}

#[test]
fn what_is_recorded_on_a_known_span_is_in_it_when_it_is_entered_again() {
    let lines = lines(|| {
        let span = info_span!("span", late = Empty, later = Empty);
        let enter = |text: &str| span.in_scope(|| tracing::info!("{text}"));
        enter("here");
        span.record("late", 1);
        enter("here");
        elsewhere(|| enter("there"));
        elsewhere(|| _ = span.record("late", 2));
        enter("here");
        elsewhere(|| {
            enter("there");
            span.record("later", 3);
            enter("there");
        });
        enter("here");
    });
    let expected = [
        "span: here",
        "span{late=1}: here",
        "span{late=1}: there",
        "span{late=2}: here",
        "span{late=2}: there",
        "span{late=2 later=3}: there",
        "span{late=2 later=3}: here",
    ];
    assert_eq!(lines, expected);
}

/// Two threads in turn, each of which knows the span.
#[test]
fn what_another_thread_records_is_seen_by_one_that_knows_the_span() {
    let lines = lines(|| {
        let span = info_span!("span", value = 0);
        let (ask, asked) = std::sync::mpsc::channel();
        let (answer, answered) = std::sync::mpsc::channel();
        let dispatch = dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            let span = &span;
            scope.spawn(move || {
                dispatcher::with_default(&dispatch, || {
                    for value in asked {
                        span.in_scope(|| tracing::info!("there, {value}"));
                        span.record("value", value);
                        answer.send(()).expect("it waits");
                    }
                });
            });
            for value in 1..=3 {
                ask.send(value).expect("it listens");
                answered.recv().expect("it answers");
                span.in_scope(|| tracing::info!("here, {value}"));
            }
            drop(ask);
        });
    });
    let expected: Vec<_> = (1..=3)
        .flat_map(|value| {
            let there = format!("span{{value={}}}: there, {value}", value - 1);
            [there, format!("span{{value={value}}}: here, {value}")]
        })
        .collect();
    assert_eq!(lines, expected);
}

/// The registry gives the number of a closed span to another one: it has a generation in it, which comes round after some thousands. One
/// thread makes and closes them, and another enters those alone that have the number of the first.
#[test]
fn a_number_that_is_given_again_is_that_of_the_new_span() {
    const SPANS: u32 = 20_000;
    let session = Session::start();
    let mut same = 0;
    with_default(registry().with(Layer::new()), || {
        let (ask, asked) = std::sync::mpsc::channel::<(Span, u32)>();
        let (answer, answered) = std::sync::mpsc::channel();
        let dispatch = dispatcher::get_default(Clone::clone);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                dispatcher::with_default(&dispatch, || {
                    for (span, i) in asked {
                        span.in_scope(|| tracing::info!(i, "in it"));
                        answer.send(span).expect("it waits");
                    }
                });
            });
            let mut first = None;
            for i in 0..SPANS {
                let span = info_span!("span", i);
                let number = span.id().expect("it is on").into_u64();
                if number == *first.get_or_insert(number) {
                    same += 1;
                    ask.send((span, i)).expect("it listens");
                    drop(answered.recv().expect("it answers"));
                }
            }
            drop(ask);
        });
    });
    assert!(same > 1, "no number came again");
    session.flush();
    let mut reader = logbuf_decode::Reader::new();
    reader.add_file(session.path());
    let mut events = 0;
    reader.for_each(|record| {
        let spans = record.spans();
        let of_span = spans[0].fields().next().expect("it has a field").1.as_unsigned();
        assert_eq!((spans.len(), of_span), (1, record.value("i").and_then(|i| i.as_unsigned())));
        events += 1;
    });
    assert_eq!(events, same);
}

/// The first spans of two registries have the same number.
#[test]
fn subscribers_with_the_same_numbers_are_told_apart() {
    let session = Session::start();
    let dispatch = || Dispatch::new(registry().with(Layer::new()));
    let (a, b) = (dispatch(), dispatch());
    let of_a = dispatcher::with_default(&a, || info_span!("of a", x = 1));
    let of_b = dispatcher::with_default(&b, || info_span!("of b", y = 2));
    assert_eq!(of_a.id().map(|id| id.into_u64()), of_b.id().map(|id| id.into_u64()));
    for text in ["first", "second"] {
        dispatcher::with_default(&a, || of_a.in_scope(|| tracing::info!("{text}")));
        dispatcher::with_default(&b, || of_b.in_scope(|| tracing::info!("{text}")));
    }
    dispatcher::with_default(&a, || {
        let _entered = of_a.enter();
        dispatcher::with_default(&b, || of_b.in_scope(|| tracing::info!("inside")));
        tracing::info!("outside");
    });
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    let (a, b) = ("of a{x=1}", "of b{y=2}");
    let expected =
        [(a, "first"), (b, "first"), (a, "second"), (b, "second"), (b, "inside"), (a, "outside")]
            .map(|(span, text)| format!("{span}: {text}"));
    assert_eq!(lines, expected);
}

#[test]
fn spans_that_are_left_in_any_order_lead_back_to_where_the_thread_is() {
    let lines = lines(|| {
        let outer = info_span!("outer");
        let entered = outer.enter();
        let inner = info_span!("inner");
        let inside = inner.enter();
        drop(entered);
        tracing::info!("outer was left first");
        drop(inside);
        tracing::info!("both were left");
        let twice = (outer.enter(), outer.enter());
        let inside = inner.enter();
        tracing::info!("outer was entered twice");
        drop(twice.0);
        tracing::info!("and left once");
        drop(twice.1);
        tracing::info!("and left twice");
        drop(inside);
        tracing::info!("all were left");
        outer.in_scope(|| inner.in_scope(|| tracing::info!("in order")));
    });
    let expected = [
        "outer:inner: outer was left first",
        "both were left",
        "outer:inner: outer was entered twice",
        "outer:inner: and left once",
        "outer:inner: and left twice",
        "all were left",
        "outer:inner: in order",
    ];
    assert_eq!(lines, expected);
}

/// Each layer knows those spans only that its own filter lets through.
#[test]
fn filters_of_layers_are_those_of_known_spans() {
    let session = Session::start();
    let quiet = filter_fn(|metadata| metadata.target() != "quiet");
    let subscriber = registry()
        .with(Layer::new().with_filter(quiet))
        .with(Layer::new().with_filter(LevelFilter::INFO));
    with_default(subscriber, || {
        let loud = info_span!("loud");
        let quiet = info_span!(target: "quiet", "quiet");
        for _ in 0..2 {
            loud.in_scope(|| quiet.in_scope(|| tracing::info!("event")));
            quiet.in_scope(|| loud.in_scope(|| tracing::info!("event")));
        }
    });
    let (lost, mut lines) = spanned(session);
    assert_eq!(lost, []);
    lines.sort();
    let spans = ["loud: event", "quiet: event"];
    let count = |wanted: &str| lines.iter().filter(|line| *line == wanted).count();
    assert_eq!((lines.len(), spans.map(count)), (8, [6, 2]), "{lines:?}");
}
