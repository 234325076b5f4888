//! Why a directive cannot be read.

use core::fmt;
use std::error::Error;

/// A directive that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterError {
    /// The directive, without the white space around it.
    pub directive: String,
    /// Where it begins, in bytes from the start of the whole text.
    pub position: usize,
    /// What should be where `found` is.
    pub expected: FilterExpected,
    /// The part of the directive that is not that.
    pub found: String,
}

/// What a directive should have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterExpected {
    /// The name of a level, behind `=`.
    Level,
    /// A target or a file.
    Scope,
    /// The number of a line, from 1, behind the `:` of a file.
    Line,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { directive, position, expected, found } = self;
        write!(
            f,
            "directive {directive:?} at byte {position}: expected {expected}, found {found:?}"
        )
    }
}

impl Error for FilterError {}

impl fmt::Display for FilterExpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Level => "a level (off, error, warn, info, debug or trace)",
            Self::Scope => "a target such as gateway::book or a file such as src/book.rs:42",
            Self::Line => "the number of a line, from 1",
        })
    }
}
