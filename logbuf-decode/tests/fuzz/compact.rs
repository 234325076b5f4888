//! Any bytes as a segment to be compacted: it is refused, or holds what it held.

use super::lines::{Lines, in_turn};
use logbuf_decode::Reader;
use logbuf_format::{block::Compression, compact};
use std::io::Cursor;

/// Memory for reading, in bytes.
const MEMORY: usize = 64 << 20;

/// A segment that can be compacted says the same before and after, and a compacted one can be compacted.
pub(crate) fn run(bytes: &[u8]) {
    for how in [Compression::NONE, Compression::LZ4, Compression::ZSTD] {
        let mut smaller = Vec::new();
        match compact::compact(bytes, &mut smaller, how) {
            Ok(sizes) => {
                assert_eq!((sizes.before, sizes.after), (bytes.len() as u64, smaller.len() as u64));
                assert_eq!(without_index(bytes), without_index(&smaller));
                let mut again = Vec::new();
                compact::compact(&smaller[..], &mut again, how).expect("it was just written");
                assert_eq!(again.len(), smaller.len());
            }
            Err(error) => assert!(!error.to_string().is_empty()),
        }
        let _refused = compact::is_worth_it(bytes, how);
    }
}

/// What is in a segment, whatever its INDEX says: a compacted one has one of its own.
fn without_index(bytes: &[u8]) -> (Lines, bool) {
    let mut reader = Reader::new().memory(MEMORY).thorough();
    reader.add_stream("fuzz", Cursor::new(bytes.to_vec()));
    in_turn(&mut reader)
}
