//! From ticks to wall-clock time.

use crate::clock::Anchor;

const NS_PER_SECOND: u128 = 1_000_000_000;

/// The wall clock as a function of ticks, through the anchors of a segment (or of all segments of one process).
///
/// It never runs backwards: where ticks grow, time grows or stands. Between two anchors it is interpolated; before the
/// first and after the last, and across a step of the wall clock, it runs on at the nominal frequency. A step forwards
/// is followed at once. A step backwards is not: time runs on, ahead of the wall clock by as much as it was set back,
/// until the next step. [`Timeline::steps`] lists what was not followed.
///
/// # Examples
///
/// ```
/// use logbuf_format::{clock::Anchor, timeline::Timeline};
///
/// let anchor = |ticks, unix_ns| Anchor { ticks, unix_ns, uncertainty_ns: 0, step: false };
/// let mut timeline = Timeline::new(1_000_000_000);
/// timeline.add(anchor(100, 5_000));
/// timeline.add(anchor(200, 5_200));
/// assert_eq!(timeline.unix_ns(150), 5_100);
/// assert_eq!(timeline.unix_ns(207), 5_207);
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    ticks_per_second: u64,
    /// Sorted by ticks, no two with the same.
    anchors: Vec<Anchor>,
    /// One for each anchor: what time it is there.
    knots: Vec<Knot>,
}

/// The time that a timeline shows at an anchor.
#[derive(Clone, Copy, Debug)]
struct Knot {
    ticks: u64,
    unix_ns: i64,
    /// How far time is ahead of the wall clock, in nanoseconds.
    ahead: i64,
    step: bool,
}

/// A step of the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The first anchor after the step, ticks.
    pub ticks: u64,
    /// By how much the wall clock was set, in nanoseconds: negative if it was set back.
    pub by_ns: i64,
}

/// A stretch of the timeline within which time is one linear function of ticks.
///
/// Records come in order of time, nearly: a reader keeps that of the last one and asks for another only when
/// [`Stretch::contains`] says so.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    from: u64,
    /// Inclusive.
    until: u64,
    base: (u64, i64),
    /// Nanoseconds that pass in so many ticks.
    rate: (u64, u64),
}

impl Timeline {
    /// A timeline without anchors over a counter of this nominal frequency. Frequency 0 counts as 1 tick a nanosecond.
    pub fn new(ticks_per_second: u64) -> Self {
        let ticks_per_second =
            if ticks_per_second == 0 { NS_PER_SECOND as u64 } else { ticks_per_second };
        Self { ticks_per_second, anchors: Vec::new(), knots: Vec::new() }
    }

    /// Adds an anchor. Of two with the same ticks, the first stays.
    pub fn add(&mut self, anchor: Anchor) {
        let at = self.anchors.partition_point(|known| known.ticks < anchor.ticks);
        if self.anchors.get(at).is_some_and(|known| known.ticks == anchor.ticks) {
            return;
        }
        self.anchors.insert(at, anchor);
        self.knots.truncate(at);
        for index in at..self.anchors.len() {
            let knot = self.knot(index);
            self.knots.push(knot);
        }
    }

    /// The nominal frequency of the clock.
    pub fn ticks_per_second(&self) -> u64 {
        self.ticks_per_second
    }

    /// The anchors, by ticks.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// The wall-clock time at `ticks`: nanoseconds since the Unix epoch, UTC. Without anchors it is 0.
    pub fn unix_ns(&self, ticks: u64) -> i64 {
        self.stretch(ticks).unix_ns(ticks)
    }

