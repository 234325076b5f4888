//! Records as they come.

use crate::cli::{
    inputs::Watch,
    printer::{Printer, Stop},
    report::Report,
    wake::Wake,
};
use logbuf_decode::Reader;
use std::{
    collections::VecDeque,
    convert::Infallible,
    io::Write,
    time::{Duration, Instant},
};

/// How often files and folders are looked at while records are held back, or where nobody tells of changes.
const PERIOD: Duration = Duration::from_millis(100);

/// How often they are looked at where changes are told of, in case one is not.
const IDLE: Duration = Duration::from_secs(1);

/// How long a record is held back, so that an earlier one that reaches its file later still comes before it.
const HOLD: Duration = Duration::from_millis(500);

/// How often losses are reported, if there are new ones.
const LOSS_PERIOD: Duration = Duration::from_secs(5);

/// Prints records as they come, until standard output takes no more or enough are printed.
pub(crate) fn follow<W: Write>(
    watch: &mut Watch<'_>,
    reader: &mut Reader,
    printer: &mut Printer<W>,
    report: &mut Report,
) -> Result<(), Stop> {
    let Err(stop) = follow_forever(watch, reader, printer, report);
    Err(stop)
}

fn follow_forever<W: Write>(
    watch: &mut Watch<'_>,
    reader: &mut Reader,
    printer: &mut Printer<W>,
    report: &mut Report,
) -> Result<Infallible, Stop> {
    let mut losses = Losses { reported: 0, next: Instant::now() };
    // What is there already is as complete as it gets.
    let wake = Wake::new(watch.paths());
    let mut hold = Hold { seen: VecDeque::new(), until: None };
    loop {
        let is_first = hold.until.is_none();
        reader.refresh();
        let until = hold.until(Instant::now(), reader.newest(), is_first);
        reader.try_for_each_until(until, |record| printer.record(record, report))?;
        printer.finish().map_err(Stop::Io)?;
        report.findings(reader.findings());
        losses.report(reader, report);
        let is_idle = wake.is_told() && hold.is_empty(reader.newest());
        wake.wait(if is_idle { IDLE } else { PERIOD });
        watch.look().into_iter().for_each(|input| input.add(reader));
    }
}

/// Up to which time records are shown: up to the last one that was known when the time to hold back began.
struct Hold {
    /// When which record was the last.
    seen: VecDeque<(Instant, i64)>,
    until: Option<i64>,
}

impl Hold {
    /// Whether there is no record that is held back.
    fn is_empty(&self, newest: Option<i64>) -> bool {
        newest.is_none_or(|newest| self.until >= Some(newest))
    }

    fn until(&mut self, now: Instant, newest: Option<i64>, is_first: bool) -> i64 {
        let newest = newest.unwrap_or(i64::MIN);
        self.seen.push_back((now, newest));
        while let Some(&(seen, known)) = self.seen.front()
            && (is_first || now.duration_since(seen) >= HOLD)
        {
            self.until = Some(known);
            self.seen.pop_front();
        }
        self.until.unwrap_or(i64::MIN)
    }
}

/// Losses that were reported.
struct Losses {
    reported: u64,
    next: Instant,
}

impl Losses {
    /// Reports the losses so far if there are more than before, but not at each time.
    fn report(&mut self, reader: &Reader, report: &mut Report) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + LOSS_PERIOD;
        let count = reader.lost().fold(0_u64, |sum, lost| sum.saturating_add(lost.count));
        if count > self.reported {
            self.reported = count;
            report.lost(reader);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_held_back_for_the_time_that_is_said() {
        let start = Instant::now();
        let mut hold = Hold { seen: VecDeque::new(), until: None };
        let mut until = |ms, newest| hold.until(start + Duration::from_millis(ms), newest, ms == 0);
        assert_eq!(until(0, Some(7)), 7);
        assert_eq!(until(100, Some(20)), 7);
        assert_eq!(until(200, Some(30)), 7);
        assert_eq!(until(599, Some(30)), 7);
        assert_eq!(until(600, Some(40)), 20);
        assert_eq!(until(700, Some(40)), 30);
        assert_eq!(until(1_099, Some(40)), 30);
        assert_eq!(until(1_100, Some(40)), 40);
    }
}
