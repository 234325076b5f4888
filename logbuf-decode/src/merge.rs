//! Records of many blocks in one order of time.

use crate::{
    chunk::{Chunk, Entry},
    filter::Filter,
    finding::Findings,
    segment::{EventBlock, Segment},
};
use logbuf_format::timeline::Span;
use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
    sync::Arc,
};

/// Memory for blocks that are open at the same time, in bytes.
const BUDGET: usize = 64 << 20;

/// Segments up to which their files stay open between two blocks.
const OPEN_FILES: usize = 64;

/// The place of a record in the order: by time; then by segment, by its finer time stamp, and by block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    unix_ns: i64,
    segment: u32,
    ticks: u64,
    block: u32,
}

/// A merge of the blocks of all segments.
///
/// Blocks are read when the time of their first record comes, and let go when they are through: memory is bounded by the
/// blocks that overlap in time. If those take more than a budget, only the next records of each are held, and a block is
/// read again for those behind them. So order is exact, and memory bounded, however blocks overlap.
#[derive(Debug)]
pub(crate) struct Merge {
    /// Blocks that are not in memory, by the next of their records.
    due: BinaryHeap<Reverse<Due>>,
    /// Blocks that are in memory, by the next of their records.
    open: BinaryHeap<Reverse<Cursor>>,
    /// The block of the record that comes next.
    current: Option<Cursor>,
    /// The first record behind which another block is next.
    limit: Option<Key>,
    /// Blocks that are due, by segment.
    left: Vec<usize>,
    /// Bytes in memory.
    used: usize,
    budget: usize,
    newest: Option<i64>,
}

/// A block to be read.
#[derive(Debug)]
struct Due {
    key: Key,
    block: EventBlock,
    /// Records that are through.
    rank: usize,
    /// Whether it was read before, and what is wrong with it reported.
    again: bool,
}

/// A block in memory.
#[derive(Debug)]
struct Cursor {
    key: Key,
    block: EventBlock,
    chunk: Chunk,
    /// The next record, an index in the chunk.
    next: usize,
    span: Span,
}

impl Default for Merge {
    fn default() -> Self {
        Self::with_budget(BUDGET)
    }
}

impl Merge {
    pub(crate) fn with_budget(budget: usize) -> Self {
        Self {
            due: BinaryHeap::new(),
            open: BinaryHeap::new(),
            current: None,
            limit: None,
            left: Vec::new(),
            used: 0,
            budget,
            newest: None,
        }
    }

    /// Adds those blocks of the segment with this number that may hold what is wanted, and were not added before.
    pub(crate) fn add(&mut self, number: u32, segment: &mut Segment, filter: &Filter) {
        for (block, event_block) in segment.take_blocks() {
            let EventBlock { first, last, levels, .. } = event_block;
            let unix_ns = segment.unix_ns(first);
            let last_unix_ns = segment.unix_ns(last);
            self.newest = self.newest.max(Some(last_unix_ns));
            if filter.wants_block(levels, unix_ns, last_unix_ns) {
                let key = Key { unix_ns, segment: number, ticks: first, block };
                self.push_due(Due { key, block: event_block, rank: 0, again: false });
            }
        }
    }

