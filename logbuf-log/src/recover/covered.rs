//! What the files of a log hold already.
//!
//! The writer releases everything it holds after each write has returned, and writes nothing more before. So what is in a file
//! and not released is in the last blocks, and they are looked at from the last one backwards until one holds what was released.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use logbuf_format::block::{self, Codec, HEADER_LEN, Kind};
use logbuf_format::clock::Anchor;
use logbuf_format::scan::{self, Scan};
use logbuf_format::{events, limits, packed, segment};

use super::output::segment_number;
use crate::session::header::Header;
use crate::session::system;

/// Bytes searched at once behind damage.
const WINDOW: usize = 1 << 20;

/// CLOCK blocks of a segment that are taken over, from its end: records that were recovered are placed in time by the same anchors as
/// those before them.
const CLOCKS: usize = 256;

/// What the files of a session's log hold already.
#[derive(Debug, Default)]
pub(super) struct Covered {
    /// For each ring, up to where.
    ends: BTreeMap<u32, u64>,
    /// Instants of the process's clock.
    pub(super) anchors: Vec<Anchor>,
}

/// A segment of the session.
struct Segment {
    file: File,
    len: u64,
    header: segment::Header,
    /// Where its blocks begin.
    start: u64,
}

/// Where a block stands.
#[derive(Clone, Copy)]
struct BlockAt {
    offset: u64,
    header: block::Header,
}

impl Covered {
    /// Looks through the segments of the session in `folders`. `heads` says up to where the rings were released.
    pub(super) fn find<'a>(
        header: &Header,
        folders: impl Iterator<Item = &'a Path>,
        heads: &BTreeMap<u32, u64>,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut covered = Self::default();
        for folder in folders {
            let mut paths =
                files(folder, &header.stem).map_err(|error| (folder.to_owned(), error))?;
            // The newest first; those without numbers, which somebody may have renamed, before all others.
            paths.sort_unstable_by_key(|(number, _)| Reverse(number.unwrap_or(u64::MAX)));
            for (number, path) in paths {
                let is_enough = covered
                    .look_at(&path, header.id, heads)
                    .map_err(|error| (path.clone(), error))?;
                if is_enough && number.is_some() {
                    break;
                }
            }
        }
        Ok(covered)
    }

    /// Up to where the ring is in a file.
    pub(super) fn end(&self, ring: u32) -> u64 {
        self.ends.get(&ring).copied().unwrap_or(0)
    }

    /// Looks at a file, if it is a segment of the session. See [`look`](Self::look).
    fn look_at(
        &mut self,
        path: &Path,
        session: u64,
        heads: &BTreeMap<u32, u64>,
    ) -> io::Result<bool> {
        match Segment::open(path, session)? {
            Some(mut segment) => self.look(&mut segment, heads),
            None => Ok(false),
        }
    }

    /// Looks at a segment from its end backwards. Says whether it found what was released, so that no other need be looked at.
    fn look(&mut self, segment: &mut Segment, heads: &BTreeMap<u32, u64>) -> io::Result<bool> {
        self.anchors.push(segment.header.anchor);
        let blocks = segment.blocks()?;
        let clocks = blocks.iter().rev().filter(|block| block.header.summary.kind == Kind::CLOCK);
        for clock in clocks.take(CLOCKS) {
            if let Some(payload) = segment.payload(clock)? {
                self.anchors.extend(Anchor::table(&payload).flatten());
            }
        }
        for block in blocks.iter().rev().filter(|block| block.header.summary.kind == Kind::EVENTS) {
            // A block that was not written whole does not count.
            let Some(payload) = segment.payload(block)? else { continue };
            let mut is_released = false;
            for extent in events::extents(&payload).map_while(Result::ok) {
                if extent.restates().is_some() {
                    continue;
                }
                let end = self.ends.entry(extent.ring).or_default();
                *end = extent.end.max(*end);
                is_released |= heads.get(&extent.ring).is_some_and(|head| extent.end <= *head);
            }
            if is_released {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Segment {
    /// Opens a segment, if it is one of the session.
    fn open(path: &Path, session: u64) -> io::Result<Option<Self>> {
        let mut file = system::open_plain(path, false)?;
        let len = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.by_ref().take((limits::FIXED + limits::META) as u64).read_to_end(&mut bytes)?;
        Ok(match segment::Header::take(&bytes) {
            Ok((header, start)) if header.meta.session == session => {
                Some(Self { file, len, header, start: start as u64 })
            }
            _ => None,
        })
    }

    /// The blocks that are within the file, in order.
    fn blocks(&mut self) -> io::Result<Vec<BlockAt>> {
        let mut blocks = Vec::new();
        let mut at = self.start;
        while at + HEADER_LEN as u64 <= self.len {
            let bytes = self.read(at, HEADER_LEN)?;
            match block::Header::take(&bytes, Some(self.header.salt)) {
                Ok(header) => {
                    blocks.push(BlockAt { offset: at, header });
                    at += header.block_len() as u64;
                }
                Err(_) => at = self.resynchronise(at)?,
            }
        }
        Ok(blocks)
    }

    /// Where the first valid header behind `at` stands, or the end of the file.
    fn resynchronise(&mut self, at: u64) -> io::Result<u64> {
        let mut at = at + 8;
        while at < self.len {
            let bytes = self.read(at, WINDOW)?;
            match scan::next_block(&bytes, 0, Some(self.header.salt)) {
                Scan::Found { offset, .. } => return Ok(at + offset as u64),
                Scan::Nothing { searched: 0 } => break,
                Scan::Nothing { searched } => at += searched as u64,
            }
        }
        Ok(self.len)
    }

    /// The payload of a block, expanded and of codec raw; `None` if it is not what was written.
    fn payload(&mut self, block: &BlockAt) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.read(block.offset, HEADER_LEN + block.header.stored_len as usize)?;
        let Ok(payload) = block.header.payload(&bytes) else { return Ok(None) };
        if block.header.summary.codec != Codec::PACKED {
            return Ok(Some(payload.into_owned()));
        }
        let mut raw = Vec::new();
        Ok(packed::expand(&payload, &mut raw).is_ok().then_some(raw))
    }

    /// Up to `len` bytes at `offset`; fewer where the file ends.
    fn read(&mut self, offset: u64, len: usize) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::with_capacity(len);
        self.file.by_ref().take(len as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// The files in `folder` whose names begin with the log's, and their numbers if they have any; none if there is no such folder.
pub(super) fn files(folder: &Path, stem: &OsStr) -> io::Result<Vec<(Option<u64>, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        // A link is another name of a file that is listed itself.
        if name.as_encoded_bytes().starts_with(stem.as_encoded_bytes())
            && entry.file_type()?.is_file()
        {
            files.push((segment_number(&name, stem), entry.path()));
        }
    }
    Ok(files)
}
