//! What is too much, or goes wrong.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use logbuf_log::tracing::Layer;
use logbuf_log::{Level, info};
use tracing::{info_span, subscriber::with_default};
use tracing_subscriber::prelude::*;

use crate::support::{Session, is_on_its_own, spanned};

fn recorded(work: impl FnOnce()) -> impl FnOnce() {
    move || with_default(tracing_subscriber::registry().with(Layer::new()), work)
}

#[test]
fn what_is_too_long_is_cut_and_marked() {
    let session = Session::start();
    recorded(|| {
        let long = "x".repeat(100_000);
        tracing::info!(long, after = 1, "long");
        tracing::info!(after = 1, long = ?long, last = %long, "long");
        tracing::info!("{long}");
    })();
    let shown = session.shown();
    for shown in &shown[..2] {
        assert!(shown.fields.ends_with("truncated=true"), "{}", &shown.fields[32_000..]);
        assert!(shown.fields.len() < 33_000);
    }
    assert!(shown[2].message.ends_with('…'));
}

#[test]
fn a_small_ring_takes_what_it_can() {
    let session = Session::start_with(|builder| builder.ring_capacity(4096));
    std::thread::spawn(recorded(|| {
        tracing::info!(before = 7, long = ?"y".repeat(100_000), after = 1, "in a small ring");
    }))
    .join()
    .expect("the thread ends by itself");
    let shown = session.shown();
    assert_eq!(shown[0].message, "in a small ring");
    assert!(shown[0].fields.starts_with("before=7 long=\"yyy"), "{}", shown[0].fields);
    assert!(shown[0].fields.ends_with("truncated=true"), "{}", shown[0].fields);
}

#[test]
fn combinations_of_types_beyond_the_limit_are_kept_as_text() {
    let session = Session::start();
    let mut expected = Vec::new();
    recorded(|| {
        for bits in 0..128_u32 {
            let some = |bit: u32| (bits >> bit & 1 == 1).then_some(bit);
            let [a, b, c, d, e, f, g] =
                [some(0), some(1), some(2), some(3), some(4), some(5), some(6)];
            tracing::info!(a, b, c, d, e, f, g, "combination {bits}");
            let names = "abcdefg".char_indices();
            let pairs =
                names.filter_map(|(bit, name)| Some(format!("{name}={}", some(bit as u32)?)));
            expected.push(pairs.collect::<Vec<_>>().join(" "));
        }
    })();
    let shown = session.shown();
    assert_eq!(shown.len(), 128);
    let mut texts = 0;
    for (bits, (shown, expected)) in shown.iter().zip(&expected).enumerate() {
        assert_eq!(shown.message, format!("combination {bits}"));
        let as_text = format!("fields={expected}");
        assert!(shown.fields == *expected || shown.fields == as_text, "{:?}", shown.fields);
        texts += usize::from(shown.fields == as_text);
    }
    assert_eq!(texts, 64);
}

/// Panics when it is formatted, if it is to.
struct Bomb(bool);

impl fmt::Debug for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(!self.0, "as was asked for");
        f.write_str("dud")
    }
}

#[test]
fn a_debug_that_panics_costs_its_record_alone() {
    let session = Session::start();
    recorded(|| {
        let caught = [
            catch_unwind(AssertUnwindSafe(|| tracing::warn!(bomb = ?Bomb(true), "lost"))),
            catch_unwind(AssertUnwindSafe(|| info!("lost {:?}", ?Bomb(true)))),
            catch_unwind(AssertUnwindSafe(|| drop(info_span!("span", bomb = ?Bomb(true))))),
        ];
        assert!(caught.iter().all(Result::is_err));
        tracing::info!(bomb = ?Bomb(false), "kept");
    })();
    let decoded = session.decode();
    let messages: Vec<_> = decoded.records.iter().map(|shown| &*shown.message).collect();
    assert_eq!(messages, ["kept"]);
    assert_eq!(decoded.lost_by_level(), [(Level::Warn, 1), (Level::Info, 1)]);
}

#[test]
fn a_debug_that_panics_leaves_the_thread_in_its_spans() {
    let session = Session::start();
    recorded(|| {
        let apart = info_span!(parent: None, "apart");
        let _outer = info_span!("outer").entered();
        let lost = || tracing::info!(parent: &apart, bomb = ?Bomb(true), "lost");
        assert!(catch_unwind(AssertUnwindSafe(lost)).is_err());
        info!("from a macro");
        tracing::info!("from tracing");
        tracing::info!(parent: &apart, bomb = ?Bomb(false), "kept");
    })();
    let (_one, lines) = spanned(session);
    let expected = ["outer: from a macro", "outer: from tracing", "apart: kept"];
    assert_eq!(lines, expected);
}

