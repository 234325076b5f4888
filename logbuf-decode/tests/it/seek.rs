//! What is not asked for is not read.

use crate::file::{EPOCH, File, Put, anchor, decode, filled, sample, sample_sites};
use logbuf_decode::{Filter, Finding, Level, Problem, Reader, Record, Site};
use logbuf_format::{
    block::{Compression, HEADER_LEN, Kind},
    compact::compact,
};
use proptest::{prelude::*, sample::Index};
use std::{
    io::{Cursor, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes that count how many of them are read, and how often.
struct Counted {
    bytes: Cursor<Vec<u8>>,
    read: Arc<AtomicUsize>,
    reads: Arc<AtomicUsize>,
}

impl Read for Counted {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        let count = self.bytes.read(bytes)?;
        self.read.fetch_add(count, Ordering::Relaxed);
        self.reads.fetch_add(1, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.bytes.seek(to)
    }
}

const SECOND: u64 = 1_000_000_000;

/// A block of 64 KiB for each of 400 seconds; one in a hundred holds a warning. Sites are listed again in each hundredth.
fn large() -> File {
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
        if second % 100 == 99 {
            file.sites(&sample_sites());
        }
    }
    file
}

/// The same file, as it is when its writer was killed and when it was closed.
fn both() -> [Vec<u8>; 2] {
    [large().end().bytes(), large().end_with_index().bytes()]
}

/// What was found, and what it took.
#[derive(Debug, PartialEq)]
struct Found {
    records: usize,
    /// Part of the bytes that were read.
    part: f64,
    reads: usize,
}

/// Counts the records that `read` hands out.
fn count(bytes: Vec<u8>, filter: Filter, read: impl FnOnce(&mut Reader, &mut usize)) -> Found {
    let len = bytes.len();
    let (bytes, total, reads) = (Cursor::new(bytes), Arc::default(), Arc::default());
    let mut reader = Reader::new().filter(filter);
    reader.add_stream(
        "counted",
        Counted { bytes, read: Arc::clone(&total), reads: Arc::clone(&reads) },
    );
    let mut records = 0;
    read(&mut reader, &mut records);
    assert!(reader.findings().is_empty());
    let part = total.load(Ordering::Relaxed) as f64 / len as f64;
    Found { records, part, reads: reads.load(Ordering::Relaxed) }
}

/// How many records are found, by headers and by index, and which part of the file is read for them at most.
fn check(filter: fn() -> Filter) -> (usize, f64) {
    let all = |reader: &mut Reader, records: &mut usize| reader.for_each(|_| *records += 1);
    let [headers, index] = both().map(|bytes| count(bytes, filter(), all));
    assert_eq!(headers.records, index.records);
    (headers.records, headers.part.max(index.part))
}

#[test]
fn a_second_of_a_large_file_needs_less_than_a_hundredth_of_it() {
    let second = || Filter::new().time(EPOCH + 200 * SECOND as i64..EPOCH + 201 * SECOND as i64);
    let (records, part) = check(second);
    assert_eq!(records, 1000);
    assert!(part < 0.01, "{part}");
}

#[test]
fn levels_and_sites_that_are_not_inside_are_not_read() {
    let (records, part) = check(|| Filter::new().level(Level::Warn));
    assert_eq!(records, 4);
    assert!(part < 0.02, "{part}");
    let (records, part) = check(|| Filter::new().site(|site| site.line == 42));
    assert_eq!(records, 4);
    assert!(part < 0.02, "{part}");
    let (records, part) = check(|| Filter::new().site(|site| site.line == 43));
    assert_eq!(records, 0);
    assert!(part < 0.01, "{part}");
    let (records, part) = check(Filter::new);
    assert_eq!(records, 400_004);
    assert!(part > 0.99, "{part}");
}

#[test]
fn by_its_index_a_segment_is_known_after_a_few_reads() {
    let first = || Filter::new().time(EPOCH..EPOCH + SECOND as i64);
    let all = |reader: &mut Reader, records: &mut usize| reader.for_each(|_| *records += 1);
    let [headers, index] = both().map(|bytes| count(bytes, first(), all));
    assert_eq!((headers.records, index.records), (1000, 1000));
    // A file is read until it says that there is no more: two reads each. Four gaps hold more than an anchor.
    assert!(headers.reads > 400 && index.reads < 60, "{headers:?}, {index:?}");
    assert!(index.part < 0.008, "{index:?}");
}

#[test]
fn the_last_records_are_found_from_the_end() {
    for bytes in both() {
        let last = count(bytes, Filter::new(), |reader, records| {
            assert!(reader.step_back(10));
            let mut last = 0;
            reader.for_each(|record| (*records, last) = (*records + 1, record.unix_ns()));
            assert_eq!(last, EPOCH + 399 * SECOND as i64 + 999_000);
        });
        assert_eq!(last.records, 1000);
        assert!(last.part < 0.01, "{last:?}");
    }
    // In steps, each record once; a filter holds for all of them.
    for bytes in both() {
        let filter = Filter::new().level(Level::Warn).time(i64::MIN..EPOCH + 300 * SECOND as i64);
        let warnings = count(bytes, filter, |reader, records| {
            let mut earliest = i64::MAX;
            while reader.step_back(1000) {
                reader.for_each(|record| {
                    assert!(record.unix_ns() < earliest);
                    *records += 1;
                });
                earliest = reader.oldest().expect("there are blocks");
            }
        });
        assert_eq!(warnings.records, 3);
        assert!(warnings.part < 0.02, "{warnings:?}");
    }
}

#[test]
fn what_starts_at_one_of_the_last_records_is_found_from_the_end() {
    /// Records that are looked for, how many, and which part of the file is read for them at most.
    type Asked = (fn(&Record<'_>) -> bool, u64, f64);
    let asked: [Asked; 4] = [
        (|_| true, 11, 0.1),
        (|record| record.level() == Level::Warn, 1, 0.7),
        // There are four: everything is looked at, and handed out. Headers and tables are read once.
        (|record| record.level() == Level::Warn, 5, 2.01),
        (|_| true, 0, 0.01),
    ];
    for bytes in both() {
        for (wants, wanted, most) in asked {
            let mut all = Vec::new();
            count(bytes.clone(), Filter::new(), |reader, _| {
                reader.for_each(|record| all.push((record.ticks(), wants(record))));
            });
            let found = count(bytes.clone(), Filter::new(), |reader, records| {
                reader.start_at_last(wanted, 0, wants);
                let mut last = Vec::new();
                reader.for_each(|record| last.push((record.ticks(), wants(record))));
                assert!(all.ends_with(&last));
                let passed = last.iter().filter(|(_, wanted)| *wanted).count() as u64;
                assert!(passed >= wanted || last == all);
                *records = last.len();
            });
            assert!(found.part < most, "{wanted} {found:?}");
        }
    }
}

#[test]
fn blocks_that_overlap_are_found_from_the_end_in_each_step() {
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main"), (2, 4712, "slow")]);
    let slow: Vec<Put> = (0..30).map(|index| filled(index * 100, "slow", index)).collect();
    for step in 0..3 {
        let fast: Vec<Put> =
            (0..10).map(|index| filled(step * 1000 + index * 100 + 50, "fast", index)).collect();
        file.clock(&[anchor(step * 1000)]).events(&[(1, &fast)]);
    }
    file.clock(&[anchor(3000)]).events(&[(2, &slow)]).end_with_index();
    let mut reader = Reader::new();
    reader.add_stream("overlapping", Cursor::new(file.bytes()));
    let (mut steps, mut times) = (0, Vec::new());
    while reader.step_back(5) {
        let mut step = Vec::new();
        reader.for_each(|record| step.push(record.ticks()));
        assert!(step.is_sorted());
        times.splice(0..0, step);
        steps += 1;
    }
    assert_eq!(steps, 4);
    assert_eq!(times, (0..60).map(|index| index * 50).collect::<Vec<_>>());
    assert!(reader.findings().is_empty());
}

#[test]
fn an_index_that_cannot_be_true_is_not_gone_by() {
    let mut file = large();
    let bytes = file.end_with_index().bytes();
    let index = file.blocks.iter().find(|block| block.kind == Kind::INDEX).expect("there is one");
    let end = file.blocks.last().expect("there is one").range.clone();
    let payload = index.range.start + HEADER_LEN;
    // The index points at itself; at nothing; blocks overlap; lie behind the end; are too long.
    let lies: [(usize, u64, std::ops::Range<usize>); 5] = [
        (payload, index.range.start as u64, index.range.clone()),
        (end.start + HEADER_LEN + 32, 1 << 40, end.clone()),
        (payload + 8 + 64, 0, index.range.clone()),
        (payload + 8 + 399 * 64, 1 << 40, index.range.clone()),
        (payload + 8 + 32, u64::MAX, index.range.clone()),
    ];
    for (at, lie, block) in lies {
        let mut bytes = bytes.clone();
        bytes[at..at + 8].copy_from_slice(&lie.to_le_bytes());
        seal(&mut bytes[block]);
        let found = count(bytes, Filter::new(), |reader, records| {
            reader.for_each(|_| *records += 1);
        });
        assert_eq!(found.records, 400_004);
    }
}

#[test]
fn where_an_index_is_wrong_about_a_block_it_is_said() {
    let mut file = large();
    let mut bytes = file.end_with_index().bytes();
    let index = file.blocks.iter().find(|block| block.kind == Kind::INDEX).expect("there is one");
    // The site mask of the tenth block.
    bytes[index.range.start + HEADER_LEN + 8 + 9 * 64 + 28] ^= 0x80;
    seal(&mut bytes[index.range.clone()]);
    let findings = |reader: Reader| {
        let mut reader = reader;
        reader.add_stream("wrong", Cursor::new(bytes.clone()));
        let mut records = 0;
        reader.for_each(|_| records += 1);
        assert_eq!(records, 400_004);
        reader.findings()
    };
    let found = findings(Reader::new());
    assert!(matches!(found[..], [Finding { problem: Problem::Index, .. }]), "{found:?}");
    assert!(findings(Reader::new().thorough()).is_empty());
}

#[test]
fn the_index_of_many_blocks_is_a_chain() {
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for block in 0..2500 {
        file.clock(&[anchor(10 * block)]).events(&[(1, &[filled(10 * block, "BTC-USD", block)])]);
    }
    let bytes = file.end_with_index().bytes();
    let indices = file.blocks.iter().filter(|block| block.kind == Kind::INDEX).count();
    assert_eq!(indices, 3);
    let all = |reader: &mut Reader, records: &mut usize| reader.for_each(|_| *records += 1);
    let window = || Filter::new().time(EPOCH + 15_000..EPOCH + 15_100);
    let found = count(bytes.clone(), window(), all);
    assert!(found.records == 10 && found.reads < 100, "{found:?}");
    assert_eq!(count(bytes, Filter::new(), all).records, 2500);
    // And so it is when it is written anew.
    let mut compacted = Vec::new();
    compact(&file.bytes[..], &mut compacted, Compression::ZSTD).expect("a whole segment");
    let found = count(compacted.clone(), window(), all);
    assert!(found.records == 10 && found.reads < 100, "{found:?}");
    let mut reader = Reader::new().thorough();
    reader.add_stream("compacted", Cursor::new(compacted));
    assert!(reader.findings().is_empty());
}

#[test]
fn sites_count_as_they_were_listed_last() {
    let [fill, slow, _] = sample_sites();
    let renamed = Site { template: "quick ack".into(), ..slow.clone() };
    let mut file = File::new(1);
    // The same listing twice, another between them: what the last one says holds.
    file.threads(&[(1, 4711, "main")]).sites(&[fill.clone(), slow.clone()]);
    file.sites(&[fill.clone(), renamed]).sites(&[fill, slow]);
    file.clock(&[anchor(2000)]).events(&[(1, &[(2, 1000, vec![])])]).end_with_index();
    let (lines, findings) = decode(file.bytes());
    assert!(lines[0].ends_with("slow ack") && findings.is_empty(), "{lines:?} {findings:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an index says, records are there, or it is said that they are not.
    #[test]
    fn no_index_costs_a_record_in_silence(at in any::<Index>(), lie in any::<u64>(), is_end in any::<bool>()) {
        let mut file = sample();
        // In the place of END.
        file.bytes.truncate(file.blocks.pop().expect("there is one").range.start);
        let mut bytes = file.renumber().end_with_index().bytes();
        let [.., index, end] = &file.blocks[..] else { panic!("INDEX and END") };
        let block = if is_end { end.range.clone() } else { index.range.clone() };
        let words = (block.len() - HEADER_LEN) / 8;
        let word = block.start + HEADER_LEN + 8 * at.index(words);
        bytes[word..word + 8].copy_from_slice(&lie.to_le_bytes());
        seal(&mut bytes[block]);
        let (lines, findings) = decode(bytes);
        prop_assert!(lines.len() <= 8);
        prop_assert!(lines.len() == 8 || !findings.is_empty());
    }
}

/// Makes the checksums of an uncompressed block right.
fn seal(block: &mut [u8]) {
    let payload = crc32c::crc32c(&block[HEADER_LEN..]);
    block[56..60].copy_from_slice(&payload.to_le_bytes());
    let header = crc32c::crc32c(&block[..60]);
    block[60..64].copy_from_slice(&header.to_le_bytes());
}
