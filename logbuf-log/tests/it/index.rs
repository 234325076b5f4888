//! INDEX at the end of a segment.

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use logbuf_decode::Reader;
use logbuf_format::block::{self, Header, Kind, Summary};
use logbuf_format::end::End;
use logbuf_format::index::Entry;
use logbuf_format::scan::{self, Scan};
use logbuf_format::segment;
use logbuf_log::Builder;

use crate::output::{folder, log, number, numbers_in, segments, start};
use crate::support::Session;

/// Bytes of an INDEX block before its entries, and of an entry.
const LINK: usize = 8;
const ENTRY: usize = 64;

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
        assert_eq!(before.replace(*at as u64), link);
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

/// A closed segment of three blocks, with 300 records.
fn three_blocks(folder: &Path) -> PathBuf {
    let guard = start(Builder::new(folder.join("app")));
    for round in 0..3 {
        log(100 * round..100 * (round + 1));
        guard.flush().expect("the file can be written");
    }
    guard.path()
}

#[test]
fn a_segment_with_no_index_or_a_wrong_one_reads_the_same() {
    let _turn = Session::lock();
    let folder = folder();
    let path = three_blocks(folder.path());
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
    for entry in index_of_others[LINK..].chunks_mut(ENTRY) {
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

/// What a reader finds in the bytes of a segment: the numbers of its records, and how many findings.
fn read(bytes: Vec<u8>) -> (Vec<u64>, usize) {
    let mut reader = Reader::new();
    reader.add_stream("segment", Cursor::new(bytes));
    let mut numbers = Vec::new();
    reader.for_each(|record| numbers.push(number(record)));
    (numbers, reader.findings().len())
}

#[test]
fn an_index_that_is_cut_or_hostile_costs_no_record() {
    let turn = Session::lock();
    let folder = folder();
    let path = three_blocks(folder.path());
    drop(turn);
    let bytes = fs::read(&path).expect("the file is there");
    let blocks = blocks(&bytes);
    let [.., (at, index), (end_at, _)] = &blocks[..] else { panic!("{} blocks", blocks.len()) };
    let (at, end_at) = (*at, *end_at);
    let payload = index.payload(&bytes[at..]).expect("the block is whole").into_owned();
    let whole: Vec<u64> = (0..300).collect();

    // The file ends inside of the index, as when the process was killed there.
    for cut in (at..end_at).step_by(7) {
        let (numbers, findings) = read(bytes[..cut].to_vec());
        assert_eq!((numbers, findings), (whole.clone(), 1), "cut at {cut}");
    }
    // A bit of it is wrong.
    for byte in (at..end_at).step_by(11) {
        let mut changed = bytes.clone();
        changed[byte] ^= 1 << (byte % 8);
        let (numbers, findings) = read(changed);
        assert_eq!(numbers, whole, "byte {byte}");
        // A reader has no need of what is in it, and so does not look.
        assert!(findings > 0 || byte >= at + 64, "byte {byte}");
    }
    // It is whole, as its checksum says, and says what is not so: of where the index before it stands, and of where blocks are.
    let (link, entries) = payload.split_at(LINK);
    assert_eq!(entries.len(), 3 * ENTRY);
    let forge = |place: u64, fill: u8| {
        let place = place.to_le_bytes();
        let entry = [&place[..], &[fill; ENTRY - 8]].concat();
        [[&place[..], entries].concat(), [link, &entry].concat(), [&place[..], &entry].concat()]
    };
    let size = bytes.len() as u64;
    let places = [0, 1, at as u64, end_at as u64, size - 1, size, size + 1, 1 << 63, u64::MAX];
    let forged = places.iter().flat_map(|place| [0, 0xFF].map(|fill| forge(*place, fill)));
    let cut = (0..payload.len()).step_by(9).map(|len| payload[..len].to_vec());
    let twice = [&payload[..], entries].concat();
    let backwards = link.iter().chain(entries.chunks(ENTRY).rev().flatten()).copied().collect();
    for hostile in forged.flatten().chain(cut).chain([twice, backwards, vec![0xA5; 4 << 20]]) {
        for records in [index.summary.records, u32::MAX] {
            let mut changed = bytes[..at].to_vec();
            block::put(&mut changed, &hostile, Summary { records, ..index.summary })
                .expect("as long as a block may be");
            changed.extend_from_slice(&bytes[end_at..]);
            assert_eq!(read(changed).0, whole, "{} bytes, {records} entries", hostile.len());
        }
    }
}
