//! Records of many blocks in one order of time.

use crate::{
    chunk::{Chunk, Entry, Room},
    filter::{Filter, is_before},
    finding::Problem,
    run::Run,
    segment::{EventBlock, Segment},
};
use logbuf_format::{limits, timeline::Stretch};
use std::{
    cmp::{Ordering, Reverse},
    collections::{BTreeSet, BinaryHeap},
    ops::Range,
    sync::Arc,
};

/// Memory for blocks that are open at the same time, in bytes.
const BUDGET: usize = 64 << 20;

/// Bytes in memory, or on their way there, up to which blocks are read before they are needed.
const AHEAD: usize = 8 << 20;

/// Segments up to which their files stay open between two blocks.
const OPEN_FILES: usize = 64;

/// The place of a record in the order: by time; then by process, by its finer time stamp, by segment and by block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    unix_ns: i64,
    /// The first segment of the process.
    process: u32,
    ticks: u64,
    segment: u32,
    block: u32,
}

/// A merge of the blocks of all segments, from which records come in runs: consecutive records of one block.
///
/// Blocks are read when the time of their first record comes, and let go when they are through: memory is bounded by the
/// blocks that overlap in time. If those take more than a budget, only the next records of each are held, and a block is
/// read again for those behind them. So order is exact, and memory bounded, however blocks overlap.
///
/// It reads nothing itself: it says what is due, and is given it. So blocks can be read on other threads.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Blocks that are not in memory, by the next of their records.
    due: BinaryHeap<Reverse<Due>>,
    /// The next records of the blocks that are on their way.
    coming: BTreeSet<Key>,
    /// Blocks that are in memory, by the next of their records.
    open: BinaryHeap<Reverse<Cursor>>,
    /// The block of the last run.
    current: Option<Cursor>,
    /// Blocks that are due, by segment.
    left: Vec<usize>,
    /// Bytes in memory.
    used: usize,
    /// Bytes on their way.
    expected: usize,
    budget: usize,
    newest: Option<i64>,
    oldest: Option<i64>,
}

/// What comes next.
#[derive(Debug)]
pub(crate) enum Next {
    /// These records.
    Run(Run),
    /// Those of a block that is due, or on its way.
    Block,
    /// None.
    End,
}

/// A block to be read.
#[derive(Debug)]
pub(crate) struct Due {
    key: Key,
    block: EventBlock,
    /// Records that are through.
    rank: usize,
    /// If it was read before: what is wrong with it and was not reported yet.
    known: Option<Vec<Problem>>,
    /// Whether its file need not stay open.
    is_last: bool,
}

/// A block that was read.
#[derive(Debug)]
pub(crate) struct Loaded {
    due: Due,
    chunk: Chunk,
    problems: Vec<Problem>,
}

/// A block in memory.
#[derive(Debug)]
struct Cursor {
    key: Key,
    block: EventBlock,
    chunk: Arc<Chunk>,
    /// The next record, an index in the chunk.
    next: usize,
    stretch: Stretch,
    /// What is wrong with the block, until the first run takes it along.
    problems: Vec<Problem>,
}

impl Default for Merge {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl Due {
    /// Reads the block, on whatever thread.
    pub(crate) fn load(mut self, segments: &[Segment], room: &mut Room) -> Loaded {
        let segment = &segments[self.key.segment as usize];
        let (mut chunk, found) = Chunk::read(segment, &self.block, room);
        if self.is_last {
            segment.source().release();
        }
        let problems = self.known.take().unwrap_or(found);
        chunk.skip(self.rank);
        Loaded { due: self, chunk, problems }
    }

    /// Bytes it will take in memory, about: a record and its place in the index, however small it was packed. What the header
    /// says need not be true.
    fn cost(&self) -> usize {
        let records = self.block.records as usize * 2 * size_of::<Entry>();
        self.block.len as usize + records.min(3 * limits::PAYLOAD)
    }
}

impl Merge {
    pub(crate) fn with_budget(budget: usize) -> Self {
        Self {
            due: BinaryHeap::new(),
            coming: BTreeSet::new(),
            open: BinaryHeap::new(),
            current: None,
            left: Vec::new(),
            used: 0,
            expected: 0,
            budget,
            newest: None,
            oldest: None,
        }
    }

    /// Starts over without any blocks.
    pub(crate) fn clear(&mut self) {
        *self = Self { newest: self.newest, ..Self::with_budget(self.budget) };
    }

