//! Templates: format strings in the grammar of [`std::fmt`], taken apart.
//!
//! [`parse`] reads what rustc's `format!` reads. The `Display` of a [`Piece`] is the canonical form, so that taking a
//! template apart, giving each placeholder its index, and putting it together again is
//!
//! ```
//! use logbuf_format::template::{self, Argument, Piece};
//!
//! let mut pieces = template::parse("{{{symbol:>8}}} {:?}")?;
//! for piece in &mut pieces {
//!     if let Piece::Placeholder(placeholder) = piece {
//!         placeholder.argument = match placeholder.argument {
//!             Argument::Name(_) => Argument::Index(1),
//!             Argument::Next(index) | Argument::Index(index) => Argument::Index(index),
//!         };
//!     }
//! }
//! let canonical: String = pieces.iter().map(Piece::to_string).collect();
//! assert_eq!(canonical, "{{{1:>8}}} {0:?}");
//! # Ok::<_, template::Error>(())
//! ```

mod error;
mod parse;

pub use error::{Error, Expected};
pub use parse::parse;
use std::{fmt, ops::Range};

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is printed, not empty: escapes are resolved, and so end a piece.
    Literal(&'a str),
    /// A placeholder.
    Placeholder(Placeholder<'a>),
}

/// `{argument:spec}`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// What is printed.
    pub argument: Argument<'a>,
    /// How.
    pub spec: Spec<'a>,
    /// Where it stands in the template, in bytes, with its braces.
    pub span: Range<usize>,
}

/// Which argument a placeholder prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument<'a> {
    /// `{}`: the next, which is the one with this index. (`{:.*}` takes two, the precision first.)
    Next(usize),
    /// `{0}`
    Index(usize),
    /// `{name}`; the name may be a keyword (`{type}` is the variable `r#type`).
    Name(&'a str),
}

/// How a value is printed: what stands behind the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Spec<'a> {
    /// What fills the width: a space unless an alignment follows it.
    pub fill: char,
    /// Where the value stands in the width.
    pub align: Option<Align>,
    /// `+` or `-`.
    pub sign: Option<Sign>,
    /// `#`
    pub alternate: bool,
    /// `0`: zeros between sign and digits fill the width.
    pub zero: bool,
    /// The smallest width, in `char`s.
    pub width: Option<Count<'a>>,
    /// For strings the largest width, for floats the digits behind the point.
    pub precision: Option<Count<'a>>,
    /// In which style.
    pub style: Style,
}

impl Default for Spec<'_> {
    /// The spec of `{}`.
    fn default() -> Self {
        Self {
            fill: ' ',
            align: None,
            sign: None,
            alternate: false,
            zero: false,
            width: None,
            precision: None,
            style: Style::Display,
        }
    }
}

/// Where a value stands in its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Align {
    /// `<`
    Left,
    /// `^`
    Center,
    /// `>`
    Right,
}

/// A sign that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sign {
    /// `+`: positive numbers have a sign too.
    Plus,
    /// `-`: means nothing, as in [`std::fmt`].
    Minus,
}

/// A width or a precision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count<'a> {
    /// `5`
    Literal(u16),
    /// `5$`: the argument with this index.
    Index(usize),
    /// `name$`
    Name(&'a str),
    /// `.*`: the next argument, which is the one with this index.
    Star(usize),
}

/// The formatting trait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Style {
    /// Nothing.
    Display,
    /// `?`
    Debug,
    /// `x?`
    DebugLowerHex,
    /// `X?`
    DebugUpperHex,
    /// `x`
    LowerHex,
    /// `X`
    UpperHex,
    /// `o`
    Octal,
    /// `b`
    Binary,
    /// `e`
    LowerExp,
    /// `E`
    UpperExp,
    /// `p`
    Pointer,
}

impl Style {
    /// The style as it is written in a spec.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Display => "",
            Self::Debug => "?",
            Self::DebugLowerHex => "x?",
            Self::DebugUpperHex => "X?",
            Self::LowerHex => "x",
            Self::UpperHex => "X",
            Self::Octal => "o",
            Self::Binary => "b",
            Self::LowerExp => "e",
            Self::UpperExp => "E",
            Self::Pointer => "p",
        }
    }

    /// Whether the trait is [`Debug`](fmt::Debug).
    pub const fn is_debug(self) -> bool {
        matches!(self, Self::Debug | Self::DebugLowerHex | Self::DebugUpperHex)
    }
}

impl fmt::Display for Piece<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(text) => escaped(text, f),
            Self::Placeholder(placeholder) => placeholder.fmt(f),
        }
    }
}

/// Writes `text` with its braces doubled.
fn escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for part in text.split_inclusive(['{', '}']) {
        f.write_str(part)?;
        if let Some(brace @ ('{' | '}')) = part.chars().next_back() {
            fmt::Write::write_char(f, brace)?;
        }
    }
    Ok(())
}

impl fmt::Display for Placeholder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.argument {
            Argument::Next(_) => f.write_str("{")?,
            Argument::Index(index) => write!(f, "{{{index}")?,
            Argument::Name(name) => write!(f, "{{{name}")?,
        }
        if self.spec != Spec::default() {
            write!(f, ":{}", self.spec)?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for Spec<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(align) = self.align {
            if self.fill != ' ' {
                write!(f, "{}", self.fill)?;
            }
            f.write_str(match align {
                Align::Left => "<",
                Align::Center => "^",
                Align::Right => ">",
            })?;
        }
        f.write_str(match self.sign {
            Some(Sign::Plus) => "+",
            Some(Sign::Minus) => "-",
            None => "",
        })?;
        f.write_str(if self.alternate { "#" } else { "" })?;
        f.write_str(if self.zero { "0" } else { "" })?;
        // A width of 0 says nothing, and would read as the flag.
        if let Some(width) = self.width.filter(|&width| width != Count::Literal(0)) {
            width.fmt(f)?;
        }
        if let Some(precision) = self.precision {
            write!(f, ".{precision}")?;
        }
        f.write_str(self.style.suffix())
    }
}

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(count) => write!(f, "{count}"),
            Self::Index(index) => write!(f, "{index}$"),
            Self::Name(name) => write!(f, "{name}$"),
            Self::Star(_) => f.write_str("*"),
        }
    }
}
