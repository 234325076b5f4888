//! The anchors of a file: which readings of the clocks are written, and whether the wall clock was set in between.

use std::mem;
use std::time::Duration;

use logbuf_format::clock::Anchor;

use super::{Read, Reading, refine_frequency, ticks_in};
use crate::notice::{self, Notice};

/// How old the last reading may be while the logger runs: so far are anchors apart, at most, between which records lie.
pub(crate) const INTERVAL: Duration = Duration::from_secs(1);

/// By how much the wall clock and the steady clock may part between two readings, beyond the readings' own uncertainty,
/// before the wall clock counts as set. Both are slewed alike, so that nothing but reading them apart parts them.
const TOLERANCE_NS: i64 = 20_000;

/// Reads the clocks, and knows what has been written of them.
///
/// Anchors are written with records only, so that an idle logger leaves the disk alone. But the clocks are read every
/// second all the same: so a step is noticed, and a record after an idle hour lies between two anchors that are at most
/// a second apart, not an hour.
#[derive(Debug)]
pub(crate) struct Anchors {
    read: Read,
    first: Reading,
    last: Reading,
    /// Whether the last reading is not in the file.
    unwritten: bool,
    /// Whether the wall clock was set just before the last segment began, and no anchor says so yet.
    step_in_header: bool,
}

impl Anchors {
    /// Reads the clocks for the first time.
    pub(crate) fn new(read: Read) -> Self {
        let first = read();
        Self { read, first, last: first, unwritten: false, step_in_header: false }
    }

    /// Reads the clocks for the header of a segment.
    pub(crate) fn begin(&mut self) -> Anchor {
        // If the wall clock was set meanwhile, the segment before has to say so at its end.
        self.step_in_header |= self.read();
        self.unwritten = false;
        anchor(&self.last, false)
    }

    /// Reads the clocks. What it returns is to be written: the reading before if it was not, and the new one.
    pub(crate) fn next(&mut self) -> Vec<Anchor> {
        let before = self.unwritten.then(|| anchor(&self.last, false));
        let step = self.read() | mem::take(&mut self.step_in_header);
        self.unwritten = false;
        before.into_iter().chain([anchor(&self.last, step)]).collect()
    }

    /// Reads the clocks if the last reading is old. What it returns is to be written: nothing, unless the wall clock was
    /// set.
    pub(crate) fn look(&mut self) -> Vec<Anchor> {
        let age = super::now().saturating_sub(self.last.ticks);
        if age < ticks_in(INTERVAL) {
            return Vec::new();
        }
        let anchors = self.next();
        let is_step = anchors.iter().any(|anchor| anchor.step);
        self.unwritten = !is_step;
        if is_step { anchors } else { Vec::new() }
    }

    /// Reads the clocks. Says whether the wall clock was set since the last reading, and tells the user.
    fn read(&mut self) -> bool {
        let reading = (self.read)();
        let step = step(&self.last, &reading);
        if let Some(by_ns) = step {
            notice::post(Notice::WallClockStepped { by_ns });
        }
        refine_frequency(&self.first, &reading);
        self.last = reading;
        step.is_some()
    }
}

fn anchor(reading: &Reading, step: bool) -> Anchor {
    let &Reading { ticks, unix_ns, uncertainty_ns, .. } = reading;
    Anchor { ticks, unix_ns, uncertainty_ns, step }
}

/// By how much the wall clock was set between two readings, if it was: it and the steady clock have not gone by the same
/// time.
fn step(from: &Reading, to: &Reading) -> Option<i64> {
    let passed = |clock: fn(&Reading) -> i64| clock(to).saturating_sub(clock(from));
    let by_ns =
        passed(|reading| reading.unix_ns).saturating_sub(passed(|reading| reading.steady_ns));
    let spread = i64::from(from.spread_ns) + i64::from(to.spread_ns);
    (by_ns.saturating_abs() > TOLERANCE_NS + spread).then_some(by_ns)
}
