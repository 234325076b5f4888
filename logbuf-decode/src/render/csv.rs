//! Rows for spreadsheets and data frames.

use crate::{
    record::Record,
    render::{Render, json},
    time::Clock,
};
use jiff::tz::TimeZone;
use logbuf_format::{line::escape_from, render::TooLong};
use std::fmt::Write;

/// One row for each record, as RFC 4180 has it but with plain line feeds, below a row of names:
/// `ts,ts_ns,level,target,file,line,thread,message,fields,context`. Columns are only ever added at the end.
///
/// They are what [`Json`](crate::Json) calls so, `fields` and `context` as objects of JSON. Control characters are escaped, line feeds
/// among them: a record is one line.
#[derive(Clone, Debug)]
pub struct Csv {
    clock: Clock,
    cell: String,
}

impl Csv {
    /// Rows of the columns of this version.
    pub fn new() -> Self {
        Self { clock: Clock::new(TimeZone::UTC), cell: String::new() }
    }

    /// Appends what `write` does as a cell, escaped and quoted where it has to be.
    fn cell(
        &mut self,
        out: &mut String,
        write: impl FnOnce(&mut String) -> Result<(), TooLong>,
    ) -> Result<(), TooLong> {
        self.cell.clear();
        write(&mut self.cell)?;
        escape_from(0, &mut self.cell);
        if self.cell.contains([',', '"']) {
            // Writing to a string does not fail.
            let _ = write!(out, "\"{}\"", self.cell.replace('"', "\"\""));
        } else {
            out.push_str(&self.cell);
        }
        Ok(())
    }

    fn row(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        self.clock.push(record.unix_ns(), out);
        let _ = write!(out, ",{},{},", record.unix_ns(), record.level());
        let text = |text: &str, cell: &mut String| {
            cell.push_str(text);
            Ok(())
        };
        self.cell(out, |cell| text(record.target(), cell))?;
        out.push(',');
        self.cell(out, |cell| text(record.file(), cell))?;
        let _ = write!(out, ",{},", record.line());
        self.cell(out, |cell| text(&record.thread().to_string(), cell))?;
        out.push(',');
        self.cell(out, |cell| record.message(cell))?;
        out.push(',');
        self.cell(out, |cell| text(&json::fields(record)?, cell))?;
        out.push(',');
        self.cell(out, |cell| text(&json::context(record)?, cell))?;
        out.push('\n');
        Ok(())
    }
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Render for Csv {
    fn start(&mut self, out: &mut String) {
        out.push_str("ts,ts_ns,level,target,file,line,thread,message,fields,context\n");
    }

    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        self.row(record, out).inspect_err(|_| out.truncate(start))
    }
}
