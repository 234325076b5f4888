//! Log calls to count the instructions of: `hot_path SUBJECT CALLS`, under callgrind. See `.ci/instructions`.
//!
//! Each subject is a function of its own, which callgrind is told to collect in. What it counts there is the call and
//! nothing else: no loop, no other thread. One that ends in `_not_crash_safe` is the same function over rings in memory of the
//! process, and one that ends in `_registry_alone` the same without our layer.

use std::hint::black_box;

use logbuf_log::tracing::Layer;
use logbuf_log::{Builder, CrashSafe, Level, Timestamp, info, trace};
use tracing::{Dispatch, Span};
use tracing_subscriber::prelude::*;

/// At the end of a subject: its rings do not outlive the process.
const NOT_CRASH_SAFE: &str = "_not_crash_safe";

/// At the end of a subject: what `tracing` does without our layer.
const REGISTRY_ALONE: &str = "_registry_alone";

#[inline(never)]
fn three_numbers(a: u64, b: u64, c: f64) {
    info!("Iteration: {a} int: {b} double: {c}");
}

#[inline(never)]
fn at_a_time_given(a: u64, b: u64, c: f64, ts: Timestamp) {
    info!(ts: ts, "Iteration: {a} int: {b} double: {c}");
}

#[inline(never)]
fn text_of_40_bytes(text: &str) {
    info!("Text: {text}");
}

#[inline(never)]
fn no_values() {
    info!("here");
}

#[inline(never)]
fn two_fields(id: u32, rtt_ns: u64) {
    info!(id, rtt_ns, "ack");
}

#[inline(never)]
fn site_that_is_off(a: u64, b: u64, c: f64) {
    trace!("Iteration: {a} int: {b} double: {c}");
}

#[inline(never)]
fn tracing_event(a: u64, b: u64, c: f64) {
    tracing::info!(a, b, c, "filled");
}

#[inline(never)]
fn tracing_span(span: &Span) {
    drop(span.enter());
}

/// An event in a span that was entered for it.
#[inline(never)]
fn tracing_span_event(span: &Span, a: u64, b: u64, c: f64) {
    let _entered = span.enter();
    tracing::info!(a, b, c, "filled");
}

#[inline(never)]
fn tracing_site_that_is_off(a: u64, b: u64, c: f64) {
    tracing::trace!(a, b, c, "filled");
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(subject), Some(calls)) = (arguments.next(), arguments.next()) else {
        panic!("usage: hot_path SUBJECT CALLS");
    };
    let calls: u64 = calls.parse().expect("CALLS is a number");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let crash_safe = match subject.strip_suffix(NOT_CRASH_SAFE) {
        Some(_) => CrashSafe::Off,
        None => CrashSafe::Auto,
    };
    let guard = Builder::new(folder.path().join("app"))
        .ignore_env()
        .level(Level::Debug)
        .crash_safe(crash_safe)
        .start()
        .expect("the folder can be written to");
    let dispatch = match subject.strip_suffix(REGISTRY_ALONE) {
        Some(_) => Dispatch::new(tracing_subscriber::registry()),
        None => Dispatch::new(tracing_subscriber::registry().with(Layer::new())),
    };
    tracing::dispatcher::set_global_default(dispatch).expect("there is no other");
    let span = tracing::info_span!("request", id = 7);
    let subject = [NOT_CRASH_SAFE, REGISTRY_ALONE]
        .iter()
        .find_map(|suffix| subject.strip_suffix(suffix))
        .unwrap_or(&subject);
    for i in 0..black_box(calls) {
        match subject {
            "three_numbers" => three_numbers(i, 2 * i, i as f64 / 2.0),
            "at_a_time_given" => {
                at_a_time_given(i, 2 * i, i as f64 / 2.0, Timestamp::from_ticks(i))
            }
            "text_of_40_bytes" => {
                text_of_40_bytes(black_box("the quick brown fox jumps over a lazy do"))
            }
            "no_values" => no_values(),
            "two_fields" => two_fields(i as u32, i),
            "site_that_is_off" => site_that_is_off(i, 2 * i, i as f64 / 2.0),
            "tracing_event" => tracing_event(i, 2 * i, i as f64 / 2.0),
            "tracing_span" => tracing_span(&span),
            "tracing_span_event" => tracing_span_event(&span, i, 2 * i, i as f64 / 2.0),
            "tracing_site_that_is_off" => tracing_site_that_is_off(i, 2 * i, i as f64 / 2.0),
            other => panic!("no subject is called {other}"),
        }
    }
    drop(guard);
}
