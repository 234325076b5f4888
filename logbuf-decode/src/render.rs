//! Records as text, in one form or another.

mod chrome;
mod csv;
mod json;
mod logfmt;
mod pattern;
mod text;

use crate::{record::Record, scope::Context, segment::Segment};
pub use chrome::Chrome;
pub use csv::Csv;
pub use json::Json;
use logbuf_format::{
    escape,
    render::{self, TooLong},
};
pub use logfmt::Logfmt;
pub use pattern::{Pattern, PatternError};
use std::borrow::Cow;
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

/// Appends the spans of a record, each with its fields and a colon, and a space behind them.
fn push_spans(record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
    let spans = record.spans();
    for span in &spans {
        match span.site() {
            Some(_) => out.push_str(span.name()),
            None => out.push(if span.is_rest() { '…' } else { '?' }),
        }
        let mut gap = "{";
        for (name, value) in span.fields() {
            out.push_str(gap);
            out.push_str(name);
            out.push('=');
            render::field(out, &value)?;
            gap = " ";
        }
        out.push_str(if gap == "{" { ":" } else { "}:" });
    }
    if !spans.is_empty() {
        out.push(' ');
    }
    Ok(())
}

/// Appends the fields of contexts, behind a `?` if they are not all.
fn push_context(context: &Context<'_>, out: &mut String) -> Result<(), TooLong> {
    let mut gap = "";
    if !context.is_whole() {
        out.push('?');
        gap = " ";
    }
    for (name, value) in context.fields() {
        out.push_str(gap);
        out.push_str(name);
        out.push('=');
        render::field(out, value)?;
        gap = " ";
    }
    Ok(())
}

/// Escapes the control characters that stand from `start` on.
#[inline]
fn escape_from(start: usize, out: &mut String) {
    if let Cow::Owned(escaped) = escape::controls(&out[start..]) {
        out.truncate(start);
        out.push_str(&escaped);
    }
}
