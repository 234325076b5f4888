//! Where text goes.

use super::TooLong;
use crate::limits;

/// The end of a string, with what std's `PadAdapter` knows: how far lines are indented.
pub(crate) struct Sink<'s> {
    out: &'s mut String,
    /// The longest that `out` may become, but for one more leaf.
    limit: usize,
    /// Levels of indentation.
    depth: usize,
    /// Whether the next text starts a line, and so comes behind the indentation.
    at_line_start: bool,
}

impl<'s> Sink<'s> {
    pub(crate) fn new(out: &'s mut String) -> Self {
        let limit = out.len() + limits::TEXT;
        Self { out, limit, depth: 0, at_line_start: false }
    }

    /// The string, ready for text without line feeds.
    ///
    /// A leaf is bounded by the length of a record and by the largest width; the sum of the leaves is bounded here.
    #[inline]
    pub(crate) fn leaf(&mut self) -> Result<&mut String, TooLong> {
        if self.out.len() > self.limit {
            return Err(TooLong);
        }
        if self.at_line_start {
            self.indent();
        }
        Ok(self.out)
    }

    /// Appends any text.
    #[inline]
    pub(crate) fn push_str(&mut self, text: &str) -> Result<(), TooLong> {
        if self.depth > 0 {
            return self.push_lines(text);
        }
        self.leaf()?.push_str(text);
        Ok(())
    }

    #[inline(never)]
    fn push_lines(&mut self, text: &str) -> Result<(), TooLong> {
        for line in text.split_inclusive('\n') {
            self.leaf()?.push_str(line);
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

    fn indent(&mut self) {
        self.at_line_start = false;
        for _ in 0..self.depth {
            self.out.push_str("    ");
        }
    }
}
