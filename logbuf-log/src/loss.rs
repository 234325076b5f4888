//! Counting what was logged and could not be kept.
//!
//! A counter only grows. Beside it stands how much of it is in a file, so that whoever finds both in the session of a process that was
//! killed knows what is not, as LOSS entries say what the counter was: `written + lost` is what was logged, then as ever.

use core::sync::atomic::{AtomicU64, Ordering};
use std::sync::OnceLock;

use logbuf_format::Level;
use logbuf_format::loss::Reason;

const LEVELS: usize = Level::ALL.len();
/// Each at the place of its number.
const REASONS: [Reason; 5] =
    [Reason::RING_FULL, Reason::TOO_LONG, Reason::GIVEN_UP, Reason::SCOPE, Reason::PANICKED];

/// Words of a counter.
const COUNTER: usize = 8;

/// Words of all counters of a thread: for each level, for each reason.
pub(crate) const WORDS: usize = LEVELS * REASONS.len() * COUNTER;

/// What one thread has lost, by level and reason. Any thread may add; the writer takes.
#[derive(Debug)]
pub(crate) struct Losses {
    /// Where they are counted in the session, if there is room for it there.
    kept: OnceLock<&'static [AtomicU64]>,
    /// Where they are counted otherwise.
    own: [AtomicU64; WORDS],
}

/// What the words of a counter hold, in order.
#[derive(Debug, Clone, Copy)]
enum Word {
    /// Records so far, and their bytes.
    Count,
    Bytes,
    /// Ticks of the first, and of the last, since the last taking. `u64::MAX` and 0 where there was none.
    First,
    Last,
    /// How many of the records are in a file, and bytes of these.
    WrittenCount,
    WrittenBytes,
    /// Ticks of the first and the last of those that were taken and are not known to be in a file.
    TakenFirst,
    TakenLast,
}

/// What was lost, and is not in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    pub(crate) level: Level,
    pub(crate) reason: Reason,
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    /// Ticks of the first and the last, or wider.
    pub(crate) ticks: (u64, u64),
    /// How many there were so far, these included.
    pub(crate) total: u64,
}

impl Losses {
    pub(crate) const fn new() -> Self {
        Self { kept: OnceLock::new(), own: [const { AtomicU64::new(0) }; WORDS] }
    }

