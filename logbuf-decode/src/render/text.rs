//! Lines for people.

use crate::{
    record::{Record, ThreadName},
    render::{Render, escape_from},
    time::{Clock, TimeStyle},
};
use jiff::tz::TimeZone;
use logbuf_format::{
    Level,
    render::{self, TooLong},
};
use std::fmt::Write;

/// One line for each record: time, level, thread, spans, target, message, fields, context.
///
/// ```text
/// 2026-11-23T14:05:06.123456789Z  INFO [main] app::book: filled BTC-USD 3 @ 52100.50  order_id=7 rtt_ns=1840 {session=7}
/// ```
///
/// Spans stand before the target as `tracing-subscriber` prints them, `outer{id=7}:inner: `; one that is not known is `?`, and `…` stands
/// for those beyond the limit.
///
/// In the braces stand the fields of the contexts that the record was logged in, those of inner contexts in the place of those of the
/// same name around them; a `?` before them says that damage has cost others, or that there are more than a file keeps.
///
/// Control characters, line feeds among them, are escaped as in a Rust string literal, whatever part of the line they
/// stand in: a record is one line, and cannot do anything to a terminal.
#[derive(Clone, Debug)]
pub struct Text {
    clock: Clock,
    origin: Origin,
    raw: bool,
    color: bool,
}

impl Text {
    /// Lines with times in UTC, without colour, and control characters escaped.
    pub fn new() -> Self {
        Self {
            clock: Clock::new(TimeZone::UTC),
            origin: Origin::default(),
            raw: false,
            color: false,
        }
    }

    /// What the program logged stays as it is, whatever is in it.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { raw: true, ..self }
    }

    /// Colours for a terminal: the level stands out, what frames the message stands back.
    #[must_use]
    pub fn color(self) -> Self {
        Self { color: true, ..self }
    }

    /// Times in this zone, each with its distance from UTC.
    #[must_use]
    pub fn zone(self, zone: TimeZone) -> Self {
        Self { clock: self.clock.with_zone(zone), ..self }
    }

    /// Times in this style.
    #[must_use]
    pub fn time(self, style: TimeStyle) -> Self {
        Self { clock: self.clock.with_style(style), ..self }
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
        let result = if self.color { self.colored(record, out) } else { self.plain(record, out) };
        match result {
            Ok(()) => out.push('\n'),
            Err(TooLong) => out.truncate(start),
        }
        result
    }
}

impl Text {
    fn plain(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        self.clock.push(record.unix_ns(), out);
        let (origin, target_at) = self.origin.text(record, self.raw);
        if record.is_plain() {
            // Most records of a program that logs numbers: no spans, no context, nothing to escape.
            out.push_str(origin);
            record.message(out)?;
            return push_fields(record, out).map(|_gap| ());
        }
        let (before, target) = origin.split_at(target_at);
        out.push_str(before);
        let start = out.len();
        super::push_spans(record, out)?;
        if !self.raw {
            escape_from(start, out);
        }
        out.push_str(target);
        let start = out.len();
        record.message(out)?;
        let gap = push_fields(record, out)?;
        self.context(record, gap, out)?;
        self.escape_from(start, out);
        Ok(())
    }

    fn colored(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        out.push_str(color::DIM);
        self.clock.push(record.unix_ns(), out);
        out.push_str(color::RESET);
        out.push_str(color::of(record.level()));
        level(record.level(), out);
        out.push_str(color::RESET);
        out.push_str(color::DIM);
        let start = out.len();
        thread(record, out);
        super::push_spans(record, out)?;
        target(record, out);
        self.escape_from(start, out);
        out.push_str(color::RESET);
        let start = out.len();
        record.message(out)?;
        self.escape_from(start, out);
        let mut gap = "  ";
        for (name, value) in record.fields() {
            out.push_str(gap);
            out.push_str(color::FIELD);
            self.part(out, |out| out.push_str(name));
            out.push_str(color::RESET);
            out.push('=');
            let start = out.len();
            render::field(out, value)?;
            self.escape_from(start, out);
            gap = " ";
        }
        let start = out.len();
        self.context(record, gap, out)?;
        if out.len() > start {
            self.escape_from(start, out);
            out.insert_str(start, color::DIM);
            out.push_str(color::RESET);
        }
        Ok(())
    }