    /// Adds those blocks of the segment with this number, of these indices, that may hold what is wanted within this time. What is wrong
    /// with blocks that reach to `told` or behind it is known.
    pub(crate) fn add(
        &mut self,
        (number, segment): (u32, &Segment),
        blocks: Range<usize>,
        filter: &Filter,
        time: &Range<i64>,
        told: i64,
    ) {
        for index in blocks {
            let block = segment.blocks()[index];
            let (unix_ns, last_unix_ns) = segment.time_of(&block);
            self.newest = self.newest.max(Some(last_unix_ns));
            let is_within = last_unix_ns >= time.start && is_before(unix_ns, time.end);
            if is_within && segment.wants_block(&block, filter) {
                self.oldest = Some(self.oldest.unwrap_or(unix_ns).min(unix_ns));
                let key = Key {
                    unix_ns,
                    process: segment.first_of_process(number),
                    ticks: block.first,
                    segment: number,
                    block: index as u32,
                };
                let known = (last_unix_ns >= told).then(Vec::new);
                self.push_due(key, block, 0, known);
            }
        }
    }

    /// Puts the blocks that are due in order again: their segments tell the time by more than they did.
    pub(crate) fn place(&mut self, segments: &[Segment]) {
        let mut due = std::mem::take(&mut self.due).into_vec();
        for Reverse(Due { key, .. }) in &mut due {
            let segment = &segments[key.segment as usize];
            key.unix_ns = segment.unix_ns(key.ticks);
            key.process = segment.first_of_process(key.segment);
        }
        self.due = due.into();
    }

    /// The time of the last record that the headers of the blocks that were added speak of.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// The time of the first record of the blocks that may hold what is wanted.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.oldest
    }

    /// What comes next, if it is not later than `until`.
    pub(crate) fn next(&mut self, until: i64, segments: &[Segment]) -> Next {
        self.settle(segments);
        let open = self.open.peek().map(|Reverse(open)| open.key);
        let away = self.away();
        match (open, away) {
            (None, None) => return Next::End,
            (open, Some(away)) if open.is_none_or(|open| away < open) => {
                return if away.unix_ns > until { Next::End } else { Next::Block };
            }
            (Some(open), _) if open.unix_ns > until => return Next::End,
            _ => {}
        }
        let Some(Reverse(mut cursor)) = self.open.pop() else { return Next::End };
        let open = self.open.peek().map(|Reverse(open)| open.key);
        let limit = away.into_iter().chain(open).min();
        let run = cursor.run(until, limit, segments);
        self.current = Some(cursor);
        Next::Run(run)
    }

    /// Takes the last run back from this record of it on: it comes again.
    pub(crate) fn rewind(&mut self, index: usize) {
        if let Some(cursor) = &mut self.current {
            cursor.next = index;
        }
    }

    /// The first block that is due, to be read and [given](Merge::supply).
    pub(crate) fn take_due(&mut self, segments: &[Segment]) -> Option<Due> {
        let Reverse(mut due) = self.due.pop()?;
        let left = &mut self.left[due.key.segment as usize];
        *left -= 1;
        due.is_last = *left == 0 || segments.len() > OPEN_FILES;
        self.expected += due.cost();
        self.coming.insert(due.key);
        Some(due)
    }

    /// As [`Merge::take_due`], if it is needed next, or there is memory to read ahead of what is and fewer than `most` are on
    /// their way: those behind what is needed must not keep it waiting.
    pub(crate) fn take_ahead(&mut self, most: usize, segments: &[Segment]) -> Option<Due> {
        self.settle(segments);
        let Reverse(due) = self.due.peek()?;
        let is_needed = self.coming.first().is_none_or(|coming| due.key < *coming)
            && self.open.peek().is_none_or(|Reverse(open)| due.key < open.key);
        let limit = AHEAD.min(self.budget / 2);
        let fits = self.used + self.expected + due.cost() <= limit;
        let is_ahead = self.coming.len() < most && fits;
        if is_needed || is_ahead { self.take_due(segments) } else { None }
    }

    /// Takes in a block that was due.
    pub(crate) fn supply(&mut self, loaded: Loaded, segments: &[Segment]) {
        let Loaded { due, mut chunk, problems } = loaded;
        self.expected -= due.cost();
        self.coming.remove(&due.key);
        let Due { key, block, .. } = due;
        if self.used + chunk.cost() > self.budget {
            chunk.shrink(self.budget / (2 * (self.open.len() + 1)));
        }
        let stretch = segments[key.segment as usize].stretch(block.first);
        let mut cursor = Cursor { key, block, chunk: Arc::new(chunk), next: 0, stretch, problems };
        cursor.place(segments);
        // One without records has problems to tell of.
        if cursor.is_left() || !cursor.problems.is_empty() {
            self.used += cursor.cost();
            self.open.push(Reverse(cursor));
            if self.used > self.budget {
                self.evict();
            }
        }
    }

