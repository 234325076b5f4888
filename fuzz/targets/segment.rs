//! Changes to a segment that leave it one: a block, an entry or a record is changed, and lengths and checksums are put right.

use libfuzzer_sys::fuzzer_mutate;
use logbuf_format::{
    block::{self, Codec, Compression, Header, Kind, Summary},
    events, segment,
};

/// Where the parts of a segment stand, and what they are.
struct Parts {
    header: segment::Header,
    blocks: Vec<Block>,
}

struct Block {
    summary: Summary,
    compression: Compression,
    payload: Vec<u8>,
}

/// A source of choices.
struct Choices(u64);

impl Choices {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound
    }
}

/// Changes the segment in the first `size` bytes of `data`, or any bytes that are there.
pub(crate) fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut choices = Choices(u64::from(seed) | 1 << 40);
    if choices.below(16) > 0
        && let Some(mut parts) = take_apart(&data[..size])
    {
        change(&mut parts, &mut choices);
        if let Some(bytes) = put_together(&parts, &mut choices)
            && bytes.len() <= max_size.min(data.len())
        {
            data[..bytes.len()].copy_from_slice(&bytes);
            return bytes.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
}

/// What is whole of a segment.
fn take_apart(bytes: &[u8]) -> Option<Parts> {
    let (header, mut at) = segment::Header::take(bytes).ok()?;
    let mut blocks = Vec::new();
    while let Some(rest) = bytes.get(at..)
        && let Ok(header) = Header::take(rest, None)
    {
        let Some(stored) = rest.get(..block::HEADER_LEN + header.stored_len as usize) else { break };
        // What cannot be expanded is kept as it is.
        let (payload, compression) = match header.payload(stored) {
            Ok(payload) => (payload.into_owned(), header.compression),
            Err(_) => (stored[block::HEADER_LEN..].to_vec(), Compression::NONE),
        };
        blocks.push(Block { summary: header.summary, compression, payload });
        at += header.block_len();
    }
    (!blocks.is_empty()).then_some(Parts { header, blocks })
}

fn put_together(parts: &Parts, choices: &mut Choices) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    parts.header.put(&mut bytes).ok()?;
    let last = parts.blocks.len() - 1;
    for (number, Block { summary, compression, payload }) in parts.blocks.iter().enumerate() {
        block::put_compressed(&mut bytes, payload, *summary, *compression).ok()?;
        // Padding behind the last would be bytes behind the end.
        if number < last {
            bytes.resize(bytes.len().next_multiple_of(8), 0);
        }
    }
    // Now and then a checksum that is wrong, or a length.
    if choices.below(32) == 0 {
        let at = choices.below(bytes.len());
        bytes[at] ^= 1 << choices.below(8);
    }
    Some(bytes)
}

fn change(parts: &mut Parts, choices: &mut Choices) {
    let blocks = &mut parts.blocks;
    let number = choices.below(blocks.len());
    match choices.below(24) {
        0 => {
            let other = choices.below(blocks.len());
            blocks.swap(number, other);
        }
        1 if blocks.len() > 1 => drop(blocks.remove(number)),
        2 if blocks.len() < 64 => {
            let Block { summary, compression, ref payload } = blocks[number];
            let payload = payload.clone();
            blocks.push(Block { summary, compression, payload });
        }
        3 => blocks[number].compression = Compression(choices.below(4) as u8),
        4 => change_summary(&mut blocks[number].summary, choices),
        5 => {
            let anchor = &mut parts.header.anchor;
            anchor.ticks = odd_number(anchor.ticks, choices);
            anchor.unix_ns = odd_number(anchor.unix_ns as u64, choices) as i64;
        }
        6 => {
            let meta = &mut parts.header.meta;
            meta.ticks_per_second = odd_number(meta.ticks_per_second, choices);
        }
        // All blocks in the order of their numbers, as a writer would have put them.
        7 => {
            let salt = parts.header.salt;
            for (number, block) in (0..).zip(blocks) {
                (block.summary.number, block.summary.salt) = (number, salt);
            }
        }
        _ => change_payload(&mut blocks[number], choices),
    }
}

