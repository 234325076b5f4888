//! Rows for spreadsheets and data frames.

use crate::{
    record::Record,
    render::{Render, json},
    time::Clock,
};
use jiff::tz::TimeZone;
use logbuf_format::{
    line::escape_from,
    render::{TooLong, unquoted},
    thread::ThreadName,
};
use std::fmt::Write;

/// One row for each record, as RFC 4180 has it but with plain line feeds, below a row of names.
///
/// The columns are `ts,ts_ns,level,target,file,line,thread,message,fields,context,spans`, and more are only ever added at the end; or those
/// that are [asked for](Self::columns). They are what [`Json`](crate::Json) calls so, `fields` and `context` as objects of JSON and `spans`
/// as an array. Control characters are escaped, line feeds among them: a record is one line.
#[derive(Clone, Debug)]
pub struct Csv {
    columns: Vec<Column>,
    clock: Clock,
    cell: String,
}

#[derive(Clone, Debug)]
enum Column {
    Ts,
    TsNs,
    Level,
    Target,
    File,
    Line,
    Thread,
    Message,
    Fields,
    Context,
    Spans,
    /// The field of this name.
    Field(String),
}

const COLUMNS: [&str; 11] = [
    "ts", "ts_ns", "level", "target", "file", "line", "thread", "message", "fields", "context",
    "spans",
];

impl Csv {
    /// Rows of all columns.
    pub fn new() -> Self {
        Self::columns(COLUMNS)
    }

    /// Rows of these columns. A name that is none of those above stands for the field or the argument of this name, of the record, or else of
    /// the innermost context or span that has it; the cell is empty where there is none.
    pub fn columns<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let columns = names.into_iter().map(|name| Column::named(name.as_ref())).collect();
        Self { columns, clock: Clock::new(TimeZone::UTC), cell: String::new() }
    }

    fn row(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let Self { columns, clock, cell } = self;
        for (index, column) in columns.iter().enumerate() {
            out.push_str(if index > 0 { "," } else { "" });
            // What needs neither escapes nor quotes is put at once.
            match column {
                Column::Ts => clock.push(record.unix_ns(), out),
                Column::TsNs => out.push_str(itoa::Buffer::new().format(record.unix_ns())),
                Column::Level => out.push_str(record.level().name()),
                Column::Line => out.push_str(itoa::Buffer::new().format(record.line())),
                Column::Target => push_cell(record.target(), out),
                Column::File => push_cell(record.file(), out),
                Column::Thread => match record.thread() {
                    ThreadName::Name(name) => push_cell(name, out),
                    number => push_cell(&number.to_string(), out),
                },
                Column::Message => {
                    cell.clear();
                    record.message(cell)?;
                    push_cell(cell, out);
                }
                Column::Fields if record.fields().next().is_none() => out.push_str("{}"),
                Column::Fields => push_cell(&json::fields(record)?, out),
                Column::Context if record.context().is_empty() => out.push_str("{}"),
                Column::Context => push_cell(&json::context(record)?, out),
                Column::Spans => match json::spans(record, record.room(""))? {
                    None => out.push_str("[]"),
                    Some(spans) => push_cell(&spans, out),
                },
                Column::Field(name) => {
                    if let Some(value) = record.find(name) {
                        cell.clear();
                        unquoted(cell, &value, record.room(cell))?;
                        push_cell(cell, out);
                    }
                }
            }
        }
        out.push('\n');
        Ok(())
    }
}

impl Column {
    fn named(name: &str) -> Self {
        match name {
            "ts" => Self::Ts,
            "ts_ns" => Self::TsNs,
            "level" => Self::Level,
            "target" => Self::Target,
            "file" => Self::File,
            "line" => Self::Line,
            "thread" => Self::Thread,
            "message" => Self::Message,
            "fields" => Self::Fields,
            "context" => Self::Context,
            "spans" => Self::Spans,
            _ => Self::Field(name.to_owned()),
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Ts => "ts",
            Self::TsNs => "ts_ns",
            Self::Level => "level",
            Self::Target => "target",
            Self::File => "file",
            Self::Line => "line",
            Self::Thread => "thread",
            Self::Message => "message",
            Self::Fields => "fields",
            Self::Context => "context",
            Self::Spans => "spans",
            Self::Field(name) => name,
        }
    }
}

/// Appends a cell, escaped and quoted where it has to be.
fn push_cell(text: &str, out: &mut String) {
    // Most are plain, and this test of it is fast.
    let is_plain = text.bytes().fold(true, |is_plain, byte| {
        is_plain & matches!(byte, b' '..=b'~') & !matches!(byte, b',' | b'"')
    });
    if is_plain {
        out.push_str(text);
        return;
    }
    let start = out.len();
    out.push_str(text);
    escape_from(start, out);
    if out[start..].contains([',', '"']) {
        let quoted = out[start..].replace('"', "\"\"");
        out.truncate(start);
        // Writing to a string does not fail.
        let _ = write!(out, "\"{quoted}\"");
    }
}

impl Default for Csv {
    fn default() -> Self {
        Self::new()
    }
}

impl Render for Csv {
    fn start(&mut self, out: &mut String) {
        for (index, column) in self.columns.iter().enumerate() {
            out.push_str(if index > 0 { "," } else { "" });
            push_cell(column.name(), out);
        }
        out.push('\n');
    }

    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        self.row(record, out).inspect_err(|_| out.truncate(start))
    }
}
