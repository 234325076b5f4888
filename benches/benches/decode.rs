//! What it costs to read a record, and to render it in each way, on one thread: `cargo bench -p logbuf-benches --bench decode`.
//!
//! The program of the same name measures the command, with its threads and its output.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use logbuf_benches::logged::{PATIENCE, mix, numbers};
use logbuf_decode::{Csv, Json, Logfmt, Reader, Render, Text};
use logbuf_log::{Builder, Level, WhenFull};

/// Records of a file.
const RECORDS: u64 = 100_000;

fn decode(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, log) in [("three numbers", numbers as fn(u64)), ("twelve sites", mix)] {
        let path = folder.path().join(name);
        let guard = Builder::to_file(&path)
            .ignore_env()
            .level(Level::Trace)
            .when_full(WhenFull::Block(PATIENCE))
            .start()
            .expect("the folder can be written to");
        log(RECORDS);
        drop(guard);

        let mut group = criterion.benchmark_group(name);
        group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
        group.throughput(Throughput::Elements(RECORDS)).sample_size(10);
        group.bench_function("read", |bencher| {
            bencher.iter(|| {
                let mut count = 0;
                reader(&path).for_each(|record| {
                    black_box(record);
                    count += 1;
                });
                assert_eq!(count, RECORDS);
            });
        });
        let renders: [(&str, Box<dyn Render>); 4] = [
            ("text", Box::new(Text::new())),
            ("JSON", Box::new(Json::new())),
            ("CSV", Box::new(Csv::new())),
            ("logfmt", Box::new(Logfmt::new())),
        ];
        for (form, mut render) in renders {
            let mut line = String::new();
            group.bench_function(form, |bencher| {
                bencher.iter(|| {
                    reader(&path).for_each(|record| {
                        line.clear();
                        render.record(record, &mut line).expect("it is not too long");
                        black_box(&line);
                    });
                });
            });
        }
        group.finish();
    }
}

fn reader(path: &Path) -> Reader {
    let mut reader = Reader::new();
    reader.add_file(path);
    reader
}

criterion_group!(benches, decode);
criterion_main!(benches);
