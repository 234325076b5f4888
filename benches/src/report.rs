//! The report: programs that measure, what they print, and the document and charts that are made of it.
//!
//! The programs' output is the interface: they print tables in Markdown, which go into the document as they are, and the
//! charts are drawn from the same tables. So a reader who runs a program alone sees what the document shows.

mod chart;
mod document;
mod machine;
mod table;

pub use chart::{Chart, draw};
pub use document::{Document, MarkerError};
pub use machine::machine;
pub use table::{Shown, Table, tables};
