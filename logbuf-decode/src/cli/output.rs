//! Standard output.

use std::io::{self, Write};

/// Bytes collected before they are written.
const FULL: usize = 64 * 1024;

/// Text on its way to a writer.
#[derive(Debug)]
pub(crate) struct Output<W> {
    writer: W,
    buffer: String,
}

impl<W: Write> Output<W> {
    pub(crate) fn new(writer: W) -> Self {
        Self { writer, buffer: String::new() }
    }

    /// Where text is appended.
    pub(crate) fn buffer(&mut self) -> &mut String {
        &mut self.buffer
    }

    /// Writes the buffer if much is in it.
    pub(crate) fn flush_if_full(&mut self) -> io::Result<()> {
        if self.buffer.len() < FULL { Ok(()) } else { self.flush() }
    }

    /// Writes what is in the buffer.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.write_all(self.buffer.as_bytes())?;
        self.buffer.clear();
        self.writer.flush()
    }
}
