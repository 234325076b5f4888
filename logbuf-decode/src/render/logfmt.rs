//! Keys and values.

use crate::{record::Record, render::Render, time::Clock};
use jiff::tz::TimeZone;
use logbuf_format::{
    escape,
    line::escape_from,
    render::{self, TooLong},
    value::Value,
};
use std::borrow::Cow;

/// One line of `key=value` for each record: `ts`, `level` (in lower case), `target`, `thread`, `msg`, then the fields, then those
/// fields of the contexts whose names are not taken yet.
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

    /// Appends a key, and what `write` does as its value.
    fn pair(
        &mut self,
        key: &str,
        out: &mut String,
        write: impl FnOnce(&mut String) -> Result<(), TooLong>,
    ) -> Result<(), TooLong> {
        self.value.clear();
        write(&mut self.value)?;
        out.extend(key.chars().map(|c| if is_special(c) { '_' } else { c }));
        out.push('=');
        if !self.value.is_empty() && !self.value.contains(is_special) {
            out.push_str(&self.value);
            return Ok(());
        }
        out.push('"');
        let start = out.len();
        for part in self.value.split_inclusive(['"', '\\']) {
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
        Ok(())
    }

    fn line(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        out.push_str("ts=");
        self.clock.push(record.unix_ns(), out);
        let head = [
            ("level", &*record.level().name().to_lowercase()),
            ("target", record.target()),
            ("thread", &*record.thread().to_string()),
        ];
        for (key, text) in head {
            out.push(' ');
            self.pair(key, out, |value| {
                value.push_str(text);
                Ok(())
            })?;
        }
        out.push(' ');
        self.pair("msg", out, |value| record.message(value))?;
        for (name, value) in record.fields() {
            out.push(' ');
            self.pair(name, out, |text| push_value(text, value))?;
        }
        for (name, value) in record.context().fields() {
            if record.fields().all(|(field, _)| field != *name) {
                out.push(' ');
                self.pair(name, out, |text| push_value(text, value))?;
            }
        }
        out.push('\n');
        Ok(())
    }
}

/// Without the quotes of `Debug`: this form has its own.
fn push_value(text: &mut String, value: &Value<'_>) -> Result<(), TooLong> {
    match value {
        Value::Str(string) if !string.cut => {
            text.push_str(string.text);
            Ok(())
        }
        value => render::field(text, value),
    }
}

/// Whether a value with this in it needs quotes.
fn is_special(c: char) -> bool {
    // Most are plain, and this test of it is fast.
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
