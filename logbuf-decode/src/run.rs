//! Consecutive records of one block, and what it takes to hand them out.

use crate::{
    callsite::CallSite,
    chunk::{Chunk, Entry},
    filter::{Filter, is_within},
    finding::{Findings, Problem},
    record::Record,
    segment::Segment,
};
use logbuf_format::{
    render::TooLong,
    timeline::Stretch,
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
    /// From when to when records are wanted.
    pub(crate) time: &'a Range<i64>,
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
        let Self { segments, filter, time: wanted, with_values } = self;
        let segment = &segments[run.segment as usize];
        for problem in run.problems.drain(..) {
            findings.add(segment.file(), run.block, problem);
        }
        let chunk = &*run.chunk;
        let (scopes, is_dumped, share) = (chunk.scopes(), chunk.is_dumped(), chunk.share());
        let meta_len = segment.meta_text_len();
        let entries = &chunk.entries()[run.records.clone()];
        let Some(first) = entries.first() else { return ControlFlow::Continue(()) };
        let mut values = Vec::new();
        let mut stretch = segment.stretch(first.ticks);
        // Records of one site, and of one thread, come in rows.
        let site_of = |id| (id, segment.site(id));
        let thread_of = |id| {
            let thread = segment.thread(id);
            let text_len = meta_len + thread.map_or(0, |thread| thread.name.len());
            (id, thread, segment.wants_thread(id, filter), text_len)
        };
        let (mut site, mut log_thread) = (site_of(first.site), thread_of(first.thread));
        for entry in entries {
            run.records.start += 1;
            let unix_ns = time(segment, &mut stretch, entry.ticks);
            if log_thread.0 != entry.thread {
                log_thread = thread_of(entry.thread);
            }
            let (_, thread, wants_thread, thread_len) = log_thread;
            if !is_within(unix_ns, wanted) || !wants_thread {
                continue;
            }
            if site.0 != entry.site {
                site = site_of(entry.site);
            }
            let bytes = chunk.values(entry);
            let around_len = thread_len + scopes.path_len(entry.scopes);
            let text = Text { limit: share.bytes(entry.size()), around_len };
            let call_site = match take(site.1, entry, bytes, text, *with_values, &mut values) {
                Ok(Some(call_site)) => call_site,
                Ok(None) => continue,
                Err(problem) => {
                    findings.add(segment.file(), run.block, problem);
                    continue;
                }
            };
            if thread.is_none() {
                let problem = Problem::UnknownThread { thread: entry.thread };
                findings.add(segment.file(), run.block, problem);
            }
            let place = Position { unix_ns, entry: *entry, is_dumped };
            let text_limit = text.limit;
            f(&Record { segment, call_site, place, thread, values: &values, scopes, text_limit })?;
        }
        ControlFlow::Continue(())
    }
}

/// The time at `ticks`; `stretch` is that of the record before.
#[inline]
fn time(segment: &Segment, stretch: &mut Stretch, ticks: u64) -> i64 {
    if !stretch.contains(ticks) {
        *stretch = segment.stretch(ticks);
    }
    stretch.unix_ns(ticks)
}

/// Text of a record, in bytes.
#[derive(Clone, Copy)]
struct Text {
    /// How much it may be.
    limit: usize,
    /// What its thread, its scopes and its segment add to it, about.
    around_len: usize,
}

#[cold]
fn unrenderable(site: u32, cause: impl ToString) -> Problem {
    Problem::Unrenderable { site, cause: cause.to_string().into() }
}

/// The site of the record, and its values in `values` if they are wanted, or are no plain numbers; `None` if the site is not
/// wanted.
#[inline]
fn take<'a>(
    call_site: Option<&'a CallSite>,
    entry: &Entry,
    bytes: &'a [u8],
    text: Text,
    with_values: bool,
    values: &mut Vec<Value<'a>>,
) -> Result<Option<&'a CallSite>, Problem> {
    let site = entry.site;
    let call_site = call_site.ok_or(Problem::UnknownSite { site })?;
    if !call_site.wanted {
        return Ok(None);
    }
    values.clear();
    if call_site.text_len + text.around_len > text.limit {
        return Err(unrenderable(site, TooLong { limit: text.limit }));
    }
    // Of values whose bits are all good nothing need be looked at.
    if !with_values && call_site.len == Some(bytes.len()) && call_site.message.is_ok() {
        return Ok(Some(call_site));
    }
    if let Err(cause) = &call_site.message {
        return Err(Problem::Unrenderable { site, cause: Arc::clone(cause) });
    }
    let described = &call_site.site;
    value::take_some(&described.values, &described.definitions, bytes, text.limit, values)
        .map_err(|error| unrenderable(site, error))?;
    Ok(Some(call_site))
}
