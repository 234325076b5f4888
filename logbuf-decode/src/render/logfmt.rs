//! Keys and values.

use crate::{record::Record, render::Render, time::Clock};
use jiff::tz::TimeZone;
use logbuf_format::{
    escape,
    line::{Shown, escape_from},
    render::{Room, TooLong, unquoted},
    thread::ThreadName,
    value::Value,
};
use std::borrow::Cow;

/// One line of `key=value` for each record: `ts`, `level` (in lower case), `target`, `thread`, `msg`; then the fields; then those
/// fields of the contexts whose names are not taken yet; then `spans`, the names of the spans with colons between them, and those of their fields
/// whose names are not taken yet, those of the innermost span first.
///
/// A value with spaces, quotes or `=` in it, or none at all, stands in double quotes, in which `"` and `\` are escaped.
/// In the names of fields such characters become `_`.
#[derive(Clone, Debug)]
pub struct Logfmt {
    clock: Clock,
    value: String,
}

impl Logfmt {
    /// Lines of the keys of this version.
    pub fn new() -> Self {
        Self { clock: Clock::new(TimeZone::UTC), value: String::new() }
    }

    fn line(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let room = record.room(out);
        out.push_str("ts=");
        self.clock.push(record.unix_ns(), out);
        out.push_str(" level=");
        out.extend(record.level().name().chars().map(|c| c.to_ascii_lowercase()));
        out.push_str(" target=");
        push_value(record.target(), out);
        out.push_str(" thread=");
        match record.thread() {
            ThreadName::Name(name) => push_value(name, out),
            number => push_value(&number.to_string(), out),
        }
        out.push_str(" msg=");
        self.value.clear();
        record.message(&mut self.value)?;
        push_value(&self.value, out);
        for (name, value) in record.fields() {
            self.field(name, value, out, room)?;
        }
        let context = record.context();
        let is_field = |name: &str| record.fields().any(|(field, _)| field == name);
        for (name, value) in context.fields().iter().filter(|(name, _)| !is_field(name)) {
            self.field(name, value, out, room)?;
        }
        let spans = Shown::spans(record);
        if !spans.is_empty() {
            let names: Vec<_> = spans.iter().map(|span| span.name).collect();
            out.push_str(" spans=");
            push_value(&names.join(":"), out);
        }
        let mut taken: Vec<&str> = context.fields().iter().map(|(name, _)| *name).collect();
        for (name, value) in spans.iter().rev().flat_map(|span| &span.fields) {
            if !is_field(name) && !taken.contains(name) {
                taken.push(name);
                self.field(name, value, out, room)?;
            }
        }
        out.push('\n');
        Ok(())
    }

    /// Appends a field, with a space before it.
    fn field(
        &mut self,
        name: &str,
        value: &Value<'_>,
        out: &mut String,
        room: Room,
    ) -> Result<(), TooLong> {
        self.value.clear();
        unquoted(&mut self.value, value, room.rest(out, ""))?;
        out.push(' ');
        if is_plain(name) {
            out.push_str(name);
        } else {
            out.extend(name.chars().map(|c| if is_special(c) { '_' } else { c }));
        }
        out.push('=');
        push_value(&self.value, out);
        Ok(())
    }
}

/// Appends a value, in quotes where it has to be.
fn push_value(value: &str, out: &mut String) {
    if !value.is_empty() && (is_plain(value) || !value.contains(is_special)) {
        out.push_str(value);
        return;
    }
    out.push('"');
    let start = out.len();
    for part in value.split_inclusive(['"', '\\']) {
        match part.char_indices().next_back() {
            Some((last, c @ ('"' | '\\'))) => {
                out.push_str(&part[..last]);
                out.extend(['\\', c]);
            }
            _ => out.push_str(part),
        }
    }
    escape_from(start, out);
    out.push('"');
}

/// Whether a text is ASCII of which nothing is special. Most are, and this test is fast.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |is_plain, byte| {
        is_plain & matches!(byte, b'!'..=b'~') & !matches!(byte, b'=' | b'"' | b'\\')
    })
}

/// Whether a value with this in it needs quotes.
fn is_special(c: char) -> bool {
    match c {
        '=' | '"' | '\\' => true,
        '!'..='~' => false,
        _ => {
            c.is_whitespace()
                || matches!(escape::controls(c.encode_utf8(&mut [0; 4])), Cow::Owned(_))
        }
    }
}

impl Default for Logfmt {
    fn default() -> Self {
        Self::new()
    }
}

impl Render for Logfmt {
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        self.line(record, out).inspect_err(|_| out.truncate(start))
    }
}
