//! From selected records to lines on standard output, one after the other: where a line depends on those before it.

use crate::cli::{
    args::Part,
    output::Output,
    report::{Report, Unshown},
    select::Selection,
};
use logbuf_decode::{Record, Render, Segment};
use std::{
    collections::VecDeque,
    io::{self, Write},
};

/// Why printing ends before the records do.
#[derive(Debug)]
pub(crate) enum Stop {
    /// All that was asked for is printed.
    Enough,
    /// Standard output does not take more.
    Io(io::Error),
}

/// Prints what is selected, and what is around it.
pub(crate) struct Printer<W> {
    selection: Selection,
    render: Box<dyn Render + Send>,
    output: Output<W>,
    /// Selected records that may still be printed.
    head: usize,
    /// Selected records that are passed over before that.
    surplus: u64,
    /// The line of one that is passed over: lines behind it may depend on it.
    passed: String,
    context: Context,
}

/// Lines around selected ones.
#[derive(Debug, Default)]
struct Context {
    /// How many before and behind each.
    size: usize,
    /// The last lines that were not printed.
    before: VecDeque<String>,
    /// How many lines behind the last selected one are still to be printed.
    behind: usize,
    /// Whether a line was left out since the last one that was printed, if one was printed.
    gap: Option<bool>,
    /// What is printed where lines were left out between groups.
    parted_by: &'static str,
}

impl<W: Write> Printer<W> {
    pub(crate) fn new(
        part: &Part,
        selection: Selection,
        render: Box<dyn Render + Send>,
        writer: W,
    ) -> Self {
        Self {
            selection,
            render,
            output: Output::new(writer),
            head: part.head.unwrap_or(usize::MAX),
            surplus: 0,
            passed: String::new(),
            context: Context { size: part.context, ..Context::default() },
        }
    }

    /// Passes over so many selected records first: none but the last were asked for.
    pub(crate) fn behind(mut self, surplus: u64) -> Self {
        self.surplus = surplus;
        self
    }

    /// Prints this where lines were left out between groups.
    pub(crate) fn parted_by(mut self, gap: &'static str) -> Self {
        self.context.parted_by = gap;
        self
    }

    /// Prints what comes before all records.
    pub(crate) fn start(&mut self) {
        self.render.start(self.output.buffer());
    }

    /// Takes the next record.
    pub(crate) fn record(&mut self, record: &Record<'_>, report: &mut Report) -> Result<(), Stop> {
        let is_selected = self.head > 0 && self.selection.wants(record);
        if is_selected && self.surplus > 0 {
            self.surplus -= 1;
            self.pass(record, report);
        } else if is_selected {
            report.matched(1);
            self.head -= 1;
            self.before()?;
            self.context.behind = self.context.size;
            self.print(record, report)?;
        } else if self.context.behind > 0 {
            self.context.behind -= 1;
            self.print(record, report)?;
        } else {
            self.keep(record, report);
        }
        if self.head == 0 && self.context.behind == 0 { Err(Stop::Enough) } else { Ok(()) }
    }

    /// Hands on what is printed. From here on nothing is passed over.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.surplus = 0;
        self.output.flush()
    }

    /// Prints what comes behind all records.
    pub(crate) fn end(&mut self, segments: &[Segment]) -> io::Result<()> {
        self.render.end(segments, self.output.buffer());
        self.output.flush()
    }

    fn print(&mut self, record: &Record<'_>, report: &mut Report) -> Result<(), Stop> {
        render(self.render.as_mut(), record, self.output.buffer(), report);
        self.context.gap = Some(false);
        self.output.flush_if_full().map_err(Stop::Io)
    }

    /// Prints the lines in front of a selected one.
    fn before(&mut self) -> Result<(), Stop> {
        let context = &mut self.context;
        if context.gap == Some(true) && context.size > 0 {
            self.output.buffer().push_str(context.parted_by);
        }
        for line in context.before.drain(..) {
            self.output.buffer().push_str(&line);
        }
        self.output.flush_if_full().map_err(Stop::Io)
    }

    /// Passes over a selected record.
    fn pass(&mut self, record: &Record<'_>, report: &mut Report) {
        if self.context.size > 0 {
            return self.keep(record, report);
        }
        self.passed.clear();
        render(self.render.as_mut(), record, &mut self.passed, report);
    }

    /// Keeps a line that may come before a selected one.
    fn keep(&mut self, record: &Record<'_>, report: &mut Report) {
        let context = &mut self.context;
        if context.size == 0 {
            return;
        }
        if context.before.len() == context.size {
            context.gap = context.gap.map(|_| true);
        }
        let mut line = recycled(&mut context.before, context.size);
        render(self.render.as_mut(), record, &mut line, report);
        context.before.push_back(line);
    }
}

/// Appends the line of a record.
fn render(render: &mut dyn Render, record: &Record<'_>, line: &mut String, report: &mut Report) {
    if let Err(error) = render.record(record, line) {
        let mut unshown = Unshown::default();
        unshown.add(record, error);
        report.unshown(&unshown);
    }
}

/// An empty line: the first of `lines`, if there are `count` of them.
fn recycled(lines: &mut VecDeque<String>, count: usize) -> String {
    let oldest = if lines.len() >= count { lines.pop_front() } else { None };
    oldest.map_or_else(String::new, |mut line| {
        line.clear();
        line
    })
}
