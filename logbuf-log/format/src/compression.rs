//! Compression of a block's payload.
//!
//! [`LZ4`](Compression::LZ4) (a block without a frame) is the feature `lz4`, [`zstd`](Compression::ZSTD) the feature `zstd`.
//! Without its feature a compression is unknown to a reader, and a writer stores payloads as they are.

#[cfg(not(all(feature = "lz4", feature = "zstd")))]
mod absent;
#[cfg(feature = "lz4")]
mod lz4;
#[cfg(feature = "zstd")]
mod zstd;

#[cfg(not(feature = "lz4"))]
use absent as lz4;
#[cfg(not(feature = "zstd"))]
use absent as zstd;

use crate::{Error, Fault, Part, block::Compression};

/// Bytes of a payload below which compression is not tried.
const SHORTEST: usize = 64;

/// Appends `payload` compressed, and says whether it did: only if that makes it shorter.
pub(crate) fn compress(how: Compression, payload: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let room = payload.len().saturating_sub(1);
    if payload.len() < SHORTEST {
        return false;
    }
    out.resize(start + room, 0);
    let len = match how {
        Compression::LZ4 => lz4::compress(payload, &mut out[start..]),
        Compression::ZSTD => zstd::compress(payload, &mut out[start..]),
        _ => None,
    };
    out.truncate(start + len.unwrap_or(0));
    len.is_some()
}

/// Whether payloads that are compressed so can be expanded.
pub(crate) fn is_known(how: Compression) -> bool {
    expander(how).is_some()
}

/// The `len` bytes that were compressed to `stored`. The caller has found `len` to be within the limits.
///
/// No more memory is taken than they need, whatever `stored` holds.
pub(crate) fn expand(how: Compression, stored: &[u8], len: usize) -> Result<Vec<u8>, Error> {
    let Some(expand) = expander(how) else {
        let fault = Fault::Unknown { part: Part::Compression, found: how.0.into() };
        return Err(Error::at(0, fault));
    };
    let mut out = vec![0; len];
    match expand(stored, &mut out) {
        Some(found) if found == len => Ok(out),
        Some(found) => {
            let (found, expected) = (found as u64, len as u64);
            let part = Part::ExpandedPayload;
            Err(Error::at(0, Fault::Mismatch { part, found, expected }))
        }
        None => Err(Error::at(0, Fault::Compressed { compression: how })),
    }
}

fn expander(how: Compression) -> Option<Expand> {
    match how {
        Compression::LZ4 => lz4::EXPAND,
        Compression::ZSTD => zstd::EXPAND,
        _ => None,
    }
}

/// Expands the first slice into the second, and returns how many bytes that were; `None` if they are malformed or more than
/// fit.
type Expand = fn(&[u8], &mut [u8]) -> Option<usize>;
