//! The time from one call to another.

use crate::cli::stats::distribution::Distribution;
use std::collections::HashMap;

/// First calls that wait for their second; beyond that, they are not followed.
const LIMIT: usize = 1 << 20;

/// What belongs together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Key {
    /// What one thread of a process does.
    Thread { pid: u32, thread: u32 },
    /// What is done about a thing of this number …
    Number(i128),
    /// … or name.
    Text(String),
}

/// A call that was looked for.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) unix_ns: i64,
    pub(super) is_second: bool,
    pub(super) key: Key,
}

/// Pairs of calls, first and second, of the same key.
#[derive(Debug, Default)]
pub(super) struct Between {
    /// When the first was, where the second has not come.
    open: HashMap<Key, i64>,
    /// Nanoseconds from one to the other.
    pub(super) times: Distribution,
    /// First calls without a second.
    pub(super) alone: u64,
    /// Second calls without a first.
    pub(super) unmatched: u64,
}

impl Between {
    /// Takes the next call, in order of time.
    pub(super) fn add(&mut self, call: Call) {
        let Call { unix_ns, is_second, key } = call;
        if is_second {
            match self.open.remove(&key) {
                Some(first) => self.times.add(unix_ns.abs_diff(first) as f64),
                None => self.unmatched += 1,
            }
        } else if self.open.len() < LIMIT || self.open.contains_key(&key) {
            // One that comes again before the second starts anew.
            let before = self.open.insert(key, unix_ns);
            self.alone += u64::from(before.is_some());
        } else {
            self.alone += 1;
        }
    }

    /// Counts what is left without its second.
    pub(super) fn finish(&mut self) {
        self.alone += self.open.drain().count() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_matched_by_key() {
        let mut between = Between::default();
        let calls = [
            (10, false, 1),
            (20, false, 2),
            (25, true, 1),
            (26, true, 1),
            (30, false, 2),
            (40, true, 2),
            (50, false, 3),
        ];
        for (unix_ns, is_second, key) in calls {
            between.add(Call { unix_ns, is_second, key: Key::Number(key) });
        }
        between.finish();
        assert_eq!(between.times.quantiles(&[0.5, 1.0]), [10.0, 15.0]);
        assert_eq!((between.alone, between.unmatched), (2, 1));
    }
}
