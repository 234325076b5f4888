//! The command: arguments in, lines out, what is wrong on standard error.

mod args;
mod inputs;
mod output;
mod pager;
mod printer;
mod report;
mod select;
mod status;
mod when;

use args::{Args, Show};
use clap::Parser;
use jiff::Timestamp;
use logbuf_decode::{Csv, Json, Logfmt, Reader, Render, Text};
use pager::Sink;
use printer::{Printer, Stop};
use report::Report;
use select::Selection;
use status::Status;
use std::{io, process::ExitCode};

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let mut report = Report::new();
    run(&args, &mut report).into()
}

/// Prints the records, and what is wrong.
fn run(args: &Args, report: &mut Report) -> Status {
    let now = Timestamp::now().to_zoned_datetime(args.show.zone());
    let selection = match Selection::new(&args.choose, &now) {
        Ok(selection) => selection,
        Err(error) => {
            report.error(error);
            return report.status();
        }
    };
    let mut reader = Reader::new().filter(selection.filter());
    inputs::add(&args.paths, &mut reader, report);

    let (render, sink) = (render(&args.show), Sink::open(&args.show));
    let mut printer = Printer::new(&args.choose, selection, render, sink, report);
    let printed = match reader.try_for_each(|record| printer.record(record)) {
        Ok(()) | Err(Stop::Enough) => printer.finish(),
        Err(Stop::Io(error)) => Err(error),
    };
    let closed = printer.into_writer().close();
    let printed = printed.and(closed);
    match printed {
        Ok(()) => {}
        // Whoever read the output has seen enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Status::Fine,
        Err(error) => report.error(format_args!("cannot write to standard output: {error}")),
    }
    report.findings(reader.findings());
    report.lost(&reader);
    report.status()
}

fn render(show: &Show) -> Box<dyn Render> {
    match () {
        () if show.json => return Box::new(Json::new()),
        () if show.csv => return Box::new(Csv::new()),
        () if show.logfmt => return Box::new(Logfmt::new()),
        () => {}
    }
    let (zone, style) = (show.zone(), show.time.into());
    if let Some(pattern) = &show.format {
        let pattern = pattern.clone().zone(zone).time(style);
        return Box::new(if show.raw { pattern.raw() } else { pattern });
    }
    let mut text = Text::new().zone(zone).time(style);
    if show.raw {
        text = text.raw();
    }
    if pager::has_color(show.color) {
        text = text.color();
    }
    Box::new(text)
}
