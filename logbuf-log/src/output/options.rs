//! What the builder says about files.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use logbuf_format::block::Compression;

use super::destination::Destination;
use super::location::folder_of;
use super::retention::Retention;
use super::sink::Sink;
use crate::error::InitError;

/// When what was written is made to last: handed to the disk with `fsync`, so that it survives a crash of the kernel and
/// a power cut.
///
/// What was written but not synced survives the end of the *process* in any case, whatever ended it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// When the system sees fit.
    Never,
    /// When a segment is closed: on rotation, and at the end of the logger.
    #[default]
    OnClose,
    /// As `OnClose`, at each [`flush`](crate::Guard::flush), and when so much time has passed since something was
    /// written that is not synced yet.
    Interval(Duration),
    /// After each write, before [`flush`](crate::Guard::flush) returns. The writer waits for the disk meanwhile, and
    /// rings have to hold what is logged in that time.
    EachWrite,
}

/// What the builder says about files.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) target: Target,
    pub(crate) sync: SyncPolicy,
    /// Bytes from which a segment is closed, and the periods of wall-clock time that have segments of their own.
    pub(crate) rotate_at: Option<u64>,
    pub(crate) rotate_every: Option<Duration>,
    pub(crate) retention: Retention,
    /// Whether closed segments are compressed.
    pub(crate) compress: bool,
    /// How blocks of records are compressed before they are written.
    pub(crate) live: Compression,
}

/// Where a logger writes.
#[derive(Debug)]
pub(crate) enum Target {
    /// Segments beginning with this path.
    Segments(PathBuf),
    /// The one file at this path.
    File(PathBuf),
    /// Something else, with a name for messages.
    Sink(PathBuf, Box<dyn Sink>),
}

impl Options {
    /// The defaults for a target.
    pub(crate) fn new(target: Target) -> Self {
        Self {
            target,
            sync: SyncPolicy::default(),
            rotate_at: None,
            rotate_every: None,
            retention: Retention::default(),
            compress: false,
            live: Compression::NONE,
        }
    }

    /// Whether anything is asked for that takes more than one file.
    pub(crate) fn needs_segments(&self) -> bool {
        self.rotate_at.is_some()
            || self.rotate_every.is_some()
            || !self.retention.is_unlimited()
            || self.compress
    }
}

impl Target {
    /// The folder of the files, and what their names begin with; `None` if they are no files of ours.
    pub(crate) fn log(&self) -> Option<(PathBuf, &OsStr)> {
        match self {
            Self::Segments(path) | Self::File(path) => Some((folder_of(path), path.file_name()?)),
            Self::Sink(..) => None,
        }
    }

    pub(crate) fn into_destination(self) -> Result<Destination, InitError> {
        match self {
            Self::Segments(path) => Destination::folder(&path),
            Self::File(path) => Destination::file(&path),
            Self::Sink(name, sink) => Ok(Destination::Sink { name, sink: Some(sink) }),
        }
    }
}
