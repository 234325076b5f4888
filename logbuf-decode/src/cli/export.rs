//! Records for other programs.

use crate::cli::{
    args::{self, Form},
    hints, inputs,
    lines::Lines,
    pipe, print,
    printer::Printer,
    progress::Progress,
    replace::replace,
    report::{Report, shown},
    select::Selection,
};
use logbuf_decode::{Chrome, Happening, Json, Reader, Render, Segment, SiteKind};
use std::io::{self, Write};

/// Writes the records that are wanted.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &args::Export, report: &mut Report) -> io::Result<()> {
    let Some(selection) = Selection::of(&args.choose, &args.zone, false, report) else {
        return Ok(());
    };
    if args.to != Form::Csv && args.columns.are_named() {
        report.error("--columns says what stands in comma-separated values: it goes with --to csv");
        return Ok(());
    }
    let mut reader = match args.to {
        Form::Chrome => selection.reader_with_happenings(),
        Form::Ndjson | Form::Csv => selection.reader(),
    };
    let inputs = inputs::expand(&args.inputs.paths, report);
    if let Some(path) = &args.output
        && inputs.iter().any(|input| input.is_at(path))
    {
        report.error(format_args!("{}: is read, and would be replaced", shown(path)));
        return Ok(());
    }
    inputs.into_iter().for_each(|input| input.add(&mut reader));
    let written = match &args.output {
        None => {
            pipe::widen();
            write(args, &mut reader, &selection, io::stdout().lock(), None, report)
        }
        Some(path) => {
            let mut progress = Progress::new();
            progress.start_with(&mut reader);
            let replaced = replace(path, |file| {
                write(args, &mut reader, &selection, file, Some(&progress), report)
            });
            progress.finish();
            match replaced {
                // Whoever read from the pipe has seen enough.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                    report.error(format_args!("{}: {error}", shown(path)));
                }
                _ => {}
            }
            Ok(())
        }
    };
    report.findings(reader.findings());
    report.lost(&reader);
    hints::nothing(&reader, &selection, report);
    written
}

fn write(
    args: &args::Export,
    reader: &mut Reader,
    selection: &Selection,
    writer: impl Write,
    progress: Option<&Progress>,
    report: &mut Report,
) -> io::Result<()> {
    let form = args.to;
    let start = reader.oldest().unwrap_or(0);
    let part = args::Part::default();
    let spans = told_spans(reader);
    if form == Form::Chrome && spans == Some(false) {
        // What happened to spans is guessed, and a slice depends on the records before it.
        let render = Box::new(Chrome::new(start));
        let mut printer = Printer::new(&part, selection.clone(), render, writer);
        printer.start();
        let printed = reader.try_for_each(|record| {
            progress.into_iter().for_each(|progress| progress.reach(record.unix_ns()));
            printer.record(record, report)
        });
        print::finish(printed, &mut printer)?;
        return printer.end(reader.segments());
    }
    let render = || -> Box<dyn Render + Send> {
        match form {
            Form::Ndjson => Box::new(Json::new()),
            Form::Csv => Box::new(args.columns.csv()),
            Form::Chrome => Box::new(Chrome::new(start).with_happenings()),
        }
    };
    let lines = Lines { selection, part: &part, progress };
    lines.print(reader, &render, writer, report)
}

/// Whether the files say what happened to spans; nothing if they do not speak of any.
fn told_spans(reader: &Reader) -> Option<bool> {
    let sites = reader.segments().iter().flat_map(Segment::sites);
    let mut spans = sites.filter(|site| site.kind == SiteKind::Span).peekable();
    spans.peek()?;
    Some(spans.any(Happening::is_told_by))
}
