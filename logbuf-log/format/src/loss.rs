//! LOSS: records that were logged and are not in the file.

use crate::{
    Error, Fault, Level, Part,
    bytes::{u32_at, u64_at},
    code::codes,
    table,
};

/// Bytes of an entry.
const LEN: usize = 48;

/// What was lost since the entry before it with the same thread, level and reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The thread that logged them (an id from THREADS).
    pub thread: u32,
    /// Their level.
    pub level: Level,
    /// Why they are lost.
    pub reason: Reason,
    /// How many.
    pub count: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Time stamp of the first, ticks.
    pub first: u64,
    /// Time stamp of the last, ticks.
    pub last: u64,
    /// How many there were of this thread, level and reason in the process so far, these included; 0 if that is not told. By it whoever
    /// recovers a [session](crate::segment::Meta::session) tells which are in a file.
    pub total: u64,
}

codes! {
    /// Why a record was lost.
    Reason: u8 {
        /// The thread's ring was full.
        RING_FULL = 0 => "ring full",
        /// The record was longer than a ring takes.
        TOO_LONG = 1 => "record too long",
        /// The disk failed until the logger ended, and the records were given up.
        GIVEN_UP = 2 => "given up",
        /// The record opened, changed or left a context or a span, and found no room.
        SCOPE = 3 => "scope",
        /// Code of the program's that formats a value of the record panicked.
        PANICKED = 4 => "panic",
    }
}

impl Loss {
    /// Appends the entry to the payload of a LOSS block.
    pub fn put(&self, payload: &mut Vec<u8>) {
        let mut bytes = [0; LEN];
        bytes[0..4].copy_from_slice(&self.thread.to_le_bytes());
        bytes[4] = self.level.as_u8();
        bytes[5] = self.reason.0;
        bytes[8..16].copy_from_slice(&self.count.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.bytes.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.last.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.total.to_le_bytes());
        payload.extend_from_slice(&bytes);
    }

    /// The entries in the payload of a LOSS block. A bad entry is an error in its place and costs no other.
    pub fn table(payload: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        table::fixed(payload, Part::Loss, Self::take)
    }

    fn take(entry: &[u8; LEN]) -> Result<Self, Error> {
        let unknown = Fault::Unknown { part: Part::Level, found: entry[4].into() };
        Ok(Self {
            thread: u32_at(entry, 0),
            level: Level::from_u8(entry[4]).ok_or(Error::at(4, unknown))?,
            reason: Reason(entry[5]),
            count: u64_at(entry, 8),
            bytes: u64_at(entry, 16),
            first: u64_at(entry, 24),
            last: u64_at(entry, 32),
            total: u64_at(entry, 40),
        })
    }
}
