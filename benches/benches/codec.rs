//! What it costs to pack a record and to expand it, and how long it is then: `cargo bench -p logbuf-benches --bench codec`.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use logbuf_benches::load::{LOADS, Load};
use logbuf_format::packed::{self, Packer};

/// Records of a block.
const RECORDS: u64 = 10_000;

fn codec(criterion: &mut Criterion) {
    for load in LOADS {
        let load: Load = load(RECORDS);
        let mut packer = load.packer();
        // The first block learns of which decimals the floats are.
        load.pack(&mut packer);
        packer.clear();
        load.pack(&mut packer);
        let payload = packer.payload().to_vec();
        println!(
            "{}: {:.2} bytes a record, of {:.2}",
            load.name,
            payload.len() as f64 / RECORDS as f64,
            packer.raw_len() as f64 / RECORDS as f64,
        );
        let mut group = criterion.benchmark_group(load.name);
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(RECORDS));
        group.bench_function("pack", |bencher| {
            bencher.iter_batched_ref(
                || load.packer(),
                |packer: &mut Packer| {
                    packer.clear();
                    load.pack(packer);
                    black_box(packer.payload().len())
                },
                BatchSize::NumIterations(100),
            );
        });
        group.bench_function("expand", |bencher| {
            let mut raw = Vec::new();
            bencher.iter(|| {
                packed::expand(black_box(&payload), &mut raw).expect("it was packed");
                black_box(raw.len())
            });
        });
        group.finish();
    }
}

criterion_group!(benches, codec);
criterion_main!(benches);
