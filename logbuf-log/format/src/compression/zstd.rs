//! zstd, by the library of its authors.

use super::Expand;
use ::zstd::bulk;

/// The default of the library: higher levels gain a few per cent for several times the work.
const LEVEL: i32 = 3;

pub(super) const EXPAND: Option<Expand> =
    Some(|stored, out| bulk::decompress_to_buffer(stored, out).ok());

/// Compresses into `out`, if there is room.
pub(super) fn compress(payload: &[u8], out: &mut [u8]) -> Option<usize> {
    bulk::compress_to_buffer(payload, out, LEVEL).ok()
}
