//! Records as text, in one form or another.

mod json;
mod text;

use crate::record::Record;
pub use json::Json;
use logbuf_format::render::TooLong;
pub use text::Text;

/// Turns records into text. One implementation, one form of output.
pub trait Render {
    /// Appends a record, with the line feed behind it.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the record, small in the file, is larger than any record may become as text. `out` is then as it
    /// was.
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong>;
}
