//! Where text goes.

use super::{Options, Room, TooLong};
use crate::template::Style;

/// The end of a string, with what std's `PadAdapter` knows: how far lines are indented.
pub(crate) struct Sink<'s> {
    out: &'s mut String,
    /// How long `out` may become, but for one value without its padding and its zeros.
    room: Room,
    /// Levels of indentation.
    depth: usize,
    /// Whether the next text starts a line, and so comes behind the indentation.
    at_line_start: bool,
}

/// Bytes of one level of indentation.
const INDENT: &str = "    ";

impl<'s> Sink<'s> {
    pub(crate) fn new(out: &'s mut String, room: Room) -> Self {
        Self { out, room, depth: 0, at_line_start: false }
    }

    /// The string, ready for a string or what is printed as one.
    ///
    /// That is bounded by the bytes of the record; what it is padded with is bounded here, before it is there.
    #[inline]
    pub(crate) fn leaf(&mut self, options: &Options) -> Result<&mut String, TooLong> {
        self.reserve(options.width.into())
    }

    /// The string, ready for a number. Where that has a precision it has as many digits behind its point.
    #[inline]
    pub(crate) fn number(&mut self, options: &Options) -> Result<&mut String, TooLong> {
        let digits = options.precision.unwrap_or(0);
        self.reserve(options.width.max(digits).into())
    }

    /// The string, ready for an integer, which has a precision only where it has an exponent.
    #[inline]
    pub(crate) fn integer(&mut self, options: &Options) -> Result<&mut String, TooLong> {
        match options.style {
            Style::LowerExp | Style::UpperExp => self.number(options),
            _ => self.leaf(options),
        }
    }

    /// Appends any text.
    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) -> Result<(), TooLong> {
        if self.depth > 0 {
            return self.push_lines(text);
        }
        self.reserve(text.len())?.push_str(text);
        Ok(())
    }

    #[inline(never)]
    fn push_lines(&mut self, text: &str) -> Result<(), TooLong> {
        for line in text.split_inclusive('\n') {
            self.reserve(line.len())?.push_str(line);
            self.at_line_start = line.ends_with('\n');
        }
        Ok(())
    }

    /// Indents the lines that start within `write` by one level.
    pub(crate) fn indented(
        &mut self,
        write: impl FnOnce(&mut Self) -> Result<(), TooLong>,
    ) -> Result<(), TooLong> {
        self.depth += 1;
        self.at_line_start = true;
        let result = write(self);
        self.depth -= 1;
        result
    }

    /// The string, ready for text without line feeds of so many bytes or more.
    #[inline]
    fn reserve(&mut self, bytes: usize) -> Result<&mut String, TooLong> {
        self.room.check(self.out, bytes)?;
        if self.at_line_start {
            self.indent();
        }
        Ok(self.out)
    }

    fn indent(&mut self) {
        self.at_line_start = false;
        for _ in 0..self.depth {
            self.out.push_str(INDENT);
        }
    }
}
