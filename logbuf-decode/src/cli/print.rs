//! Records, printed: what the command does unless told otherwise.

use crate::cli::{
    args::{Args, Show},
    follow, inputs,
    pager::{self, Sink},
    printer::{Printer, Stop},
    report::Report,
    select::Selection,
};
use jiff::Timestamp;
use logbuf_decode::{Csv, Json, Logfmt, Reader, Render, Text};
use std::io;

/// Prints the records that are wanted; then reports what is wrong.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Args, report: &mut Report) -> io::Result<()> {
    let now = Timestamp::now().to_zoned_datetime(args.show.zone());
    let selection = match Selection::new(&args.choose, &now) {
        Ok(selection) => selection,
        Err(error) => {
            report.error(error);
            return Ok(());
        }
    };
    let mut reader = Reader::new().filter(selection.filter());
    let (render, sink) = (render(&args.show), Sink::open(&args.show, args.choose.follow));
    let mut printer = Printer::new(&args.choose, selection, render, sink);
    let printed = if args.choose.follow {
        reader = reader.live();
        follow::follow(&args.inputs.paths, &mut reader, &mut printer, report)
    } else {
        inputs::add(&args.inputs.paths, &mut reader, report);
        reader.try_for_each(|record| printer.record(record, report))
    };
    let printed = match printed {
        Ok(()) | Err(Stop::Enough) => printer.finish(),
        Err(Stop::Io(error)) => Err(error),
    };
    let closed = printer.into_writer().close();
    let written = printed.and(closed);
    // Whoever has seen enough of the records does not ask what is wrong with them.
    if !written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        report.findings(reader.findings());
        report.lost(&reader);
    }
    written
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
