//! What the files of a log hold already.
//!
//! The writer releases everything it holds after each write has returned, and writes nothing more before. So what is in a file
//! and not released is in the last blocks, and they are looked at from the last one backwards until one holds what was released.
//!
//! A flight recorder holds on to what it did not write, and to all that is newer, ring by ring. Its blocks are looked at until that
//! holds for each ring that is not empty. What it wrote out of the order of the ring, in a dump, was all released behind the same
//! write, or is behind everything else.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};

use logbuf_format::block::{self, Codec, HEADER_LEN, Kind};
use logbuf_format::clock::Anchor;
use logbuf_format::loss::{Loss, Reason};
use logbuf_format::scan::{self, Scan};
use logbuf_format::{Level, events, limits, packed, segment};

use super::remains::{Remains, Sites};
use super::scopes;
use crate::loss;
use crate::output::Location;
use crate::paths::Paths;
use crate::session::header::Header;
use crate::session::system;
use crate::session::threads::Noted;

/// Bytes searched at once behind damage: at first, and at most. Files of little else than damage are not to be read a thousand times.
const WINDOW: std::ops::RangeInclusive<usize> = 1 << 12..=1 << 20;

/// CLOCK blocks of a segment that are taken over, from its end: records that were recovered are placed in time by the same anchors as
/// those before them.
const CLOCKS: usize = 256;

/// Anchors that are taken over, at most: as many as fit into one block, and more than any writer puts into so many.
const ANCHORS: usize = 1 << 16;

/// Bytes of payload that are searched at most for the scopes of threads that have not logged for long.
const SEARCHED: usize = 32 << 20;

/// Bytes of the scopes that are found, at most: those of threads beyond that stay unknown.
const SCOPES: usize = 64 << 20;

/// What is known from the session.
#[derive(Clone, Copy)]
struct Known<'a> {
    remains: &'a Remains,
    sites: &'a Sites,
}

/// What the files of a session's log hold already.
#[derive(Debug, Default)]
pub(super) struct Covered {
    /// For each ring, which of what it did not release.
    rings: BTreeMap<u32, Ranges>,
    /// Instants of the process's clock.
    pub(super) anchors: Vec<Anchor>,
    /// The scopes of threads behind the last of their records in the files, of those threads that were met.
    pub(super) paths: BTreeMap<u32, Paths>,
    /// Bytes of these.
    path_bytes: usize,
    /// Of each thread, level and reason, how many losses the files tell of, and bytes of those that the session takes for untold.
    losses: BTreeMap<(u32, Level, u8), (u64, u64)>,
}

/// Parts of a ring.
#[derive(Debug, Default)]
struct Ranges(Vec<Range<u64>>);

/// What the rings say, and so how far the files have to be looked at.
#[derive(Debug)]
pub(super) struct Rings {
    /// Up to where each was released.
    heads: BTreeMap<u32, u64>,
    /// Those of which no block was found yet that was released.
    open: BTreeSet<u32>,
    /// Whether each ring was released by itself.
    by_itself: bool,
    /// Threads that records are left of, and of which no scopes were found yet.
    sought: BTreeSet<u32>,
    /// Those of them that began before what is left, so that only files can say what scopes they were in.
    adrift: BTreeSet<u32>,
    /// Bytes of payload that were searched for that.
    searched: usize,
}

/// A segment of the session.
struct Segment {
    file: File,
    len: u64,
    header: segment::Header,
    /// Where its blocks begin.
    start: u64,
}

/// Where the blocks stand that matter here, in order.
#[derive(Default)]
struct Blocks {
    clocks: VecDeque<u64>,
    /// Those with records, and those with losses.
    records: Vec<BlockAt>,
}

/// Where a block stands, and what it holds.
struct BlockAt {
    offset: u64,
    kind: Kind,
}

