//! CRC-32C, by which everything is checked.

use crate::{Fault, Part};

/// The checksum of `bytes`.
pub(crate) fn of(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes)
}

/// Checks that the checksum of `bytes`, which are a `part`, is as written.
pub(crate) fn check(part: Part, bytes: &[u8], expected: u32) -> Result<(), Fault> {
    let found = of(bytes);
    if found == expected { Ok(()) } else { Err(Fault::Checksum { part, found, expected }) }
}