    /// The stretch of the timeline around `ticks`.
    pub fn stretch(&self, ticks: u64) -> Stretch {
        let nominal = (NS_PER_SECOND as u64, self.ticks_per_second);
        let after = self.knots.partition_point(|knot| knot.ticks <= ticks);
        let next = self.knots.get(after);
        let until = next.map_or(u64::MAX, |next| next.ticks - 1);
        let Some(last) = after.checked_sub(1).map(|index| &self.knots[index]) else {
            let base = next.map_or((0, 0), |next| (next.ticks, next.unix_ns));
            let rate = if next.is_some() { nominal } else { (0, 1) };
            return Stretch { from: 0, until, base, rate };
        };
        let rate = match next {
            Some(next) if !next.step => {
                (last.unix_ns.abs_diff(next.unix_ns), next.ticks - last.ticks)
            }
            _ => nominal,
        };
        Stretch { from: last.ticks, until, base: (last.ticks, last.unix_ns), rate }
    }

    /// The steps of the wall clock, by ticks.
    pub fn steps(&self) -> impl Iterator<Item = Step> {
        self.knots.windows(2).filter(|pair| pair[1].step).map(|pair| {
            let expected = self.nominal(pair[0].ticks, pair[0].unix_ns, pair[1].ticks);
            let wall = |knot: &Knot, unix_ns: i64| unix_ns.saturating_sub(knot.ahead);
            let by_ns = wall(&pair[1], pair[1].unix_ns).saturating_sub(wall(&pair[0], expected));
            Step { ticks: pair[1].ticks, by_ns }
        })
    }

    /// What time it is at the anchor with this index, given the knots before it.
    fn knot(&self, index: usize) -> Knot {
        let anchor = self.anchors[index];
        let (ticks, step) = (anchor.ticks, anchor.step);
        let Some(last) = index.checked_sub(1).map(|before| self.knots[before]) else {
            return Knot { ticks, unix_ns: anchor.unix_ns, ahead: 0, step: false };
        };
        let unix_ns = if step {
            anchor.unix_ns.max(self.nominal(last.ticks, last.unix_ns, ticks))
        } else {
            // Two readings close to each other may be in the wrong order, within their uncertainty.
            anchor.unix_ns.saturating_add(last.ahead).max(last.unix_ns)
        };
        let ahead = if step { unix_ns.saturating_sub(anchor.unix_ns) } else { last.ahead };
        Knot { ticks, unix_ns, ahead, step }
    }

    /// The time at `ticks` if it ran on from a known instant at the nominal frequency.
    fn nominal(&self, from: u64, unix_ns: i64, ticks: u64) -> i64 {
        advance(unix_ns, ticks - from, (NS_PER_SECOND as u64, self.ticks_per_second))
    }
}

impl Stretch {
    /// Whether `ticks` lies in this span.
    #[inline]
    pub fn contains(&self, ticks: u64) -> bool {
        self.from <= ticks && ticks <= self.until
    }

    /// The wall-clock time at `ticks`, which must lie in this span.
    #[inline]
    pub fn unix_ns(&self, ticks: u64) -> i64 {
        let (from, unix_ns) = self.base;
        match ticks.checked_sub(from) {
            Some(passed) => advance(unix_ns, passed, self.rate),
            None => retreat(unix_ns, from - ticks, self.rate),
        }
    }
}

/// `unix_ns` after `ticks` more ticks, of which each `rate.1` take `rate.0` nanoseconds.
#[inline]
fn advance(unix_ns: i64, ticks: u64, rate: (u64, u64)) -> i64 {
    unix_ns.saturating_add_unsigned(scale(ticks, rate))
}

/// `unix_ns` before `ticks` ticks.
fn retreat(unix_ns: i64, ticks: u64, rate: (u64, u64)) -> i64 {
    unix_ns.saturating_sub_unsigned(scale(ticks, rate))
}

/// `ticks × rate.0 ÷ rate.1`, rounded down, without overflow on the way and at most `u64::MAX`.
#[inline]
fn scale(ticks: u64, (ns, per): (u64, u64)) -> u64 {
    match ticks.checked_mul(ns) {
        // The common case: a product of 64 bits divides several times as fast.
        Some(product) => product / per,
        None => {
            u64::try_from(u128::from(ticks) * u128::from(ns) / u128::from(per)).unwrap_or(u64::MAX)
        }
    }
}
