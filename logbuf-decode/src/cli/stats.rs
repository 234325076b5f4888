//! What is in a log, in numbers.

mod between;
mod chart;
mod collect;
mod distribution;
mod rate;
mod show;
mod spans;
mod summary;

use crate::cli::{args, hints, inputs, pager::Sink, report::Report, select::Selection, width};
use collect::{All, Questions, Worker};
use show::Width;
use std::{
    convert::Infallible,
    io::{self, BufWriter, Write},
};
use summary::Summary;

/// Adds up the records that are wanted, and shows what they come to.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &args::Stats, report: &mut Report) -> io::Result<()> {
    let Some(selection) = Selection::of(&args.choose, &args.zone, false, report) else {
        return Ok(());
    };
    let questions = Questions {
        histograms: args.histogram.clone(),
        between: match args.between.as_slice() {
            [first, second] => Some([first.clone(), second.clone()]),
            _ => None,
        },
        key: args.key.clone(),
    };
    let mut reader = selection.reader_with_happenings();
    inputs::add(&args.inputs.paths, &mut reader, report);
    let mut all = All::default();
    let start = selection.since().max(reader.oldest().unwrap_or(i64::MIN));
    let worker = || Worker { selection: selection.clone(), questions: questions.clone(), start };
    let Ok(()) = reader.try_work(None, worker, |totals| {
        all.append(totals);
        Ok::<_, Infallible>(())
    });
    all.finish();
    let mut out = BufWriter::new(Sink::open(args.paging.pager, false));
    // What is for machines is as wide anywhere.
    let width = Width(if args.json { None } else { width::of_terminal() });
    let summary = Summary::new(&all, &questions, &reader, width.of_chart());
    if args.json {
        serde_json::to_writer(&mut out, &summary)?;
        writeln!(out)?;
    } else {
        let mut text = String::new();
        show::push(&summary, width, &mut text);
        out.write_all(text.as_bytes())?;
    }
    out.into_inner()?.close()?;
    report.findings(reader.findings());
    report.lost(&reader);
    report.matched(summary.records);
    hints::nothing(&reader, &selection, report);
    let empty = summary.histograms.iter().filter(|histogram| histogram.numbers.count == 0);
    hints::fields(&reader, empty.map(|histogram| histogram.field.as_str()), report);
    if summary.between.as_ref().is_some_and(|pairs| pairs.numbers.count == 0) {
        hints::places(&reader, questions.between.iter().flatten(), report);
        hints::fields(&reader, questions.key.as_deref(), report);
    }
    Ok(())
}
