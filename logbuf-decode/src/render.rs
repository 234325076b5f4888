//! Records as text, in one form or another.

mod chrome;
mod csv;
mod json;
mod logfmt;
mod pattern;
mod text;

use crate::{record::Record, segment::Segment};
pub use chrome::Chrome;
pub use csv::Csv;
pub use json::Json;
use logbuf_format::render::TooLong;
pub use logfmt::Logfmt;
pub use pattern::{Pattern, PatternError};
pub use text::Text;

/// Turns records into text. One implementation, one form of output.
pub trait Render {
    /// Appends what comes before the first record: nothing, in most forms.
    fn start(&mut self, _out: &mut String) {}

    /// Appends a record, with the line feed behind it.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the record, small in the file, is larger than any record may become as text. `out` is then as it
    /// was.
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong>;

    /// Appends what comes behind the last record of these segments: nothing, in most forms.
    fn end(&mut self, _segments: &[Segment], _out: &mut String) {}
}
