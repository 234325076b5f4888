//! The start of a file: what it is, who wrote it, and its clock.

use crate::{
    Error, Fault, Part,
    bytes::{array, pad, padded, u16_at, u32_at, u64_at},
    clock::Anchor,
    code::codes,
    crc, fields,
    fields::Fields,
    limits,
};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// The first bytes of every segment.
pub const MAGIC: [u8; 8] = *b"\x89LOGBUF\n";

/// The version of the format that this crate writes, and the newest it reads.
pub const VERSION: u16 = 1;

/// Bytes of the fixed part of the header.
const LEN: usize = 64;

/// The header of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The number of the segment, from 1.
    pub number: u64,
    /// Random; the same in every block of this segment and in no other segment.
    pub salt: u64,
    /// The clocks when the segment was started.
    pub anchor: Anchor,
    /// Who wrote it.
    pub meta: Meta,
}

/// Who wrote a segment, and by which clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// Program and version that wrote the file.
    pub writer: String,
    /// Name of the process.
    pub process: String,
    /// Its process id.
    pub pid: u32,
    /// Name of the host.
    pub host: String,
    /// What tells this build of the process from others, or empty.
    pub build: String,
    /// The counter behind the ticks.
    pub clock: Clock,
    /// Its nominal frequency; used only where anchors do not bracket a time stamp.
    pub ticks_per_second: u64,
    /// What the rings of the process, which may outlive it, are known by: random, the same in all segments that hold records of
    /// these rings; 0 if the rings end with the process.
    #[serde(skip)]
    pub session: u64,
}

codes! {
    /// The counter behind the ticks.
    #[derive(Serialize, Deserialize)]
    Clock: u32 {
        /// The time stamp counter of x86-64.
        TSC = 0 => "TSC",
        /// The virtual counter of AArch64.
        CNTVCT = 1 => "CNTVCT",
        /// The system's monotonic clock, in nanoseconds.
        MONOTONIC = 2 => "monotonic",
        /// Whatever the program supplies.
        CALLER = 3 => "caller",
    }
}

impl Header {
    /// Appends the header, its metadata and the padding.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`] if the metadata is longer than [`limits::META`]. Nothing is then appended.
    ///
    /// # Panics
    ///
    /// If the length of `out` is not a multiple of 8.
    pub fn put(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        assert!(out.len().is_multiple_of(8), "a segment starts at a multiple of 8 bytes");
        let mut meta = Vec::new();
        fields::put(&mut meta, &self.meta);
        if self.meta.session != 0 {
            fields::put(&mut meta, &self.meta.session);
        }
        check_meta(meta.len()).map_err(|fault| Error::at(out.len(), fault))?;

        let mut fixed = [0; LEN];
        fixed[0..8].copy_from_slice(&MAGIC);
        fixed[8..10].copy_from_slice(&VERSION.to_le_bytes());
        fixed[10..12].copy_from_slice(&(LEN as u16).to_le_bytes());
        fixed[12..16].copy_from_slice(&(meta.len() as u32).to_le_bytes());
        fixed[16..24].copy_from_slice(&self.number.to_le_bytes());
        fixed[24..32].copy_from_slice(&self.salt.to_le_bytes());
        fixed[32..56].copy_from_slice(&self.anchor.to_bytes());
        fixed[56..60].copy_from_slice(&crc::of(&meta).to_le_bytes());
        let crc = crc::of(&fixed[..60]);
        fixed[60..64].copy_from_slice(&crc.to_le_bytes());
        out.extend_from_slice(&fixed);
        out.extend_from_slice(&meta);
        pad(out);
        Ok(())
    }

