//! The names of a logger's files, and which of them are there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The end of every log file's name.
const EXTENSION: &str = "logbuf";

/// What stands before that in the names of recovered ones.
const RECOVERED: &str = "recovered.";

/// The end of the name under which a segment is written anew, behind the segment's own.
const BESIDE: &str = ".compact";

/// Where the segments of a logger go: `folder/stem.000001.logbuf` and so on.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    folder: PathBuf,
    stem: OsString,
}

impl Location {
    /// Takes `path` apart. `None` if it has no last part.
    pub(crate) fn new(path: &Path) -> Option<Self> {
        let stem = path.file_name()?.to_owned();
        Some(Self { folder: folder_of(path), stem })
    }

    /// The log called `stem`, in this folder.
    pub(crate) fn of(folder: &Path, stem: &OsStr) -> Self {
        Self { folder: folder.to_owned(), stem: stem.to_owned() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The segment with this number.
    pub(crate) fn path(&self, number: u64) -> PathBuf {
        self.folder.join(self.name(number))
    }

    /// The name of the segment with this number.
    pub(crate) fn name(&self, number: u64) -> OsString {
        self.named(&format!("{number:06}.{EXTENSION}"))
    }

    /// The segment with this number, if it was recovered from rings.
    pub(crate) fn recovered(&self, number: u64) -> PathBuf {
        self.folder.join(self.named(&format!("{number:06}.{RECOVERED}{EXTENSION}")))
    }

    /// The link to the segment that is being written.
    pub(crate) fn current(&self) -> PathBuf {
        self.folder.join(self.named(&format!("current.{EXTENSION}")))
    }

    fn named(&self, rest: &str) -> OsString {
        let mut name = self.stem.clone();
        name.push(".");
        name.push(rest);
        name
    }

    /// The number behind the largest in use.
    pub(crate) fn next_number(&self) -> io::Result<u64> {
        let numbers = fs::read_dir(&self.folder)?
            .filter_map(|entry| self.number_of(&entry.ok()?.file_name()));
        // A number that has no next was not given by a logger.
        Ok(numbers.filter_map(|number| number.checked_add(1)).max().unwrap_or(1))
    }

    /// The files in the folder whose names are those of segments of this logger, by number.
    pub(crate) fn segments(&self) -> io::Result<Vec<PathBuf>> {
        let mut segments: Vec<_> = fs::read_dir(&self.folder)?
            .flatten()
            .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
            .filter_map(|entry| Some((self.number_of(&entry.file_name())?, entry.path())))
            .collect();
        segments.sort();
        Ok(segments.into_iter().map(|(_, path)| path).collect())
    }

    /// The name under which a segment is written anew. No reader looks at it.
    pub(crate) fn beside(segment: &Path) -> PathBuf {
        let mut name = segment.as_os_str().to_owned();
        name.push(BESIDE);
        name.into()
    }

    /// The files in the folder with such names.
    pub(crate) fn leftovers(&self) -> io::Result<Vec<PathBuf>> {
        let is_leftover = |name: &OsStr| {
            let segment = name.to_str().and_then(|name| name.strip_suffix(BESIDE));
            segment.is_some_and(|segment| self.number_of(OsStr::new(segment)).is_some())
        };
        let entries = fs::read_dir(&self.folder)?.flatten();
        let leftovers = entries.filter(|entry| is_leftover(&entry.file_name()));
        Ok(leftovers.map(|entry| entry.path()).collect())
    }

    /// The number in `name`, if it is that of a segment of this logger: `stem.000001.logbuf`, and
    /// `stem.000001.recovered.logbuf` for what was recovered from rings.
    pub(crate) fn number_of(&self, name: &OsStr) -> Option<u64> {
        let rest = name.as_encoded_bytes().strip_prefix(self.stem.as_encoded_bytes())?;
        let rest = str::from_utf8(rest).ok()?.strip_prefix('.')?;
        let (number, rest) = rest.split_once('.')?;
        let kind = rest.strip_suffix(EXTENSION)?;
        let is_number = number.len() >= 6 && number.bytes().all(|digit| digit.is_ascii_digit());
        (is_number && matches!(kind, "" | RECOVERED)).then(|| number.parse().ok())?
    }
}

/// The folder that `path` lies in.
pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_between_the_stem_and_the_extension() {
        let location = Location::of(Path::new("."), OsStr::new("app.v2"));
        let number_of = |name: &str| location.number_of(OsStr::new(name));
        assert_eq!(location.path(7), Path::new("./app.v2.000007.logbuf"));
        assert_eq!(location.recovered(8), Path::new("./app.v2.000008.recovered.logbuf"));
        assert_eq!(location.current(), Path::new("./app.v2.current.logbuf"));
        assert_eq!(number_of("app.v2.000007.logbuf"), Some(7));
        assert_eq!(number_of("app.v2.1000000.logbuf"), Some(1_000_000));
        assert_eq!(number_of("app.v2.000009.recovered.logbuf"), Some(9));
        for other in [
            "app.000007.logbuf",
            "app.v2.logbuf",
            "app.v2.x.logbuf",
            "app.v2.7.logbuf",
            "app.v2.+00007.logbuf",
            "app.v2.000007.txt",
            "app.v2.000007.copy.logbuf",
            "app.v2.000007.book.000001.logbuf",
            "app.v2.current.logbuf",
            "app.v2.000007.logbuf.tmp",
            ".app.v2.1.recovering",
        ] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
