//! What is not asked for is not read.

use crate::file::{EPOCH, File, Put, anchor, filled, sample_sites};
use logbuf_decode::{Filter, Level, Reader};
use std::{
    io::{Cursor, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes that count how many of them are read.
struct Counted {
    bytes: Cursor<Vec<u8>>,
    read: Arc<AtomicUsize>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(bytes)?;
        self.read.fetch_add(count, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

const SECOND: u64 = 1_000_000_000;

/// A block of 64 KiB for each of 400 seconds; one in a hundred holds a warning.
fn large() -> Vec<u8> {
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for second in 0..400 {
        let mut records: Vec<Put> = (0..1000)
            .map(|index| filled(second * SECOND + index * 1000, "BTC-USD", index))
            .collect();
        if second % 100 == 50 {
            records.push((2, second * SECOND + 2_000_000, vec![]));
        }
        file.clock(&[anchor(second * SECOND)]).events(&[(1, &records)]);
    }
    file.end().bytes()
}

/// How many records are found, and which part of the file is read for them.
fn check(filter: Filter) -> (usize, f64) {
    let bytes = large();
    let (len, read) = (bytes.len(), Arc::new(AtomicUsize::new(0)));
    let mut reader = Reader::new().filter(filter);
    let counted = Counted { bytes: Cursor::new(bytes), read: Arc::clone(&read) };
    reader.add_stream("counted", counted);
    let mut records = 0;
    reader.for_each(|_| records += 1);
    assert!(reader.findings().is_empty());
    (records, read.load(Ordering::Relaxed) as f64 / len as f64)
}

#[test]
fn a_second_of_a_large_file_needs_less_than_a_hundredth_of_it() {
    let second = EPOCH + 200 * SECOND as i64..EPOCH + 201 * SECOND as i64;
    let (records, part) = check(Filter::new().time(second));
    assert_eq!(records, 1000);
    assert!(part < 0.01, "{part}");
}

#[test]
fn levels_and_sites_that_are_not_inside_are_not_read() {
    let (records, part) = check(Filter::new().level(Level::Warn));
    assert_eq!(records, 4);
    assert!(part < 0.02, "{part}");
    let (records, part) = check(Filter::new().site(|site| site.line == 42));
    assert_eq!(records, 4);
    assert!(part < 0.02, "{part}");
    let (records, part) = check(Filter::new().site(|site| site.line == 43));
    assert_eq!(records, 0);
    assert!(part < 0.01, "{part}");
    let (records, part) = check(Filter::new());
    assert_eq!(records, 400_004);
    assert!(part > 0.99, "{part}");
}
