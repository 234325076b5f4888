//! When a record was made: read by the call, or by the caller before.

use crate::clock;
use crate::encoder::Encoder;

/// An instant on the clock of the records, for calls that are given theirs: `info!(ts: timestamp, "…")`.
///
/// A caller that logs several records of one event reads the clock once, and one that stamped a packet when it arrived logs it
/// under that time. Such a call does not read the clock, which is most of what a call costs. Records are shown in
/// the order of their time stamps, so that one that is backdated is shown where its time stamp says.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Timestamp, debug, info};
///
/// let received = Timestamp::now();
/// # let (bytes, checksum) = (7, 8);
/// info!(ts: received, bytes, "packet");
/// debug!(ts: received, "its checksum is {checksum:04x}");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Reads the clock that calls read: the time stamp counter of the processor if it is invariant, otherwise the monotonic
    /// clock.
    #[inline]
    pub fn now() -> Self {
        Self(clock::now())
    }

    /// The instant at which that clock showed `ticks`: a reading that another part of the program, or a device that
    /// shares the counter, made. Which counter it has to be of is said by [`now`](Self::now).
    #[inline]
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// What the clock showed, in ticks of a length that only the file knows.
    #[inline]
    pub const fn ticks(self) -> u64 {
        self.0
    }
}

/// Where a call has its time from.
pub trait Stamp: Copy {
    /// The time of a record of a site that is open, which none is where the counter is no clock.
    fn read(self) -> Reading;

    /// The time of any record.
    fn read_in_use(self) -> u64;
}

/// The time is that of the call.
#[derive(Debug, Clone, Copy)]
pub struct Now;

impl Stamp for Now {
    #[inline(always)]
    fn read(self) -> Reading {
        let (low, high) = clock::halves();
        Reading { low, high }
    }

    #[inline(always)]
    fn read_in_use(self) -> u64 {
        clock::now()
    }
}

impl Stamp for Timestamp {
    #[inline(always)]
    fn read(self) -> Reading {
        self.0.into()
    }

    #[inline(always)]
    fn read_in_use(self) -> u64 {
        self.0
    }
}

/// A reading of the clock, in the two halves in which x86-64 hands out its counter.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    low: u32,
    high: u32,
}

impl Reading {
    /// The whole.
    #[inline(always)]
    pub(crate) fn ticks(self) -> u64 {
        u64::from(self.high) << 32 | u64::from(self.low)
    }

    /// Writes all eight bytes.
    #[inline(always)]
    pub(crate) fn put(self, out: &mut Encoder<'_>) {
        out.put(&self.low.to_le_bytes());
        out.put(&self.high.to_le_bytes());
    }
}

impl From<u64> for Reading {
    #[inline(always)]
    fn from(ticks: u64) -> Self {
        Self { low: ticks as u32, high: (ticks >> 32) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_is_written_as_its_ticks() {
        const TICKS: u64 = 0x0102_0304_0506_0708;
        let mut room = [0; 8];
        Reading::from(TICKS).put(&mut Encoder::new(&mut room));
        assert_eq!(room, TICKS.to_le_bytes());
        assert_eq!(Reading::from(TICKS).ticks(), TICKS);
    }

    #[test]
    fn the_halves_are_those_of_the_counter() {
        let (before, reading, after) = (clock::ticks(), Now.read().ticks(), clock::ticks());
        assert!(before <= reading && reading <= after, "{before} {reading} {after}");
    }
}
