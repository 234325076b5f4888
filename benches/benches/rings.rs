//! What a record costs the thread that writes it and the one that reads it: `cargo bench -p logbuf-benches --bench rings`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use logbuf_benches::subject::{LogbufMpsc, LogbufSpsc, LogbufSpscSingly, Sink, Source, Subject};

/// Writes a record and reads it.
fn one<S: Subject>(criterion: &mut Criterion, flavour: &str) {
    let mut group = criterion.benchmark_group(format!("{flavour}: write and read one"));
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for len in [8, 64, 256, 1024] {
        let (mut source, mut sink) = S::make(64 * 1024);
        let record = vec![7; len];
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function(BenchmarkId::new(S::NAME, len), |bencher| {
            bencher.iter(|| {
                source.push(black_box(&record));
                sink.drain(|record| {
                    black_box(record);
                })
            });
        });
    }
    group.finish();
}

fn spsc(criterion: &mut Criterion) {
    one::<LogbufSpsc>(criterion, "spsc");
    one::<LogbufSpscSingly>(criterion, "spsc");
}

fn mpsc(criterion: &mut Criterion) {
    one::<LogbufMpsc>(criterion, "mpsc");
}

#[cfg(feature = "rivals")]
fn rivals(criterion: &mut Criterion) {
    use logbuf_benches::subject::{Bbqueue, Crossbeam, NexusMpsc, NexusSpsc, Ringbuf, Rtrb};
    one::<NexusSpsc>(criterion, "spsc");
    one::<Rtrb>(criterion, "spsc");
    one::<Bbqueue>(criterion, "spsc");
    one::<Ringbuf>(criterion, "spsc");
    one::<Crossbeam>(criterion, "spsc");
    one::<NexusMpsc>(criterion, "mpsc");
}

#[cfg(not(feature = "rivals"))]
fn rivals(_criterion: &mut Criterion) {}

criterion_group!(benches, spsc, mpsc, rivals);
criterion_main!(benches);
