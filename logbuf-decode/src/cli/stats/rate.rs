//! How many records there are in which stretch of time.

use std::collections::VecDeque;

/// Stretches that are told apart.
const LIMIT: usize = 4096;

/// The shortest stretch: 2^10 ns, about a microsecond.
const SHORTEST: u32 = 10;

/// Records in stretches of time of one length, which is a power of two of nanoseconds, as short as the memory allows.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    /// The logarithm of the length.
    shift: u32,
    /// The number of the first stretch, counted from the Unix epoch.
    first: i64,
    counts: VecDeque<u64>,
}

impl Default for Rate {
    fn default() -> Self {
        Self { shift: SHORTEST, first: 0, counts: VecDeque::new() }
    }
}

impl Rate {
    /// Adds a record at this time.
    #[inline]
    pub(super) fn add(&mut self, unix_ns: i64) {
        // Records come in the order of time: it is most often the last stretch.
        let index = (unix_ns >> self.shift).wrapping_sub(self.first) as u64;
        match usize::try_from(index).ok().and_then(|index| self.counts.get_mut(index)) {
            Some(count) => *count += 1,
            None => self.add_many(unix_ns, 1),
        }
    }

    /// Adds all of another.
    pub(super) fn append(&mut self, other: &Self) {
        while self.shift < other.shift {
            self.coarsen();
        }
        for (stretch, count) in (other.first..).zip(&other.counts) {
            if *count > 0 {
                self.add_many(stretch << other.shift, *count);
            }
        }
    }

    /// No more than `count` stretches, or two, that cover all records: where the first starts, how long each is, in nanoseconds, and
    /// how many records are in each.
    pub(super) fn stretches(mut self, count: usize) -> (i64, u64, Vec<u64>) {
        // However long they are, two that touch at the epoch stay two.
        while self.counts.len() > count.max(2) {
            self.coarsen();
        }
        (self.first << self.shift, 1 << self.shift, self.counts.into())
    }

    #[cold]
    fn add_many(&mut self, unix_ns: i64, count: u64) {
        if self.counts.is_empty() {
            self.first = unix_ns >> self.shift;
        }
        let index = loop {
            let last = self.first + self.counts.len() as i64;
            let stretch = unix_ns >> self.shift;
            // One stretch at least, which is needed.
            let len = last.max(stretch + 1).abs_diff(self.first.min(stretch));
            if len <= LIMIT as u64 {
                break stretch - self.first;
            }
            self.coarsen();
        };
        for _ in index..0 {
            self.counts.push_front(0);
            self.first -= 1;
        }
        let index = index.max(0) as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, 0);
        }
        self.counts[index] += count;
    }

    /// Makes stretches twice as long.
    fn coarsen(&mut self) {
        let mut counts = VecDeque::with_capacity(self.counts.len() / 2 + 1);
        for (stretch, count) in (self.first..).zip(&self.counts) {
            if stretch % 2 == 0 || counts.is_empty() {
                counts.push_back(*count);
            } else if let Some(last) = counts.back_mut() {
                *last += count;
            }
        }
        self.counts = counts;
        self.first >>= 1;
        self.shift += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(times: &[i64]) {
        let (mut whole, mut parts) = (Rate::default(), Rate::default());
        times.iter().for_each(|time| whole.add(*time));
        for times in times.chunks(3) {
            let mut part = Rate::default();
            times.iter().for_each(|time| part.add(*time));
            parts.append(&part);
        }
        for count in [2, 7, 60] {
            let (from, length, counts) = whole.clone().stretches(count);
            assert!(counts.len() <= count);
            assert_eq!(counts.iter().sum::<u64>(), times.len() as u64);
            for (index, found) in counts.iter().enumerate() {
                let from = i128::from(from) + index as i128 * i128::from(length);
                let until = from + i128::from(length);
                let inside = |time: &&i64| (from..until).contains(&i128::from(**time));
                assert_eq!(*found, times.iter().filter(inside).count() as u64);
            }
            assert_eq!(parts.clone().stretches(count), (from, length, counts));
        }
    }

    #[test]
    fn every_record_is_in_its_stretch() {
        check(&[5]);
        check(&[0, 1, 1023, 1024, 5000, 5001]);
        check(&[1_795_442_706_000_000_000, 1_795_442_706_000_000_001, 1_795_442_906_123_456_789]);
        check(&[-7, -1, 3, 1 << 40, (1 << 40) + 1, 1 << 55]);
        check(&[1 << 40, 5, 1 << 30, -(1 << 50)]);
    }
}
