//! What is wrong with a template.

use std::fmt;

/// Where a template stops being one, and what should stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The offset in the template, in bytes.
    pub offset: usize,
    /// What was expected there.
    pub expected: Expected,
    /// What stands there: a word, a number or a `char`; empty at the end of the template.
    pub found: String,
}

/// What a template needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// The `}` that closes a placeholder.
    Close {
        /// The offset of its `{`, in bytes.
        open: usize,
    },
    /// Text, not a single `}`.
    DoubledClose,
    /// A number up to 65535.
    Number,
    /// A name other than `_`.
    Name,
    /// A name without `r#`.
    PlainName,
    /// One of the formatting traits of [`Style`](super::Style).
    Style,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { offset, expected, found } = self;
        write!(f, "at byte {offset}: expected {expected}, found ")?;
        if found.is_empty() { f.write_str("the end") } else { write!(f, "`{found}`") }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Close { open } => {
                write!(f, "`}}` for the `{{` at byte {open} (`{{{{` prints a brace)")
            }
            Self::DoubledClose => f.write_str("`}}` (a single `}` closes nothing)"),
            Self::Number => f.write_str("a number up to 65535"),
            Self::Name => f.write_str("a name"),
            Self::PlainName => f.write_str("a name without `r#`"),
            Self::Style => {
                f.write_str("nothing or one of `?`, `x?`, `X?`, `x`, `X`, `o`, `b`, `e`, `E`, `p`")
            }
        }
    }
}
