//! The file that a recovery makes.
//!
//! It is written under a name that no reader looks at, made to last, and only then named as a segment: it is there whole, or not
//! at all. A recovery that comes after one that was cut short finds it by its session, and what it holds is then in a file.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use logbuf_format::block::{self, Codec, Kind, Summary};
use logbuf_format::clock::Anchor;
use logbuf_format::end::End;

use super::covered;
use crate::output::Location;
use crate::platform;
use crate::session::base;
use crate::session::header::Header;
use crate::session::system;
use crate::table::Table;

/// The end of the name of one that is not finished.
const UNFINISHED: &str = ".recovering";

/// How often a free name is sought.
const TRIES: usize = 64;

/// The segment that is being written; there is no file before it is begun, nor when it is dropped unfinished.
pub(super) struct Segment<'a> {
    pub(super) header: &'a Header,
    folder: &'a Path,
    anchors: &'a [Anchor],
    file: Option<File>,
    salt: u64,
    blocks: u64,
    /// Bytes to be written next.
    pending: Vec<u8>,
}

impl<'a> Segment<'a> {
    pub(super) fn new(header: &'a Header, folder: &'a Path, anchors: &'a [Anchor]) -> Self {
        Self {
            header,
            folder,
            anchors,
            file: None,
            salt: RandomState::new().hash_one(std::time::SystemTime::now()),
            blocks: 0,
            pending: Vec::new(),
        }
    }

    pub(super) fn is_begun(&self) -> bool {
        self.file.is_some()
    }

    /// Makes the file, with its header and the anchors of the clock.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let path = self.unfinished();
        let _left_by_one_cut_short = fs::remove_file(&path);
        self.file = Some(system::create_private(&path)?);
        self.put_header(0)?;
        self.put(&mut Table::clock(self.anchors));
        Ok(())
    }

    /// Appends a block to what is pending, unless it is empty, and empties it.
    pub(super) fn put(&mut self, table: &mut Table) {
        let Table { kind, payload, entries, reach } =
            std::mem::replace(table, Table::new(table.kind));
        if payload.is_empty() {
            return;
        }
        let open = block::open(&mut self.pending);
        self.pending.extend_from_slice(&payload);
        let summary = Summary {
            kind,
            codec: Codec::RAW,
            levels: reach.levels,
            salt: self.salt,
            number: self.blocks,
            records: entries,
            first: reach.first.min(reach.last),
            last: reach.last,
            sites: reach.sites,
        };
        open.seal(&mut self.pending, summary).expect("blocks are kept shorter than they may be");
        self.blocks += 1;
    }

    pub(super) fn write(&mut self) -> io::Result<()> {
        let file = self.file.as_mut().expect("it was begun");
        file.write_all(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    /// Ends the segment, makes it last, and names it as one.
    pub(super) fn publish(&mut self, written: u64, lost: u64) -> io::Result<PathBuf> {
        let closed_unix_ns = self.anchors.last().map_or(0, |anchor| anchor.unix_ns);
        let mut end = Table::new(Kind::END);
        End { blocks: self.blocks, written, lost, closed_unix_ns, index: None }
            .put(&mut end.payload);
        end.entries = 1;
        self.put(&mut end);
        self.write()?;
        let location = Location::of(self.folder, &self.header.stem);
        for _ in 0..TRIES {
            let taken = covered::files(self.folder, &self.header.stem)?;
            let numbers =
                taken.iter().filter_map(|(number, _)| number.map(|n| n.saturating_add(1)));
            let number = numbers.max().unwrap_or(1);
            self.put_header(number)?;
            self.file.as_ref().expect("it was begun").sync_all()?;
            let path = location.recovered(number);
            match system::rename_new(&self.unfinished(), &path) {
                Ok(()) => {
                    self.file = None;
                    platform::sync_folder(self.folder)?;
                    return Ok(path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    /// Removes what a recovery may have left that was cut short: there is nothing to write.
    pub(super) fn clear(&self) {
        let _none = fs::remove_file(self.unfinished());
    }

    /// Puts the header in front, whose length does not depend on the number.
    fn put_header(&mut self, number: u64) -> io::Result<()> {
        let mut header = self.header.segment.clone();
        header.number = number;
        header.salt = self.salt;
        header.meta.session = self.header.id;
        let mut bytes = Vec::new();
        header.put(&mut bytes).map_err(|error| io::Error::other(error.to_string()))?;
        let file = self.file.as_mut().expect("it was begun");
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&bytes)
    }

    /// Where the segment is as long as it is not finished: the same place whoever tries.
    fn unfinished(&self) -> PathBuf {
        self.folder.join(unfinished(&self.header.stem, self.header.id))
    }
}

impl Drop for Segment<'_> {
    fn drop(&mut self) {
        // Published, there is none.
        if self.file.is_some() {
            let _swept_later = fs::remove_file(self.unfinished());
        }
    }
}

fn unfinished(stem: &OsStr, session: u64) -> OsString {
    let mut name = OsString::from(".");
    name.push(stem);
    name.push(format!(".{session:016x}{UNFINISHED}"));
    name
}

/// Removes what recoveries of the log left that were killed, unless the session is still there, of which `sessions` are the names: then
/// another may be at it, and whoever recovers it begins with that file.
pub(super) fn sweep(folder: &Path, stem: &OsStr, sessions: &BTreeSet<String>) {
    let sessions: BTreeSet<u64> = sessions.iter().filter_map(|name| base::number(name)).collect();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let session = unfinished_session(&entry.file_name(), stem);
        if session.is_some_and(|session| !sessions.contains(&session)) {
            let _next_time = fs::remove_file(entry.path());
        }
    }
}

/// The number of the session in `name`, if it is that of an unfinished segment of the log called `stem`.
fn unfinished_session(name: &OsStr, stem: &OsStr) -> Option<u64> {
    let rest = name.as_encoded_bytes().strip_prefix(b".")?.strip_prefix(stem.as_encoded_bytes())?;
    let rest = str::from_utf8(rest).ok()?.strip_prefix('.')?;
    let session = u64::from_str_radix(rest.strip_suffix(UNFINISHED)?, 16).ok()?;
    (unfinished(stem, session) == name).then_some(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_segments_are_told_by_their_names() {
        let stem = OsStr::new("app.v2");
        let session = |name: &str| unfinished_session(OsStr::new(name), stem);
        assert_eq!(session(".app.v2.00000000000000ff.recovering"), Some(255));
        for other in [
            ".app.00000000000000ff.recovering",
            ".app.v2.ff.recovering",
            ".app.v2.+0000000000000ff.recovering",
            "app.v2.00000000000000ff.recovering",
            ".app.v2.00000000000000ff.logbuf",
        ] {
            assert_eq!(session(other), None, "{other}");
        }
    }
}
