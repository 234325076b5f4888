//! The flight recorder: records that are kept in memory, and reach the file if something happens that makes them of interest.

use core::time::Duration;

use linkme::distributed_slice;
use logbuf_format::Level;

use crate::clock;
use crate::dictionary::Entry;
use crate::encode::Encode;
use crate::place::Place;
use crate::record::record4;
use crate::site::{SITES, Site};
use crate::switch::{FLAGS, Flag};
use crate::timestamp::Now;

/// Which records a logger keeps in memory, and when it writes them: see
/// [`Builder::flight_recorder`](crate::Builder::flight_recorder).
///
/// Records that are less severe than [`keep`](Self::keep) stay in the ring of their thread, of which they take up to a half, and
/// the oldest go when new ones come. They are written, all that are left of them, by
///
/// - [`Guard::dump`](crate::Guard::dump),
/// - a record as severe as [`dump_on`](Self::dump_on), of any thread,
/// - a panic of any thread, unless the [exit hooks](crate::Builder::exit_hooks) are switched off.
///
/// In the file they stand where their time says, marked as dumped; behind them is a record of the target
/// `logbuf::flight_recorder`, which names the reason, how many there are and what time they cover. What was not written when the
/// logger ends is gone. How many went, then or before, is in [`Stats::let_go`](crate::Stats::let_go).
///
/// What they cost their call is what any record costs; the ring is large enough if what it holds in the time of interest
/// fits half of it ([`Builder::ring_capacity`](crate::Builder::ring_capacity)). The rings of threads that have ended are kept up
/// to 16 MiB, the latest longest; a ring that its thread [outgrew](crate::WhenFull::Grow) until the next holds as much as it may. Records of those who have no ring of their own (signal handlers that interrupt a
/// call, threads that are ending) are written at once.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Builder, FlightRecorder, Level, debug, error, info};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app");
/// # /*
/// let path = "logs/app";
/// # */
/// let recorder = FlightRecorder::new().keep(Level::Info).dump_on(Level::Error);
/// let guard = Builder::new(path).flight_recorder(recorder).start()?;
/// debug!("in memory");
/// info!("written as ever");
/// error!("writes what is in memory, too");
/// debug!("in memory again");
/// guard.dump("the operator asked")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "it does nothing until a builder is given it"]
pub struct FlightRecorder {
    keep: Level,
    dump_on: Option<Level>,
}

impl FlightRecorder {
    /// One that writes `Info` and more severe records as ever, and the others if there is an `Error`.
    pub const fn new() -> Self {
        Self { keep: Level::Info, dump_on: Some(Level::Error) }
    }

    /// The least severe level whose records are written as ever.
    pub const fn keep(self, level: Level) -> Self {
        Self { keep: level, ..self }
    }

    /// The least severe level of which a record makes the others be written.
    pub const fn dump_on(self, level: Level) -> Self {
        Self { dump_on: Some(level), ..self }
    }

    /// The least severe level that is not held back.
    pub(crate) fn kept(&self) -> Level {
        self.keep
    }

    /// No record makes the others be written.
    pub const fn dump_on_request(self) -> Self {
        Self { dump_on: None, ..self }
    }
}

impl Default for FlightRecorder {
    fn default() -> Self {
        Self::new()
    }
}

/// What the writer keeps of it.
#[derive(Debug)]
pub(crate) struct Recorder {
    options: FlightRecorder,
    /// What is under way.
    dump: Option<Dump>,
}

/// A dump that was asked for and is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dump {
    reason: String,
    /// Records put into the file so far.
    pub(crate) records: u64,
    /// Ticks of the first and the last of them.
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Recorder {
    pub(crate) fn new(options: FlightRecorder) -> Self {
        Self { options, dump: None }
    }

    /// Whether records like this are written as ever.
    #[inline]
    pub(crate) fn keeps(&self, entry: Entry) -> bool {
        entry.level <= self.options.keep
    }

    /// Takes note of a record, which may ask for a dump.
    #[inline]
    pub(crate) fn see(&mut self, level: Level) {
        if self.options.dump_on.is_some_and(|least| level <= least) && self.dump.is_none() {
            self.ask(format!("a record of level {level}"));
        }
    }

    /// Asks for a dump. Of two that are asked for before the first is done, the first names the reason.
    pub(crate) fn ask(&mut self, reason: String) {
        let nothing_yet = Dump { reason, records: 0, first: u64::MAX, last: 0 };
        self.dump.get_or_insert(nothing_yet);
    }

    /// Whether a dump was asked for that is not complete.
    pub(crate) fn is_asked(&self) -> bool {
        self.dump.is_some()
    }

    /// The dump that is under way.
    pub(crate) fn dump(&mut self) -> Option<&mut Dump> {
        self.dump.as_mut()
    }

    /// Ends the dump that is under way.
    pub(crate) fn end_dump(&mut self) -> Option<Dump> {
        self.dump.take()
    }
}

#[distributed_slice(FLAGS)]
static FLAG: Flag = Flag::new();

/// The record behind a dump. It is written whatever the filter says.
#[distributed_slice(SITES)]
static NOTE: Site = Site::new(
    Place::new(&FLAG, Level::Info, TARGET, (file!(), line!(), column!())),
    "{0}: {1} records of the {2:?} before were in memory until now",
    &["reason", "records", "time", "let_go"],
    3,
);

/// The target of that record.
const TARGET: &str = "logbuf::flight_recorder";

impl Dump {
    /// Logs that this was done, when so many records in all had been let go.
    pub(crate) fn note(&self, let_go: u64) {
        let time = clock::time_of(self.last.saturating_sub(self.first));
        let time = if self.records == 0 { Duration::ZERO } else { time };
        record4(
            self.reason.value(),
            self.records.value(),
            time.value(),
            let_go.value(),
            &NOTE,
            Now,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_to_ask_names_the_reason() {
        let mut recorder = Recorder::new(FlightRecorder::new().dump_on(Level::Warn));
        recorder.see(Level::Info);
        assert!(!recorder.is_asked());
        recorder.see(Level::Warn);
        recorder.ask("later".to_owned());
        assert_eq!(
            recorder.end_dump().map(|dump| dump.reason).as_deref(),
            Some("a record of level WARN")
        );
        recorder.ask("later".to_owned());
        assert_eq!(recorder.end_dump().map(|dump| dump.reason).as_deref(), Some("later"));
    }
}
