//! Log calls to count the instructions of: `hot_path SUBJECT CALLS`, under callgrind. See `.ci/instructions`.
//!
//! Each subject is a function of its own, which callgrind is told to collect in. What it counts there is the call and
//! nothing else: no loop, no other thread.

use std::hint::black_box;

use logbuf_log::{Builder, Level, Timestamp, info, trace};

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

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(subject), Some(calls)) = (arguments.next(), arguments.next()) else {
        panic!("usage: hot_path SUBJECT CALLS");
    };
    let calls: u64 = calls.parse().expect("CALLS is a number");
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let guard = Builder::new(folder.path().join("app"))
        .level(Level::Debug)
        .start()
        .expect("the folder can be written to");
    for i in 0..black_box(calls) {
        match subject.as_str() {
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
            other => panic!("no subject is called {other}"),
        }
    }
    drop(guard);
}
