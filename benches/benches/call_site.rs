//! What a log call costs, ours, others' and the floor: `cargo bench -p logbuf-benches --bench call_site`.
//!
//! Calls come in bursts that the rings have room for; what the consumers do then is not timed. The program of the same name
//! has the subjects take turns, and shows how the single calls are distributed.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use criterion::{Bencher, Criterion, criterion_group, criterion_main};
use logbuf_benches::call::{AtTimeGiven, Call, Disabled, Floor, LogbufLog, Order, TEXT};

/// Calls in a burst.
const BURST: u64 = 1000;

fn call_site(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    subject::<Floor>(criterion, folder.path());
    subject::<LogbufLog>(criterion, folder.path());
    subject::<AtTimeGiven>(criterion, folder.path());
    subject::<Disabled>(criterion, folder.path());
    rivals(criterion, folder.path());
}

#[cfg(feature = "rivals")]
fn rivals(criterion: &mut Criterion, folder: &Path) {
    use logbuf_benches::call::{Ftlog, Quicklog, Spdlog, TracingFmt};
    subject::<Quicklog>(criterion, folder);
    subject::<Spdlog>(criterion, folder);
    subject::<Ftlog>(criterion, folder);
    subject::<TracingFmt>(criterion, folder);
}

#[cfg(not(feature = "rivals"))]
fn rivals(_criterion: &mut Criterion, _folder: &Path) {}

/// The one body that every subject runs through.
fn subject<C: Call>(criterion: &mut Criterion, folder: &Path) {
    let mut call = C::start(folder);
    let mut group = criterion.benchmark_group(C::NAME);
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group.bench_function("numbers", |bencher| {
        in_bursts(bencher, &mut call, |call, i| call.numbers(i, 2 * i, i as f64 / 2.0));
    });
    group.bench_function("text", |bencher| {
        in_bursts(bencher, &mut call, |call, _| call.text(black_box(TEXT)));
    });
    group.bench_function("order", |bencher| {
        in_bursts(bencher, &mut call, |call, i| call.order(black_box(&Order::new(i))));
    });
    group.finish();
}

/// Times `calls`, without what comes between two bursts.
fn in_bursts<C: Call>(bencher: &mut Bencher<'_>, call: &mut C, one: impl Fn(&C, u64)) {
    bencher.iter_custom(|calls| {
        let mut time = Duration::ZERO;
        for first in (0..calls).step_by(BURST as usize) {
            call.settle();
            let start = Instant::now();
            (first..calls.min(first + BURST)).for_each(|i| one(call, i));
            time += start.elapsed();
        }
        time
    });
}

criterion_group!(benches, call_site);
criterion_main!(benches);