impl Covered {
    /// Looks through the segments of the session in `folders`.
    pub(super) fn find<'a>(
        header: &Header,
        folders: impl Iterator<Item = &'a Path>,
        remains: &Remains,
        sites: &Sites,
        mut rings: Rings,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let mut covered = Self::default();
        let known = Known { remains, sites };
        for folder in folders {
            let mut paths =
                files(folder, &header.stem).map_err(|error| (folder.to_owned(), error))?;
            // The newest first; those without numbers, which somebody may have renamed, before all others.
            paths.sort_unstable_by_key(|(number, _)| Reverse(number.unwrap_or(u64::MAX)));
            for (number, path) in paths {
                let is_enough = covered
                    .look_at(&path, header.id, known, &mut rings)
                    .map_err(|error| (path.clone(), error))?;
                if is_enough && number.is_some() {
                    break;
                }
            }
        }
        covered.rings.values_mut().for_each(Ranges::join);
        Ok(covered)
    }

    /// Whether what is at this position of the ring is in a file.
    pub(super) fn contains(&self, ring: u32, position: u64) -> bool {
        self.rings.get(&ring).is_some_and(|ranges| ranges.contains(position))
    }

    /// Looks at a file, if it is a segment of the session. See [`look`](Self::look).
    fn look_at(
        &mut self,
        path: &Path,
        session: u64,
        known: Known<'_>,
        rings: &mut Rings,
    ) -> io::Result<bool> {
        match Segment::open(path, session)? {
            Some(mut segment) => self.look(&mut segment, known, rings),
            None => Ok(false),
        }
    }

    /// Of a thread's losses of a level and a reason, how many the files tell of, and bytes of those that the session takes for untold.
    pub(super) fn lost(&self, thread: u32, level: Level, reason: Reason) -> (u64, u64) {
        self.losses.get(&(thread, level, reason.0)).copied().unwrap_or_default()
    }

    /// Looks at a segment from its end backwards. Says whether it found what was released, so that no other need be looked at.
    fn look(
        &mut self,
        segment: &mut Segment,
        known: Known<'_>,
        rings: &mut Rings,
    ) -> io::Result<bool> {
        self.add_anchors([segment.header.anchor]);
        let blocks = segment.blocks()?;
        for clock in blocks.clocks.iter().rev() {
            if let Some(payload) = segment.payload(*clock)? {
                self.add_anchors(Anchor::table(&payload).flatten());
            }
        }
        for block in blocks.records.iter().rev() {
            // A block that was not written whole does not count.
            let Some(payload) = segment.payload(block.offset)? else { continue };
            if block.kind == Kind::LOSS {
                Loss::table(&payload)
                    .flatten()
                    .for_each(|loss| self.add_loss(&loss, known.remains));
                continue;
            }
            if known.sites.has_scopes() && !rings.sought.is_empty() {
                for (thread, paths) in scopes::behind(&payload, known.sites, &rings.sought) {
                    rings.sought.remove(&thread);
                    rings.adrift.remove(&thread);
                    self.add_paths(thread, paths);
                }
            }
            for extent in events::extents(&payload).map_while(Result::ok) {
                if extent.restates().is_some() {
                    continue;
                }
                if rings.is_released(extent.ring, extent.end) {
                    rings.open.remove(&extent.ring);
                } else if rings.heads.contains_key(&extent.ring) {
                    self.rings.entry(extent.ring).or_default().0.push(extent.start..extent.end);
                }
            }
            if rings.are_enough(payload.len()) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Takes over the scopes of a thread, as long as there is room.
    fn add_paths(&mut self, thread: u32, paths: Paths) {
        let bytes = paths.len();
        let has_room = bytes <= SCOPES - self.path_bytes;
        self.path_bytes += if has_room { bytes } else { 0 };
        self.paths.insert(thread, if has_room { paths } else { Paths::unknown() });
    }

    fn add_loss(&mut self, loss: &Loss, remains: &Remains) {
        // Of others nobody asks.
        let Some(Noted { losses, .. }) = remains.threads.get(&loss.thread) else { return };
        if !loss::is_counted(loss.reason) {
            return;
        }
        let (total, bytes) =
            self.losses.entry((loss.thread, loss.level, loss.reason.0)).or_default();
        *total = loss.total.max(*total);
        if loss.total > loss::written(losses, loss.level, loss.reason) {
            *bytes = bytes.saturating_add(loss.bytes);
        }
    }

    /// Takes over anchors, as long as there is room.
    fn add_anchors(&mut self, anchors: impl IntoIterator<Item = Anchor>) {
        let room = ANCHORS.saturating_sub(self.anchors.len());
        self.anchors.extend(anchors.into_iter().take(room));
    }
}

impl Ranges {
    /// Puts them in order, and joins those that touch.
    fn join(&mut self) {
        self.0.sort_unstable_by_key(|range| range.start);
        self.0.dedup_by(|next, range| {
            let touches = next.start <= range.end;
            if touches {
                range.end = range.end.max(next.end);
            }
            touches
        });
    }

    /// Whether one contains `position`. They are joined.
    fn contains(&self, position: u64) -> bool {
        let behind = self.0.partition_point(|range| range.start <= position);
        behind > 0 && self.0[behind - 1].contains(&position)
    }
}

impl Rings {
    /// Rings with their heads, and those of them that are not empty; threads of which scopes are sought, and those of them that only
    /// files can say something of.
    pub(super) fn new(
        heads: BTreeMap<u32, u64>,
        filled: BTreeSet<u32>,
        sought: BTreeSet<u32>,
        adrift: BTreeSet<u32>,
        header: &Header,
    ) -> Self {
        let by_itself = header.keeps.is_some();
        let open = if by_itself { filled } else { heads.keys().copied().collect() };
        Self { heads, open, by_itself, sought, adrift, searched: 0 }
    }

    /// Whether the ring was released up to `end`.
    fn is_released(&self, ring: u32, end: u64) -> bool {
        self.heads.get(&ring).is_some_and(|head| end <= *head)
    }

    /// Whether all that was not released has been found, with `payload` bytes more, and the scopes of all threads as far as they
    /// are searched.
    fn are_enough(&mut self, payload: usize) -> bool {
        let is_all =
            if self.by_itself { self.open.is_empty() } else { self.open.len() < self.heads.len() };
        if is_all {
            self.searched += payload;
        }
        is_all && (self.adrift.is_empty() || self.searched > SEARCHED)
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

    /// The blocks that are within the file.
    fn blocks(&mut self) -> io::Result<Blocks> {
        let mut blocks = Blocks::default();
        let mut at = self.start;
        while at + HEADER_LEN as u64 <= self.len {
            let bytes = self.read(at, HEADER_LEN)?;
            match block::Header::take(&bytes, Some(self.header.salt)) {
                Ok(header) => {
                    match header.summary.kind {
                        Kind::CLOCK => blocks.clocks.push_back(at),
                        kind @ (Kind::EVENTS | Kind::LOSS) => {
                            blocks.records.push(BlockAt { offset: at, kind });
                        }
                        _ => {}
                    }
                    if blocks.clocks.len() > CLOCKS {
                        blocks.clocks.pop_front();
                    }
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
        let mut window = *WINDOW.start();
        while at < self.len {
            let bytes = self.read(at, window)?;
            window = (2 * window).min(*WINDOW.end());
            match scan::next_block(&bytes, 0, Some(self.header.salt)) {
                Scan::Found { offset, .. } => return Ok(at + offset as u64),
                Scan::Nothing { searched: 0 } => break,
                Scan::Nothing { searched } => at += searched as u64,
            }
        }
        Ok(self.len)
    }

    /// The payload of a block, expanded and of codec raw; `None` if it is not what was written.
    fn payload(&mut self, offset: u64) -> io::Result<Option<Vec<u8>>> {
        let bytes = self.read(offset, HEADER_LEN)?;
        // It was one when the headers were read.
        let Ok(header) = block::Header::take(&bytes, Some(self.header.salt)) else {
            return Ok(None);
        };
        if !block::can_expand(header.compression) {
            // It is in the file all the same, so that its records must not be written again.
            return Err(io::Error::new(
                ErrorKind::Unsupported,
                "it has blocks that this build cannot expand",
            ));
        }
        let bytes = self.read(offset, HEADER_LEN + header.stored_len as usize)?;
        let Ok(payload) = header.payload(&bytes) else { return Ok(None) };
        if header.summary.codec != Codec::PACKED {
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
    let (location, mut files) = (Location::of(folder, stem), Vec::new());
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        // A link is another name of a file that is listed itself.
        if name.as_encoded_bytes().starts_with(stem.as_encoded_bytes())
            && entry.file_type()?.is_file()
        {
            files.push((location.number_of(&name), entry.path()));
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_any_order_contain_what_they_cover() {
        let mut ranges = Ranges(vec![40..48, 8..16, 16..24, 10..12, 48..48]);
        ranges.join();
        assert_eq!(ranges.0, [8..24, 40..48]);
        let contained: Vec<u64> = (0..64).step_by(8).filter(|at| ranges.contains(*at)).collect();
        assert_eq!(contained, [8, 16, 40]);
    }
}
