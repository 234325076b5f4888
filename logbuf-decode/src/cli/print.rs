//! Records, printed: what the command does unless told otherwise.

use crate::cli::{
    args::{Args, Part, Show, Time},
    follow, hints,
    inputs::{self, Watch},
    lines::Lines,
    pager::{self, Sink},
    printer::{Printer, Stop},
    report::Report,
    select::Selection,
};
use logbuf_decode::{Json, Logfmt, Reader, Render, Text};
use std::io::{self, Write};

/// Prints the records that are wanted; then reports what is wrong.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Args, report: &mut Report) -> io::Result<()> {
    let Part { context, follow, .. } = args.part;
    if !args.show.csv && args.show.columns.are_named() {
        report.error("--columns says what stands in comma-separated values: it goes with --csv");
        return Ok(());
    }
    let zone = &args.show.zone;
    let Some(selection) = Selection::of(&args.choose, zone, context > 0, report) else {
        return Ok(());
    };
    // None of nothing is what was asked for.
    let asks_nothing = args.part.head == Some(0) || args.part.tail == Some(0);
    let asked = (!asks_nothing).then(|| selection.clone());
    let mut reader = selection.reader();
    let mut sink = Sink::open(args.show.paging.pager, follow);
    let printed = if follow {
        reader = reader.live();
        print_live(args, selection, &mut reader, &mut sink, report)
    } else {
        print_all(args, selection, &mut reader, &mut sink, report)
    };
    let written = printed.and(sink.close());
    // Whoever has seen enough of the records does not ask what is wrong with them.
    if !written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        report.findings(reader.findings());
        report.lost(&reader);
        if !follow {
            hint(args, asked.as_ref(), &reader, report);
        }
    }
    written
}

/// Says why there may be less to see than was looked for.
fn hint(args: &Args, asked: Option<&Selection>, reader: &Reader, report: &mut Report) {
    let Some(selection) = asked else { return };
    hints::nothing(reader, selection, report);
    if let Some(pattern) = &args.show.format {
        hints::fields(reader, pattern.fields(), report);
    }
}

/// Whether a line depends on those before it.
fn is_stateful(args: &Args) -> bool {
    args.part.context > 0 || args.show.time != Time::Wall
}

/// Goes to the last records, if those alone are asked for: back from the end until there are as many, with what is shown around them and what
/// their lines depend on. How many too many there are.
fn start_at_tail(
    args: &Args,
    selection: &mut Selection,
    render: &mut dyn Render,
    reader: &mut Reader,
) -> u64 {
    let Some(count) = args.part.tail else { return 0 };
    let (mut least, mut before) = (count as u64, args.part.context as u64);
    match args.show.time {
        Time::Wall => {}
        // On the record that is shown before.
        Time::Delta if before == 0 => least = least.saturating_add(1),
        Time::Delta => before += 1,
        // On the first that is shown.
        Time::Start => reader.peek(|record| {
            let is_first = before > 0 || selection.wants(record);
            if is_first {
                // It is rendered for its time alone; one that cannot be is found out about where it is shown.
                let _line = render.record(record, &mut String::new());
            }
            is_first
        }),
    }
    let there = reader.start_at_last(least, before, |record| selection.wants(record));
    there.saturating_sub(count as u64)
}

/// Prints what is there.
fn print_all(
    args: &Args,
    mut selection: Selection,
    reader: &mut Reader,
    sink: &mut Sink,
    report: &mut Report,
) -> io::Result<()> {
    inputs::add(&args.inputs.paths, reader, report);
    if is_stateful(args) {
        let mut render = render(&args.show);
        let surplus = start_at_tail(args, &mut selection, render.as_mut(), reader);
        let mut printer = Printer::new(&args.part, selection, render, sink)
            .behind(surplus)
            .parted_by(gap(&args.show));
        printer.start();
        let printed = reader.try_for_each(|record| printer.record(record, report));
        return finish(printed, &mut printer);
    }
    let render = || render(&args.show);
    let lines = Lines { selection: &selection, part: &args.part, progress: None };
    lines.print(reader, &render, sink, report)
}

/// Prints what is there, then what comes.
fn print_live(
    args: &Args,
    mut selection: Selection,
    reader: &mut Reader,
    sink: &mut Sink,
    report: &mut Report,
) -> io::Result<()> {
    let mut part = args.part.clone();
    let mut watch = Watch::new(&args.inputs.paths);
    watch.start(report).into_iter().for_each(|input| input.add(reader));
    let is_tail_alone = part.tail.is_some() && !is_stateful(args);
    if is_tail_alone {
        // From the end back, and not from the start on.
        let render = || render(&args.show);
        let lines = Lines { selection: &selection, part: &part, progress: None };
        lines.print(reader, &render, &mut *sink, report)?;
        reader.skip_to_end();
        part.tail = None;
    }
    let mut render = render(&args.show);
    let is_at_tail = part.tail.is_some();
    let surplus = match is_at_tail {
        true => start_at_tail(args, &mut selection, render.as_mut(), reader),
        false => 0,
    };
    let mut printer =
        Printer::new(&part, selection, render, sink).behind(surplus).parted_by(gap(&args.show));
    if !is_tail_alone {
        printer.start();
    }
    if is_at_tail {
        let printed = reader.try_for_each(|record| printer.record(record, report));
        finish(printed, &mut printer)?;
        reader.skip_to_end();
    }
    let printed = follow::follow(&mut watch, reader, &mut printer, report);
    finish(printed, &mut printer)
}

/// Prints what is left to be printed.
pub(crate) fn finish<W: Write>(
    printed: Result<(), Stop>,
    printer: &mut Printer<W>,
) -> io::Result<()> {
    match printed {
        Ok(()) | Err(Stop::Enough) => printer.finish(),
        Err(Stop::Io(error)) => Err(error),
    }
}

/// What stands between groups of lines that do not follow each other: nothing where programs read them.
fn gap(show: &Show) -> &'static str {
    if show.json || show.csv || show.logfmt { "" } else { "--\n" }
}

/// The form that was asked for.
pub(crate) fn render(show: &Show) -> Box<dyn Render + Send> {
    match () {
        () if show.json => return Box::new(Json::new()),
        () if show.csv => return Box::new(show.columns.csv()),
        () if show.logfmt => return Box::new(Logfmt::new()),
        () => {}
    }
    let (zone, style) = (show.zone.get(), show.time.into());
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
