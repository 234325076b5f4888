//! END: the segment was closed, and what it should hold.

use crate::{
    Error, Fault, Part,
    bytes::{i64_at, u64_at},
};

/// Bytes of an entry that says where the index is.
pub const LEN: usize = 40;

/// Bytes of one that does not.
const LEAST: usize = 32;

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
    /// Where the header of the last INDEX block starts in the file, if there is one.
    pub index: Option<u64>,
}

impl End {
    /// Appends the payload of an END block.
    pub fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.blocks.to_le_bytes());
        payload.extend_from_slice(&self.written.to_le_bytes());
        payload.extend_from_slice(&self.lost.to_le_bytes());
        payload.extend_from_slice(&self.closed_unix_ns.to_le_bytes());
        if let Some(index) = self.index {
            payload.extend_from_slice(&index.to_le_bytes());
        }
    }

    /// Reads the payload of an END block; what follows the totals is from a later writer.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if the payload is too short.
    pub fn take(payload: &[u8]) -> Result<Self, Error> {
        if payload.len() < LEAST {
            let (have, need) = (payload.len() as u64, LEAST as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::End, have, need }));
        }
        Ok(Self {
            blocks: u64_at(payload, 0),
            written: u64_at(payload, 8),
            lost: u64_at(payload, 16),
            closed_unix_ns: i64_at(payload, 24),
            index: payload
                .get(LEAST..LEN)
                .map(|index| u64_at(index, 0))
                .filter(|offset| *offset > 0),
        })
    }
}