/// Logs when it is formatted, by all ways there are.
struct Logs;

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _span = info_span!("inner").entered();
        tracing::info!(value = ?1, "from tracing");
        info!("from a macro");
        f.write_str("formatted")
    }
}

/// Under a subscriber of the process: one of the thread `tracing` itself keeps from being called inside itself.
#[test]
fn what_logs_while_it_is_logged_is_recorded_once() {
    if !is_on_its_own("tracing::limits::what_logs_while_it_is_logged_is_recorded_once") {
        return;
    }
    let session = Session::start();
    let subscriber = tracing_subscriber::registry().with(Layer::new());
    tracing::subscriber::set_global_default(subscriber).expect("there is no other");
    let outer = info_span!("outer").entered();
    tracing::info!(logs = ?Logs, "around");
    tracing::info!(long = %"x".repeat(5000), logs = ?Logs, "around, twice formatted");
    drop(outer);
    tracing::info!("behind");
    let (lost, mut lines) = spanned(session);
    assert_eq!(lost, []);
    lines.sort();
    let expected = [
        "behind",
        "outer: around",
        "outer: around, twice formatted",
        "outer:inner: from a macro",
        "outer:inner: from a macro",
        "outer:inner: from tracing",
        "outer:inner: from tracing",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn deeper_nesting_than_the_limit_is_marked() {
    let session = Session::start();
    recorded(|| {
        let entered: Vec<_> = (0..70).map(|depth| info_span!("deep", depth).entered()).collect();
        tracing::info!("at the bottom");
        let mut entered = entered;
        while entered.len() > 64 {
            entered.pop();
        }
        tracing::info!("at the limit");
        // The innermost first.
        while entered.pop().is_some() {}
        tracing::info!("outside");
    })();
    let mut found = Vec::new();
    let lost = session.visit(|record| {
        let spans = record.spans();
        let is_rest = spans.last().is_some_and(|span| span.is_rest());
        let last = spans.get(63).and_then(|span| span.fields().next());
        found.push((spans.len(), is_rest, last.map(|(_, value)| format!("{value:?}"))));
    });
    assert_eq!(lost, []);
    let last = Some("I64(63)".to_owned());
    assert_eq!(found, [(65, true, last.clone()), (64, false, last), (0, false, None)]);
}

#[test]
fn a_span_keeps_what_there_is_room_for_and_says_so() {
    let session = Session::start();
    recorded(|| {
        let long = "x".repeat(5000);
        let late = tracing::field::Empty;
        info_span!("at once", first = 1, long, after = 2).in_scope(|| tracing::info!("in it"));
        let span = info_span!("later", first = 1, late, after = 2);
        span.record("late", "y".repeat(5000));
        span.in_scope(|| tracing::info!("in it"));
    })();
    let mut found = Vec::new();
    let lost = session.visit(|record| {
        let span = &record.spans()[0];
        let names: Vec<_> = span.fields().map(|(name, _)| name.to_owned()).collect();
        let len = span.fields().map(|(_, value)| format!("{value:?}").len()).max();
        found.push((span.name().to_owned(), names.join(" "), len.is_some_and(|len| len < 1100)));
    });
    assert_eq!(lost, []);
    let expected =
        [("at once", "first long truncated", true), ("later", "first after truncated", true)]
            .map(|(name, fields, is_short)| (name.to_owned(), fields.to_owned(), is_short));
    assert_eq!(found, expected);
}

/// As tasks that are never polled again, or guards that are forgotten.
#[test]
fn thousands_of_spans_that_are_never_left_cost_no_event_its_span() {
    const SPANS: usize = 3000;
    let session = Session::start();
    recorded(|| {
        for i in 0..SPANS {
            std::mem::forget(info_span!(parent: None, "forgotten", i).entered());
            tracing::info!(i, "in it");
        }
    })();
    let mut count = 0;
    let lost = session.visit(|record| {
        let spans = record.spans();
        let in_span = spans[0].fields().next().expect("it has a field").1.as_unsigned();
        let in_event = record.value("i").and_then(|value| value.as_unsigned());
        assert_eq!((spans.len(), in_span), (1, in_event));
        count += 1;
    });
    assert_eq!((lost, count), (Vec::new(), SPANS));
}
