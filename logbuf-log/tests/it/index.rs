//! INDEX at the end of a segment.

use std::fs;
use std::path::Path;

use logbuf_format::block::{self, Header, Kind, Summary};
use logbuf_format::end::End;
use logbuf_format::index::Entry;
use logbuf_format::scan::{self, Scan};
use logbuf_format::segment;
use logbuf_log::Builder;

use crate::output::{folder, log, numbers_in, segments, start};
use crate::support::Session;

/// The blocks of a whole file, each with where it starts.
pub(crate) fn blocks(bytes: &[u8]) -> Vec<(usize, Header)> {
    let (header, mut at) = segment::Header::take(bytes).expect("the file has a header");
    let mut blocks = Vec::new();
    while let Scan::Found { offset, header } = scan::next_block(bytes, at, Some(header.salt)) {
        assert_eq!(offset, at, "blocks stand one behind the other");
        blocks.push((offset, header));
        at = offset + header.block_len();
    }
    assert_eq!(at, bytes.len(), "nothing else is in the file");
    blocks
}

/// Checks that a file ends with INDEX and END, and that the entries are those of its EVENTS blocks, of which it returns the number.
pub(crate) fn check(path: &Path) -> usize {
    let bytes = fs::read(path).expect("the file is there");
    let blocks = blocks(&bytes);
    let [.., (last, index), (end_at, end)] = &blocks[..] else { panic!("{} blocks", blocks.len()) };
    assert_eq!((index.summary.kind, end.summary.kind), (Kind::INDEX, Kind::END));
    let (mut entries, mut before) = (Vec::new(), None);
    for (at, index) in blocks.iter().filter(|(_, block)| block.summary.kind == Kind::INDEX) {
        let payload = index.payload(&bytes[*at..]).expect("the block is whole");
        let (link, table) = Entry::table(&payload).expect("it is whole");
        assert_eq!(std::mem::replace(&mut before, Some(*at as u64)), link);
        let table: Vec<_> = table.map(|entry| entry.expect("it is whole")).collect();
        assert_eq!(table.len(), index.summary.records as usize);
        entries.extend(table);
    }
    let events: Vec<_> =
        blocks.iter().filter(|(_, block)| block.summary.kind == Kind::EVENTS).collect();
    assert_eq!(entries.len(), events.len());
    for (entry, (offset, header)) in entries.iter().zip(events) {
        assert_eq!(entry.offset, *offset as u64);
        assert!(entry.matches(header), "{entry:?} and {header:?}");
    }
    let totals = end.payload(&bytes[*end_at..]).expect("the block is whole");
    let totals = End::take(&totals).expect("the block holds an end");
    assert_eq!(totals.blocks, blocks.len() as u64 - 1);
    assert_eq!(totals.index, Some(*last as u64));
    let numbers: Vec<_> = blocks.iter().map(|(_, block)| block.summary.number).collect();
    assert_eq!(numbers, (0..blocks.len() as u64).collect::<Vec<_>>());
    entries.len()
}

#[test]
fn each_closed_segment_ends_with_the_places_of_its_events() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    for round in 0..6 {
        log(100 * round..100 * (round + 1));
        guard.flush().expect("the file can be written");
        if round == 2 {
            guard.rotate().expect("a segment can be begun");
        }
    }
    drop(guard);
    let files = segments(folder.path());
    assert_eq!(files.len(), 2);
    assert!(files.iter().all(|file| check(file) >= 3));
    assert_eq!(numbers_in(&files), (0..600).collect::<Vec<_>>());
}

#[test]
fn a_segment_of_many_blocks_has_a_chain() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    for record in 0..1100 {
        log(record..record + 1);
        guard.flush().expect("the file can be written");
    }
    drop(guard);
    let files = segments(folder.path());
    assert!(check(&files[0]) >= 1100);
    assert_eq!(numbers_in(&files), (0..1100).collect::<Vec<_>>());
}

#[test]
fn a_segment_with_no_index_or_a_wrong_one_reads_the_same() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    for round in 0..3 {
        log(100 * round..100 * (round + 1));
        guard.flush().expect("the file can be written");
    }
    let path = guard.path();
    drop(guard);
    let bytes = fs::read(&path).expect("the file is there");
    let blocks = blocks(&bytes);
    let [.., (at, index), (end_at, end)] = &blocks[..] else { panic!("{} blocks", blocks.len()) };

    let mut none = bytes[..*at].to_vec();
    let payload = end.payload(&bytes[*end_at..]).expect("the block is whole");
    let totals = End::take(&payload).expect("the block holds an end");
    let mut payload = Vec::new();
    End { blocks: totals.blocks - 1, index: None, ..totals }.put(&mut payload);
    block::put(&mut none, &payload, Summary { number: index.summary.number, ..end.summary })
        .expect("an end is short");

    let mut wrong = bytes[..*at].to_vec();
    let payload = index.payload(&bytes[*at..]).expect("the block is whole");
    let mut index_of_others = payload.to_vec();
    // All that follows the link but the anchors: where blocks are, and what is in them.
    for entry in index_of_others[8..].chunks_mut(64) {
        entry[..36].iter_mut().for_each(|byte| *byte ^= 0x55);
    }
    block::put(&mut wrong, &index_of_others, index.summary).expect("an index is short");
    wrong.extend_from_slice(&bytes[*end_at..]);

    for changed in [none, wrong] {
        assert_ne!(changed, bytes);
        let path = folder.path().join("changed.logbuf");
        fs::write(&path, changed).expect("the folder can be written to");
        assert_eq!(numbers_in(&[path]), (0..300).collect::<Vec<_>>());
    }
}