    /// Counts in these [`WORDS`], all 0, from now on: they outlive the process. Nobody else is counting.
    pub(crate) fn keep_in(&self, words: &'static [AtomicU64]) {
        debug_assert_eq!(words.len(), WORDS);
        for (own, word) in self.own.iter().zip(words) {
            word.store(own.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        // Once in the life of a thread, and of a process for the stand-in.
        let _first = self.kept.set(words);
    }

    /// Counts a record of `bytes` bytes that was logged at `ticks`.
    #[cold]
    pub(crate) fn add(&self, level: Level, reason: Reason, bytes: usize, ticks: u64) {
        let counter = self.counter(level, reason);
        counter.include((Word::First, Word::Last), (ticks, ticks));
        counter.word(Word::Bytes).fetch_add(bytes as u64, Ordering::Relaxed);
        // Release, with the acquisition in `take`: whoever counts this record sees its size and time.
        counter.word(Word::Count).fetch_add(1, Ordering::Release);
    }

    /// Counts what another thread has lost, which was taken there.
    pub(crate) fn add_all(&self, lost: &Lost) {
        let counter = self.counter(lost.level, lost.reason);
        counter.include((Word::First, Word::Last), lost.ticks);
        counter.word(Word::Bytes).fetch_add(lost.bytes, Ordering::Relaxed);
        // As in `add`.
        counter.word(Word::Count).fetch_add(lost.count, Ordering::Release);
    }

    /// Takes what is not in a file. Whoever takes it says when it [is](Self::settle); unless they do it is taken again.
    /// `now` stands in for times that went into an earlier taking together with records counted after it.
    pub(crate) fn take(&self, now: u64) -> impl Iterator<Item = Lost> {
        counters().filter_map(move |(level, reason)| {
            self.counter(level, reason).take(now).map(|part| part.of(level, reason))
        })
    }

    /// What was taken is in a file.
    pub(crate) fn settle(&self, lost: &Lost) {
        let counter = self.counter(lost.level, lost.reason);
        counter.word(Word::WrittenBytes).fetch_add(lost.bytes, Ordering::Relaxed);
        counter.word(Word::TakenFirst).store(0, Ordering::Relaxed);
        counter.word(Word::TakenLast).store(0, Ordering::Relaxed);
        counter.word(Word::WrittenCount).store(lost.total, Ordering::Relaxed);
    }

    /// How many are not in a file.
    pub(crate) fn unwritten(&self) -> u64 {
        counters().map(|(level, reason)| self.counter(level, reason).unwritten()).sum()
    }

    fn counter(&self, level: Level, reason: Reason) -> Counter<'_> {
        let words = self.kept.get().map_or(&self.own[..], |words| *words);
        Counter(&words[place(level, reason)..][..COUNTER])
    }
}

/// All levels with all reasons.
fn counters() -> impl Iterator<Item = (Level, Reason)> {
    Level::ALL.into_iter().flat_map(|level| REASONS.into_iter().map(move |reason| (level, reason)))
}

/// Where the counter of a level and a reason stands among the words of a thread.
fn place(level: Level, reason: Reason) -> usize {
    (level as usize * REASONS.len() + usize::from(reason.0)) * COUNTER
}

/// Whether records lost for this reason are counted. Those of a reason of a later version are not.
pub(crate) fn is_counted(reason: Reason) -> bool {
    REASONS.contains(&reason)
}

/// How many records of a level and a reason that [is counted](is_counted) a thread's [`WORDS`] know to be in a file.
pub(crate) fn written(words: &[u64], level: Level, reason: Reason) -> u64 {
    words.get(place(level, reason) + Word::WrittenCount as usize).copied().unwrap_or(0)
}

/// What a thread's [`WORDS`] say that is in no file, when the process has died. `in_file` is how many records of a level and a reason
/// entries in files speak of, and bytes of those that the words do not know to be there. Nothing here is believed to make sense.
pub(crate) fn left(
    words: &[u64],
    in_file: impl Fn(Level, Reason) -> (u64, u64),
) -> impl Iterator<Item = Lost> {
    counters().filter_map(move |(level, reason)| {
        let words = words.get(place(level, reason)..)?.get(..COUNTER)?;
        let word = |word: Word| words[word as usize];
        let total = word(Word::Count);
        let (count, bytes) = in_file(level, reason);
        let count =
            total.checked_sub(count.max(word(Word::WrittenCount))).filter(|left| *left > 0)?;
        let bytes =
            word(Word::Bytes).saturating_sub(word(Word::WrittenBytes)).saturating_sub(bytes);
        let firsts = [First::load(word(Word::First)), First::load(word(Word::TakenFirst))];
        let last = word(Word::Last).max(word(Word::TakenLast));
        let first = firsts.into_iter().flatten().min().unwrap_or(last);
        Some(Lost { level, reason, count, bytes, ticks: (first, last.max(first)), total })
    })
}

/// A smallest time stamp in a word: of files of zeros, so that 0 stands for none, and each is kept with its bits turned over. The
/// largest of the words is the smallest time stamp then.
struct First;

impl First {
    const fn store(ticks: u64) -> u64 {
        !ticks
    }

    fn load(word: u64) -> Option<u64> {
        (word != 0).then_some(!word)
    }
}

/// Records of one level lost for one reason.
#[derive(Debug, Clone, Copy)]
struct Counter<'a>(&'a [AtomicU64]);

/// What was taken of a counter.
struct Taken {
    count: u64,
    bytes: u64,
    ticks: (u64, u64),
    total: u64,
}

impl Taken {
    fn of(self, level: Level, reason: Reason) -> Lost {
        let Self { count, bytes, ticks, total } = self;
        Lost { level, reason, count, bytes, ticks, total }
    }
}

