//! The files of a logger: their names, and the one that is being written.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::mem;
use std::path::{Path, PathBuf};

use logbuf_format::Level;
use logbuf_format::block::{self, Codec, Kind, Summary};
use logbuf_format::clock::Anchor;
use logbuf_format::segment::{Header, Meta};

use crate::error::InitError;

/// The end of every log file's name.
const EXTENSION: &str = "logbuf";

/// Bytes of a table's payload from which the next is begun. One entry has at most as many again.
pub(crate) const TABLE: usize = 64 << 10;

/// Where the segments of a logger go: `folder/stem.000001.logbuf` and so on.
#[derive(Debug)]
pub(crate) struct Location {
    folder: PathBuf,
    stem: OsString,
}

/// The segment that is being written.
///
/// Blocks are put first and written afterwards, together. What could not be written stays pending, and nothing more is
/// put before it is.
#[derive(Debug)]
pub(crate) struct Segment {
    file: File,
    path: PathBuf,
    salt: u64,
    /// Blocks put so far.
    blocks: u64,
    /// Bytes written, up to the end of a block.
    len: u64,
    /// Bytes that are to be written next, and how many of them have been.
    pending: Vec<u8>,
    done: usize,
}

/// The payload of a block of entries.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    pub(crate) payload: Vec<u8>,
    pub(crate) entries: u32,
    pub(crate) span: Span,
}

/// Of what levels and times the contents of a block are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    /// [Bits](Level::bit) of the levels.
    levels: u8,
    /// Smallest and largest time stamp, ticks.
    first: u64,
    last: u64,
}

impl Span {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self { levels: 0, first: u64::MAX, last: 0 };

    /// Extends the span by an instant.
    #[inline]
    pub(crate) fn add_time(&mut self, ticks: u64) {
        self.first = self.first.min(ticks);
        self.last = self.last.max(ticks);
    }

    /// Extends the span by a level.
    #[inline]
    pub(crate) fn add_level(&mut self, level: Level) {
        self.levels |= level.bit();
    }
}

impl Table {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, payload: Vec::new(), entries: 0, span: Span::EMPTY }
    }
}

impl Location {
    /// Takes `path` apart and makes its folder.
    pub(crate) fn new(path: &Path) -> Result<Self, InitError> {
        if path.is_dir() {
            return Err(InitError::PathIsFolder { path: path.to_owned() });
        }
        let stem =
            path.file_name().ok_or_else(|| InitError::NoFileName { path: path.to_owned() })?;
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        fs::create_dir_all(&folder)
            .map_err(|source| InitError::CreateFolder { path: folder.clone(), source })?;
        Ok(Self { folder, stem: stem.to_owned() })
    }

    fn path(&self, number: u64) -> PathBuf {
        let mut name = self.stem.clone();
        name.push(format!(".{number:06}.{EXTENSION}"));
        self.folder.join(name)
    }

    /// The number behind the largest in use.
    fn next_number(&self) -> io::Result<u64> {
        let numbers = fs::read_dir(&self.folder)?
            .filter_map(|entry| self.number_of(&entry.ok()?.file_name()));
        // A number that has no next was not given by a logger.
        Ok(numbers.filter_map(|number| number.checked_add(1)).max().unwrap_or(1))
    }

    /// The number in `name`, if it is that of a segment of this logger.
    fn number_of(&self, name: &OsStr) -> Option<u64> {
        let rest = name.as_encoded_bytes().strip_prefix(self.stem.as_encoded_bytes())?;
        let rest = str::from_utf8(rest).ok()?.strip_prefix('.')?;
        let (number, rest) = rest.split_once('.')?;
        rest.ends_with(EXTENSION).then(|| number.parse().ok())?
    }
}

