//! Lines for people.

use crate::{record::Record, render::Render, time::Clock};
use jiff::tz::TimeZone;
use logbuf_format::{
    escape,
    render::{self, TooLong},
};
use std::{borrow::Cow, fmt::Write};

/// One line for each record: time, level, thread, target, message, fields.
///
/// ```text
/// 2026-11-23T14:05:06.123456789Z  INFO [main] app::book: filled BTC-USD 3 @ 52100.50  order_id=7 rtt_ns=1840
/// ```
///
/// Control characters, line feeds among them, are escaped as in a Rust string literal, whatever part of the line they
/// stand in: a record is one line, and cannot do anything to a terminal.
#[derive(Clone, Debug)]
pub struct Text {
    clock: Clock,
    raw: bool,
}

impl Text {
    /// Lines with times in UTC, and control characters escaped.
    pub fn new() -> Self {
        Self { clock: Clock::new(TimeZone::UTC), raw: false }
    }

    /// Lines as the program logged them, whatever is in them.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
    }

    /// Times in this zone, each with its distance from UTC.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        Self { clock: Clock::new(zone), ..self }
    }
}

impl Default for Text {
    fn default() -> Self {
        Self::new()
    }
}

impl Render for Text {
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        self.clock.push(record.unix_ns(), out);
        let level = record.level().name();
        // Right-aligned to the longest.
        out.push_str(if level.len() < 5 { "  " } else { " " });
        out.push_str(level);
        // Writing to a string does not fail.
        let _ = write!(out, " [{}] ", record.thread());
        out.push_str(record.target());
        out.push_str(": ");
        content(record, out).inspect_err(|_| out.truncate(start))?;
        if !self.raw {
            escape_from(start, out);
        }
        out.push('\n');
        Ok(())
    }
}

/// Message and fields.
fn content(record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
    record.message(out)?;
    let mut gap = "  ";
    for (name, value) in record.fields() {
        out.push_str(gap);
        out.push_str(name);
        out.push('=');
        render::field(out, value)?;
        gap = " ";
    }
    Ok(())
}

/// Escapes what stands from `start` on.
#[inline]
fn escape_from(start: usize, out: &mut String) {
    if let Cow::Owned(escaped) = escape::controls(&out[start..]) {
        out.truncate(start);
        out.push_str(&escaped);
    }
}
