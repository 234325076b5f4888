//! Reads logbuf files: from bytes to records in order of time, and to text or JSON.
//!
//! A [`Reader`] takes any number of segments, live, cut or damaged, and hands out each [`Record`] with its typed values.
//! A [`Render`] turns records into lines: [`Text`] for people, [`Json`] for programs. What is wrong with a file is a
//! [`Finding`]; what the program logged and the file does not hold is [`Lost`].
//!
//! The command `logbuf-decode` (feature `cli`, on by default) is these parts behind a command line. A library user wants
//! `default-features = false`.
//!
//! **Invariants.** Whatever bytes a file holds, nothing here panics, no record is made up, and memory is bounded. This
//! crate never writes a logbuf file.
#![forbid(unsafe_code)]

mod callsite;
mod chunk;
mod expression;
mod filter;
mod finding;
mod happening;
mod index;
mod loss;
mod merge;
mod parallel;
mod process;
mod reader;
mod record;
mod render;
mod run;
mod scope;
mod segment;
mod source;
mod table;
mod tables;
mod time;
mod walk;

pub use expression::{Expected, Expression, ExpressionError, Hint};
pub use filter::Filter;
pub use finding::{Finding, Problem, Severity};
pub use happening::{Happening, What};
pub use jiff::tz::TimeZone;
pub use logbuf_format::{
    Level,
    escape::controls as escape,
    line::Line,
    render::TooLong,
    scope::Context,
    site::{Kind as SiteKind, Site},
    thread::ThreadName,
    utc::rfc3339,
    value::Value,
};
pub use loss::Lost;
pub use parallel::Work;
pub use reader::Reader;
pub use record::Record;
pub use render::{Chrome, Csv, Json, Logfmt, Pattern, PatternError, Render, Text};
pub use scope::Scope;
pub use segment::Segment;
pub use time::TimeStyle;
