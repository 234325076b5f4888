//! END: the segment was closed, and what it should hold.

use crate::{
    Error, Fault, Part,
    bytes::{i64_at, u64_at},
};

/// Bytes of the entry.
const LEN: usize = 32;

/// The totals of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    /// Blocks before this one.
    pub blocks: u64,
    /// Events written.
    pub written: u64,
    /// Events lost.
    pub lost: u64,
    /// When the segment was closed: nanoseconds since the Unix epoch, UTC.
    pub closed_unix_ns: i64,
}

impl End {
    /// Appends the payload of an END block.
    pub fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.blocks.to_le_bytes());
        payload.extend_from_slice(&self.written.to_le_bytes());
        payload.extend_from_slice(&self.lost.to_le_bytes());
        payload.extend_from_slice(&self.closed_unix_ns.to_le_bytes());
    }

    /// Reads the payload of an END block; what follows the totals is from a later writer.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if the payload is too short.
    pub fn take(payload: &[u8]) -> Result<Self, Error> {
        if payload.len() < LEN {
            let (have, need) = (payload.len() as u64, LEN as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::End, have, need }));
        }
        Ok(Self {
            blocks: u64_at(payload, 0),
            written: u64_at(payload, 8),
            lost: u64_at(payload, 16),
            closed_unix_ns: i64_at(payload, 24),
        })
    }
}
