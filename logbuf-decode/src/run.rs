//! Consecutive records of one block, and what it takes to hand them out.

use crate::{
    callsite::CallSite,
    chunk::{Chunk, Entry},
    filter::Filter,
    finding::{Findings, Problem},
    record::Record,
    segment::Segment,
};
use logbuf_format::{
    timeline::Span,
    value::{self, Value},
};
use std::{
    ops::{ControlFlow, Range},
    sync::Arc,
};

/// Consecutive records of one block that come behind each other in the order of time.
#[derive(Debug)]
pub(crate) struct Run {
    /// The number of the segment.
    pub(crate) segment: u32,
    /// Where the block starts in the file.
    pub(crate) block: u64,
    pub(crate) chunk: Arc<Chunk>,
    /// Indices in the chunk.
    pub(crate) records: Range<usize>,
    /// What is wrong with the block, if this is its first run.
    pub(crate) problems: Vec<Problem>,
}

/// A record in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    /// Its time: nanoseconds since the Unix epoch, UTC.
    pub(crate) unix_ns: i64,
    /// What the block says of it.
    pub(crate) entry: Entry,
    /// Whether a flight recorder held the block.
    pub(crate) is_dumped: bool,
}

impl Run {
    /// Whether there are no more of its block in memory.
    pub(crate) fn is_last(&self) -> bool {
        self.records.end == self.chunk.entries().len()
    }

    /// Bytes that it keeps in memory.
    pub(crate) fn cost(&self) -> usize {
        self.chunk.cost()
    }

    /// Takes off the first records, `count` of them; what is left stays.
    pub(crate) fn split(&mut self, count: usize) -> Self {
        let middle = self.records.end.min(self.records.start + count);
        let first = Self {
            chunk: Arc::clone(&self.chunk),
            records: self.records.start..middle,
            problems: std::mem::take(&mut self.problems),
            ..*self
        };
        self.records.start = middle;
        first
    }
}

/// What is needed to turn runs into records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Records<'a> {
    pub(crate) segments: &'a [Segment],
    pub(crate) filter: &'a Filter,
    /// Whether values are looked at; if not, they are checked, and records come without them.
    pub(crate) with_values: bool,
}

impl Records<'_> {
    /// Hands the records of the run that are wanted to `f`, until it breaks; then the records behind that one are left.
    pub(crate) fn each<B>(
        &self,
        run: &mut Run,
        findings: &mut Findings,
        mut f: impl FnMut(&Record<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Self { segments, filter, with_values } = self;
        let segment = &segments[run.segment as usize];
        for problem in run.problems.drain(..) {
            findings.add(segment.file(), run.block, problem);
        }
        let chunk = &*run.chunk;
        let entries = &chunk.entries()[run.records.clone()];
        let mut values = Vec::new();
        let mut span = None;
        for entry in entries {
            run.records.start += 1;
            let unix_ns = time(segment, &mut span, entry.ticks);
            if !filter.wants_time(unix_ns) || !segment.wants_thread(entry.thread, filter) {
                continue;
            }
            let bytes = chunk.values(entry);
            let call_site = match call_site(segment, entry, bytes, *with_values, &mut values) {
                Ok(Some(call_site)) => call_site,
                Ok(None) => continue,
                Err(problem) => {
                    findings.add(segment.file(), run.block, problem);
                    continue;
                }
            };
            let thread = segment.thread(entry.thread);
            if thread.is_none() {
                let problem = Problem::UnknownThread { thread: entry.thread };
                findings.add(segment.file(), run.block, problem);
            }
            let is_dumped = chunk.is_dumped();
            let place = Position { unix_ns, entry: *entry, is_dumped };
            let scopes = chunk.scopes();
            f(&Record { segment, call_site, place, thread, values: &values, scopes })?;
        }
        ControlFlow::Continue(())
    }
}

/// The time at `ticks`; `span` is that of the record before.
#[inline]
fn time(segment: &Segment, span: &mut Option<Span>, ticks: u64) -> i64 {
    match span {
        Some(span) if span.contains(ticks) => span.unix_ns(ticks),
        span => span.insert(segment.span(ticks)).unix_ns(ticks),
    }
}

/// The site of the record, and its values in `values` if they are wanted, or are no plain numbers; `None` if the site is not
/// wanted.
#[inline]
fn call_site<'a>(
    segment: &'a Segment,
    entry: &Entry,
    bytes: &'a [u8],
    with_values: bool,
    values: &mut Vec<Value<'a>>,
) -> Result<Option<&'a CallSite>, Problem> {
    let site = entry.site;
    let call_site = segment.site(site).ok_or(Problem::UnknownSite { site })?;
    if !call_site.wanted {
        return Ok(None);
    }
    if let Err(cause) = &call_site.message {
        return Err(Problem::Unrenderable { site, cause: Arc::clone(cause) });
    }
    let described = &call_site.site;
    values.clear();
    if !with_values && call_site.len == Some(bytes.len()) {
        return Ok(Some(call_site));
    }
    value::take_all(&described.values, &described.definitions, bytes, values)
        .map_err(|error| Problem::Unrenderable { site, cause: error.to_string().into() })?;
    Ok(Some(call_site))
}
