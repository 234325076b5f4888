//! LZ4, by `lz4_flex` in safe Rust.

use super::Expand;
use lz4_flex::block;

pub(super) const EXPAND: Option<Expand> =
    Some(|stored, out| block::decompress_into(stored, out).ok());

/// Compresses into `out`, if there is room.
pub(super) fn compress(payload: &[u8], out: &mut [u8]) -> Option<usize> {
    // The library wants room for the worst case.
    let compressed = block::compress(payload);
    out.get_mut(..compressed.len())?.copy_from_slice(&compressed);
    Some(compressed.len())
}
