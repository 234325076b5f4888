//! One order of time, over blocks, files and whatever memory there is.

use crate::file::{EPOCH, File, Put, anchor, decode_all, pack, site};
use logbuf_decode::{Level, Problem, Reader};
use logbuf_format::{clock::Anchor, types::Type, value::Value};
use proptest::prelude::*;

/// Ticks of records: files of blocks of threads.
type Files = Vec<Vec<Vec<Vec<u64>>>>;

/// The files, and their lines as they should be. A record says which it is.
fn build(files: &Files) -> (Vec<Vec<u8>>, Vec<String>) {
    let mut all = Vec::new();
    let mut count = 0_u64;
    let mut built = Vec::new();
    for (number, blocks) in files.iter().enumerate() {
        let mut file = File::new(number as u64 + 1);
        file.sites(&[site(1, Level::Info, "{0}", &[("", Type::U64)])]);
        file.threads(&[(0, 1, "t0"), (1, 2, "t1"), (2, 3, "t2")]);
        for threads in blocks {
            let extents: Vec<(u32, Vec<Put>)> = (0..)
                .zip(threads)
                .map(|(thread, ticks)| {
                    let record = |&ticks: &u64| {
                        count += 1;
                        all.push(((ticks, number), count));
                        (1, ticks, pack(&[Value::U64(count)]))
                    };
                    (thread, ticks.iter().map(record).collect())
                })
                .collect();
            let extents: Vec<_> =
                extents.iter().map(|(thread, records)| (*thread, &records[..])).collect();
            file.clock(&[anchor(1_000_000)]).events(&extents);
        }
        built.push(file.end().bytes());
    }
    // Stable: of the same time and file, the one that was put first.
    all.sort_by_key(|(key, _)| *key);
    (built, all.into_iter().map(|(_, count)| count.to_string()).collect())
}

fn check(files: &Files, memory: usize) {
    let (bytes, expected) = build(files);
    let (lines, findings) = decode_all(Reader::new().memory(memory), bytes);
    let messages: Vec<_> = lines.iter().filter_map(|line| line.rsplit(' ').next()).collect();
    assert_eq!(messages, expected, "memory {memory}");
    assert!(findings.is_empty(), "{findings:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn records_come_by_time(
        files in prop::collection::vec(
            prop::collection::vec(prop::collection::vec(prop::collection::vec(0_u64..100, 0..20), 1..4), 0..6),
            1..5,
        ),
    ) {
        for memory in [usize::MAX, 10_000, 3_000, 0] {
            check(&files, memory);
        }
    }
}

#[test]
fn many_overlapping_blocks_need_little_memory() {
    // Each block reaches over the whole time.
    let blocks = (0..200).map(|block| vec![(0..100).map(|record| record * 200 + block).collect()]);
    let files = vec![blocks.collect()];
    check(&files, 200_000);
    check(&files, 20_000);
}

#[test]
fn more_files_than_may_be_open_at_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let files = (0..300).map(|file| vec![vec![vec![file, 1000 - file]]]).collect();
    let (bytes, expected) = build(&files);
    let mut reader = Reader::new();
    for (number, bytes) in bytes.iter().enumerate() {
        let path = folder.path().join(format!("{number}.logbuf"));
        std::fs::write(&path, bytes).expect("a small file");
        reader.add_file(path);
    }
    let mut messages = Vec::new();
    reader.for_each(|record| {
        let mut message = String::new();
        record.message(&mut message).expect("a short message");
        messages.push(message);
    });
    assert_eq!(messages, expected);
    assert!(reader.findings().is_empty());
}

#[test]
fn a_header_with_a_wrong_time_is_reported() {
    let mut file = File::new(1);
    file.sites(&[site(1, Level::Info, "{0}", &[("", Type::U64)])]).threads(&[(1, 1, "main")]);
    let (mut summary, payload) =
        file.event_block(&[(1, &[(1, 5, pack(&[Value::U64(1)])), (1, 9, pack(&[Value::U64(2)]))])]);
    summary.first = 7;
    file.block(summary, &payload);
    let (lines, findings) = decode_all(Reader::new(), [file.bytes()]);
    assert_eq!(lines.len(), 2);
    assert!(findings.iter().any(|found| matches!(found.problem, Problem::Range)), "{findings:?}");
}

#[test]
fn a_copy_of_a_segment_is_left_out() {
    let (bytes, expected) = build(&vec![vec![vec![vec![1, 2, 3]]]]);
    let copies = vec![bytes[0].clone(), bytes[0].clone()];
    let (lines, findings) = decode_all(Reader::new(), copies);
    assert_eq!(lines.len(), expected.len());
    assert!(
        matches!(&findings[..], [finding] if matches!(finding.problem, Problem::Copy { .. })),
        "{findings:?}"
    );
}

#[test]
#[cfg(unix)]
fn a_link_to_a_segment_is_no_copy() {
    let (bytes, expected) = build(&vec![vec![vec![vec![1, 2, 3]]]]);
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("a.logbuf"), folder.path().join("current.logbuf"));
    std::fs::write(&file, &bytes[0]).unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let mut reader = Reader::new();
    reader.add_file(&file);
    reader.add_file(&link);
    let mut records = 0;
    reader.for_each(|_| records += 1);
    assert_eq!(records, expected.len());
    assert!(reader.findings().is_empty());

    // A file of its own that holds the same is one.
    let copy = folder.path().join("copy.logbuf");
    std::fs::copy(&file, &copy).unwrap();
    reader.add_file(&copy);
    assert!(matches!(reader.findings()[0].problem, Problem::Copy { .. }));
}

/// A segment of a process whose clock is read as `anchors` say, with records of one thread.
fn part(salt: u64, session: u64, anchors: &[(u64, i64)], ticks: &[u64]) -> Vec<u8> {
    let at = |&(ticks, ns): &(u64, i64)| Anchor { unix_ns: EPOCH + ns, ..anchor(ticks) };
    let mut file = File::of_session(salt, session, at(&anchors[0]));
    let records: Vec<Put> = ticks.iter().map(|&at| (1, at, pack(&[Value::U64(at)]))).collect();
    file.sites(&[site(1, Level::Info, "{0}", &[("", Type::U64)])]).threads(&[(1, 1, "main")]);
    let clock: Vec<_> = anchors[1..].iter().map(at).collect();
    file.clock(&clock).events(&[(1, &records)]).end().bytes()
}

#[test]
fn records_of_a_process_never_change_places_between_its_segments() {
    // Both segments place the instants around 1000 by readings that are a little off, so that each alone says that the second
    // begins before the first ends.
    let first = |session| part(1, session, &[(0, 0), (1000, 1040)], &[10, 1001, 1003]);
    let second = |session| part(2, session, &[(1002, 1002), (2000, 2000)], &[1002, 1004, 1990]);
    let shown = |files: Vec<Vec<u8>>| {
        let (lines, findings) = decode_all(Reader::new(), files);
        assert!(findings.is_empty(), "{findings:?}");
        let message = |line: &String| line.rsplit(' ').next().expect("a message").to_owned();
        lines.iter().map(message).collect::<Vec<_>>()
    };
    let ordered = ["10", "1001", "1002", "1003", "1004", "1990"];
    assert_eq!(shown(vec![first(7), second(7)]), ordered);
    // Nor does it matter in which order they are given.
    assert_eq!(shown(vec![second(7), first(7)]), ordered);
    // Two processes have nothing to do with each other.
    let apart = ["10", "1002", "1004", "1001", "1003", "1990"];
    assert_eq!(shown(vec![first(7), second(8)]), apart);
    assert_eq!(shown(vec![first(0), second(0)]), apart);
}