impl Segment {
    /// Makes the next segment. Its header is pending, not yet written.
    pub(crate) fn create(
        location: &Location,
        anchor: Anchor,
        meta: Meta,
    ) -> Result<Self, InitError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| InitError::CreateFile { path, source }
        };
        let mut number = location.next_number().map_err(failed(&location.folder))?;
        loop {
            let path = location.path(number);
            match OpenOptions::new().append(true).create_new(true).open(&path) {
                Ok(file) => {
                    let salt = random();
                    let mut pending = Vec::new();
                    let header = Header { number, salt, anchor, meta };
                    header.put(&mut pending).map_err(|source| InitError::Description { source })?;
                    return Ok(Self { file, path, salt, blocks: 0, len: 0, pending, done: 0 });
                }
                // Another process took the number in the meantime.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
                Err(source) => return Err(failed(&path)(source)),
            }
        }
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Blocks put so far.
    pub(crate) fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Puts a block of entries, unless there are none.
    pub(crate) fn put_table(&mut self, table: &Table) {
        if table.entries == 0 {
            return;
        }
        let summary = self.next_summary(table.kind, table.entries, table.span);
        let open = block::open(&mut self.pending);
        self.pending.extend_from_slice(&table.payload);
        open.seal(&mut self.pending, summary).expect("tables are kept shorter than a block may be");
    }

    /// Puts a block of entries and empties the table, if it has enough of them.
    pub(crate) fn put_table_if_full(&mut self, table: &mut Table) {
        if table.payload.len() >= TABLE {
            let full = mem::replace(table, Table::new(table.kind));
            self.put_table(&full);
        }
    }

    /// Puts the block that was `open`ed at the start of `bytes`.
    pub(crate) fn put_block(
        &mut self,
        open: block::Open,
        bytes: &mut Vec<u8>,
        kind: Kind,
        records: u32,
        span: Span,
    ) {
        let summary = self.next_summary(kind, records, span);
        open.seal(bytes, summary).expect("blocks are kept shorter than they may be");
        self.pending.extend_from_slice(bytes);
    }

    fn next_summary(&mut self, kind: Kind, records: u32, span: Span) -> Summary {
        debug_assert_eq!(self.done, 0, "a block is put behind a write that failed half-way");
        let number = self.blocks;
        self.blocks += 1;
        let Span { levels, first, last } = span;
        Summary {
            kind,
            codec: Codec::RAW,
            levels,
            salt: self.salt,
            number,
            records,
            first: first.min(last),
            last,
        }
    }

    /// Writes what is pending, and returns how many bytes that were. After an error it can be called again, and goes on
    /// where the file ends.
    pub(crate) fn write(&mut self) -> io::Result<u64> {
        while self.done < self.pending.len() {
            match self.file.write(&self.pending[self.done..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.done += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.pending.clear();
        let written = mem::take(&mut self.done) as u64;
        self.len += written;
        Ok(written)
    }

    /// Bytes written, up to the end of a block.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Takes away what was written of blocks that cannot be written whole.
    pub(crate) fn cut(&self) -> io::Result<()> {
        self.file.set_len(self.len)
    }

    /// Makes what was written last on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

/// A number no other segment has, but by chance: the keys of the standard library's hash maps come from the system's
/// source of randomness.
fn random() -> u64 {
    RandomState::new().hash_one(std::time::SystemTime::now())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_between_the_stem_and_the_extension() {
        let location = Location { folder: ".".into(), stem: "app.v2".into() };
        let number_of = |name: &str| location.number_of(OsStr::new(name));
        assert_eq!(location.path(7), Path::new("./app.v2.000007.logbuf"));
        assert_eq!(number_of("app.v2.000007.logbuf"), Some(7));
        assert_eq!(number_of("app.v2.1000000.logbuf"), Some(1_000_000));
        assert_eq!(number_of("app.v2.000009.recovered.logbuf"), Some(9));
        for other in ["app.000007.logbuf", "app.v2.logbuf", "app.v2.x.logbuf", "app.v2.000007.txt"]
        {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
