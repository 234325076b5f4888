//! Is everything there, and whole?

use crate::cli::{
    args::Inputs,
    inputs,
    report::{Report, shown},
};
use logbuf_decode::{Reader, Segment, rfc3339};
use std::io::{self, Write};

/// Reads each file to its end: one line of what is in it, and what is wrong on standard error.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Inputs, report: &mut Report) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    for input in inputs::expand(&args.paths, report) {
        // One after the other: no more than one file is in memory, and open.
        let mut reader = Reader::new();
        input.add(&mut reader);
        let mut content = Content::default();
        reader.for_each(|record| content.add(record.unix_ns()));
        if let Some(segment) = reader.segments().first() {
            content.print(segment, &mut stdout)?;
        }
        report.findings(reader.findings());
        report.lost(&reader);
    }
    Ok(())
}

/// What was read of a file.
#[derive(Debug, Default)]
struct Content {
    records: u64,
    /// The times of the first and of the last record.
    time: Option<(i64, i64)>,
}

impl Content {
    fn add(&mut self, unix_ns: i64) {
        self.records += 1;
        let (first, last) = self.time.unwrap_or((unix_ns, unix_ns));
        self.time = Some((first.min(unix_ns), last.max(unix_ns)));
    }

    fn print(&self, segment: &Segment, out: &mut impl Write) -> io::Result<()> {
        let lost: u64 = segment.lost().fold(0, |sum, lost| sum.saturating_add(lost.count));
        let state = if segment.end().is_some() { "closed" } else { "open" };
        write!(out, "{}: {} records, {lost} lost, {state}", shown(segment.path()), self.records)?;
        if let Some((first, last)) = self.time {
            write!(out, ", from {} to {}", rfc3339(first), rfc3339(last))?;
        }
        writeln!(out)
    }
}
