//! What a log call costs its caller: ours, others', and the floor, which is the reading of the counter.
//!
//! `cargo run --release -p logbuf-benches --bin call_site`
//!
//! The subjects take turns, in one thread. First the mean over bursts of 1000 calls while the consumer has nothing to do;
//! then single calls, with the counter read before and after each, so that the row of the counter alone is what measuring
//! adds to all of them.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use logbuf_benches::call::{Call, Disabled, Floor, LogbufLog};
use logbuf_benches::pin::to_core;
use logbuf_benches::ticks::{nanoseconds_per_tick, ticks};

/// Calls in a long burst, and how often each subject has its turn.
const BURST: u64 = 1000;
const TURNS: usize = 300;

/// Calls in a short burst, and how far apart they begin.
const SHORT_BURST: u64 = 20;
const GAP: Duration = Duration::from_millis(1);

/// A string of 40 bytes.
const TEXT: &str = "the quick brown fox jumps over a lazy do";

/// What is logged.
#[derive(Clone, Copy)]
enum Payload {
    Numbers,
    Text,
}

/// One burst of calls; what it measured is appended to the list.
type Burst<'a> = Box<dyn FnMut(Payload, Kind, &mut Vec<f64>) + 'a>;

/// What of a burst is measured.
#[derive(Clone, Copy)]
enum Kind {
    /// The mean of its calls.
    Mean,
    /// Each of its calls.
    Each,
}

fn main() {
    to_core(0);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let tick = nanoseconds_per_tick();
    let mut subjects = subjects(folder.path());
    for (payload, what) in
        [(Payload::Numbers, "two `u64` and an `f64`"), (Payload::Text, "a string of 40 bytes")]
    {
        let means = measure(&mut subjects, payload, Kind::Mean);
        print(&format!("{what}: mean of a burst of {BURST}, ns per call"), tick, &means);
        let each = measure(&mut subjects, payload, Kind::Each);
        print(
            &format!("{what}: single calls in bursts of {SHORT_BURST}, {GAP:?} apart, ns"),
            tick,
            &each,
        );
    }
}

fn subjects(folder: &Path) -> Vec<(&'static str, Burst<'static>)> {
    let mut subjects =
        vec![subject::<Floor>(folder), subject::<LogbufLog>(folder), subject::<Disabled>(folder)];
    add_rivals(&mut subjects, folder);
    subjects
}

#[cfg(feature = "rivals")]
fn add_rivals(subjects: &mut Vec<(&'static str, Burst<'static>)>, folder: &Path) {
    use logbuf_benches::call::{Ftlog, Quicklog, Spdlog, TracingFmt};
    subjects.push(subject::<Quicklog>(folder));
    subjects.push(subject::<Spdlog>(folder));
    subjects.push(subject::<Ftlog>(folder));
    subjects.push(subject::<TracingFmt>(folder));
}

#[cfg(not(feature = "rivals"))]
fn add_rivals(_subjects: &mut Vec<(&'static str, Burst<'static>)>, _folder: &Path) {}

/// The one body that every subject runs through.
fn subject<C: Call + 'static>(folder: &Path) -> (&'static str, Burst<'static>) {
    let mut call = C::start(folder);
    let burst = move |payload, kind, results: &mut Vec<f64>| {
        call.settle();
        // The consumer goes to sleep, and what it touched settles in the caches.
        std::thread::sleep(GAP);
        match (payload, kind) {
            (Payload::Numbers, Kind::Mean) => {
                results.push(mean(|i| call.numbers(i, 2 * i, i as f64 / 2.0)))
            }
            (Payload::Text, Kind::Mean) => results.push(mean(|_| call.text(black_box(TEXT)))),
            (Payload::Numbers, Kind::Each) => {
                each(results, |i| call.numbers(i, 2 * i, i as f64 / 2.0))
            }
            (Payload::Text, Kind::Each) => each(results, |_| call.text(black_box(TEXT))),
        }
    };
    (C::NAME, Box::new(burst))
}

/// Ticks per call of a long burst.
#[inline(always)]
fn mean(call: impl Fn(u64)) -> f64 {
    let start = ticks();
    (0..BURST).for_each(call);
    (ticks() - start) as f64 / BURST as f64
}

/// Ticks of each call of a short burst, the counter's own included.
#[inline(always)]
fn each(results: &mut Vec<f64>, call: impl Fn(u64)) {
    for i in 0..SHORT_BURST {
        let start = ticks();
        call(i);
        results.push((ticks() - start) as f64);
    }
}

/// Lets the subjects take turns: A B C A B C …, because the machine may be busy with other things at some time or other.
fn measure(
    subjects: &mut [(&'static str, Burst<'static>)],
    payload: Payload,
    kind: Kind,
) -> Vec<(&'static str, Vec<f64>)> {
    let mut results: Vec<_> = subjects.iter().map(|(name, _)| (*name, Vec::new())).collect();
    // The first turns warm up.
    let warm = TURNS / 10;
    for turn in 0..TURNS + warm {
        for ((_, burst), (_, numbers)) in subjects.iter_mut().zip(&mut results) {
            burst(payload, kind, numbers);
            if turn < warm {
                numbers.clear();
            }
        }
    }
    results
}

fn print(title: &str, tick: f64, results: &[(&'static str, Vec<f64>)]) {
    println!("\n| {title} | p50 | p90 | p99 | p99.9 | max | p50 ÷ floor |");
    println!("|---|---|---|---|---|---|---|");
    let mut floor = None;
    for (name, numbers) in results {
        let mut sorted = numbers.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize] * tick;
        let floor = *floor.get_or_insert(at(0.5));
        println!(
            "| {name} | **{:.1}** | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} |",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0),
            at(0.5) / floor
        );
    }
}
