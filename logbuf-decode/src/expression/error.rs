//! What is wrong with an expression.

use std::fmt;

/// Where a string stops being an [`Expression`](crate::Expression), and what should stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// The column, in characters, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: Expected,
    /// What stands there, empty at the end.
    pub found: String,
}

/// What an expression needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A name, a number or a string.
    Operand,
    /// `&&`, `||`, or the end.
    Connective,
    /// `)`
    Close,
    /// The quote that ends a string.
    Quote,
    /// One of the escapes `\"`, `\\`, `\n`, `\r`, `\t`.
    Escape,
    /// A number that is written as in Rust, and within 128 bits.
    Number,
    /// Less nesting.
    Depth {
        /// The limit.
        limit: usize,
    },
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at column {}: expected {}, found ", self.column, self.expected)?;
        if self.found.is_empty() { f.write_str("the end") } else { write!(f, "`{}`", self.found) }
    }
}

impl std::error::Error for ExpressionError {}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operand => "a name, a number or a string",
            Self::Connective => "`&&`, `||` or the end",
            Self::Close => "`)`",
            Self::Quote => "the `\"` that ends the string",
            Self::Escape => "one of the escapes `\\\"`, `\\\\`, `\\n`, `\\r` and `\\t`",
            Self::Number => "a number of up to 128 bits",
            Self::Depth { limit } => return write!(f, "no more than {limit} levels of nesting"),
        })
    }
}
