//! The exit status.

use logbuf_decode::Severity;
use std::process::ExitCode;

/// How the command ended. Ordered: the worst is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Status {
    /// Everything was read.
    Fine = 0,
    /// Something is missing.
    Damage = 1,
    /// Something could not be read or written.
    Failure = 2,
}

impl From<Severity> for Status {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Fine,
            Severity::Damage => Self::Damage,
            Severity::Failure => Self::Failure,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}
