//! Is everything there, and whole?

use crate::cli::{
    args, inputs,
    number::grouped,
    progress::{Counted, Progress},
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
pub(crate) fn run(args: &args::Verify, report: &mut Report) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let progress = Progress::new();
    for input in inputs::expand(&args.inputs.paths, report) {
        let (name, file) = match input.open() {
            Ok(opened) => opened,
            Err((name, error)) => {
                report.error(format_args!("{}: {error}", shown(&name)));
                continue;
            }
        };
        // One after the other: no more than one file is in memory, and open.
        let mut reader = Reader::new().thorough();
        progress.start(file.metadata().map_or(0, |metadata| metadata.len()));
        reader.add_stream(&name, Counted::new(file, &progress));
        let expected = reader.segments().iter().map(Segment::records).sum();
        if args.records {
            progress.start(expected);
            let decoded = decode(&mut reader, &progress);
            if decoded < expected {
                let (missing, expected) = (grouped(expected - decoded), grouped(expected));
                let of = format_args!("of {expected} records in its blocks");
                report.damage(format_args!("{}: {missing} {of} cannot be decoded", shown(&name)));
            }
        }
        progress.finish();
        for segment in reader.segments() {
            print(segment, &mut stdout)?;
        }
        report.findings(reader.findings());
        report.lost(&reader);
    }
    Ok(())
}

/// Decodes all records; how many there are.
fn decode(reader: &mut Reader, progress: &Progress) -> u64 {
    let mut all = 0;
    let Ok(()) = reader.try_work(
        None,
        || Count,
        |records| {
            progress.add(records);
            all += records;
            Ok::<_, Infallible>(())
        },
    );
    all
}

/// Counts records: their values have been checked by then.
struct Count;

impl Work for Count {
    type Output = u64;

    fn needs_values(&self) -> bool {
        false
    }

    #[inline]
    fn record(&mut self, _record: &Record<'_>, records: &mut u64) {
        *records += 1;
    }
}

/// What a segment holds.
fn print(segment: &Segment, out: &mut impl Write) -> io::Result<()> {
    let lost: u64 = segment.lost().fold(0, |sum, lost| sum.saturating_add(lost.count));
    let state = if segment.end().is_some() { "closed" } else { "open" };
    let (records, lost) = (grouped(segment.records()), grouped(lost));
    write!(out, "{}: {records} records, {lost} lost, {state}", shown(segment.path()))?;
    if let Some((first, last)) = segment.time() {
        write!(out, ", from {} to {}", rfc3339(first), rfc3339(last))?;
    }
    writeln!(out)
}
