//! Cut and damaged segments: no panic, nothing invented, and only what is damaged is missing.

use crate::segment::{Builder, Read, everything};
use logbuf_format::{Fault, Part};

fn block_at(builder: &Builder, offset: usize) -> Option<usize> {
    builder.starts.iter().rposition(|&start| start <= offset)
}

#[test]
fn the_segment_reads_without_fault() {
    let segment = everything();
    let read = Read::all(&segment.bytes);
    assert_eq!((read.blocks.len(), read.errors, read.ended), (8, vec![], true));
    for (number, (header, payload)) in read.blocks.iter().enumerate() {
        assert_eq!(header.summary.number, number as u64);
        let lines = crate::segment::lines(header, payload);
        let extents = lines.iter().filter(|line| line.starts_with("extent")).count();
        assert_eq!(lines.len() - extents, header.summary.records as usize);
    }
}

#[test]
fn cut_at_every_byte() {
    let segment = everything();
    let whole = Read::all(&segment.bytes);
    for cut in 0..segment.bytes.len() {
        let read = Read::all(&segment.bytes[..cut]);
        // Padding that is missing costs nothing.
        let complete = whole
            .blocks
            .iter()
            .zip(&segment.starts)
            .take_while(|((header, _), start)| *start + 64 + header.stored_len as usize <= cut)
            .count();
        assert_eq!(read.blocks, whole.blocks[..complete], "cut at {cut}");
        assert_eq!(read.ended, complete == 8);
        assert_eq!(read.skipped, [], "cut at {cut}");
        let boundary = segment.starts.contains(&cut) || complete == 8;
        let padding = complete > 0 && segment.starts.get(complete).is_some_and(|&next| cut < next);
        if boundary || padding {
            assert_eq!(read.errors, [], "cut at {cut}");
        } else {
            assert_eq!(read.errors.len(), 1, "cut at {cut}");
            let error = &read.errors[0];
            let start = if cut < segment.starts[0] { 0 } else { segment.starts[complete] };
            assert_eq!(error.offset, start as u64, "cut at {cut}");
            assert!(error.is_incomplete(), "cut at {cut}: {error}");
        }
    }
}

#[test]
fn a_flipped_bit_in_every_byte() {
    let segment = everything();
    let whole = Read::all(&segment.bytes);
    for offset in 0..segment.bytes.len() {
        for bit in 0..8 {
            let mut bytes = segment.bytes.clone();
            bytes[offset] ^= 1 << bit;
            check_flipped(&segment, &whole, offset, &Read::all(&bytes));
        }
    }
}

fn check_flipped(segment: &Builder, whole: &Read, offset: usize, read: &Read) {
    let mut expected = whole.blocks.clone();
    let Some(damaged) = block_at(segment, offset) else {
        // All blocks are found without the segment's header.
        assert_eq!(read.blocks, expected, "flip at {offset}");
        let fault = read.errors.first().map(|error| &error.fault);
        let named = match offset {
            0..8 => matches!(fault, Some(Fault::NotSegment { .. })),
            8..64 => matches!(fault, Some(Fault::Checksum { part: Part::SegmentHeader, .. })),
            _ if offset < 64 + meta_len(segment) => {
                matches!(fault, Some(Fault::Checksum { part: Part::SegmentMeta, .. }))
            }
            _ => fault.is_none(),
        };
        assert!(named, "flip at {offset}: {fault:?}");
        return;
    };
    let within = offset - segment.starts[damaged];
    let payload_end = 64 + whole.blocks[damaged].0.stored_len as usize;
    if within >= payload_end {
        assert_eq!(read, whole, "flip of padding at {offset}");
        return;
    }
    expected.remove(damaged);
    assert_eq!(read.blocks, expected, "flip at {offset}");
    assert_eq!(read.errors.len(), 1, "flip at {offset}");
    let error = &read.errors[0];
    let start = segment.starts[damaged];
    let named = match (&error.fault, within) {
        (Fault::NotBlock { .. }, 0..4) => error.offset == start as u64,
        (Fault::Checksum { part: Part::BlockHeader, .. }, 4..64) => error.offset == start as u64,
        (Fault::Checksum { part: Part::StoredPayload, .. }, 64..) => {
            error.offset == (start + 64) as u64
        }
        _ => false,
    };
    assert!(named, "flip at {offset}: {error}");
    // A bad header is passed over up to the next block, a bad payload by its length.
    let next = segment.starts.get(damaged + 1).copied().unwrap_or(segment.bytes.len());
    let skipped = if within < 64 { vec![(start, next)] } else { vec![] };
    assert_eq!(read.skipped, skipped, "flip at {offset}");
}

fn meta_len(segment: &Builder) -> usize {
    u32::from_le_bytes(segment.bytes[12..16].try_into().unwrap()) as usize
}

#[test]
fn a_missing_stretch_of_any_length() {
    let segment = everything();
    let whole = Read::all(&segment.bytes);
    for (first, &start) in segment.starts.iter().enumerate() {
        for end in (start + 8..=segment.bytes.len()).step_by(8) {
            let mut bytes = segment.bytes.clone();
            bytes[start..end].fill(0);
            let read = Read::all(&bytes);
            let lost = segment.starts[first..].iter().filter(|&&start| start < end).count();
            let mut expected = whole.blocks.clone();
            expected.drain(first..first + lost);
            assert_eq!(read.blocks, expected, "{start}..{end}");
            assert_eq!(read.errors.len(), 1, "{start}..{end}");
            assert!(matches!(read.errors[0].fault, Fault::NotBlock { found: [0, 0, 0, 0] }));
        }
    }
}

#[test]
fn a_block_of_another_segment_is_not_believed() {
    let mut segment = everything();
    let foreign = segment.starts[3]..segment.starts[4];
    let mut bytes = std::mem::take(&mut segment.bytes);
    let salt = foreign.start + 8;
    bytes[salt] ^= 0xFF;
    let crc = crc32c::crc32c(&bytes[foreign.start..foreign.start + 60]).to_le_bytes();
    bytes[foreign.start + 60..foreign.start + 64].copy_from_slice(&crc);
    let read = Read::all(&bytes);
    assert_eq!(read.blocks.len(), 7);
    assert!(matches!(read.errors[0].fault, Fault::Salt { .. }));
    assert_eq!(read.skipped, [(foreign.start, foreign.end)]);
}
