//! When a segment is followed by the next.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When a segment is followed by the next.
#[derive(Debug)]
pub(crate) struct Rotation {
    /// Bytes from which a segment is closed.
    at: Option<u64>,
    /// Length of the periods that have segments of their own.
    every: Option<Duration>,
    /// The period in which the segment was begun.
    period: Option<u128>,
}

impl Rotation {
    pub(crate) fn new(at: Option<u64>, every: Option<Duration>) -> Self {
        let mut rotation = Self { at, every, period: None };
        rotation.restart();
        rotation
    }

    /// Takes note that a segment begins.
    pub(crate) fn restart(&mut self) {
        self.period = self.period_at(SystemTime::now);
    }

    /// Whether a segment that is `len` bytes long is to be followed by another now.
    pub(crate) fn is_due(&self, len: u64) -> bool {
        self.at.is_some_and(|at| len >= at) || self.period_at(SystemTime::now) != self.period
    }

    /// The number of the period that contains `time`: periods are counted from the Unix epoch, so that an hour begins
    /// at minute 0 and a day at midnight, UTC. The clock is not asked if there are no periods.
    fn period_at(&self, time: impl FnOnce() -> SystemTime) -> Option<u128> {
        let every = self.every?.as_nanos().max(1);
        let since = time().duration_since(UNIX_EPOCH).unwrap_or_default();
        Some(since.as_nanos() / every)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_are_those_of_the_wall_clock() {
        let hourly = Rotation::new(None, Some(Duration::from_secs(3600)));
        let at = |seconds| hourly.period_at(|| UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(7199), Some(1));
        assert_eq!(at(7200), Some(2));
        assert_eq!(at(10_799), Some(2));
        let never = Rotation::new(Some(10), None);
        assert_eq!(never.period_at(|| unreachable!("the clock is not asked")), None);
        assert!(!never.is_due(9));
        assert!(never.is_due(10));
    }
}