impl Counter<'_> {
    fn word(&self, word: Word) -> &AtomicU64 {
        &self.0[word as usize]
    }

    /// Widens a span of time.
    fn include(&self, (first, last): (Word, Word), ticks: (u64, u64)) {
        self.word(first).fetch_max(First::store(ticks.0), Ordering::Relaxed);
        self.word(last).fetch_max(ticks.1, Ordering::Relaxed);
    }

    fn unwritten(&self) -> u64 {
        // Relaxed: nothing is read on the strength of it. The second is never larger, and read first.
        let written = self.word(Word::WrittenCount).load(Ordering::Relaxed);
        self.word(Word::Count).load(Ordering::Relaxed).saturating_sub(written)
    }

    fn take(&self, now: u64) -> Option<Taken> {
        // A plain load first: almost always there is nothing, and then the line stays shared. The count goes first. A record
        // added meanwhile may have its bytes and times taken now and its count later: the counts are exact, and each span
        // covers the records counted with it. Acquire, with the release in `add`.
        let total = self.word(Word::Count).load(Ordering::Acquire);
        // The writer's own, as all that follows but for the bytes and times of the next.
        let written = self.word(Word::WrittenCount).load(Ordering::Relaxed);
        if total == written {
            return None;
        }
        let bytes = self.word(Word::Bytes).load(Ordering::Relaxed);
        let bytes = bytes.saturating_sub(self.word(Word::WrittenBytes).load(Ordering::Relaxed));
        let first = First::load(self.word(Word::First).swap(0, Ordering::Relaxed)).unwrap_or(now);
        let last = self.word(Word::Last).swap(0, Ordering::Relaxed);
        self.include((Word::TakenFirst, Word::TakenLast), (first.min(now), last));
        let first = First::load(self.word(Word::TakenFirst).load(Ordering::Relaxed)).unwrap_or(now);
        let last = self.word(Word::TakenLast).load(Ordering::Relaxed).max(first);
        Some(Taken { count: total - written, bytes, ticks: (first, last), total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(level: Level, reason: Reason, count: u64, bytes: u64, ticks: (u64, u64)) -> Lost {
        Lost { level, reason, count, bytes, ticks, total: count }
    }

    #[test]
    fn each_level_and_reason_is_taken_until_it_is_written() {
        let losses = Losses::new();
        losses.add(Level::Warn, Reason::RING_FULL, 40, 7);
        losses.add(Level::Warn, Reason::RING_FULL, 60, 9);
        losses.add(Level::Error, Reason::TOO_LONG, 1 << 20, 8);
        let expected = [
            lost(Level::Error, Reason::TOO_LONG, 1, 1 << 20, (8, 8)),
            lost(Level::Warn, Reason::RING_FULL, 2, 100, (7, 9)),
        ];
        for _ in 0..2 {
            assert_eq!(losses.take(10).collect::<Vec<_>>(), expected);
        }
        assert_eq!(losses.unwritten(), 3);
        expected.iter().for_each(|lost| losses.settle(lost));
        assert_eq!(losses.unwritten(), 0);
        assert_eq!(losses.take(10).count(), 0);
        losses.add(Level::Warn, Reason::RING_FULL, 5, 11);
        let next = Lost { total: 3, ..lost(Level::Warn, Reason::RING_FULL, 1, 5, (11, 11)) };
        assert_eq!(losses.take(12).collect::<Vec<_>>(), [next]);
    }

    #[test]
    fn what_a_dead_process_had_counted_is_left_unless_a_file_has_it() {
        let words: &'static [AtomicU64] = Box::leak(Box::new([const { AtomicU64::new(0) }; WORDS]));
        let losses = Losses::new();
        losses.add(Level::Info, Reason::RING_FULL, 40, 7);
        losses.keep_in(words);
        let left = |in_file: (u64, u64)| {
            let words: Vec<u64> = words.iter().map(|word| word.load(Ordering::Relaxed)).collect();
            super::left(&words, |_, _| in_file).collect::<Vec<_>>()
        };
        let first = lost(Level::Info, Reason::RING_FULL, 1, 40, (7, 7));
        assert_eq!(left((0, 0)), [first]);
        // Killed before it was written, and after.
        assert_eq!(losses.take(8).collect::<Vec<_>>(), [first]);
        assert_eq!(left((0, 0)), [first]);
        assert_eq!(left((1, 40)), []);
        losses.add(Level::Info, Reason::RING_FULL, 2, 9);
        let second = Lost { total: 2, ..lost(Level::Info, Reason::RING_FULL, 1, 2, (7, 9)) };
        assert_eq!(left((1, 40)), [second]);
        losses.settle(&first);
        assert_eq!(left((0, 0)), [Lost { ticks: (9, 9), ..second }]);
    }

    #[test]
    fn counts_are_exact_under_contention() {
        const EACH: u64 = 50_000;
        let losses = Losses::new();
        let mut taken = 0;
        let mut take = || {
            let lost: Vec<_> = losses.take(EACH).collect();
            lost.iter().for_each(|lost| losses.settle(lost));
            taken += lost.iter().map(|lost| lost.count).sum::<u64>();
        };
        std::thread::scope(|scope| {
            let adders: Vec<_> = (0..3)
                .map(|_| {
                    scope.spawn(|| {
                        (0..EACH).for_each(|i| losses.add(Level::Info, Reason::RING_FULL, 1, i))
                    })
                })
                .collect();
            while !adders.iter().all(|adder| adder.is_finished()) {
                take();
            }
        });
        take();
        assert_eq!(taken, 3 * EACH);
    }
}
