//! The folder in which sessions are kept, and the locks that say which of them live.
//!
//! ```text
//! /dev/shm/logbuf-1000/
//!     app-4242-0123456789abcdef.lock     held by the process as long as it lives
//!     app-4242-0123456789abcdef/         its rings, and what is needed to read them
//! ```
//!
//! A lock appears under its name only when it is held (it is made and locked under another name, and then renamed), and before its
//! folder does; it goes after its folder. So whoever finds a lock that nobody holds has found a dead session, and a folder without a lock
//! is one whose lock somebody else removed: whoever takes such a session makes the lock anew.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::system;

/// The end of a lock's name.
const LOCK: &str = "lock";

/// The end of the name under which a lock is made.
const NEW: &str = "new";

/// How often a name is sought for a session, before it is given up.
const TRIES: usize = 16;

/// Characters of the log file's name in the session's.
const STEM: usize = 48;

/// Where sessions are kept.
#[derive(Debug, Clone)]
pub(crate) struct Base(PathBuf);

/// The right to a session: of its process while it lives, then of whoever recovers it.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
    /// The folder of the session.
    pub(crate) folder: PathBuf,
}

/// What became of an attempt to take the lock of a session.
#[derive(Debug)]
pub(crate) enum Taken {
    /// Nobody held it: the session is dead, and ours.
    Dead(Lock),
    /// Somebody holds it: the session lives, or is being recovered.
    Held,
    /// It is gone.
    Gone,
}

impl Base {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the folder if it is not there, and refuses one that is not this user's alone.
    pub(crate) fn make(&self) -> io::Result<()> {
        if let Some(parent) = self.0.parent() {
            fs::create_dir_all(parent)?;
        }
        match system::make_private_folder(&self.0) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        system::check_private(&self.0, system::user())
    }

    /// Makes the lock and the folder of a new session of a log called `stem`.
    pub(crate) fn claim(&self, stem: &OsStr, id: u64) -> io::Result<Lock> {
        let name = format!("{}-{}-{id:016x}", plain(stem), std::process::id());
        let (path, new) = (self.file(&name, LOCK), self.file(&name, NEW));
        for _ in 0..TRIES {
            // Whoever ended the last session may have removed the folder with it.
            self.make()?;
            let file = match system::create_private(&new) {
                Ok(file) => file,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(error),
            };
            // Whoever clears up may have taken it for a dead one's before it was locked, and removes it; then another is made.
            if system::try_lock(&file)? && fs::rename(&new, &path).is_ok() {
                let lock = Lock { file, path, folder: self.0.join(name) };
                system::make_private_folder(&lock.folder)?;
                return Ok(lock);
            }
            let _gone_already = fs::remove_file(&new);
        }
        Err(ErrorKind::WouldBlock.into())
    }

    /// The names of all sessions, alive or dead, in alphabetical order: of their locks, and of folders that have none. Other files
    /// are none of ours, whatever they are called.
    pub(crate) fn names(&self) -> io::Result<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let path = entry.path();
            let name = if path.extension() == Some(OsStr::new(LOCK)) {
                path.file_stem()
            } else if entry.file_type()?.is_dir() {
                path.file_name()
            } else {
                None
            };
            let name = name.and_then(OsStr::to_str).filter(|name| is_name(name));
            names.extend(name.map(str::to_owned));
        }
        Ok(names)
    }

    /// Takes the lock of the session called `name`, unless it is held. Never to be called for a session of this
    /// process: closing its lock here would let go of it there.
    pub(crate) fn take(&self, name: &str) -> io::Result<Taken> {
        if !is_name(name) {
            return Ok(Taken::Gone);
        }
        let path = self.file(name, LOCK);
        let file = match system::open_plain(&path, true) {
            Ok(file) => file,
            // The folder goes first: where it is left, whoever removed the lock had not recovered the session.
            Err(error) if error.kind() == ErrorKind::NotFound => match self.relock(name)? {
                Some(file) => file,
                None => return Ok(Taken::Gone),
            },
            Err(error) => return Err(error),
        };
        if !system::try_lock(&file)? {
            return Ok(Taken::Held);
        }
        let lock = Lock { file, path, folder: self.0.join(name) };
        // A link would lead to files that are no session's.
        match fs::symlink_metadata(&lock.folder) {
            Ok(found) if !found.is_dir() => return Err(ErrorKind::NotADirectory.into()),
            _ => {}
        }
        Ok(if lock.is_in_place()? { Taken::Dead(lock) } else { Taken::Gone })
    }

    /// Makes the lock of a session that has none any more, and takes it. `None` if there is no such session, or another does the same.
    fn relock(&self, name: &str) -> io::Result<Option<File>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        }
        let new = self.file(name, NEW);
        let file = match system::create_private(&new) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
            Err(error) => return Err(error),
        };
        if system::try_lock(&file)? && system::rename_new(&new, &self.file(name, LOCK)).is_ok() {
            return Ok(Some(file));
        }
        let _gone_already = fs::remove_file(&new);
        Ok(None)
    }

    /// What the lock of the session called `name` is, as a file; if it has none, what its folder is.
    pub(crate) fn lock_metadata(&self, name: &str) -> io::Result<fs::Metadata> {
        if !is_name(name) {
            return Err(ErrorKind::NotFound.into());
        }
        match fs::symlink_metadata(self.file(name, LOCK)) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::symlink_metadata(self.0.join(name))
            }
            found => found,
        }
    }

    /// Removes locks that were begun and never taken. One that is being made just now is made again.
    pub(crate) fn clear_unfinished(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension() == Some(OsStr::new(NEW))
                && path.file_stem().and_then(OsStr::to_str).is_some_and(is_name)
                && let Ok(file) = system::open_plain(&path, true)
                && system::try_lock(&file)?
            {
                let _gone_already = fs::remove_file(&path);
            }
        }
        Ok(())
    }

    fn file(&self, name: &str, extension: &str) -> PathBuf {
        self.0.join(format!("{name}.{extension}"))
    }
}

