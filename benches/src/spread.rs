//! What several runs came to.

use std::fmt;

/// The median of some runs, the least and the most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The least.
    pub least: f64,
    /// The one in the middle; of an even number of runs the lower of the two.
    pub median: f64,
    /// The most.
    pub most: f64,
}

impl Spread {
    /// Of these runs; `None` if there are none.
    pub fn of(runs: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = runs.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        Some(Self { least, median: sorted[(sorted.len() - 1) / 2], most })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "**{:.1}** ({:.1}–{:.1})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_stands_between_the_least_and_the_most() {
        let spread = Spread::of([3.0, 1.25, 2.0]).unwrap();
        assert_eq!(spread, Spread { least: 1.25, median: 2.0, most: 3.0 });
        assert_eq!(spread.to_string(), "**2.0** (1.2–3.0)");
        assert_eq!(Spread::of([]), None);
    }
}
