//! Files in, records out, in order of time.

use crate::{
    chunk::Room,
    filter::{Filter, is_before},
    finding::{Finding, Findings, Problem},
    loss::Lost,
    merge::{Merge, Next},
    parallel::{self, Work},
    process,
    record::Record,
    run::Records,
    segment::Segment,
    source::Source,
};
use std::{
    collections::BinaryHeap,
    convert::Infallible,
    io::{self, Read, Seek},
    num::NonZero,
    ops::{ControlFlow, Range},
    path::Path,
    sync::Arc,
    thread::available_parallelism,
};

/// Segments up to which one that starts behind the end of another in the same file is read.
const SEGMENTS: usize = 1 << 16;

/// Reads any number of segments, of any number of processes, in one order of time.
///
/// Add what is to be read, then take [each record](Reader::for_each). Whatever is wrong with a file costs what is damaged
/// and no more; it is a [`Finding`], and so are I/O errors.
///
/// Records with the same time come in the order in which the files were added, and those of one process, in whichever of the files, in the
/// order of their finer time stamps. All segments of a process have one timeline, of the clocks in all of them. Memory is bounded whatever the files hold, but for a few bytes for each block.
///
/// # Examples
///
/// ```no_run
/// use logbuf_decode::{Reader, Render, Text};
///
/// let mut reader = Reader::new();
/// reader.add_file("logs/app.000001.logbuf");
/// let mut text = Text::new();
/// let mut lines = String::new();
/// reader.try_for_each(|record| text.record(record, &mut lines))?;
/// print!("{lines}");
/// for finding in reader.findings() {
///     eprintln!("{finding}");
/// }
/// # Ok::<_, logbuf_decode::TooLong>(())
/// ```
#[derive(Debug)]
pub struct Reader {
    segments: Vec<Segment>,
    merge: Merge,
    findings: Findings,
    filter: Filter,
    /// From when to when records are handed out.
    time: Range<i64>,
    /// From when on they have been, by [`Reader::step_back`].
    reached: i64,
    is_live: bool,
    is_thorough: bool,
    /// Files whose headers are not there yet.
    waiting: Vec<Source>,
    /// Whether segments were added, or have grown, that are not in the merge.
    is_behind: bool,
}

impl Reader {
    /// A reader without files.
    pub fn new() -> Self {
        Self {
            segments: Vec::new(),
            merge: Merge::default(),
            findings: Findings::default(),
            filter: Filter::new(),
            time: i64::MIN..i64::MAX,
            reached: i64::MAX,
            is_live: false,
            is_thorough: false,
            waiting: Vec::new(),
            is_behind: false,
        }
    }

    /// Holds about so many bytes of blocks that overlap in time; 64 MiB unless said.
    ///
    /// With less, blocks are read more than once where many overlap. What is read does not change.
    ///
    /// # Panics
    ///
    /// If files were added already.
    #[must_use]
    pub fn memory(self, bytes: usize) -> Self {
        assert!(self.segments.is_empty(), "a reader is set up before files are added");
        Self { merge: Merge::with_budget(bytes), ..self }
    }

    /// Hands out only what `filter` wants.
    ///
    /// # Panics
    ///
    /// If files were added already.
    #[must_use]
    pub fn filter(self, filter: Filter) -> Self {
        assert!(self.segments.is_empty(), "a reader is set up before files are added");
        Self { time: filter.within(), filter, ..self }
    }

    /// Reads every block and compares its checksum when a file is added; otherwise a reader goes by the INDEX of closed segments, and
    /// reads what it needs.
    ///
    /// # Panics
    ///
    /// If files were added already.
    #[must_use]
    pub fn thorough(self) -> Self {
        assert!(self.segments.is_empty(), "a reader is set up before files are added");
        Self { is_thorough: true, ..self }
    }

    /// Waits for more where a file ends: that it ends is nothing to report. See [`Reader::refresh`].
    ///
    /// # Panics
    ///
    /// If files were added already.
    #[must_use]
    pub fn live(self) -> Self {
        assert!(self.segments.is_empty(), "a reader is set up before files are added");
        Self { is_live: true, ..self }
    }

    /// Adds a file. Its headers and tables are read now, its records when they are due.
    ///
    /// A file that cannot be read, or is no segment, is a [`Finding`], and so is a copy of a segment that was added before; a link to one is
    /// passed over.
    pub fn add_file(&mut self, path: impl AsRef<Path>) {
        let path = path.as_ref();
        match Source::file(path) {
            Ok(source) => self.add(source),
            Err(error) => self.findings.add(&path.into(), None, Problem::Io(Arc::new(error))),
        }
    }

