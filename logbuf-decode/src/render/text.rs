//! Lines for people.

use crate::{
    record::Record,
    render::Render,
    time::{Clock, TimeStyle},
};
use jiff::tz::TimeZone;
use logbuf_format::{line::Line, render::TooLong};

/// One line for each record: time, level, thread, spans, target, message, fields, context. [`Line`] describes it.
///
/// ```text
/// 2026-11-23T14:05:06.123456789Z  INFO [main] app::book: filled BTC-USD 3 @ 52100.50  order_id=7 rtt_ns=1840 {session=7}
/// ```
#[derive(Clone, Debug)]
pub struct Text {
    clock: Clock,
    line: Line,
}

impl Text {
    /// Lines with times in UTC, without colour, and control characters escaped.
    pub fn new() -> Self {
        Self { clock: Clock::new(TimeZone::UTC), line: Line::default() }
    }

    /// What the program logged stays as it is, whatever is in it.
    #[must_use]
    pub fn raw(self) -> Self {
        Self { line: self.line.raw(true), ..self }
    }

    /// Colours for a terminal: the level stands out, what frames the message stands back.
    #[must_use]
    pub fn color(self) -> Self {
        Self { line: self.line.color(true), ..self }
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
        let clock = &mut self.clock;
        self.line.push(record, |out| clock.push(record.unix_ns(), out), out)
    }
}
