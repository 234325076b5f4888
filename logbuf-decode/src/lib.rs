//! Reads logbuf files: from bytes to records in order of time, and to text or JSON.
//!
//! A [`Reader`] takes any number of segments, live, cut or damaged, and hands out each [`Record`] with its typed values.
//! A [`Render`] turns records into lines: [`Text`] for people, [`Json`] for programs. What is wrong with a file is a
//! [`Finding`]; what the program logged and the file does not hold is [`Lost`].
//!
//! ```
//! use logbuf_decode::{Filter, Level, Reader, Render, Text};
//!
//! # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/v1-losses.logbuf");
//! # /*
//! let path = "logs/app.000001.logbuf";
//! # */
//! let mut reader = Reader::new().filter(Filter::new().level(Level::Warn));
//! reader.add_file(path);
//! let (mut text, mut lines) = (Text::new(), String::new());
//! reader.try_for_each(|record| text.record(record, &mut lines))?;
//! print!("{lines}");
//! for finding in reader.findings() {
//!     eprintln!("{finding}");
//! }
//! # assert!(!lines.is_empty());
//! # Ok::<_, logbuf_decode::TooLong>(())
//! ```
//!
//! | to | use |
//! |---|---|
//! | read files, and choose from them | [`Reader`], [`Filter`], [`Expression`] |
//! | go through records on several threads | [`Reader::try_work`], [`Work`] |
//! | look into a record | [`Record`]: time, level, site, thread, values, spans, context |
//! | print it | [`Text`], [`Json`], [`Logfmt`], [`Csv`], [`Pattern`], [`Chrome`] |
//! | know what is wrong or missing | [`Finding`], [`Lost`] |
//!
//! | feature | brings |
//! |---|---|
//! | `cli` (default) | the command `logbuf-decode`, and all that only it needs |
//! | `zstd` (default) | segments that were compressed by zstd, by the library in C |
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

/// The README, whose examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
