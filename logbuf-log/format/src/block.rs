//! Blocks: what a segment consists of after its header.

use crate::{
    Error, Fault, Part,
    bytes::{array, pad, padded, u32_at, u64_at},
    code::codes,
    compression, crc, limits,
};
use std::borrow::Cow;

/// The first bytes of every block.
pub const MAGIC: [u8; 4] = *b"LBLK";

/// Bytes of a block's header.
pub const HEADER_LEN: usize = 64;

/// Bit of [`Summary::levels`] in a block of EVENTS that a flight recorder held until something made them of interest. The bits
/// below it are those of the levels.
pub const DUMPED: u8 = 1 << 5;

codes! {
    /// What a block holds. Blocks of unknown kinds are skipped.
    Kind: u8 {
        /// [Call sites](crate::site).
        SITES = 1 => "SITES",
        /// [Threads](crate::thread).
        THREADS = 2 => "THREADS",
        /// [Clock anchors](crate::clock).
        CLOCK = 3 => "CLOCK",
        /// [Records](crate::events).
        EVENTS = 4 => "EVENTS",
        /// [What was lost](crate::loss).
        LOSS = 5 => "LOSS",
        /// [Where the EVENTS blocks are](crate::index); advisory.
        INDEX = 6 => "INDEX",
        /// [The end of the segment](crate::end).
        END = 7 => "END",
    }
}

codes! {
    /// How the payload of a block is encoded.
    Codec: u8 {
        /// As the kind's section of the specification says.
        RAW = 0 => "raw",
        /// Records predicted from each other.
        PACKED = 1 => "packed",
    }
}

codes! {
    /// How the payload of a block is compressed.
    Compression: u8 {
        /// Not at all.
        NONE = 0 => "none",
        /// An LZ4 block without a frame; the feature `lz4` of this crate.
        LZ4 = 1 => "LZ4",
        /// A zstd frame; the feature `zstd` of this crate.
        ZSTD = 2 => "zstd",
    }
}

/// What the writer says about a block: all of its header that does not follow from the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the block holds.
    pub kind: Kind,
    /// How it is encoded.
    pub codec: Codec,
    /// The [bits](crate::Level::bit) of the levels of the records inside, and [`DUMPED`].
    pub levels: u8,
    /// The salt of the segment.
    pub salt: u64,
    /// The number of this block in its segment, from 0.
    pub number: u64,
    /// Records in the payload: events, or entries of the kind's table.
    pub records: u32,
    /// The smallest time stamp inside, ticks; 0 where the kind has none.
    pub first: u64,
    /// The largest time stamp inside, ticks; 0 where the kind has none.
    pub last: u64,
    /// The [bits](crate::site::bit) of the sites of the records inside; 0 where the kind has none.
    pub sites: u32,
}

/// The header of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What the writer says about the block.
    pub summary: Summary,
    /// How the payload is compressed.
    pub compression: Compression,
    /// Length of the payload as stored, in bytes, without padding.
    pub stored_len: u32,
    /// Length of the payload after expansion, in bytes.
    pub expanded_len: u32,
    /// CRC-32C of the payload as stored.
    pub payload_crc: u32,
}

/// A block that is being written: its payload is whatever is appended to the vector until [`Open::seal`].
#[derive(Debug)]
#[must_use = "a block is complete only when it is sealed"]
pub struct Open {
    start: usize,
}

/// Starts a block at the end of `out`: room for its header is reserved, and its payload comes next, in place.
///
/// # Panics
///
/// If the length of `out` is not a multiple of 8.
///
/// # Examples
///
/// ```
/// use logbuf_format::block::{self, Codec, Header, Kind, Summary};
///
/// let mut out = Vec::new();
/// let block = block::open(&mut out);
/// out.extend_from_slice(b"payload");
/// let summary = Summary {
///     kind: Kind::EVENTS, codec: Codec::RAW, levels: 0, salt: 7, number: 0, records: 1, first: 10, last: 10,
///     sites: 0,
/// };
/// block.seal(&mut out, summary)?;
///
/// let header = Header::take(&out, Some(7))?;
/// assert_eq!(header.summary, summary);
/// assert_eq!(&*header.payload(&out)?, b"payload");
/// assert_eq!(header.block_len(), out.len());
/// # Ok::<_, logbuf_format::Error>(())
/// ```
pub fn open(out: &mut Vec<u8>) -> Open {
    assert!(out.len().is_multiple_of(8), "a block starts at a multiple of 8 bytes");
    let start = out.len();
    out.resize(start + HEADER_LEN, 0);
    Open { start }
}

