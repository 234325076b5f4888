//! Damage costs what it hits, and nothing is made up.

use crate::command::{folder, run};
use crate::file::{File, decode, decode_all, filled, sample, sample_sites};
use logbuf_decode::{Problem, Reader, Severity};
use logbuf_format::{block::Kind, segment};
use std::{
    fs,
    io::{self, Cursor, Read, Seek, SeekFrom},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

/// The lines of [`sample`], with the index of the EVENTS block they stand in.
fn lines() -> Vec<(usize, String)> {
    let (lines, findings) = decode(sample().bytes());
    assert!(findings.is_empty(), "{findings:?}");
    // By time; the second block starts within the first.
    let blocks = [0, 0, 0, 1, 0, 1, 2, 2];
    assert_eq!(lines.len(), blocks.len());
    blocks.into_iter().zip(lines).collect()
}

/// The lines that are left if the block with this index among all is damaged.
fn without(block: usize) -> Vec<String> {
    let file = sample();
    let kind = file.blocks[block].kind;
    let number = file.blocks[..block].iter().filter(|block| block.kind == kind).count();
    let site_of = |line: &str| match () {
        () if line.contains("filled") || line.contains("slow") => 0,
        () => 1,
    };
    let mut left: Vec<_> = lines();
    match kind {
        Kind::EVENTS => left.retain(|(block, _)| *block != number),
        Kind::SITES => left.retain(|(_, line)| site_of(line) != number),
        Kind::THREADS => {
            for (_, line) in &mut left {
                *line = line.replace("[main]", "[?1]").replace("[4712]", "[?2]");
            }
        }
        _ => {}
    }
    left.into_iter().map(|(_, line)| line).collect()
}

#[test]
fn a_flipped_bit_costs_its_block() {
    let file = sample();
    let all: Vec<_> = lines().into_iter().map(|(_, line)| line).collect();
    let first = file.blocks[0].range.start;
    for offset in 0..file.bytes.len() {
        let hit = file.blocks.iter().position(|block| block.range.contains(&offset));
        let expected = hit.map_or_else(|| all.clone(), without);
        for bit in 0..8 {
            let mut bytes = file.bytes();
            bytes[offset] ^= 1 << bit;
            let (lines, findings) = decode(bytes);
            assert_eq!(lines, expected, "byte {offset}, bit {bit}: {findings:?}");
            let is_padding = hit.is_none() && offset >= first || is_header_padding(offset, first);
            assert_eq!(findings.is_empty(), is_padding, "byte {offset}, bit {bit}: {findings:?}");
            // Who reads everything passes over nothing.
            let mut bytes = file.bytes();
            bytes[offset] ^= 1 << bit;
            let (thorough, told) = decode_all(Reader::new().thorough(), [bytes]);
            assert_eq!(thorough, expected, "byte {offset}, bit {bit}: {told:?}");
            assert!(!told.is_empty(), "byte {offset}, bit {bit}");
            let is_told = told.iter().any(|found| matches!(found.problem, Problem::Padding));
            assert_eq!(is_told, is_padding, "byte {offset}, bit {bit}: {told:?}");
            let damage = findings.iter().all(|found| found.problem.severity() >= Severity::Damage);
            let cut_end = findings.iter().any(|found| matches!(found.problem, Problem::Open));
            assert!(damage || cut_end, "byte {offset}, bit {bit}: {findings:?}");
        }
    }
}

#[test]
fn the_command_finds_a_bit_that_no_record_is_in() {
    let folder = folder();
    let file = sample();
    let (first, end) = (file.blocks[0].range.start, file.bytes.len());
    // A header with padding, which that of the sample has none of.
    let (mut header, _) = segment::Header::take(&file.bytes).expect("a header");
    header.meta.process.push('x');
    let mut bytes = Vec::new();
    header.put(&mut bytes).expect("a small header");
    let meta_padding = segment::Header::padding(&bytes).expect("a header");
    let longer = bytes.len() - first;
    bytes.extend_from_slice(&file.bytes[first..]);
    let is_padding = |at: &usize| file.blocks.iter().all(|block| !block.range.contains(at));
    let block_padding = (first..end).find(is_padding).expect("padding") + longer;
    for offset in [meta_padding.start, meta_padding.end - 1, block_padding] {
        let mut bytes = bytes.clone();
        bytes[offset] ^= 1;
        fs::write(folder.path().join("a.logbuf"), bytes).expect("write");
        let (_, stderr, status) = run(folder.path(), &["verify", "a.logbuf"]);
        let expected =
            format!("byte {offset}: padding is damaged: expected zeros; no record is in it\n");
        assert!(stderr.ends_with(&expected), "{stderr}");
        assert_eq!(status, 1);
        // Whoever reads records is not told of what holds none.
        let (stdout, stderr, status) = run(folder.path(), &["a.logbuf"]);
        assert_eq!((stdout.lines().count(), stderr.as_str(), status), (8, "", 0));
    }
}

/// Whether the byte is padding behind the metadata of the sample's header.
fn is_header_padding(offset: usize, first_block: usize) -> bool {
    // writer, process, pid, host, build, clock, frequency: lengths and varints included.
    let meta_end = 64 + (1 + 6) + (1 + 3) + 1 + (1 + 4) + 1 + 1 + 5;
    (meta_end..first_block).contains(&offset)
}

#[test]
fn a_cut_file_gives_what_is_whole() {
    let file = sample();
    let all = lines();
    let first = file.blocks[0].range.start;
    for len in 0..file.bytes.len() {
        let (lines, findings) = decode(file.bytes[..len].to_vec());
        let whole = file.blocks.iter().filter(|block| block.range.end <= len);
        let kinds: Vec<_> = whole.map(|block| block.kind).collect();
        let events = kinds.iter().filter(|kind| **kind == Kind::EVENTS).count();
        let expected: Vec<_> =
            all.iter().filter(|(block, _)| *block < events).map(|(_, line)| line.clone()).collect();
        assert_eq!(lines, expected, "cut at {len}: {findings:?}");

        let is_between = len >= first
            && !file
                .blocks
                .iter()
                .any(|block| (block.range.start + 1..block.range.end).contains(&len));
        let [finding] = &findings[..] else {
            assert!(kinds.contains(&Kind::END), "cut at {len}: {findings:?}");
            continue;
        };
        match &finding.problem {
            Problem::Empty => assert_eq!(len, 0),
            Problem::Open => assert!(is_between, "cut at {len}"),
            Problem::Cut(error) => {
                assert!(!is_between && error.is_incomplete(), "cut at {len}: {finding}");
                assert!(finding.offset.is_some_and(|offset| offset < len as u64));
            }
            _ => panic!("cut at {len}: {finding}"),
        }
    }
}

#[test]
fn bytes_between_blocks_cost_nothing() {
    for len in [1, 7, 8, 63, 64, 4096, (1 << 20) - 8, 3 << 20] {
        for fill in [0, b'L', 0xFF] {
            let file = sample();
            for block in &file.blocks {
                let mut bytes = file.bytes();
                let noise = std::iter::repeat_n(fill, usize::next_multiple_of(len, 8));
                bytes.splice(block.range.start..block.range.start, noise);
                let (lines, findings) = decode(bytes);
                let all: Vec<_> = self::lines().into_iter().map(|(_, line)| line).collect();
                assert_eq!(lines, all);
                let [finding] = &findings[..] else { panic!("{findings:?}") };
                assert!(matches!(finding.problem, Problem::Damage { blocks: Some(0), .. }));
                assert_eq!(finding.offset, Some(block.range.start as u64));
            }
        }
    }
}

#[test]
fn a_hole_costs_the_blocks_it_reaches() {
    let file = sample();
    for (index, block) in file.blocks.iter().enumerate() {
        let mut bytes = file.bytes();
        bytes[block.range.clone()].fill(0);
        let (lines, findings) = decode(bytes);
        assert_eq!(lines, without(index), "{findings:?}");
        assert!(!findings.is_empty());
    }
}

#[test]
fn a_missing_block_is_reported() {
    let file = sample();
    for (index, block) in file.blocks.iter().enumerate() {
        let mut bytes = file.bytes();
        bytes.drain(block.range.start..block.range.end.next_multiple_of(8));
        let (lines, findings) = decode(bytes);
        assert_eq!(lines, without(index), "{findings:?}");
        if block.kind != Kind::END {
            let number = index as u64;
            let is_gap = |problem: &Problem| matches!(*problem, Problem::Missing { first, next } if (first, next) == (number, number + 1));
            assert!(findings.iter().any(|found| is_gap(&found.problem)), "{findings:?}");
        }
    }
}

#[test]
fn any_byte_under_a_good_checksum_does_no_harm() {
    let file = sample();
    for (index, block) in file.blocks.iter().enumerate() {
        let header = block.range.start..block.range.start + 64;
        // Kind, codec, compression, levels, salt, number, lengths, records, times; then the payload.
        let fields = header.start + 4..header.start + 56;
        for offset in fields.chain(header.end..block.range.end) {
            for mask in [0x01, 0x80, 0xFF] {
                let mut bytes = file.bytes();
                bytes[offset] ^= mask;
                let payload = crc32c::crc32c(&bytes[header.end..block.range.end]);
                bytes[header.start + 56..header.start + 60].copy_from_slice(&payload.to_le_bytes());
                let crc = crc32c::crc32c(&bytes[header.start..header.start + 60]);
                bytes[header.start + 60..header.end].copy_from_slice(&crc.to_le_bytes());
                let (lines, findings) = decode(bytes);
                // What a block of records says costs the other blocks of records nothing, unless it ends the file.
                let ends_file = findings.iter().any(|found| {
                    matches!(found.problem, Problem::Cut(_) | Problem::Trailing { .. })
                });
                if block.kind == Kind::EVENTS && !ends_file {
                    let left = without(index);
                    let kept = left.iter().filter(|line| lines.contains(line)).count();
                    assert_eq!(kept, left.len(), "byte {offset}, mask {mask}: {findings:?}");
                }
            }
        }
    }
}

#[test]
fn segments_behind_each_other_in_one_file_are_all_read() {
    let second = |salt| {
        let mut file = File::new(salt);
        file.sites(&sample_sites()).threads(&[(1, 1, "main")]);
        file.events(&[(1, &[filled(1_200, "second", salt)])]).end();
        file.bytes()
    };
    let all = [sample().bytes(), second(100), second(200)].concat();
    let (lines, findings) = decode(all.clone());
    assert_eq!((lines.len(), findings.len()), (10, 0), "{findings:?}");
    assert!(lines[3].contains("second 100") && lines[4].contains("second 200"), "{lines:#?}");

    // Twice the same is a copy.
    let (lines, findings) = decode([sample().bytes(), sample().bytes()].concat());
    assert_eq!(lines.len(), 8);
    assert!(matches!(&findings[..], [found] if matches!(found.problem, Problem::Copy { .. })));

    // What only looks like a segment is no segment.
    let mut damaged = all;
    let at = sample().bytes().len();
    damaged[at + 20] ^= 1;
    let (lines, findings) = decode(damaged);
    assert_eq!(lines.len(), 8);
    let [found] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!(found.offset, Some(at as u64));
    assert!(matches!(found.problem, Problem::Behind { .. }), "{found}");
    assert!(found.to_string().contains("behind another, cannot be read: "), "{found}");
}

/// A stream that counts the bytes that are read from it.
struct Counted {
    bytes: Cursor<Vec<u8>>,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(into)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

#[test]
fn damage_again_and_again_is_not_read_again_and_again() {
    let mut file = File::new(7);
    for _ in 0..10_000 {
        file.block(file.summary(Kind(99), 0), &[]);
        file.bytes.extend_from_slice(b"no block");
    }
    let bytes = file.end().bytes();
    let len = bytes.len() as u64;
    let read = Arc::new(AtomicU64::new(0));
    let mut reader = Reader::new();
    reader.add_stream("rubble", Counted { bytes: Cursor::new(bytes), read: Arc::clone(&read) });
    let found = reader.findings().iter().map(|finding| finding.times).sum::<u64>();
    assert!(found >= 10_000, "{found}");
    let read = read.load(Ordering::Relaxed);
    assert!(read < 100 * len, "{read} bytes of {len}");
}
