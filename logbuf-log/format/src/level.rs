//! Severity.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How severe a record is. Ordered by verbosity: `Error` is the smallest, so that `level <= max` says "shown".
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Level {
    /// Something failed.
    Error = 0,
    /// Something is wrong, and work goes on.
    Warn = 1,
    /// What an operator wants to see.
    Info = 2,
    /// What a developer wants to see.
    Debug = 3,
    /// Everything.
    Trace = 4,
}

impl Level {
    /// All levels, the most severe first.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The number of the level in the file.
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// The level with this number.
    pub const fn from_u8(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Error),
            1 => Some(Self::Warn),
            2 => Some(Self::Info),
            3 => Some(Self::Debug),
            4 => Some(Self::Trace),
            _ => None,
        }
    }

    /// The level's bit in the level mask of a block.
    pub const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The name in capitals, as it is displayed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = ParseLevelError;

    /// Reads a name in any mix of cases.
    fn from_str(name: &str) -> Result<Self, ParseLevelError> {
        let named = |level: &Self| level.name().eq_ignore_ascii_case(name);
        Self::ALL.into_iter().find(named).ok_or_else(|| ParseLevelError { found: name.to_owned() })
    }
}

/// A string that is not the name of a [`Level`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError {
    /// The string.
    pub found: String,
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not a level; the levels are error, warn, info, debug and trace",
            self.found
        )
    }
}

impl std::error::Error for ParseLevelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_lead_back() {
        for level in Level::ALL {
            assert_eq!(Level::from_u8(level.as_u8()), Some(level));
            assert_eq!(level.to_string().to_lowercase().parse(), Ok(level));
            assert_eq!(format!("[{level:>5}]").len(), 7);
        }
        assert_eq!(Level::from_u8(5), None);
        assert!("verbose".parse::<Level>().is_err());
        assert!(Level::Error < Level::Trace);
    }
}
