//! Numbers, of which one wants to know how they are distributed.

use std::collections::{BTreeMap, HashMap};

/// Bits of a number that tell its bucket, besides sign and exponent. A bucket is at most a 512th of its numbers wide: what is
/// said of one is right to 0.2 %, and exact for whole numbers up to 1024.
const BITS: u32 = 9;

/// Which quantiles are told.
pub(super) const QUANTILES: [(&str, f64); 7] = [
    ("p50", 0.5),
    ("p75", 0.75),
    ("p90", 0.9),
    ("p95", 0.95),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
];

/// How many numbers there are of about which size.
///
/// It takes numbers of every type and sign, which is more than the usual histograms do, and memory for those sizes that occur.
#[derive(Clone, Debug, Default)]
pub(super) struct Distribution {
    buckets: HashMap<i32, u64>,
    count: u64,
    sum: f64,
    /// The smallest and the largest.
    range: Option<(f64, f64)>,
}

/// A stretch of a distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bar {
    /// Included.
    pub(super) from: f64,
    /// Not included, but in the last bar.
    pub(super) to: f64,
    pub(super) count: u64,
}

impl Distribution {
    /// Adds a number; what is none is left out.
    pub(super) fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        *self.buckets.entry(bucket(value)).or_default() += 1;
        self.count += 1;
        self.sum += value;
        let (min, max) = self.range.unwrap_or((value, value));
        self.range = Some((min.min(value), max.max(value)));
    }

    /// Adds all of another.
    pub(super) fn append(&mut self, other: &Self) {
        for (bucket, count) in &other.buckets {
            *self.buckets.entry(*bucket).or_default() += count;
        }
        self.count += other.count;
        self.sum += other.sum;
        let ranges = [self.range, other.range];
        self.range = ranges
            .into_iter()
            .flatten()
            .reduce(|(min, max), (from, to)| (f64::min(min, from), f64::max(max, to)));
    }

    /// How many there are.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// The smallest and the largest.
    pub(super) fn range(&self) -> Option<(f64, f64)> {
        self.range
    }

    pub(super) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum / self.count as f64)
    }

    /// The numbers that so large a part of all is not larger than, one for each part.
    pub(super) fn quantiles(&self, parts: &[f64]) -> Vec<f64> {
        let Some((min, max)) = self.range else { return Vec::new() };
        let sorted: BTreeMap<_, _> = self.buckets.iter().collect();
        let at = |part: f64| {
            let rank = (part * self.count as f64).ceil().max(1.0) as u64;
            let mut below = 0;
            let found = sorted.iter().find(|(_, count)| {
                below += ***count;
                below >= rank
            });
            found.map_or(max, |(bucket, _)| middle(**bucket).clamp(min, max))
        };
        parts.iter().map(|part| at(*part)).collect()
    }

    /// So many bars that cover it, or one for each size that there is if those are fewer: of equal width, or each as many times as wide as the one before where the largest number
    /// is much larger than the smallest.
    pub(super) fn bars(&self, count: usize) -> Vec<Bar> {
        let Some((min, max)) = self.range else { return Vec::new() };
        let count = count.min(self.buckets.len());
        let is_wide = min > 0.0 && max / min > 50.0;
        let edge = |index: usize| {
            let part = index as f64 / count as f64;
            if is_wide { min * (max / min).powf(part) } else { min + (max - min) * part }
        };
        let mut bars: Vec<_> = (0..count)
            .map(|index| Bar { from: edge(index), to: edge(index + 1), count: 0 })
            .collect();
        for (bucket, number) in &self.buckets {
            let value = middle(*bucket).clamp(min, max);
            let index = bars.partition_point(|bar| bar.to <= value).min(count - 1);
            bars[index].count += number;
        }
        bars
    }
}

/// The number of the bucket of a value: they are ordered as values are.
fn bucket(value: f64) -> i32 {
    let bits = (value + 0.0).to_bits();
    let magnitude = (bits << 1 >> (1 + 52 - BITS)) as i32;
    if bits >> 63 == 0 { magnitude } else { -1 - magnitude }
}

/// The middle of the whole numbers in a bucket, or of the bucket if there are none or one.
fn middle(bucket: i32) -> f64 {
    let magnitude = if bucket < 0 { -1 - bucket } else { bucket };
    let from = f64::from_bits((magnitude as u64) << (52 - BITS));
    let to = f64::from_bits((magnitude as u64 + 1) << (52 - BITS));
    let middle = match to - from {
        // Of whole numbers the first is the only one.
        width if width <= 1.0 && from >= 1.0 => from,
        width => from + width / 2.0,
    };
    let middle = if magnitude == 0 { 0.0 } else { middle };
    if bucket < 0 { -middle } else { middle }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_the_order_of_values() {
        let mut values = vec![0.0, 1e-9, 0.5, 1.0, 1.002, 2.0, 3.5, 1000.0, 1e18, f64::MAX];
        values.extend(values.clone().iter().map(|value| -value));
        values.sort_by(f64::total_cmp);
        let buckets: Vec<_> = values.iter().map(|value| bucket(*value)).collect();
        assert!(buckets.is_sorted(), "{buckets:?}");
        for value in values.into_iter().filter(|value| value.abs() > 1e-300 && value.abs() < 1e300)
        {
            let error = (middle(bucket(value)) - value).abs() / value.abs();
            assert!(error <= 0.002, "{value} {error}");
        }
    }

    #[test]
    fn small_whole_numbers_are_exact() {
        let mut numbers = Distribution::default();
        (1..=1000).for_each(|number| numbers.add(f64::from(number)));
        assert_eq!(numbers.quantiles(&[0.5, 0.99, 0.999, 0.9999]), [500.0, 990.0, 999.0, 1000.0]);
        assert_eq!((numbers.count(), numbers.mean()), (1000, Some(500.5)));
        assert_eq!(numbers.range(), Some((1.0, 1000.0)));
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let (mut whole, mut parts) = (Distribution::default(), Distribution::default());
        for part in 0..10 {
            let mut numbers = Distribution::default();
            for number in 0..100 {
                let value = f64::from((part * 7919 + number * 104_729) % 5000 - 2500) / 3.0;
                whole.add(value);
                numbers.add(value);
            }
            parts.append(&numbers);
        }
        let quantiles = QUANTILES.map(|(_, part)| part);
        assert_eq!(whole.quantiles(&quantiles), parts.quantiles(&quantiles));
        assert_eq!((whole.count(), whole.range()), (parts.count(), parts.range()));
        assert_eq!(whole.bars(10).iter().map(|bar| bar.count).sum::<u64>(), 1000);
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let mut numbers = Distribution::default();
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            numbers.add(value);
        }
        assert_eq!((numbers.count(), numbers.range(), numbers.mean()), (0, None, None));
        assert_eq!((numbers.quantiles(&[0.5]), numbers.bars(3)), (vec![], vec![]));
        numbers.add(-0.0);
        assert_eq!(numbers.quantiles(&[0.5]), [0.0]);
    }

    #[test]
    fn there_are_no_more_bars_than_sizes() {
        let mut numbers = Distribution::default();
        numbers.add(30.0);
        numbers.add(30.0);
        assert_eq!(numbers.bars(16), [Bar { from: 30.0, to: 30.0, count: 2 }]);
        numbers.add(40.0);
        let counts: Vec<_> = numbers.bars(16).iter().map(|bar| bar.count).collect();
        assert_eq!(counts, [2, 1]);
    }
}
