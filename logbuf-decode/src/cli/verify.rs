//! Is everything there, and whole?

use crate::cli::{
    args::Inputs,
    inputs,
    progress::Progress,
    report::{Report, shown},
};
use logbuf_decode::{Reader, Record, Segment, Work, rfc3339};
use std::{
    convert::Infallible,
    io::{self, Write},
};

/// Reads each file to its end: one line of what is in it, and what is wrong on standard error.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Inputs, report: &mut Report) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let mut progress = Progress::new();
    for input in inputs::expand(&args.paths, report) {
        // One after the other: no more than one file is in memory, and open.
        let mut reader = Reader::new();
        input.add(&mut reader);
        let mut content = Content::default();
        progress.start(&reader);
        let Ok(()) = reader.try_work(
            None,
            || Count,
            |part| {
                progress.add(part.records);
                content.append(&part);
                Ok::<_, Infallible>(())
            },
        );
        progress.finish();
        if let Some(segment) = reader.segments().first() {
            content.print(segment, &mut stdout)?;
        }
        report.findings(reader.findings());
        report.lost(&reader);
    }
    Ok(())
}

/// Counts records: their values have been checked by then.
struct Count;

impl Work for Count {
    type Output = Content;

    fn needs_values(&self) -> bool {
        false
    }

    #[inline]
    fn record(&mut self, record: &Record<'_>, content: &mut Content) {
        content.add(record.unix_ns());
    }
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

    fn append(&mut self, other: &Self) {
        self.records += other.records;
        let times = [self.time, other.time];
        self.time = times
            .into_iter()
            .flatten()
            .reduce(|(first, last), (from, to)| (first.min(from), last.max(to)));
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
