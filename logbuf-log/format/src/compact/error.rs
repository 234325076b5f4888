//! Why a segment was not compacted.

use crate::Error;
use std::{error, fmt, io};

/// Why a segment was not compacted.
#[derive(Debug)]
#[non_exhaustive]
pub enum CompactError {
    /// It has no END: it is being written, or its writer was stopped.
    NotClosed,
    /// It is damaged, or of a kind that this build of the crate cannot read.
    Damaged(Error),
    /// Bytes follow the END.
    NotTheEnd {
        /// Where they begin.
        offset: u64,
    },
    /// What a block expands to is not what was compressed. That is a defect of the library that compresses.
    Altered,
    /// The segment could not be read.
    Read(io::Error),
    /// The new one could not be written.
    Write(io::Error),
}

impl CompactError {
    /// The same, of bytes that start at `offset` in the segment.
    pub(super) fn after(self, offset: u64) -> Self {
        match self {
            Self::Damaged(error) => Self::Damaged(error.after(offset)),
            other => other,
        }
    }
}

impl From<Error> for CompactError {
    fn from(error: Error) -> Self {
        Self::Damaged(error)
    }
}

impl fmt::Display for CompactError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotClosed => f.write_str("the segment was not closed"),
            Self::Damaged(error) => error.fmt(f),
            Self::NotTheEnd { offset } => write!(f, "bytes follow the end, from offset {offset}"),
            Self::Altered => f.write_str("a block does not expand to what was compressed"),
            Self::Read(error) => write!(f, "cannot read the segment: {error}"),
            Self::Write(error) => write!(f, "cannot write the segment: {error}"),
        }
    }
}

impl error::Error for CompactError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Read(error) | Self::Write(error) => Some(error),
            Self::NotClosed | Self::Damaged(_) | Self::NotTheEnd { .. } | Self::Altered => None,
        }
    }
}
