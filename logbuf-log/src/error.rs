//! What can go wrong, for the code that starts and stops logging. Log calls themselves never fail.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::background::ThreadOption;

/// Why a logger could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// A logger is running in this process; its guard has to be dropped first.
    AlreadyRunning,
    /// The path names a folder. It has to name a folder and the beginning of a file name, as `logs/app` does.
    PathIsFolder {
        /// The path given.
        path: PathBuf,
    },
    /// The path has no last part that could begin a file name.
    NoFileName {
        /// The path given.
        path: PathBuf,
    },
    /// The folder of the log files could not be made.
    CreateFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A log file could not be made.
    CreateFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The one file to log to exists and is not empty. What somebody has written is never written over.
    FileExists {
        /// The file.
        path: PathBuf,
    },
    /// Rotation or retention was asked for, and the logger does not write segments into a folder.
    OneFile,
    /// The start of a log file could not be written.
    WriteFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Rings of this capacity cannot be made.
    RingCapacity {
        /// Bytes asked for.
        bytes: usize,
        /// What the ring said.
        source: logbuf::StorageError,
    },
    /// A call site, the process or the host has a description that the file format has no room for.
    Description {
        /// What the format said.
        source: logbuf_format::Error,
    },
    /// An option of the background thread cannot be had, and
    /// [`Builder::strict_thread_options`](crate::Builder::strict_thread_options) asked for it.
    ThreadOption {
        /// Which.
        option: ThreadOption,
        /// What the system said.
        source: io::Error,
    },
    /// The background thread could not be started.
    SpawnThread {
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => {
                f.write_str("a logger is already running in this process; drop its guard first")
            }
            Self::PathIsFolder { path } => write!(
                f,
                "{} is a folder; name the log files inside it, as in {}",
                path.display(),
                path.join("app").display()
            ),
            Self::NoFileName { path } => {
                write!(
                    f,
                    "{:?} does not name a log file; use a path such as \"logs/app\"",
                    path.display().to_string()
                )
            }
            Self::CreateFolder { path, source } => {
                write!(f, "cannot make the folder {}: {source}", path.display())
            }
            Self::CreateFile { path, source } => {
                write!(f, "cannot make the log file {}: {source}", path.display())
            }
            Self::FileExists { path } => write!(
                f,
                "the log file {} exists and is not empty; move it away, or log to segments",
                path.display()
            ),
            Self::OneFile => f.write_str(
                "only a logger that writes segments into a folder can rotate, compress and delete old files",
            ),
            Self::WriteFile { path, source } => {
                write!(f, "cannot write the log file {}: {source}", path.display())
            }
            Self::RingCapacity { bytes, source } => {
                write!(f, "cannot make rings of {bytes} bytes: {source}")
            }
            Self::Description { source } => {
                write!(f, "cannot describe this program in a log file: {source}")
            }
            Self::ThreadOption { option, source } => {
                write!(f, "the log writer cannot have {option}: {source}")
            }
            Self::SpawnThread { source } => write!(f, "cannot start the writer's thread: {source}"),
        }
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::AlreadyRunning
            | Self::PathIsFolder { .. }
            | Self::NoFileName { .. }
            | Self::FileExists { .. }
            | Self::OneFile => None,
            Self::CreateFolder { source, .. }
            | Self::CreateFile { source, .. }
            | Self::WriteFile { source, .. }
            | Self::ThreadOption { source, .. }
            | Self::SpawnThread { source } => Some(source),
            Self::RingCapacity { source, .. } => Some(source),
            Self::Description { source } => Some(source),
        }
    }
}

/// What the background thread could not do to a file. None of it stops the logger: a write is tried again, and what is
/// logged meanwhile waits in the rings, and is lost and counted only if they fill up; the rest is left undone, or done
/// when it is due again.
#[derive(Debug)]
#[non_exhaustive]
pub struct WriteError {
    /// What was to be done.
    pub operation: Operation,
    /// The file, or what stands for it where there is none: `<writer>`, `<memory>`.
    pub path: PathBuf,
    /// How often this failed in a row, this time included.
    pub attempt: u32,
    /// Set when the logger ends without having been able to write: how many records are left. They stay in memory, and
    /// the next logger of this process writes them.
    pub left: Option<u64>,
    /// What the system said.
    pub source: io::Error,
}

/// What can be done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Writing what was logged.
    Write,
    /// Beginning the next segment. Until that works, the one before goes on.
    Begin,
    /// Closing a segment that is followed by another. It stays readable, and readers say that it was not closed.
    Close,
    /// Making what was written last. It is in the file, and is lost if the kernel stops before it writes it by itself.
    Sync,
    /// Renewing the link to the live segment.
    Link,
    /// Deleting a segment that need not be kept.
    Delete,
}

impl Operation {
    /// What is done to a log file, as in "cannot write the log file".
    fn verb(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Begin => "begin",
            Self::Close => "close",
            Self::Sync => "sync",
            Self::Link => "link",
            Self::Delete => "delete",
        }
    }
}

impl WriteError {
    /// The first failure of an operation.
    pub(crate) fn new(operation: Operation, path: PathBuf, source: io::Error) -> Self {
        Self { operation, path, attempt: 1, left: None, source }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { operation, path, attempt, left, source } = self;
        let (verb, path) = (operation.verb(), path.display());
        write!(f, "cannot {verb} the log file {path} (attempt {attempt}): {source}")?;
        match left {
            Some(left) => {
                write!(f, "; gave up, {left} records are left in memory for the next logger")
            }
            None => Ok(()),
        }
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

/// Why a flush did not reach the file, or a sync the disk, or no new segment was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushError {
    /// It fails at the moment. What was logged is kept, and written when that works again.
    Write {
        /// What kind of error the system reported.
        kind: io::ErrorKind,
        /// The whole message.
        message: String,
    },
    /// The writer has ended.
    Stopped,
    /// It was not done in time. It goes on.
    TimedOut,
    /// It was asked for on the writer's own thread, in a function that the writer called, and cannot wait for itself.
    OwnThread,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write { message, .. } => f.write_str(message),
            Self::Stopped => f.write_str("the log writer has stopped"),
            Self::TimedOut => f.write_str("the log writer was not done in time"),
            Self::OwnThread => f.write_str("the log writer cannot wait for itself"),
        }
    }
}

impl Error for FlushError {}
