//! From block to block through a file, over whatever damage there is.

use crate::source::Source;
use logbuf_format::{
    Error, Fault, Part,
    block::{HEADER_LEN, Header},
    limits,
    scan::{self, Scan},
};
use std::{io, ops::RangeInclusive};

/// Bytes read at once to find headers: a CLOCK block of one anchor, and the header of the block behind it. This is most of
/// what is read of a block that is not wanted.
const WINDOW: usize = HEADER_LEN + 24 + HEADER_LEN;

/// Bytes searched at once behind damage: at first, and at most, which is also what is read at once if all is. A file of little
/// else than damage is not to be read a thousand times.
const SCAN_WINDOW: RangeInclusive<usize> = 1 << 12..=1 << 20;

/// How far into a file without a usable header its salt is looked for: behind the largest header and the largest block.
const SALT_WINDOW: usize = limits::META + limits::FIXED + limits::PAYLOAD + 4 * HEADER_LEN;

/// Bytes of payload whose checksum is computed in search of the salt, so that a file of false headers ends the search.
const SALT_EFFORT: usize = 16 * limits::PAYLOAD;

/// What stands at a place in the file.
#[derive(Debug)]
pub(crate) enum Item {
    /// A block with a valid header, whose payload is within the file.
    Block {
        /// Where its header starts.
        offset: u64,
        /// The header.
        header: Header,
    },
    /// No block, up to the next one or the end of the file.
    Damage {
        /// Where it starts.
        offset: u64,
        /// Where the next block starts, or the end of the file.
        until: u64,
        /// What is wrong at its start.
        error: Error,
    },
    /// The start of a block, and then the end of the file.
    Cut {
        /// Where it starts.
        offset: u64,
        /// What is missing.
        error: Error,
    },
    /// The end of the file.
    End,
}

/// A position between two blocks of a file.
#[derive(Debug)]
pub(crate) struct Walk {
    salt: u64,
    /// Where the next block starts.
    offset: u64,
    /// Bytes of the file, and where they start in it.
    window: Vec<u8>,
    window_at: u64,
    /// Bytes that are read at once.
    step: usize,
}

impl Walk {
    /// A walk through the blocks with this salt, from `offset` on.
    pub(crate) fn new(salt: u64, offset: u64) -> Self {
        Self { salt, offset, window: Vec::new(), window_at: 0, step: WINDOW }
    }

    /// The salt of the blocks.
    pub(crate) fn salt(&self) -> u64 {
        self.salt
    }

    /// Where the next block starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Steps over the next item. At a cut and at the end it stays, so that a file that grows can be followed.
    pub(crate) fn next(&mut self, source: &Source) -> io::Result<Item> {
        let offset = self.offset;
        if offset >= source.len() {
            return Ok(Item::End);
        }
        let salt = self.salt;
        let bytes = self.peek(source, offset, HEADER_LEN)?;
        match Header::take(bytes, Some(salt)) {
            Ok(header) => {
                let (have, need) = (source.len() - offset, stored_end(&header) as u64);
                if have < need {
                    let fault = Fault::Incomplete { part: Part::StoredPayload, have, need };
                    return Ok(Item::Cut { offset, error: Error { offset, fault } });
                }
                self.offset += header.block_len() as u64;
                Ok(Item::Block { offset, header })
            }
            Err(error) if error.is_incomplete() => {
                Ok(Item::Cut { offset, error: error.after(offset) })
            }
            Err(error) => {
                let until = self.resynchronise(source, offset)?;
                self.offset = until;
                Ok(Item::Damage { offset, until, error: error.after(offset) })
            }
        }
    }

    /// Reads all of the file from here on, and not only headers.
    pub(crate) fn read_all(&mut self) {
        self.step = *SCAN_WINDOW.end();
    }

    /// Goes on at `offset`.
    pub(crate) fn seek(&mut self, offset: u64) {
        self.offset = offset;
    }

    /// The block at `offset`: its header and its stored payload.
    pub(crate) fn block(
        &mut self,
        source: &Source,
        offset: u64,
        header: &Header,
    ) -> io::Result<&[u8]> {
        self.peek(source, offset, stored_end(header))
    }

    /// The block at `offset` with its padding, as far as that is there.
    pub(crate) fn whole_block(
        &mut self,
        source: &Source,
        offset: u64,
        header: &Header,
    ) -> io::Result<&[u8]> {
        self.peek(source, offset, header.block_len())
    }

    /// The `len` bytes at `offset`; fewer only if the file ends before.
    fn peek(&mut self, source: &Source, offset: u64, len: usize) -> io::Result<&[u8]> {
        let end = self.window_at + self.window.len() as u64;
        if offset < self.window_at || offset + len as u64 > end {
            source.read_at(offset, len.max(self.step), &mut self.window)?;
            self.window_at = offset;
        }
        let from = (offset - self.window_at) as usize;
        let bytes = &self.window[from..];
        Ok(&bytes[..bytes.len().min(len)])
    }

    /// Where the first valid header behind `offset` stands, or the end of the file.
    fn resynchronise(&mut self, source: &Source, offset: u64) -> io::Result<u64> {
        let mut at = offset + 8;
        let mut len = *SCAN_WINDOW.start();
        while at < source.len() {
            source.read_at(at, len, &mut self.window)?;
            len = (2 * len).min(*SCAN_WINDOW.end());
            self.window_at = at;
            match scan::next_block(&self.window, 0, Some(self.salt)) {
                Scan::Found { offset, .. } => return Ok(at + offset as u64),
                // Nothing was searched: fewer bytes than a header are left.
                Scan::Nothing { searched: 0 } => break,
                Scan::Nothing { searched } => at += searched as u64,
            }
        }
        Ok(source.len())
    }
}

/// Bytes of a block without its padding.
pub(crate) fn stored_end(header: &Header) -> usize {
    HEADER_LEN + header.stored_len as usize
}

/// The salt of a file whose header does not tell it, and the offset of the block it is taken from: the first that is
/// good in every respect.
pub(crate) fn adopt_salt(source: &Source) -> io::Result<Option<(u64, u64)>> {
    let mut bytes = Vec::new();
    source.read_at(0, SALT_WINDOW + HEADER_LEN + limits::PAYLOAD, &mut bytes)?;
    let mut effort = 0;
    for at in (0..bytes.len().min(SALT_WINDOW)).step_by(8) {
        let bytes = &bytes[at..];
        let Ok(header) = Header::take(bytes, None) else { continue };
        match header.payload(bytes) {
            Err(Error { fault: Fault::Checksum { .. } | Fault::Incomplete { .. }, .. }) => {}
            // Whatever else is wrong with it, its checksum holds.
            _ => return Ok(Some((header.summary.salt, at as u64))),
        }
        effort += header.stored_len as usize;
        if effort > SALT_EFFORT {
            break;
        }
    }
    Ok(None)
}
