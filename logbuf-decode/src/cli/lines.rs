//! From selected records to lines on standard output, on several threads: where no line depends on those before it.

use crate::cli::{
    args,
    printer::Stop,
    report::{Report, Unshown},
    select::Selection,
};
use logbuf_decode::{Reader, Record, Render, Work};
use std::{
    collections::VecDeque,
    io::{self, Write},
};

/// Bytes of text that are handed over at once.
const FULL: usize = 1 << 20;

/// Prints the records that are left in the reader.
///
/// # Errors
///
/// The writer does not take more.
pub(crate) fn print<W: Write>(
    reader: &mut Reader,
    selection: &Selection,
    part: &args::Part,
    render: &(impl Fn() -> Box<dyn Render + Send> + Sync),
    writer: W,
    report: &mut Report,
) -> io::Result<()> {
    let mut lines = Lines::new(part, writer);
    let mut text = String::new();
    render().start(&mut text);
    lines.writer.write_all(text.as_bytes())?;
    let worker = || Worker {
        selection: selection.clone(),
        render: render(),
        is_counted: part.head.is_some() || part.tail.is_some(),
    };
    let printed = match part.head {
        // Nothing is read for nothing.
        Some(0) => Ok(()),
        _ => reader.try_work(None, worker, |part| {
            report.unshown(&part.unshown);
            lines.take(part)
        }),
    };
    match printed {
        Ok(()) | Err(Stop::Enough) => lines.finish()?,
        Err(Stop::Io(error)) => return Err(error),
    }
    text.clear();
    render().end(reader.segments(), &mut text);
    lines.writer.write_all(text.as_bytes())?;
    lines.writer.flush()
}

/// Turns records into lines.
struct Worker {
    selection: Selection,
    render: Box<dyn Render + Send>,
    is_counted: bool,
}

/// Lines one behind the other.
#[derive(Debug, Default)]
struct Part {
    text: String,
    /// Where each line ends, if they are counted.
    ends: Vec<usize>,
    unshown: Unshown,
}

impl Work for Worker {
    type Output = Part;

    #[inline]
    fn record(&mut self, record: &Record<'_>, part: &mut Part) {
        if !self.selection.wants(record) {
            return;
        }
        if let Err(error) = self.render.record(record, &mut part.text) {
            part.unshown.add(record, error);
        }
        if self.is_counted {
            part.ends.push(part.text.len());
        }
    }

    fn is_full(&self, part: &Part) -> bool {
        part.text.len() >= FULL
    }
}

/// Writes lines: all of them, the first or the last.
struct Lines<W> {
    writer: W,
    /// How many may still be printed.
    head: Option<usize>,
    /// How many of the end are wanted.
    tail: Option<usize>,
    /// The last ones so far.
    last: VecDeque<Part>,
    /// Lines in `last`.
    count: usize,
}

impl<W: Write> Lines<W> {
    fn new(part: &args::Part, writer: W) -> Self {
        Self { writer, head: part.head, tail: part.tail, last: VecDeque::new(), count: 0 }
    }

    fn take(&mut self, part: Part) -> Result<(), Stop> {
        if let Some(tail) = self.tail {
            self.keep(part, tail);
            return Ok(());
        }
        let text = match self.head {
            Some(head) => part.first(head),
            None => &part.text,
        };
        self.writer.write_all(text.as_bytes()).map_err(Stop::Io)?;
        match &mut self.head {
            Some(head) if *head <= part.ends.len() => Err(Stop::Enough),
            Some(head) => {
                *head -= part.ends.len();
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Keeps lines that may be among the last.
    fn keep(&mut self, part: Part, tail: usize) {
        self.count += part.ends.len();
        self.last.push_back(part);
        while let Some(first) = self.last.front()
            && self.count - first.ends.len() >= tail
        {
            self.count -= first.ends.len();
            self.last.pop_front();
        }
    }

    /// Prints what was kept for the end.
    fn finish(&mut self) -> io::Result<()> {
        let mut surplus = self.count.saturating_sub(self.tail.unwrap_or(0));
        for part in self.last.drain(..) {
            let from = part.first(surplus).len();
            self.writer.write_all(&part.text.as_bytes()[from..])?;
            surplus = 0;
        }
        Ok(())
    }
}

impl Part {
    /// The first lines, `count` of them or as many as there are.
    fn first(&self, count: usize) -> &str {
        match count.checked_sub(1).map(|last| self.ends.get(last)) {
            None => "",
            Some(None) => &self.text,
            Some(Some(end)) => &self.text[..*end],
        }
    }
}
