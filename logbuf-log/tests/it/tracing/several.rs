//! Several layers, subscribers and facades at once.

use logbuf_log::tracing::{Layer, Spans};
use logbuf_log::{info, warn};
use tracing::subscriber::with_default;
use tracing::{Dispatch, dispatcher, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{registry, reload};

use super::Written;
use crate::support::{Session, spanned};

#[test]
fn layers_and_filters_are_reloaded_around_it() {
    let session = Session::start();
    let written = Written::default();
    let sink = written.clone();
    let formatter = tracing_subscriber::fmt::layer().with_writer(move || sink.clone());
    let (formatter, other) = reload::Layer::new(formatter.with_filter(LevelFilter::ERROR));
    let (filter, ours) = reload::Layer::new(LevelFilter::INFO);
    let subscriber = registry().with(Layer::new().with_filter(filter)).with(formatter);
    with_default(subscriber, || {
        let call = |i: u32| tracing::debug!(i, "call");
        call(1);
        ours.reload(LevelFilter::DEBUG).expect("it is there");
        call(2);
        other.modify(|layer| *layer.filter_mut() = LevelFilter::TRACE).expect("it is there");
        call(3);
        ours.reload(LevelFilter::OFF).expect("it is there");
        call(4);
    });
    let fields: Vec<_> = session.shown().into_iter().map(|shown| shown.fields).collect();
    assert_eq!(fields, ["i=2", "i=3"]);
    let text = written.0.lock().expect("nobody panics while it is locked").clone();
    assert_eq!(String::from_utf8(text).expect("it writes text").lines().count(), 2);
}

#[test]
fn a_layer_that_is_there_twice_records_twice() {
    let session = Session::start();
    with_default(registry().with(Layer::new()).with(Layer::new()), || {
        let span = info_span!("span", late = tracing::field::Empty).entered();
        tracing::info!("event");
        span.record("late", 1);
        tracing::info!("later");
    });
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    let (event, later) = ("span: event", "span{late=1}: later");
    assert_eq!(lines, [event, event, later, later]);
}

#[test]
fn subscribers_on_one_thread_and_on_two_keep_their_spans() {
    let session = Session::start();
    let dispatch = || Dispatch::new(registry().with(Layer::new()));
    let (a, b) = (dispatch(), dispatch());
    dispatcher::with_default(&a, || {
        let _outer = info_span!("of a").entered();
        tracing::info!("1");
        dispatcher::with_default(&b, || {
            tracing::info!("2");
            let _inner = info_span!("of b").entered();
            tracing::info!("3");
        });
        tracing::info!("4");
        let (b, there) = (b.clone(), std::thread::current().id());
        std::thread::spawn(move || {
            dispatcher::with_default(&b, || {
                assert_ne!(std::thread::current().id(), there);
                info_span!("of b, there").in_scope(|| tracing::info!("5"));
            });
        })
        .join()
        .expect("the thread ends by itself");
        tracing::info!("6");
    });
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    let expected = ["of a: 1", "2", "of b: 3", "of a: 4", "of b, there: 5", "of a: 6"];
    assert_eq!(lines, expected);
}

#[test]
fn a_filter_takes_spans_out_of_paths() {
    let session = Session::start();
    with_default(registry().with(Layer::with_spans(Spans::Context)), || {
        let _outer = info_span!("outer").entered();
        let _middle = tracing::debug_span!(target: "quiet", "middle").entered();
        let _inner = info_span!("inner").entered();
        tracing::info!("all");
        session.guard().set_filter("trace,quiet=info".parse().expect("they are directives"));
        let _again = tracing::debug_span!(target: "quiet", "again").entered();
        tracing::info!("some");
        info!("native");
        session.guard().set_filter("warn".parse().expect("it is a level"));
        tracing::info!("none");
        warn!("at last");
    });
    let (lost, lines) = spanned(session);
    assert_eq!(lost, []);
    let path = "outer:middle:inner:";
    let expected = ["all", "some", "native", "at last"].map(|text| format!("{path} {text}"));
    assert_eq!(lines, expected);
}

#[test]
fn it_is_taken_out_by_a_reload() {
    let session = Session::start();
    let (layer, handle) = reload::Layer::new(Some(Layer::new()));
    with_default(registry().with(layer), || {
        let span = info_span!("span").entered();
        tracing::info!("recorded");
        handle.reload(None).expect("it is there");
        tracing::info!("not recorded");
        drop(span);
        tracing::info!("not recorded");
    });
    let (lost, lines) = spanned(session);
    assert_eq!((lost, &*lines), (vec![], &["span: recorded".to_owned()][..]));
}
