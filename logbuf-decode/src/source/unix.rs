//! Reading at a place, on Unix.

use std::{fs::File, io, os::unix::fs::FileExt};

/// Reads what there is at `offset`, up to the length of `bytes`; how much it was.
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    file.read_at(bytes, offset)
}
