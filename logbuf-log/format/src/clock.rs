//! CLOCK: instants read on the counter and on the wall clock.

use crate::{
    Error, Part,
    bytes::{i64_at, u32_at, u64_at},
    table,
};

/// Bytes of an anchor in the file.
pub const LEN: usize = 24;

/// Flag: the wall clock was set since the anchor before.
const STEP: u32 = 1;

/// One instant, read on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The counter.
    pub ticks: u64,
    /// The wall clock: nanoseconds since the Unix epoch, UTC.
    pub unix_ns: i64,
    /// How far apart the two may have been read, in nanoseconds.
    pub uncertainty_ns: u32,
    /// The wall clock was set since the anchor before: there is no interpolating between the two.
    pub step: bool,
}

impl Anchor {
    /// Appends the anchor to the payload of a CLOCK block.
    pub fn put(&self, payload: &mut Vec<u8>) {
        payload.extend_from_slice(&self.to_bytes());
    }

    /// The anchors in the payload of a CLOCK block. Bytes that are no whole anchor are an error at the end.
    pub fn table(payload: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        table::fixed(payload, Part::Anchor, |entry| Ok(Self::from_bytes(entry)))
    }

    pub(crate) fn to_bytes(self) -> [u8; LEN] {
        let mut bytes = [0; LEN];
        bytes[0..8].copy_from_slice(&self.ticks.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.unix_ns.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.uncertainty_ns.to_le_bytes());
        bytes[20..24].copy_from_slice(&if self.step { STEP } else { 0 }.to_le_bytes());
        bytes
    }

    pub(crate) fn from_bytes(bytes: &[u8; LEN]) -> Self {
        Self {
            ticks: u64_at(bytes, 0),
            unix_ns: i64_at(bytes, 8),
            uncertainty_ns: u32_at(bytes, 16),
            step: u32_at(bytes, 20) & STEP != 0,
        }
    }
}
