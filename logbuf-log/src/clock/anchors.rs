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

    /// The last reading.
    pub(crate) fn last(&self) -> Anchor {
        anchor(&self.last, false)
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

#[cfg(test)]
#[allow(clippy::undocumented_unsafe_blocks)] // Clippy does not find the comment in a macro of the same crate.
mod tests {
    use std::io::Cursor;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::sync::{Arc, Mutex};

    use logbuf_decode::Reader;

    use super::*;
    use crate::{Builder, clock, info};

    /// By how much the wall clock was set, in this test's world.
    static SET_BY: AtomicI64 = AtomicI64::new(0);

    fn read() -> Reading {
        let reading = clock::read();
        Reading { unix_ns: reading.unix_ns + SET_BY.load(Ordering::Relaxed), ..reading }
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn a_step_is_between_the_clocks_and_larger_than_what_reading_them_costs() {
        let at = |unix_ns, steady_ns, spread_ns| Reading {
            ticks: 0,
            unix_ns,
            steady_ns,
            uncertainty_ns: 0,
            spread_ns,
        };
        let from = at(7 * SECOND, 0, 100);
        assert_eq!(step(&from, &at(8 * SECOND, SECOND, 100)), None);
        assert_eq!(step(&from, &at(8 * SECOND + TOLERANCE_NS, SECOND, 100)), None);
        assert_eq!(step(&from, &at(5 * SECOND, SECOND, 100)), Some(-3 * SECOND));
        // The thread was interrupted between the clocks.
        assert_eq!(step(&from, &at(8 * SECOND + 900_000, SECOND, 1_000_000)), None);
        assert_eq!(step(&from, &at(i64::MIN, SECOND, 0)), Some(i64::MIN));
    }

    #[test]
    fn a_step_of_the_wall_clock_is_in_the_file_and_told() {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&notices);
        let (builder, memory) = Builder::in_memory();
        let mut builder = builder.ignore_env().on_notice(move |notice| {
            told.lock().expect("nobody panics").push(notice.to_string());
        });
        builder.read_clocks = read;
        let guard = builder.start().expect("the logger starts");
        info!("before");
        guard.flush().expect("memory can be written");
        SET_BY.fetch_add(-5 * SECOND, Ordering::Relaxed);
        info!("set back");
        guard.flush().expect("memory can be written");
        SET_BY.fetch_add(7 * SECOND, Ordering::Relaxed);
        info!("set forward");
        drop(guard);

        let mut reader = Reader::new();
        reader.add_stream("memory", Cursor::new(memory.bytes()));
        let mut times = Vec::new();
        reader.for_each(|record| times.push(record.unix_ns()));
        assert_eq!(times.len(), 3);
        assert!(times.is_sorted(), "{times:?}");
        let findings: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
        assert!(
            findings.iter().any(|finding| finding.contains("the wall clock was set by -")),
            "{findings:?}"
        );
        let notices = notices.lock().expect("nobody panics");
        assert_eq!(notices.len(), 2, "{notices:?}");
        assert!(notices[0].starts_with("the wall clock was set by -"), "{notices:?}");
        assert!(notices[1].starts_with("the wall clock was set by +"), "{notices:?}");
    }
}