fn change_summary(summary: &mut Summary, choices: &mut Choices) {
    match choices.below(9) {
        0 => summary.kind = Kind(choices.below(10) as u8),
        1 => summary.codec = Codec(choices.below(3) as u8),
        2 => summary.levels = choices.below(256) as u8,
        3 => summary.number = odd_number(summary.number, choices),
        4 => summary.records = odd_number(summary.records.into(), choices) as u32,
        5 => summary.first = odd_number(summary.first, choices),
        6 => summary.last = odd_number(summary.last, choices),
        7 => summary.sites = odd_number(summary.sites.into(), choices) as u32,
        _ => summary.salt ^= 1,
    }
}

/// A number like this one, or one at the edge of what there is.
fn odd_number(number: u64, choices: &mut Choices) -> u64 {
    match choices.below(6) {
        0 => 0,
        1 => u64::MAX >> choices.below(64),
        2 => number.wrapping_add(1),
        3 => number.wrapping_sub(1),
        4 => number ^ 1 << choices.below(64),
        _ => number.wrapping_mul(3),
    }
}

fn change_payload(block: &mut Block, choices: &mut Choices) {
    let is_plain = choices.below(4) == 0;
    match block.summary.kind {
        Kind::SITES | Kind::THREADS if !is_plain => change_entry(&mut block.payload, choices),
        Kind::EVENTS if !is_plain && block.summary.codec == Codec::RAW => {
            if let Some(changed) = change_record(&block.payload, choices) {
                block.payload = changed;
            }
        }
        _ => any(&mut block.payload),
    }
}

/// Changes these bytes in the fuzzer's own ways. They may grow a little.
fn any(bytes: &mut Vec<u8>) {
    let (size, most) = (bytes.len(), bytes.len() + 64);
    bytes.resize(most, 0);
    let len = fuzzer_mutate(bytes, size, most);
    bytes.truncate(len);
}

/// Changes one entry of a table, each of which stands behind its length.
fn change_entry(payload: &mut Vec<u8>, choices: &mut Choices) {
    let (mut entries, mut rest) = (Vec::new(), &payload[..]);
    while let Some((len, behind)) = rest.split_first_chunk()
        && let Some((entry, behind)) = behind.split_at_checked(u32::from_le_bytes(*len) as usize)
    {
        entries.push(entry.to_vec());
        rest = behind;
    }
    if entries.is_empty() {
        return any(payload);
    }
    let number = choices.below(entries.len());
    match choices.below(8) {
        0 => entries.push(entries[number].clone()),
        _ => any(&mut entries[number]),
    }
    payload.clear();
    for entry in entries {
        payload.extend_from_slice(&(entry.len() as u32).to_le_bytes());
        payload.extend_from_slice(&entry);
    }
}

/// Changes one record, or what an extent says of itself.
fn change_record(payload: &[u8], choices: &mut Choices) -> Option<Vec<u8>> {
    let extents: Vec<_> = events::extents(payload).flatten().collect();
    let count: usize = extents.iter().map(|extent| extent.records().flatten().count()).sum();
    let which = choices.below(count.max(1));
    let (mut out, mut number) = (Vec::new(), 0);
    for extent in &extents {
        let (mut ring, mut thread) = (extent.ring, extent.thread);
        match choices.below(32) {
            0 => ring = odd_number(ring.into(), choices) as u32,
            1 => thread = odd_number(thread.into(), choices) as u32,
            2 => ring = u32::MAX,
            _ => {}
        }
        let mut open = events::open(&mut out, ring, thread, extent.start);
        for record in extent.records().flatten() {
            let (mut site, mut ticks, mut values) =
                (record.site, record.ticks, record.values.to_vec());
            if number == which {
                match choices.below(8) {
                    0 => ticks = odd_number(ticks, choices),
                    1 => site = odd_number(site.into(), choices) as u32,
                    2 => open.put(&mut out, site, ticks, &values).ok()?,
                    _ => any(&mut values),
                }
            }
            open.put(&mut out, site, ticks, &values).ok()?;
            number += 1;
        }
        open.seal(&mut out, extent.end);
    }
    Some(out)
}
