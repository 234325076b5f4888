//! What was logged and is not in the files.

use crate::segment::Segment;
use logbuf_format::{
    Level,
    loss::{Loss, Reason},
    thread::ThreadName,
};
use std::collections::BTreeMap;

/// Different losses (by thread, level and reason) of one segment that are told apart.
pub(crate) const LIMIT: usize = 64 * 1024;

/// Records of one thread that were lost, of one level and for one reason.
#[derive(Clone, Copy, Debug)]
pub struct Lost<'a> {
    /// Where they are missing.
    pub segment: &'a Segment,
    /// Who logged them.
    pub thread: ThreadName<'a>,
    /// Their level.
    pub level: Level,
    /// Why they were lost.
    pub reason: Reason,
    /// How many.
    pub count: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The time of the first: nanoseconds since the Unix epoch, UTC.
    pub first_unix_ns: i64,
    /// The time of the last.
    pub last_unix_ns: i64,
}

/// What the entries of one kind add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Total {
    pub(crate) count: u64,
    pub(crate) bytes: u64,
    /// Ticks.
    pub(crate) first: u64,
    /// Ticks.
    pub(crate) last: u64,
}

/// The losses of a segment, by thread, reason and level.
#[derive(Debug, Default)]
pub(crate) struct Losses {
    totals: BTreeMap<(u32, u8, Level), Total>,
}

impl Losses {
    /// Adds an entry; `false` if there are too many different ones already.
    pub(crate) fn add(&mut self, loss: &Loss) -> bool {
        let key = (loss.thread, loss.reason.0, loss.level);
        if self.totals.len() >= LIMIT && !self.totals.contains_key(&key) {
            return false;
        }
        let Loss { count, bytes, first, last, .. } = *loss;
        self.totals
            .entry(key)
            .and_modify(|total| {
                total.count = total.count.saturating_add(count);
                total.bytes = total.bytes.saturating_add(bytes);
                total.first = total.first.min(first);
                total.last = total.last.max(last);
            })
            .or_insert(Total { count, bytes, first, last });
        true
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, Reason, Level, &Total)> {
        self.totals
            .iter()
            .map(|(&(thread, reason, level), total)| (thread, Reason(reason), level, total))
    }

    /// Records lost in all.
    pub(crate) fn count(&self) -> u64 {
        self.totals.values().fold(0, |sum, total| sum.saturating_add(total.count))
    }
}
