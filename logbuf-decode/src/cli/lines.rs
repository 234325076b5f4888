//! From selected records to lines on standard output, on several threads: where no line depends on those before it.

use crate::cli::{
    args,
    printer::Stop,
    progress::Progress,
    report::{Report, Unshown},
    select::Selection,
};
use logbuf_decode::{Reader, Record, Render, Work};
use std::{
    collections::VecDeque,
    convert::Infallible,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

/// Bytes of text that are handed over at once.
const FULL: usize = 1 << 20;

/// Lines that are kept in memory, at most, until those before them are there.
const HELD: usize = 1 << 16;

/// Which lines are printed.
pub(crate) struct Lines<'a> {
    pub(crate) selection: &'a Selection,
    pub(crate) part: &'a args::Part,
    /// Where it is shown how far it has come.
    pub(crate) progress: Option<&'a Progress>,
}

impl Lines<'_> {
    /// Prints them, of the records that are left in the reader.
    ///
    /// # Errors
    ///
    /// The writer does not take more.
    pub(crate) fn print<W: Write>(
        &self,
        reader: &mut Reader,
        render: &(impl Fn() -> Box<dyn Render + Send> + Sync),
        mut writer: W,
        report: &mut Report,
    ) -> io::Result<()> {
        let mut text = String::new();
        render().start(&mut text);
        writer.write_all(text.as_bytes())?;
        let is_counted = self.part.head.is_some() || self.part.tail.is_some();
        let spent = Spent::default();
        let worker = || Worker {
            selection: self.selection.clone(),
            render: render(),
            is_counted,
            spent: &spent,
        };
        match self.part.tail {
            Some(count) if count > HELD => {
                // Counted first, printed then: what is in memory does not depend on how many are wanted.
                let mut selection = self.selection.clone();
                let there = reader.start_at_last(count as u64, 0, |record| selection.wants(record));
                let surplus = there.saturating_sub(count as u64);
                self.first(reader, surplus, &worker, &spent, &mut writer, report)?;
            }
            Some(count) => {
                for lines in last(reader, count, &worker, report).iter().rev() {
                    lines.write(&mut writer)?;
                }
            }
            None => self.first(reader, 0, &worker, &spent, &mut writer, report)?,
        }
        text.clear();
        render().end(reader.segments(), &mut text);
        writer.write_all(text.as_bytes())?;
        writer.flush()
    }

    /// Prints the first lines behind so many, or all.
    fn first<'s, W: Write>(
        &self,
        reader: &mut Reader,
        mut surplus: u64,
        worker: &(impl Fn() -> Worker<'s> + Sync),
        spent: &Spent,
        writer: &mut W,
        report: &mut Report,
    ) -> io::Result<()> {
        let mut head = self.part.head;
        if head == Some(0) {
            // Nothing is read for nothing.
            return Ok(());
        }
        let printed = reader.try_work(None, worker, |part| {
            report.unshown(&part.unshown);
            report.matched(part.matches);
            if let (Some(progress), Some(unix_ns)) = (self.progress, part.unix_ns) {
                progress.reach(unix_ns);
            }
            let text = match surplus {
                0 => head.map_or(&*part.text, |head| part.first(head)),
                _ => &part.text[part.first(surplus as usize).len()..],
            };
            surplus = surplus.saturating_sub(part.ends.len() as u64);
            writer.write_all(text.as_bytes()).map_err(Stop::Io)?;
            match &mut head {
                Some(head) if *head <= part.ends.len() => return Err(Stop::Enough),
                Some(head) => *head -= part.ends.len(),
                None => {}
            }
            spent.keep(part.text);
            Ok(())
        });
        match printed {
            Ok(()) | Err(Stop::Enough) => Ok(()),
            Err(Stop::Io(error)) => Err(error),
        }
    }
}

/// The last `count` lines, from the end back, in stretches of lines that follow each other.
fn last<'s>(
    reader: &mut Reader,
    count: usize,
    worker: &(impl Fn() -> Worker<'s> + Sync),
    report: &mut Report,
) -> Vec<Last> {
    let (mut all, mut missing) = (Vec::new(), count);
    let mut step = Reader::STEP.max(count as u64);
    while missing > 0 && reader.step_back(step) {
        let mut lines = Last::new(missing);
        let Ok(()) = reader.try_work(None, worker, |part| {
            report.unshown(&part.unshown);
            report.matched(part.matches);
            lines.add(part);
            Ok::<_, Infallible>(())
        });
        missing -= lines.count.min(missing);
        all.push(lines);
        step = step.saturating_mul(Reader::GROWTH);
    }
    all
}

/// Turns records into lines.
struct Worker<'s> {
    selection: Selection,
    render: Box<dyn Render + Send>,
    is_counted: bool,
    spent: &'s Spent,
}

/// Texts that were written, whose memory is used again: what the allocator gives back to the system comes back page by page,
/// each filled with zeros.
#[derive(Debug, Default)]
struct Spent(Mutex<Vec<String>>);

impl Spent {
    /// Keeps the memory of a text.
    fn keep(&self, mut text: String) {
        text.clear();
        // No more are kept than are in flight: each is taken before another is made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// An empty text.
    fn take(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }
}

/// Lines one behind the other.
#[derive(Debug, Default)]
struct Part {
    text: String,
    /// Where each line ends, if they are counted.
    ends: Vec<usize>,
    unshown: Unshown,
    /// Records for which the conditions hold.
    matches: u64,
    /// The time of the last record that was looked at.
    unix_ns: Option<i64>,
}

impl Work for Worker<'_> {
    type Output = Part;

    fn output(&mut self) -> Part {
        Part { text: self.spent.take(), ..Part::default() }
    }

    #[inline]
    fn record(&mut self, record: &Record<'_>, part: &mut Part) {
        part.unix_ns = Some(record.unix_ns());
        // What happens to a span has no message and no values to choose it by.
        if record.happening().is_none() && !self.selection.wants(record) {
            return;
        }
        part.matches += 1;
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

/// The last lines of a stretch.
#[derive(Debug)]
struct Last {
    most: usize,
    parts: VecDeque<Part>,
    /// Lines in them, those that are too many in the first included.
    count: usize,
}

impl Last {
    fn new(most: usize) -> Self {
        Self { most, parts: VecDeque::new(), count: 0 }
    }

    /// Adds lines behind those that are here.
    fn add(&mut self, part: Part) {
        self.count += part.ends.len();
        self.parts.push_back(part);
        while let Some(first) = self.parts.front()
            && self.count - first.ends.len() >= self.most
        {
            self.count -= first.ends.len();
            self.parts.pop_front();
        }
    }

    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        let mut surplus = self.count.saturating_sub(self.most);
        for part in &self.parts {
            let from = part.first(surplus).len();
            writer.write_all(&part.text.as_bytes()[from..])?;
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