    /// The fields of the contexts in braces, if there are any.
    fn context(&self, record: &Record<'_>, gap: &str, out: &mut String) -> Result<(), TooLong> {
        let context = record.context();
        if context.is_empty() {
            return Ok(());
        }
        out.push_str(gap);
        out.push('{');
        super::push_context(&context, out)?;
        out.push('}');
        Ok(())
    }

    /// Appends what `write` does, escaped.
    fn part(&self, out: &mut String, write: impl FnOnce(&mut String)) {
        let start = out.len();
        write(out);
        self.escape_from(start, out);
    }

    /// Escapes what stands from `start` on.
    #[inline]
    fn escape_from(&self, start: usize, out: &mut String) {
        if !self.raw {
            escape_from(start, out);
        }
    }
}

/// Level, thread and target of the last record, as they are shown: the next record most often has the same.
#[derive(Clone, Debug, Default)]
struct Origin {
    level: Option<Level>,
    thread: String,
    /// Whether `thread` is a name, and not a number.
    has_name: bool,
    target: String,
    text: String,
    /// Where the target starts in `text`.
    target_at: usize,
}

impl Origin {
    #[inline]
    fn text(&mut self, record: &Record<'_>, raw: bool) -> (&str, usize) {
        let is_same = self.level == Some(record.level())
            && self.target == record.target()
            && self.has_name
            && matches!(record.thread(), ThreadName::Name(name) if name == self.thread);
        if !is_same {
            self.set(record, raw);
        }
        (&self.text, self.target_at)
    }

    #[cold]
    fn set(&mut self, record: &Record<'_>, raw: bool) {
        self.level = Some(record.level());
        self.has_name = matches!(record.thread(), ThreadName::Name(_));
        self.thread = record.thread().to_string();
        record.target().clone_into(&mut self.target);
        self.text.clear();
        level(record.level(), &mut self.text);
        thread(record, &mut self.text);
        if !raw {
            escape_from(0, &mut self.text);
        }
        self.target_at = self.text.len();
        target(record, &mut self.text);
        if !raw {
            escape_from(self.target_at, &mut self.text);
        }
    }
}

/// Appends the fields; what stands between them and what follows.
#[inline]
fn push_fields(record: &Record<'_>, out: &mut String) -> Result<&'static str, TooLong> {
    let mut gap = "  ";
    for (name, value) in record.fields() {
        out.push_str(gap);
        out.push_str(name);
        out.push('=');
        render::field(out, value)?;
        gap = " ";
    }
    Ok(gap)
}

/// The level, right-aligned to the longest.
fn level(level: Level, out: &mut String) {
    let name = level.name();
    out.push_str(if name.len() < 5 { "  " } else { " " });
    out.push_str(name);
}

/// The thread.
fn thread(record: &Record<'_>, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, " [{}] ", record.thread());
}

/// The target.
fn target(record: &Record<'_>, out: &mut String) {
    out.push_str(record.target());
    out.push_str(": ");
}

/// What a terminal is told. (ECMA-48, "select graphic rendition".)
mod color {
    use logbuf_format::Level;

    pub(super) const RESET: &str = "\x1b[0m";
    pub(super) const DIM: &str = "\x1b[2m";
    pub(super) const FIELD: &str = "\x1b[36m";

    pub(super) const fn of(level: Level) -> &'static str {
        match level {
            Level::Error => "\x1b[1;31m",
            Level::Warn => "\x1b[1;33m",
            Level::Info => "\x1b[32m",
            Level::Debug => "\x1b[34m",
            Level::Trace => "\x1b[35m",
        }
    }
}