/// Makes `block`, which starts with a valid header, the block with this `number` in the segment with this `salt`. Its
/// payload stays as it is.
///
/// # Errors
///
/// Those of [`Header::take`]. The block is then as it was.
pub fn readdress(block: &mut [u8], salt: u64, number: u64) -> Result<Header, Error> {
    let mut header = Header::take(block, None)?;
    header.summary.salt = salt;
    header.summary.number = number;
    block[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    Ok(header)
}

/// Appends a whole block with this payload.
///
/// # Errors
///
/// As [`Open::seal`].
///
/// # Panics
///
/// As [`open`].
pub fn put(out: &mut Vec<u8>, payload: &[u8], summary: Summary) -> Result<Header, Error> {
    put_compressed(out, payload, summary, Compression::NONE)
}

/// As [`put`], with the payload compressed. It stays as it is where that would not make it shorter, or where the feature for
/// `how` is off: the header that is returned says.
///
/// A block that exists is compressed, or compressed in another way, by putting what [`Header::payload`] gives under its
/// own [`Summary`].
///
/// # Errors
///
/// As [`Open::seal`].
///
/// # Panics
///
/// As [`open`].
pub fn put_compressed(
    out: &mut Vec<u8>,
    payload: &[u8],
    summary: Summary,
    how: Compression,
) -> Result<Header, Error> {
    check_payload(Part::ExpandedPayload, payload.len() as u64)
        .map_err(|fault| Error::at(out.len(), fault))?;
    let block = open(out);
    let compression = match how {
        Compression::NONE => Compression::NONE,
        how if compression::compress(how, payload, out) => how,
        _ => Compression::NONE,
    };
    if compression == Compression::NONE {
        out.extend_from_slice(payload);
    }
    block.seal_as(out, summary, compression, payload.len())
}

/// Whether this build of the crate can expand payloads that are compressed so.
pub fn can_expand(how: Compression) -> bool {
    how == Compression::NONE || compression::is_known(how)
}

impl Open {
    /// Bytes of payload so far in `out`, the vector the block was opened in.
    pub fn payload_len(&self, out: &[u8]) -> usize {
        out.len() - self.start - HEADER_LEN
    }

    /// Completes the block: writes its header over the reserved room, and pads.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`] if the payload is longer than [`limits::PAYLOAD`]. The block is then taken off `out`.
    ///
    /// # Panics
    ///
    /// If `out` is shorter than when the block was opened.
    pub fn seal(self, out: &mut Vec<u8>, summary: Summary) -> Result<Header, Error> {
        let len = self.payload_len(out);
        self.seal_as(out, summary, Compression::NONE, len)
    }

    /// As [`seal`](Self::seal), of a payload that has `expanded_len` bytes when it is expanded.
    fn seal_as(
        self,
        out: &mut Vec<u8>,
        summary: Summary,
        compression: Compression,
        expanded_len: usize,
    ) -> Result<Header, Error> {
        let payload = &out[self.start + HEADER_LEN..];
        let len = payload.len();
        if let Err(fault) = check_payload(Part::StoredPayload, len as u64) {
            out.truncate(self.start);
            return Err(Error::at(self.start, fault));
        }
        let header = Header {
            summary,
            compression,
            stored_len: len as u32,
            expanded_len: expanded_len as u32,
            payload_crc: crc::of(payload),
        };
        out[self.start..self.start + HEADER_LEN].copy_from_slice(&header.to_bytes());
        pad(out);
        Ok(header)
    }
}

impl Header {
    /// Reads the header at the start of `bytes`. `salt` is that of the segment, or `None` if it is not known.
    ///
    /// The payload need not be there yet; it is not looked at.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if there are fewer than 64 bytes and they could be a header, otherwise what makes it
    /// invalid: [`Fault::NotBlock`], [`Fault::Checksum`], [`Fault::Salt`], [`Fault::Limit`] or [`Fault::Mismatch`].
    pub fn take(bytes: &[u8], salt: Option<u64>) -> Result<Self, Error> {
        let start = &bytes[..bytes.len().min(MAGIC.len())];
        if !MAGIC.starts_with(start) {
            let mut found = [0; 4];
            found[..start.len()].copy_from_slice(start);
            return Err(Error::at(0, Fault::NotBlock { found }));
        }
        let Some(bytes) = bytes.first_chunk::<HEADER_LEN>() else {
            let (have, need) = (bytes.len() as u64, HEADER_LEN as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::BlockHeader, have, need }));
        };
        crc::check(Part::BlockHeader, &bytes[..60], u32_at(bytes, 60))
            .map_err(|fault| Error::at(0, fault))?;
        let header = Self::from_bytes(bytes);
        header.check(salt)?;
        Ok(header)
    }

    /// Bytes of the whole block: header, stored payload, padding.
    pub const fn block_len(&self) -> usize {
        padded(HEADER_LEN + self.stored_len as usize)
    }

    /// The payload of the block that starts at the start of `block`, checked, as it is stored.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if it is not all there, [`Fault::Checksum`] if it is damaged.
    pub fn stored<'a>(&self, block: &'a [u8]) -> Result<&'a [u8], Error> {
        let end = HEADER_LEN + self.stored_len as usize;
        let Some(stored) = block.get(HEADER_LEN..end) else {
            let (have, need) = (block.len() as u64, end as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::StoredPayload, have, need }));
        };
        crc::check(Part::StoredPayload, stored, self.payload_crc)
            .map_err(|fault| Error::at(HEADER_LEN, fault))?;
        Ok(stored)
    }

    /// The payload of the block that starts at the start of `block`, checked and expanded.
    ///
    /// # Errors
    ///
    /// As [`Header::stored`]; [`Fault::Unknown`] if it is compressed in a way this crate cannot expand.
    pub fn payload<'a>(&self, block: &'a [u8]) -> Result<Cow<'a, [u8]>, Error> {
        let stored = self.stored(block)?;
        match self.compression {
            Compression::NONE => Ok(Cow::Borrowed(stored)),
            how => {
                let at = if compression::is_known(how) { HEADER_LEN as u64 } else { 6 };
                compression::expand(how, stored, self.expanded_len as usize)
                    .map(Cow::Owned)
                    .map_err(|error| error.after(at))
            }
        }
    }

    fn to_bytes(self) -> [u8; HEADER_LEN] {
        let summary = &self.summary;
        let mut bytes = [0; HEADER_LEN];
        bytes[0..4].copy_from_slice(&MAGIC);
        bytes[4] = summary.kind.0;
        bytes[5] = summary.codec.0;
        bytes[6] = self.compression.0;
        bytes[7] = summary.levels;
        bytes[8..16].copy_from_slice(&summary.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&summary.number.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.stored_len.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.expanded_len.to_le_bytes());
        bytes[32..36].copy_from_slice(&summary.records.to_le_bytes());
        bytes[36..40].copy_from_slice(&summary.sites.to_le_bytes());
        bytes[40..48].copy_from_slice(&summary.first.to_le_bytes());
        bytes[48..56].copy_from_slice(&summary.last.to_le_bytes());
        bytes[56..60].copy_from_slice(&self.payload_crc.to_le_bytes());
        let crc = crc::of(&bytes[..60]);
        bytes[60..64].copy_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEADER_LEN]) -> Self {
        let [kind, codec, compression, levels] = array(bytes, 4);
        Self {
            summary: Summary {
                kind: Kind(kind),
                codec: Codec(codec),
                levels,
                salt: u64_at(bytes, 8),
                number: u64_at(bytes, 16),
                records: u32_at(bytes, 32),
                first: u64_at(bytes, 40),
                last: u64_at(bytes, 48),
                sites: u32_at(bytes, 36),
            },
            compression: Compression(compression),
            stored_len: u32_at(bytes, 24),
            expanded_len: u32_at(bytes, 28),
            payload_crc: u32_at(bytes, 56),
        }
    }

    fn check(&self, salt: Option<u64>) -> Result<(), Error> {
        let found = self.summary.salt;
        if let Some(expected) = salt
            && found != expected
        {
            return Err(Error::at(8, Fault::Salt { found, expected }));
        }
        let (stored, expanded) = (u64::from(self.stored_len), u64::from(self.expanded_len));
        check_payload(Part::StoredPayload, stored).map_err(|fault| Error::at(24, fault))?;
        check_payload(Part::ExpandedPayload, expanded).map_err(|fault| Error::at(28, fault))?;
        if self.compression == Compression::NONE && stored != expanded {
            let fault =
                Fault::Mismatch { part: Part::ExpandedPayload, found: expanded, expected: stored };
            return Err(Error::at(28, fault));
        }
        Ok(())
    }
}

fn check_payload(part: Part, found: u64) -> Result<(), Fault> {
    let limit = limits::PAYLOAD as u64;
    if found <= limit { Ok(()) } else { Err(Fault::Limit { part, found, limit }) }
}