    /// The next record that is not in memory.
    fn away(&self) -> Option<Key> {
        let due = self.due.peek().map(|Reverse(due)| due.key);
        due.into_iter().chain(self.coming.first().copied()).min()
    }

    /// Puts the block of the last run among the open ones, or lets it go if it is through.
    fn settle(&mut self, segments: &[Segment]) {
        let Some(mut cursor) = self.current.take() else { return };
        if cursor.is_left() {
            cursor.place(segments);
            self.open.push(Reverse(cursor));
            return;
        }
        self.used -= cursor.cost();
        if let Some(ticks) = cursor.chunk.more() {
            let unix_ns = segments[cursor.key.segment as usize].unix_ns(ticks);
            let key = Key { unix_ns, ticks, ..cursor.key };
            let rank = cursor.chunk.rank(cursor.next);
            self.push_due(key, cursor.block, rank, Some(Vec::new()));
        }
    }

    /// Takes out of memory the blocks whose next record is the latest, down to half the budget.
    fn evict(&mut self) {
        let mut open = std::mem::take(&mut self.open).into_sorted_vec();
        // Reversed order: the latest come first. The next one has to stay.
        let mut gone = 0;
        while self.used > self.budget / 2 && gone + 1 < open.len() {
            self.used -= open[gone].0.cost();
            gone += 1;
        }
        for Reverse(cursor) in open.drain(..gone) {
            let rank = cursor.chunk.rank(cursor.next);
            self.push_due(cursor.key, cursor.block, rank, Some(cursor.problems));
        }
        self.open = open.into();
    }

    fn push_due(&mut self, key: Key, block: EventBlock, rank: usize, known: Option<Vec<Problem>>) {
        let segment = key.segment as usize;
        if segment >= self.left.len() {
            self.left.resize(segment + 1, 0);
        }
        self.left[segment] += 1;
        self.due.push(Reverse(Due { key, block, rank, known, is_last: false }));
    }
}

impl Cursor {
    /// The records from the next one to the last before `limit` that is not later than `until`: one at least, if one is
    /// left.
    fn run(&mut self, until: i64, limit: Option<Key>, segments: &[Segment]) -> Run {
        let from = self.next;
        self.next = (from + 1).min(self.chunk.entries().len());
        let mut step = 1;
        // Runs are short where many threads log at once, and as long as a block where one does.
        while self.is_before(self.next + step - 1, until, limit, segments) {
            self.next += step;
            step *= 2;
        }
        while step > 1 {
            step /= 2;
            if self.is_before(self.next + step - 1, until, limit, segments) {
                self.next += step;
            }
        }
        Run {
            segment: self.key.segment,
            block: self.block.offset,
            chunk: Arc::clone(&self.chunk),
            records: Range { start: from, end: self.next },
            problems: std::mem::take(&mut self.problems),
        }
    }

    /// Whether there is such a record, before `limit` and not later than `until`.
    fn is_before(
        &mut self,
        index: usize,
        until: i64,
        limit: Option<Key>,
        segments: &[Segment],
    ) -> bool {
        let Some(&entry) = self.chunk.entries().get(index) else { return false };
        let key = self.key_of(&entry, segments);
        key.unix_ns <= until && limit.is_none_or(|limit| key < limit)
    }

    /// Brings the key up to date.
    fn place(&mut self, segments: &[Segment]) {
        if let Some(&entry) = self.chunk.entries().get(self.next) {
            self.key = self.key_of(&entry, segments);
        }
    }

    fn key_of(&mut self, entry: &Entry, segments: &[Segment]) -> Key {
        let ticks = entry.ticks;
        if !self.stretch.contains(ticks) {
            self.stretch = segments[self.key.segment as usize].stretch(ticks);
        }
        Key { ticks, unix_ns: self.stretch.unix_ns(ticks), ..self.key }
    }

    /// Whether records are left.
    fn is_left(&self) -> bool {
        self.next < self.chunk.entries().len()
    }

    fn cost(&self) -> usize {
        size_of::<Self>() + self.chunk.cost()
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Due {}

impl Ord for Cursor {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Cursor {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Cursor {}
