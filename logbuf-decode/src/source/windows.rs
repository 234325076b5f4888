//! Reading at a place, on Windows.

use std::{fs::File, io, os::windows::fs::FileExt};

/// Reads what there is at `offset`, up to the length of `bytes`; how much it was.
pub(super) fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    file.seek_read(bytes, offset)
}
