//! The file that output goes into.

#[cfg(target_os = "linux")]
#[path = "replace/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "replace/other.rs"]
mod platform;

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// What stands before the name of a file that has no other yet.
const PREFIX: &str = ".logbuf-";

/// Writes into the file at `path`: what was there is replaced when all is written, and stays if something fails. A link is followed. What is no
/// regular file, such as a pipe, is written to as it is.
pub(crate) fn replace(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let old = path.metadata().ok();
    if is_descriptor(path) || old.as_ref().is_some_and(|old| !old.is_file()) {
        // Appended: a descriptor may be that of a file with something in it.
        return fill(&File::options().append(true).open(path)?, write);
    }
    let path = target(path)?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let new = New::in_folder(folder)?;
    fill(new.file(), write)?;
    // A name must not lead to a file whose bytes are not on the disk.
    new.file().sync_all()?;
    if let Some(old) = old {
        new.file().set_permissions(old.permissions())?;
    }
    new.name(folder, &path)
}

fn fill(
    file: &File,
    write: impl FnOnce(&mut BufWriter<&File>) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::new(file);
    write(&mut writer)?;
    writer.flush()
}

/// Whether the path stands for something this process has open, whatever that is.
fn is_descriptor(path: &Path) -> bool {
    let is_stream = ["/dev/stdout", "/dev/stderr"].iter().any(|stream| path == Path::new(stream));
    is_stream || path.starts_with("/dev/fd") || path.starts_with("/proc")
}

/// Where a path leads; there need not be anything.
fn target(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), fs::read_link(path)) {
        (Err(error), Ok(to)) if error.kind() == io::ErrorKind::NotFound => {
            target(&path.parent().unwrap_or(path).join(to))
        }
        (Err(error), Err(_)) if error.kind() == io::ErrorKind::NotFound => Ok(path.to_owned()),
        (found, _) => found,
    }
}

/// A file on its way to its name.
enum New {
    /// It goes when this process does, however it ends.
    Unnamed(File),
    /// Where the system or the file system has no files without names.
    Named(NamedTempFile<File>),
}

impl New {
    fn in_folder(folder: &Path) -> io::Result<Self> {
        if let Some(unnamed) = platform::unnamed(folder) {
            return unnamed.map(Self::Unnamed);
        }
        let create = |path: &Path| File::options().write(true).create_new(true).open(path);
        beside(folder, create).map(Self::Named)
    }

    fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }

    /// Puts it in the place of what is at `path`.
    fn name(self, folder: &Path, path: &Path) -> io::Result<()> {
        let named = match self {
            // No call both names a file and replaces another.
            Self::Unnamed(file) => {
                beside(folder, |path| platform::link(&file, path).and_then(|()| file.try_clone()))?
            }
            Self::Named(file) => file,
        };
        named.persist(path).map(|_| ()).map_err(|error| error.error)
    }
}

/// Makes a file with a name of its own. An error does not tell that name, which nobody gave.
fn beside(
    folder: &Path,
    make: impl FnMut(&Path) -> io::Result<File>,
) -> io::Result<NamedTempFile<File>> {
    tempfile::Builder::new().prefix(PREFIX).make_in(folder, make).map_err(|error| {
        let inner = error.get_ref().and_then(|inner| inner.source()?.downcast_ref::<io::Error>());
        let code = inner.and_then(io::Error::raw_os_error);
        code.map_or(error, io::Error::from_raw_os_error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("the folder");
        entries
            .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
            .collect()
    }

    /// So nothing is left of it, whatever ends the process.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_has_no_name_before_it_is_whole() {
        let folder = tempfile::tempdir_in("/dev/shm").expect("a temporary folder");
        let path = folder.path().join("out");
        for text in ["first", "second"] {
            let before = names(folder.path());
            replace(&path, |file| {
                file.write_all(text.as_bytes())?;
                file.flush()?;
                assert_eq!(names(folder.path()), before);
                Ok(())
            })
            .expect("written");
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
            assert_eq!(names(folder.path()), ["out"]);
        }
    }

    #[test]
    fn a_file_that_needs_a_name_is_removed_if_it_is_not_whole() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("out");
        let create = |path: &Path| File::options().write(true).create_new(true).open(path);
        drop(New::Named(beside(folder.path(), create).expect("a file")));
        assert!(names(folder.path()).is_empty());
        let new = New::Named(beside(folder.path(), create).expect("a file"));
        new.file().write_all(b"text").expect("written");
        new.name(folder.path(), &path).expect("named");
        assert_eq!(names(folder.path()), ["out"]);
        let error = beside(&folder.path().join("none"), create).expect_err("no folder");
        assert!(!error.to_string().contains(PREFIX), "{error}");
    }
}
