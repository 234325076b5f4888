//! What the bytes of a segment are written to.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::platform;

/// Takes the bytes of one segment, in order.
///
/// A sink may fail, be interrupted, or take fewer bytes than it was given: the writer goes on where it stopped.
pub(crate) trait Sink: Send + fmt::Debug {
    /// Writes some of `bytes`, and says how many of them.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Makes what was written last.
    fn sync(&mut self) -> io::Result<()>;

    /// Takes away everything behind the first `len` bytes.
    fn cut(&mut self, len: u64) -> io::Result<()>;

    /// Whether what is written is still found at `path`.
    fn presence(&self, _path: &Path) -> Presence {
        Presence::Here
    }
}

/// Where a file is that was made at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// At its path.
    Here,
    /// Somewhere else: it was renamed. What is written goes there.
    Moved,
    /// Nowhere: it was deleted, and so is what is written into it.
    Gone,
}

/// A file of our own making.
#[derive(Debug)]
pub(crate) struct LogFile {
    file: File,
    /// The folder, as long as the disk may not know of the file's name yet.
    unsynced_folder: Option<PathBuf>,
}

impl LogFile {
    /// A file that was just made in `folder`. It is locked as long as it is written, so that other processes that log to
    /// the same folder leave it alone.
    pub(crate) fn new(file: File, folder: PathBuf) -> Self {
        // Not all systems have locks. Nobody else can have one on a file that is new.
        let _protects_if_it_works = file.try_lock();
        Self { file, unsynced_folder: Some(folder) }
    }
}

impl Sink for LogFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.file.sync_all() {
            // Pipes and devices have no disk.
            Err(error) if error.kind() == ErrorKind::InvalidInput => return Ok(()),
            result => result?,
        }
        match self.unsynced_folder.take() {
            Some(folder) => platform::sync_folder(&folder),
            None => Ok(()),
        }
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn presence(&self, path: &Path) -> Presence {
        platform::presence(&self.file, path)
    }
}

/// Any writer. It cannot take back what was written, and has no disk.
pub(crate) struct Stream<W>(pub(crate) W);

impl<W> fmt::Debug for Stream<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

impl<W: Write + Send> Sink for Stream<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = guarded(|| self.0.write(bytes))?;
        if written > bytes.len() {
            return Err(io::Error::other("the writer says it wrote more than it was given"));
        }
        Ok(written)
    }

    fn sync(&mut self) -> io::Result<()> {
        guarded(|| self.0.flush())
    }

    fn cut(&mut self, _len: u64) -> io::Result<()> {
        Err(ErrorKind::Unsupported.into())
    }
}

/// Runs the user's code. A panic there is an error like others, because it must not end the writer's thread.
fn guarded<T>(run: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    panic::catch_unwind(AssertUnwindSafe(run))
        .unwrap_or_else(|_| Err(io::Error::other("the writer panicked")))
}

/// The bytes of a logger that logs into memory: see [`Builder::in_memory`](crate::Builder::in_memory). Clones share them.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    /// What was written so far: one segment, as it would stand in a file. It is whole when the guard is dropped, and has
    /// all that was logged before a [flush](crate::Guard::flush).
    pub fn bytes(&self) -> Vec<u8> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("len", &self.lock().len()).finish()
    }
}

impl Sink for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.lock().truncate(usize::try_from(len).unwrap_or(usize::MAX));
        Ok(())
    }
}