impl Lock {
    /// Whether the file that is locked is the one under its name: another may have recovered the session meanwhile.
    fn is_in_place(&self) -> io::Result<bool> {
        match fs::symlink_metadata(&self.path) {
            Ok(found) => Ok(self.is(&found)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether this is the lock that `found` describes.
    pub(crate) fn is(&self, found: &fs::Metadata) -> bool {
        let own = self.file.metadata();
        own.is_ok_and(|own| system::identity(&own) == system::identity(found))
    }

    /// Removes the session: its files, its folder, and then the lock. Rings go first: without them nothing is left to recover,
    /// whatever else is.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match system::remove_folder(&self.folder, super::is_ring) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::remove_file(&self.path)?;
        if let Some(base) = self.path.parent() {
            // Not if there are other sessions.
            let _stays_if_in_use = fs::remove_dir(base);
        }
        Ok(())
    }
}

/// Whether a session called `name` is one of a log called `stem`, as far as its name tells.
pub(crate) fn is_of(name: &str, stem: &OsStr) -> bool {
    name.rsplitn(3, '-').nth(2) == Some(plain(stem).as_str())
}

/// The number of the session called `name`.
pub(crate) fn number(name: &str) -> Option<u64> {
    name.rsplit('-').next().and_then(|id| u64::from_str_radix(id, 16).ok())
}

/// What of a log's name stands in those of its sessions.
fn plain(stem: &OsStr) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    stem.to_string_lossy().chars().filter(is_plain).take(STEM).collect()
}

/// Whether a session may be called so: what [`Base::claim`] makes of a stem, a process and a number. Whoever recovers removes
/// what he finds under the name, so that it has to be one that nobody else would give to a file.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut parts = name.rsplitn(3, '-');
    let [id, process, stem] = [(); 3].map(|()| parts.next());
    name.bytes().all(is_plain)
        && id.is_some_and(|id| id.len() == 16 && u64::from_str_radix(id, 16).is_ok())
        && process.is_some_and(|process| process.parse::<u32>().is_ok())
        && stem.is_some_and(|stem| stem.len() <= STEM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_of_a_session_is_told_by_its_name() {
        let name = "app-v2-4242-00000000000000ff";
        for (stem, expected) in [("app-v2", true), ("app-v.2", true), ("app", false), ("v2", false)]
        {
            assert_eq!(is_of(name, OsStr::new(stem)), expected, "{stem}");
        }
        assert_eq!(number(name), Some(255));
    }

    #[test]
    fn sessions_are_told_by_their_names() {
        for name in ["app-1-0123456789abcdef", "-4242-0000000000000001", "a_b-c-7-ffffffffffffffff"]
        {
            assert!(is_name(name), "{name}");
        }
        let long = format!("{}-1-0123456789abcdef", "a".repeat(STEM + 1));
        for name in [
            "",
            ".",
            "..",
            "Cargo",
            "app-1-0123456789abcde",
            "app-x-0123456789abcdef",
            "1-0123456789abcdef",
            "../app-1-0123456789abcdef",
            "app-+1-0123456789abcdef",
            &long,
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
