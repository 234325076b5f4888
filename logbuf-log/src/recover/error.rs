//! Why a session could not be recovered.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use super::report::Report;
use crate::session::header::HeaderError;

/// Why a session could not be recovered. It is still there.
#[derive(Debug)]
#[non_exhaustive]
pub enum RecoverError {
    /// There is no place for sessions on this platform, or the logger keeps none.
    NoPlace,
    /// The place cannot be looked at.
    Place {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no session of this name.
    Unknown {
        /// The name.
        name: String,
    },
    /// Its process lives, or another is recovering it.
    Alive {
        /// The name.
        name: String,
    },
    /// It belongs to another user, and that was not allowed for.
    OtherUser {
        /// The name.
        name: String,
        /// The user's number.
        user: u32,
    },
    /// It belongs to another user, and no folder was given for what it holds.
    NoFolder {
        /// The name.
        name: String,
    },
    /// Its header cannot be believed.
    Header {
        /// The name.
        name: String,
        /// What is wrong with it.
        source: HeaderError,
    },
    /// Its files cannot be read.
    ReadSession {
        /// The name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The files of its log cannot be read, so that it is not known what they hold.
    ReadLog {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The recovered segment cannot be written.
    WriteSegment {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Some of it makes no sense. What does was written; the rest is kept for whoever wants to look at it.
    Damaged {
        /// What was recovered, and what was not.
        report: Box<Report>,
    },
    /// What it held is in a file, but the session could not be removed.
    RemoveSession {
        /// The name.
        name: String,
        /// What the system said.
        source: io::Error,
    },
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace => f.write_str("there is no place where sessions are kept"),
            Self::Place { path, source } => {
                write!(f, "cannot look for sessions in {}: {source}", path.display())
            }
            Self::Unknown { name } => write!(f, "there is no session {name:?}"),
            Self::Alive { name } => {
                write!(f, "the session {name:?} is alive, or is being recovered")
            }
            Self::OtherUser { name, user } => {
                write!(f, "the session {name:?} belongs to the user {user}")
            }
            Self::NoFolder { name } => write!(
                f,
                "the session {name:?} belongs to another user; say in which folder to write what it holds"
            ),
            Self::Header { name, source } => write!(f, "cannot recover {name:?}: {source}"),
            Self::ReadSession { name, source } => {
                write!(f, "cannot read the session {name:?}: {source}")
            }
            Self::ReadLog { path, source } => {
                write!(f, "cannot tell what the log holds already: {}: {source}", path.display())
            }
            Self::WriteSegment { folder, source } => {
                write!(f, "cannot write a recovered segment into {}: {source}", folder.display())
            }
            Self::Damaged { report } => {
                write!(f, "{report}; the session {:?} is kept until it is discarded", report.name)
            }
            Self::RemoveSession { name, source } => {
                write!(f, "recovered, but cannot remove the session {name:?}: {source}")
            }
        }
    }
}

impl Error for RecoverError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Header { source, .. } => Some(source),
            Self::Place { source, .. }
            | Self::ReadSession { source, .. }
            | Self::ReadLog { source, .. }
            | Self::WriteSegment { source, .. }
            | Self::RemoveSession { source, .. } => Some(source),
            Self::NoPlace
            | Self::Unknown { .. }
            | Self::Alive { .. }
            | Self::OtherUser { .. }
            | Self::NoFolder { .. }
            | Self::Damaged { .. } => None,
        }
    }
}