    /// Adds a stream that holds a segment; `name` stands for it in findings.
    ///
    /// ```
    /// use logbuf_decode::{Problem, Reader};
    ///
    /// let mut reader = Reader::new();
    /// reader.add_stream("memory", std::io::Cursor::new(b"no segment"));
    /// assert!(matches!(reader.findings()[0].problem, Problem::Foreign(_)));
    /// ```
    pub fn add_stream(
        &mut self,
        name: impl AsRef<Path>,
        stream: impl Read + Seek + Send + 'static,
    ) {
        let name = name.as_ref();
        match Source::stream(name, stream) {
            Ok(source) => self.add(source),
            Err(error) => self.findings.add(&name.into(), None, Problem::Io(Arc::new(error))),
        }
    }

    fn add(&mut self, source: Source) {
        let file = source.name().clone();
        if let Err(error) = self.try_add(source) {
            self.findings.add(&file, None, Problem::Io(Arc::new(error)));
        }
    }

    fn try_add(&mut self, source: Source) -> io::Result<()> {
        if self.is_live && !Segment::is_started(&source)? {
            self.waiting.push(source);
            return Ok(());
        }
        let mut next = Some((source, 0));
        while let Some((source, start)) = next.take() {
            let Some(mut segment) = Segment::open(source, start, &mut self.findings)? else {
                break;
            };
            if self.is_thorough {
                segment.be_thorough(start, &mut self.findings)?;
            }
            if let Some(of) = self.segments.iter().find(|read| segment.is_copy_of(read)) {
                // A link to it, as the one to a live segment, is no second file.
                if !is_same_file(of.path(), segment.path()) {
                    let problem = Problem::Copy { of: of.path().to_owned() };
                    self.findings.add(segment.file(), None, problem);
                }
                break;
            }
            self.segments.push(segment);
            let number = self.segments.len() - 1;
            self.scan(number);
            let segment = &self.segments[number];
            if segment.is_followed() {
                let (source, start) = (segment.source().again(), segment.offset());
                if number < SEGMENTS {
                    next = Some((source, start));
                } else {
                    let problem = Problem::Trailing { bytes: source.len() - start };
                    self.findings.add(source.name(), start, problem);
                }
            }
        }
        Ok(())
    }

    /// Reads what is new in a segment.
    fn scan(&mut self, number: usize) {
        let Self { segments, findings, filter, is_live, .. } = self;
        let segment = &mut segments[number];
        let before = segment.offset();
        let read = segment.scan(findings);
        let read = read.and_then(|()| if *is_live { Ok(()) } else { segment.finish(findings) });
        if let Err(error) = read {
            // What was read before it failed is there.
            findings.add(segment.file(), None, Problem::Io(Arc::new(error)));
            segment.give_up();
        }
        if segment.offset() > before {
            segment.choose(filter);
            self.is_behind = true;
        }
        if !*is_live {
            segment.source().release();
        }
    }

    /// Puts what was added into the merge, now that all that tells the time is there.
    fn settle(&mut self) {
        if !std::mem::take(&mut self.is_behind) {
            return;
        }
        if process::unite(&mut self.segments) {
            self.merge.place(&self.segments);
        }
        for (number, segment) in (0..).zip(&mut self.segments) {
            let news = segment.take_news();
            self.merge.add((number, segment), news, &self.filter, &self.time, i64::MAX);
        }
    }

    /// Reads what was written to the files since they were added, or since the last call. Not of those that were closed.
    ///
    /// Only a [live](Reader::live) reader has reason to.
    pub fn refresh(&mut self) {
        for mut source in std::mem::take(&mut self.waiting) {
            let file = source.name().clone();
            match source.measure() {
                Ok(_) => self.add(source),
                Err(error) => self.findings.add(&file, None, Problem::Io(Arc::new(error))),
            }
        }
        for number in 0..self.segments.len() {
            if self.segments[number].is_live() {
                self.scan(number);
            }
        }
    }

    /// The time of the last record of the files, as far as they have been read: nanoseconds since the Unix epoch, UTC.
    pub fn newest(&mut self) -> Option<i64> {
        self.settle();
        self.merge.newest()
    }

    /// The time of the first record of those blocks that may hold what is wanted.
    pub fn oldest(&mut self) -> Option<i64> {
        self.settle();
        self.merge.oldest()
    }

    /// How far back to look first for what is wanted of the end, in records: about what one block holds, most often.
    pub const STEP: u64 = 1 << 14;

    /// By how much further to look each time than the time before.
    pub const GROWTH: u64 = 4;

