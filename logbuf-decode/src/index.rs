//! Where the EVENTS blocks of a closed segment are, without going from header to header.

use crate::source::Source;
use logbuf_format::{
    block::{HEADER_LEN, Header, Kind},
    end::{self, End},
    index::Entry,
    limits,
};
use std::{borrow::Cow, io};

/// Bytes of the END block, which is the last thing in a file.
const END_BLOCK: u64 = (HEADER_LEN + end::LEN) as u64;

/// Bytes of an INDEX block that are read at once: a full one of this version and more.
const USUAL: usize = 80 << 10;

/// The entries of all INDEX blocks of the segment with this salt, whose blocks start at `start`, by offset. `None` if it is not
/// closed, has no index, or has one that cannot be true: the headers tell the same.
pub(crate) fn read(source: &Source, salt: u64, start: u64) -> io::Result<Option<Vec<Entry>>> {
    let mut bytes = Vec::new();
    let Some(end_at) = source.len().checked_sub(END_BLOCK).filter(|at| *at >= start) else {
        return Ok(None);
    };
    source.read_at(end_at, END_BLOCK as usize, &mut bytes)?;
    let end = payload(&bytes, salt, Kind::END).and_then(|payload| End::take(&payload).ok());
    let (mut tables, mut count) = (Vec::new(), 0);
    let (mut next, mut limit) = (end.and_then(|end| end.index), end_at);
    while let Some(at) = next {
        // Each stands before the one it was reached from, so that this ends.
        if !(start..limit).contains(&at) || !at.is_multiple_of(8) {
            return Ok(None);
        }
        let Some(table) = table(source, salt, at, &mut bytes)? else { return Ok(None) };
        (next, limit) = (table.before, at);
        // Blocks that are said to be where there is no room for them would take memory before they are found out.
        count += table.entries.len() as u64;
        if count > (at - start) / HEADER_LEN as u64 {
            return Ok(None);
        }
        tables.push(table.entries);
    }
    let entries: Vec<_> = tables.into_iter().rev().flatten().collect();
    Ok(Some(entries).filter(|entries| !entries.is_empty() && are_blocks(entries, start, end_at)))
}

/// One INDEX block.
struct Table {
    before: Option<u64>,
    entries: Vec<Entry>,
}

/// The INDEX block at `at`, if it is one.
fn table(source: &Source, salt: u64, at: u64, bytes: &mut Vec<u8>) -> io::Result<Option<Table>> {
    source.read_at(at, USUAL, bytes)?;
    if Header::take(bytes, Some(salt)).is_ok_and(|header| header.block_len() > bytes.len()) {
        source.read_at(at, HEADER_LEN + limits::PAYLOAD, bytes)?;
    }
    Ok(payload(bytes, salt, Kind::INDEX).and_then(|payload| {
        let (before, entries) = Entry::table(&payload).ok()?;
        Some(Table { before, entries: entries.collect::<Result<_, _>>().ok()? })
    }))
}

/// The payload of the block at the start of `bytes`, if it is a good one of this kind.
fn payload(bytes: &[u8], salt: u64, kind: Kind) -> Option<Cow<'_, [u8]>> {
    let header = Header::take(bytes, Some(salt)).ok()?;
    if header.summary.kind == kind { header.payload(bytes).ok() } else { None }
}

/// Whether the entries are of blocks, one behind the other, between the two places.
fn are_blocks(entries: &[Entry], start: u64, end: u64) -> bool {
    let mut at = start;
    entries.iter().all(|entry| {
        let is_behind = entry.offset >= at && entry.offset.is_multiple_of(8);
        let is_block = entry.stored_len as usize <= limits::PAYLOAD && entry.first <= entry.last;
        at = entry.end();
        is_behind && is_block && at <= end
    })
}
