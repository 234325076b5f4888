//! Closed segments made smaller: each block compressed by itself, and the index made anew.
//!
//! A segment stays what it was: the same records, the same salt, and blocks that decode one by one. Only a segment that is
//! whole is written anew, because what a reader can still find in a damaged one depends on where it stands.

mod error;

use crate::{
    Error, Fault,
    block::{self, Compression, HEADER_LEN, Header, Kind, Summary},
    end::End,
    index::Index,
    segment,
};
pub use error::CompactError;
use std::io::{ErrorKind, Read, Write};

/// Bytes of payload from which a block that is not compressed is so because nobody has tried.
const TELLING: u32 = 4 << 10;

/// The size of a segment before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    /// Bytes read.
    pub before: u64,
    /// Bytes written.
    pub after: u64,
    /// Blocks whose payload is compressed now and was not, or was in another way.
    pub blocks: u64,
}

/// Reads a segment and writes it with the payloads of its blocks compressed, where that makes them shorter. One block
/// is in memory at a time. Each payload is expanded again, and compared, before it is written.
///
/// Bytes are read in pieces of a header and of a block: files want a `BufReader`, and no `BufWriter`.
///
/// # Errors
///
/// [`CompactError`]. What was written until then is of no use.
///
/// # Examples
///
/// ```
/// use logbuf_format::{block::Compression, compact::{CompactError, compact}};
///
/// let error = compact(&b"\x89LOGBUF\n and no more"[..], &mut std::io::sink(), Compression::ZSTD);
/// assert!(matches!(error, Err(CompactError::NotClosed)));
/// ```
pub fn compact(
    reader: impl Read,
    writer: &mut impl Write,
    how: Compression,
) -> Result<Compacted, CompactError> {
    let mut source = Source { reader, offset: 0 };
    let (salt, bytes) = source.segment_header()?;
    let mut rewrite = Rewrite { how, salt, len: 0, blocks: 0, number: 0, index: Index::default() };
    let (mut block, mut out) = (Vec::new(), bytes);
    loop {
        writer.write_all(&out).map_err(CompactError::Write)?;
        rewrite.len += out.len() as u64;
        let header = source.block(salt, &mut block)?;
        out.clear();
        let at = source.offset - block.len() as u64;
        rewrite.block(&header, &block, &mut out).map_err(|error| error.after(at))?;
        if header.summary.kind == Kind::END {
            break;
        }
    }
    source.expect_end()?;
    writer.write_all(&out).map_err(CompactError::Write)?;
    let after = rewrite.len + out.len() as u64;
    Ok(Compacted { before: source.offset, after, blocks: rewrite.blocks })
}

/// Whether [`compact`] can be expected to make a segment smaller: whether the first of its EVENTS blocks that is large enough to tell
/// is not compressed in this way. The segment is read up to there.
///
/// # Errors
///
/// As [`compact`]; a segment that ends before there is such a block counts as not closed.
pub fn is_worth_it(reader: impl Read, how: Compression) -> Result<bool, CompactError> {
    let mut source = Source { reader, offset: 0 };
    let (salt, _) = source.segment_header()?;
    let mut block = Vec::new();
    loop {
        let header = source.block(salt, &mut block)?;
        match header.summary.kind {
            Kind::END => return Ok(false),
            Kind::EVENTS if header.expanded_len >= TELLING => {
                return Ok(header.compression != how);
            }
            _ => {}
        }
    }
}

/// The segment that is written.
struct Rewrite {
    how: Compression,
    salt: u64,
    /// Bytes so far.
    len: u64,
    /// Blocks that were compressed.
    blocks: u64,
    /// Blocks of this segment so far.
    number: u64,
    index: Index,
}

impl Rewrite {
    /// Appends a block as it is in this segment: nothing for an index, but this segment's own where it is due.
    fn block(
        &mut self,
        header: &Header,
        block: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), CompactError> {
        let payload = header.payload(block)?;
        let kind = header.summary.kind;
        if kind == Kind::INDEX {
            return Ok(());
        }
        if kind == Kind::END || self.index.is_full() {
            self.number += u64::from(self.index.put(out, self.len, self.salt, self.number)?);
        }
        let offset = self.len + out.len() as u64;
        let summary = Summary { number: self.number, ..header.summary };
        self.number += 1;
        match kind {
            Kind::END => {
                let end = End {
                    blocks: summary.number,
                    index: self.index.last(),
                    ..End::take(&payload)?
                };
                let mut totals = Vec::new();
                end.put(&mut totals);
                // What a later writer put behind them.
                totals.extend_from_slice(payload.get(totals.len()..).unwrap_or_default());
                block::put(out, &totals, summary)?;
            }
            _ if header.compression != self.how => {
                let start = out.len();
                let new = block::put_compressed(out, &payload, summary, self.how)?;
                if new.payload(&out[start..])? != payload {
                    return Err(CompactError::Altered);
                }
                self.blocks += u64::from(new.compression != header.compression);
                self.index.add(offset, &new, &payload);
            }
            _ => {
                let start = out.len();
                out.extend_from_slice(block);
                let new = block::readdress(&mut out[start..], self.salt, summary.number)?;
                self.index.add(offset, &new, &payload);
            }
        }
        Ok(())
    }
}

/// The segment that is read.
struct Source<R> {
    reader: R,
    /// Bytes read so far.
    offset: u64,
}

impl<R: Read> Source<R> {
    /// The salt, and all bytes before the first block.
    fn segment_header(&mut self) -> Result<(u64, Vec<u8>), CompactError> {
        let mut bytes = Vec::new();
        loop {
            // The first try tells how long the fixed part is, the second the whole.
            match segment::Header::take(&bytes) {
                Ok((header, _)) => return Ok((header.salt, bytes)),
                Err(Error { fault: Fault::Incomplete { need, .. }, .. }) => {
                    // The limits keep it small.
                    self.fill(&mut bytes, need as usize)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads the next block, with its padding, in place of what `bytes` holds.
    fn block(&mut self, salt: u64, bytes: &mut Vec<u8>) -> Result<Header, CompactError> {
        let offset = self.offset;
        bytes.clear();
        self.fill(bytes, HEADER_LEN)?;
        let header = Header::take(bytes, Some(salt)).map_err(|error| error.after(offset))?;
        self.fill(bytes, header.block_len())?;
        Ok(header)
    }

    /// Reads on until `bytes` is `len` bytes long, which was checked against the limits.
    fn fill(&mut self, bytes: &mut Vec<u8>, len: usize) -> Result<(), CompactError> {
        let start = bytes.len();
        bytes.resize(len, 0);
        self.reader.read_exact(&mut bytes[start..]).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => CompactError::NotClosed,
            _ => CompactError::Read(error),
        })?;
        self.offset += (len - start) as u64;
        Ok(())
    }

    fn expect_end(&mut self) -> Result<(), CompactError> {
        match self.reader.read_exact(&mut [0]) {
            Ok(()) => Err(CompactError::NotTheEnd { offset: self.offset }),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
            Err(error) => Err(CompactError::Read(error)),
        }
    }
}