    /// The time of the last record that the headers of the blocks that were added speak of.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.newest
    }

    /// Moves on to the next record; `None` behind the last that is not later than `until`.
    pub(crate) fn advance(
        &mut self,
        until: i64,
        segments: &mut [Segment],
        findings: &mut Findings,
    ) -> Option<Position<'_>> {
        if !self.step(until, segments) {
            self.change(until, segments, findings)?;
        }
        let Cursor { key, block, chunk, next, .. } = self.current.as_ref()?;
        let entry = chunk.get(*next)?;
        Some(Position {
            segment: key.segment as usize,
            block: block.offset,
            unix_ns: key.unix_ns,
            entry: *entry,
            values: chunk.values(entry),
        })
    }

    /// Whether the next record is one of the current block.
    #[inline]
    fn step(&mut self, until: i64, segments: &[Segment]) -> bool {
        let Some(cursor) = &mut self.current else { return false };
        cursor.next += 1;
        cursor.place(segments)
            && cursor.key.unix_ns <= until
            && self.limit.is_none_or(|limit| cursor.key < limit)
    }

    /// Makes the block of the next record the current one.
    fn change(
        &mut self,
        until: i64,
        segments: &mut [Segment],
        findings: &mut Findings,
    ) -> Option<()> {
        if let Some(cursor) = self.current.take() {
            self.put_back(cursor, segments);
        }
        loop {
            let due = self.due.peek().map(|Reverse(due)| due.key);
            let open = self.open.peek().map(|Reverse(open)| open.key);
            let next = due.into_iter().chain(open).min()?;
            if next.unix_ns > until {
                return None;
            }
            if open == Some(next) {
                break;
            }
            if let Some(Reverse(due)) = self.due.pop() {
                self.read(due, segments, findings);
            }
        }
        let Reverse(cursor) = self.open.pop()?;
        let due = self.due.peek().map(|Reverse(due)| due.key);
        let open = self.open.peek().map(|Reverse(open)| open.key);
        self.limit = due.into_iter().chain(open).min();
        self.current = Some(cursor);
        Some(())
    }

    /// Puts a block among the open ones, or lets it go if it is through.
    fn put_back(&mut self, cursor: Cursor, segments: &[Segment]) {
        if cursor.next < cursor.chunk.len() {
            self.open.push(Reverse(cursor));
            return;
        }
        self.used -= cursor.cost();
        if let Some(ticks) = cursor.chunk.more() {
            let unix_ns = segments[cursor.key.segment as usize].unix_ns(ticks);
            let key = Key { unix_ns, ticks, ..cursor.key };
            let rank = cursor.chunk.rank(cursor.next);
            self.push_due(Due { key, block: cursor.block, rank, again: true });
        }
    }

    /// Reads a block.
    fn read(&mut self, due: Due, segments: &mut [Segment], findings: &mut Findings) {
        let Due { key, block, rank, again } = due;
        let number = key.segment as usize;
        let many = segments.len() > OPEN_FILES;
        let segment = &mut segments[number];
        let file = Arc::clone(segment.file());
        let mut chunk = Chunk::read(segment, &block, &mut |problem| {
            if !again {
                findings.add(&file, block.offset, problem);
            }
        });
        self.left[number] -= 1;
        if many || self.left[number] == 0 {
            segment.source().release();
        }
        chunk.skip(rank);
        if self.used + chunk.cost() > self.budget {
            chunk.shrink(self.budget / (2 * (self.open.len() + 1)));
        }
        let mut cursor = Cursor { key, block, chunk, next: 0, span: segment.span(block.first) };
        if cursor.place(segments) {
            self.used += cursor.cost();
            self.open.push(Reverse(cursor));
            if self.used > self.budget {
                self.evict();
            }
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
            self.push_due(Due { key: cursor.key, block: cursor.block, rank, again: true });
        }
        self.open = open.into();
    }

    fn push_due(&mut self, due: Due) {
        let segment = due.key.segment as usize;
        if segment >= self.left.len() {
            self.left.resize(segment + 1, 0);
        }
        self.left[segment] += 1;
        self.limit = self.limit.map(|limit| limit.min(due.key)).or(Some(due.key));
        self.due.push(Reverse(due));
    }
}

/// A record in its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position<'a> {
    /// The index of its segment.
    pub(crate) segment: usize,
    /// Where its block starts in the file.
    pub(crate) block: u64,
    /// Its time.
    pub(crate) unix_ns: i64,
    /// What the block says of it.
    pub(crate) entry: Entry,
    /// Its values.
    pub(crate) values: &'a [u8],
}

impl Cursor {
    /// Brings the key up to date; `false` if there is no next record.
    #[inline]
    fn place(&mut self, segments: &[Segment]) -> bool {
        let Some(entry) = self.chunk.get(self.next) else { return false };
        let ticks = entry.ticks;
        if !self.span.contains(ticks) {
            self.span = segments[self.key.segment as usize].span(ticks);
        }
        self.key.ticks = ticks;
        self.key.unix_ns = self.span.unix_ns(ticks);
        true
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