    /// Goes to the end, and back from there over `records` records or more that may be wanted: those are handed out next, in order, and no
    /// others. Each further call goes further back, over those before. Whether there were any blocks before.
    ///
    /// So the last records of a long log cost little: whoever looks for some of them goes back, in growing steps, until they are
    /// found.
    ///
    /// ```
    /// use logbuf_decode::{Level, Reader};
    ///
    /// let mut reader = Reader::new();
    /// // The time of the last error.
    /// let (mut last, mut step) = (None, Reader::STEP);
    /// while last.is_none() && reader.step_back(step) {
    ///     reader.for_each(|record| {
    ///         if record.level() == Level::Error {
    ///             last = Some(record.unix_ns());
    ///         }
    ///     });
    ///     step = step.saturating_mul(Reader::GROWTH);
    /// }
    /// ```
    pub fn step_back(&mut self, records: u64) -> bool {
        self.settle();
        let within = self.filter.within();
        let until = self.reached.min(within.end);
        let Some(from) = self.before(until, records) else { return false };
        self.start_over(from.max(within.start)..until, self.reached);
        self.reached = from;
        true
    }

    /// Goes to the end, and back from there until `count` records are passed for which `wants` holds, and then over `before` records or more
    /// of any kind; or to the start if there are fewer: all behind that place are handed out next, in order. How many of those `wants`
    /// holds for: `count` or more, unless there are fewer.
    ///
    /// So a few records before the last ones can be had as well. What is read on the way is read again when it is handed out, and
    /// what is wrong with it is told of then.
    ///
    /// ```
    /// use logbuf_decode::{Level, Reader};
    ///
    /// let mut reader = Reader::new();
    /// // From three records before the last but one error on, or from a little before those.
    /// reader.start_at_last(2, 3, |record| record.level() == Level::Error);
    /// reader.for_each(|record| println!("{}", record.unix_ns()));
    /// ```
    pub fn start_at_last(
        &mut self,
        count: u64,
        before: u64,
        mut wants: impl FnMut(&Record<'_>) -> bool,
    ) -> u64 {
        let told = std::mem::take(&mut self.findings);
        let (mut found, mut step) = (0, Self::STEP.max(count));
        while found < count && self.step_back(step) {
            self.for_each(|record| found += u64::from(wants(record)));
            step = step.saturating_mul(Self::GROWTH);
        }
        let (mut passed, mut step) = (0, before);
        while passed < before && self.step_back(step) {
            self.for_each(|record| {
                passed += 1;
                found += u64::from(wants(record));
            });
            step = step.saturating_mul(Self::GROWTH);
        }
        self.findings = told;
        let within = self.filter.within();
        self.start_over(self.reached.max(within.start)..within.end, i64::MAX);
        found
    }

    /// Hands out records until `is_enough` holds for one, and then all of them again. What is wrong with those on the way is told of when they are
    /// handed out again.
    ///
    /// ```
    /// use logbuf_decode::{Level, Reader};
    ///
    /// let mut reader = Reader::new();
    /// let mut first = None;
    /// reader.peek(|record| {
    ///     first = (record.level() == Level::Error).then(|| record.unix_ns());
    ///     first.is_some()
    /// });
    /// reader.for_each(|record| println!("{:?}", first.map(|first| record.unix_ns() - first)));
    /// ```
    pub fn peek(&mut self, mut is_enough: impl FnMut(&Record<'_>) -> bool) {
        self.settle();
        let told = std::mem::take(&mut self.findings);
        // That one was enough is no error.
        let _found = self.try_for_each(|record| if is_enough(record) { Err(()) } else { Ok(()) });
        self.findings = told;
        self.start_over(self.filter.within(), i64::MAX);
    }

    /// Hands out what is within this time next. What is wrong with blocks that reach to `told` or behind it is known.
    fn start_over(&mut self, time: Range<i64>, told: i64) {
        self.time = time;
        self.merge.clear();
        for (number, segment) in (0..).zip(&self.segments) {
            let blocks = 0..segment.blocks().len();
            self.merge.add((number, segment), blocks, &self.filter, &self.time, told);
        }
    }

    /// Passes over everything that was read of the files so far: what comes is what is written to them from now on.
    pub fn skip_to_end(&mut self) {
        self.settle();
        self.merge.clear();
        self.time = self.filter.within();
    }

    /// The time from which on there are so many records in blocks that may hold what is wanted and start before `until`; the first time if
    /// there are fewer. `None` if there are none.
    fn before(&self, until: i64, records: u64) -> Option<i64> {
        let within = self.filter.within();
        let starts = self.segments.iter().flat_map(|segment| {
            let wanted = segment.blocks().iter();
            let wanted = wanted.filter(|block| segment.wants_block(block, &self.filter));
            wanted.map(|block| (segment.time_of(block), block.records))
        });
        let starts =
            starts.filter(|((first, last), _)| is_before(*first, until) && *last >= within.start);
        let mut latest: BinaryHeap<_> =
            starts.map(|((first, _), records)| (first, records)).collect();
        let (mut from, mut found) = (None, 0);
        while let Some((first, records_inside)) = latest.pop() {
            // Before the end, which the last time there is stands for: so each step gets further.
            from = Some(first.min(i64::MAX - 1));
            found += u64::from(records_inside);
            if found >= records {
                return from;
            }
        }
        from.map(|_| i64::MIN)
    }

    /// The segments, in the order in which they were added.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Hands out the records that are left, in order of time.
    pub fn for_each(&mut self, mut f: impl FnMut(&Record<'_>)) {
        let Ok(()) = self.try_for_each(|record| {
            f(record);
            Ok::<_, Infallible>(())
        });
    }

    /// Hands out the records that are left, in order of time, until `f` fails. The next call goes on behind that record.
    ///
    /// # Errors
    ///
    /// What `f` returned.
    pub fn try_for_each<E>(
        &mut self,
        f: impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.try_for_each_until(i64::MAX, f)
    }

    /// As [`Reader::try_for_each`], but only records up to this time (nanoseconds since the Unix epoch, UTC). Later ones
    /// stay for a later call.
    ///
    /// # Errors
    ///
    /// What `f` returned.
    pub fn try_for_each_until<E>(
        &mut self,
        until: i64,
        mut f: impl FnMut(&Record<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.settle();
        let mut room = Room::default();
        loop {
            let mut run = match self.merge.next(until, &self.segments) {
                Next::Run(run) => run,
                Next::Block => {
                    if let Some(due) = self.merge.take_due(&self.segments) {
                        let loaded = due.load(&self.segments, &mut room);
                        self.merge.supply(loaded, &self.segments);
                    }
                    continue;
                }
                Next::End => return Ok(()),
            };
            let (segments, filter, time) = (&self.segments, &self.filter, &self.time);
            let records = Records { segments, filter, time, with_values: true };
            let given = records.each(&mut run, &mut self.findings, |record| match f(record) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => ControlFlow::Break(error),
            });
            if let ControlFlow::Break(error) = given {
                self.merge.rewind(run.records.start);
                return Err(error);
            }
        }
    }

    /// Hands out the records that are left, in order of time, on several threads: stretches of records go to workers, each
    /// of which `worker` makes, and what they make of them to `take`, in order again.
    ///
    /// Memory is bounded whatever the number of records. Without `threads` there are as many as the machine has cores.
    ///
    /// # Errors
    ///
    /// What `take` returned. Records that workers have taken by then are not handed out again.
    ///
    /// # Panics
    ///
    /// If a worker does.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_decode::{Level, Reader, Record, Work};
    /// use std::convert::Infallible;
    ///
    /// /// Counts errors.
    /// struct Errors;
    ///
    /// impl Work for Errors {
    ///     type Output = u64;
    ///
    ///     fn record(&mut self, record: &Record<'_>, output: &mut u64) {
    ///         *output += u64::from(record.level() == Level::Error);
    ///     }
    /// }
    ///
    /// let mut reader = Reader::new();
    /// let mut errors = 0;
    /// let Ok(()) = reader.try_work(None, || Errors, |count| {
    ///     errors += count;
    ///     Ok::<_, Infallible>(())
    /// });
    /// ```
    pub fn try_work<W: Work, E>(
        &mut self,
        threads: Option<NonZero<usize>>,
        worker: impl Fn() -> W + Sync,
        take: impl FnMut(W::Output) -> Result<(), E>,
    ) -> Result<(), E> {
        self.settle();
        let threads = threads.or_else(|| available_parallelism().ok()).map_or(1, NonZero::get);
        let Self { segments, merge, findings, filter, time, .. } = self;
        let records = Records { segments, filter, time, with_values: true };
        parallel::run(threads, merge, records, findings, &worker, take)
    }

    /// What was found wrong, or worth knowing, since the last call.
    ///
    /// Damage to headers and tables is found when a file is added, damage to records when they are due; what is not read is not
    /// looked at, unless the reader is [thorough](Reader::thorough).
    pub fn findings(&mut self) -> Vec<Finding> {
        self.findings.take()
    }

    /// What was logged and is not in the files.
    pub fn lost(&self) -> impl Iterator<Item = Lost<'_>> {
        self.segments.iter().flat_map(Segment::lost)
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether both paths lead to one file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    let file = |path: &Path| path.canonicalize().ok();
    file(one).is_some_and(|one| file(other) == Some(one))
}