    /// Reads the header at the start of `bytes`; returns it and where the first block stands.
    ///
    /// # Errors
    ///
    /// - [`Fault::Incomplete`] if the bytes so far are those of a segment and more are needed,
    /// - [`Fault::NotSegment`] if they are not,
    /// - [`Fault::Version`] if the segment is of a version this crate does not read,
    /// - [`Fault::Checksum`], [`Fault::Limit`], [`Fault::Mismatch`] or [`Fault::Malformed`] if it is damaged.
    pub fn take(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let fixed = fixed_part(bytes)?;
        let fixed_len = u16_at(fixed, 10) as usize;
        let meta_len = u32_at(fixed, 12) as usize;
        let need = padded(fixed_len + meta_len);
        if bytes.len() < need {
            return Err(incomplete(bytes.len(), need));
        }
        let meta = &bytes[fixed_len..fixed_len + meta_len];
        crc::check(Part::SegmentMeta, meta, u32_at(fixed, 56))
            .map_err(|fault| Error::at(fixed_len, fault))?;
        let meta = take_meta(meta).map_err(|error| error.after(fixed_len as u64))?;
        let header = Self {
            number: u64_at(fixed, 16),
            salt: u64_at(fixed, 24),
            anchor: Anchor::from_bytes(&array(fixed, 32)),
            meta,
        };
        Ok((header, need))
    }

    /// Where the padding behind the metadata stands, if `bytes` start with a header that [`Header::take`] reads.
    ///
    /// # Errors
    ///
    /// Those of [`Header::take`] that concern the fixed part.
    pub fn padding(bytes: &[u8]) -> Result<Range<usize>, Error> {
        let fixed = fixed_part(bytes)?;
        let end = usize::from(u16_at(fixed, 10)) + u32_at(fixed, 12) as usize;
        Ok(end..padded(end))
    }
}

/// The metadata; what follows its fields is from a later writer.
fn take_meta(bytes: &[u8]) -> Result<Meta, Error> {
    let mut fields = Fields::new(bytes);
    let meta = fields.take(Part::SegmentMeta)?;
    let session = if fields.is_empty() { 0 } else { fields.take(Part::SegmentMeta)? };
    Ok(Meta { session, ..meta })
}

/// The fixed part, checked: magic, checksum, version, lengths.
fn fixed_part(bytes: &[u8]) -> Result<&[u8; LEN], Error> {
    let start = &bytes[..bytes.len().min(MAGIC.len())];
    if !MAGIC.starts_with(start) {
        let mut found = [0; 8];
        found[..start.len()].copy_from_slice(start);
        return Err(Error::at(0, Fault::NotSegment { found }));
    }
    let Some(fixed) = bytes.first_chunk::<LEN>() else {
        return Err(incomplete(bytes.len(), LEN));
    };
    // The checksum comes before the version, so that a damaged version is damage: in every version these 64 bytes keep
    // their magic, their version and their checksum in these places.
    crc::check(Part::SegmentHeader, &fixed[..60], u32_at(fixed, 60))
        .map_err(|fault| Error::at(0, fault))?;
    let found = u16_at(fixed, 8);
    if found == 0 || found > VERSION {
        return Err(Error::at(8, Fault::Version { found, supported: VERSION }));
    }
    check_fixed_len(u16_at(fixed, 10) as usize).map_err(|fault| Error::at(10, fault))?;
    check_meta(u32_at(fixed, 12) as usize).map_err(|fault| Error::at(12, fault))?;
    Ok(fixed)
}

fn incomplete(have: usize, need: usize) -> Error {
    let fault =
        Fault::Incomplete { part: Part::SegmentHeader, have: have as u64, need: need as u64 };
    Error::at(0, fault)
}

fn check_fixed_len(len: usize) -> Result<(), Fault> {
    if len > limits::FIXED {
        return Err(Fault::Limit {
            part: Part::SegmentHeader,
            found: len as u64,
            limit: limits::FIXED as u64,
        });
    }
    if len < LEN || !len.is_multiple_of(8) {
        return Err(Fault::Mismatch {
            part: Part::SegmentHeader,
            found: len as u64,
            expected: LEN as u64,
        });
    }
    Ok(())
}

fn check_meta(len: usize) -> Result<(), Fault> {
    match len {
        0..=limits::META => Ok(()),
        _ => Err(Fault::Limit {
            part: Part::SegmentMeta,
            found: len as u64,
            limit: limits::META as u64,
        }),
    }
}
