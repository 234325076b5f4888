//! Time as text.

use jiff::{Timestamp, tz::TimeZone};
use logbuf_format::utc::Times;
use std::fmt::Write;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// How the time of a record is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeStyle {
    /// Date and time: `2026-11-23T14:05:06.123456789Z`.
    #[default]
    Wall,
    /// Seconds since the record before it: `+0.000001840`.
    Delta,
    /// Seconds since the first record.
    Start,
}

/// Writes times: as RFC 3339, with nine digits behind the second, or as a distance from another record.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    style: TimeStyle,
    /// The time from which the next distance counts.
    from: Option<i64>,
    zone: TimeZone,
    times: Times,
}

impl Clock {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self { style: TimeStyle::Wall, from: None, zone, times: Times::default() }
    }

    pub(crate) fn with_zone(self, zone: TimeZone) -> Self {
        Self { style: self.style, ..Self::new(zone) }
    }

    pub(crate) fn with_style(self, style: TimeStyle) -> Self {
        Self { style, ..self }
    }

    /// Appends the time that is `unix_ns` nanoseconds after the Unix epoch.
    #[inline]
    pub(crate) fn push(&mut self, unix_ns: i64, out: &mut String) {
        match self.style {
            TimeStyle::Wall => self.push_wall(unix_ns, out),
            TimeStyle::Delta => {
                let from = self.from.replace(unix_ns).unwrap_or(unix_ns);
                push_distance(unix_ns, from, out);
            }
            TimeStyle::Start => push_distance(unix_ns, *self.from.get_or_insert(unix_ns), out),
        }
    }

    #[inline]
    fn push_wall(&mut self, unix_ns: i64, out: &mut String) {
        let zone = &self.zone;
        self.times.push_with(unix_ns, out, |second, before, behind| {
            // 64 bits of nanoseconds reach from 1677 to 2262, well within what a timestamp holds.
            let time = Timestamp::from_second(second).expect("seconds of a 64-bit time");
            let local = time.to_zoned_datetime(zone.clone());
            // Writing to a string does not fail.
            let _ = write!(before, "{}", local.strftime("%Y-%m-%dT%H:%M:%S."));
            let _ = match local.offset().seconds() {
                0 => write!(behind, "Z"),
                _ => write!(behind, "{}", local.strftime("%:z")),
            };
        });
    }
}

/// Appends the seconds from `from` to `unix_ns`, aligned up to a day.
fn push_distance(unix_ns: i64, from: i64, out: &mut String) {
    let sign = if unix_ns < from { '-' } else { '+' };
    let distance = unix_ns.abs_diff(from);
    let (seconds, ns) = (distance / NS_PER_SECOND as u64, distance % NS_PER_SECOND as u64);
    // Writing to a string does not fail.
    let _ = write!(out, "{:>16}", format_args!("{sign}{seconds}.{ns:09}").to_string());
}

#[cfg(test)]
mod tests {
    use super::*;
    use logbuf_format::utc::rfc3339;

    const TIMES: [i64; 8] =
        [0, 1, -1, i64::MIN, i64::MAX, 1_795_442_706_123_456_789, 999_999_999, NS_PER_SECOND];

    #[test]
    fn times_are_those_of_jiff() {
        for unix_ns in TIMES {
            let time = Timestamp::from_nanosecond(unix_ns.into()).expect("a time");
            assert_eq!(rfc3339(unix_ns), format!("{time:.9}"));
            let mut text = String::new();
            Clock::new(TimeZone::UTC).push(unix_ns, &mut text);
            assert_eq!(text, rfc3339(unix_ns));
        }
    }

    #[test]
    fn a_zone_shows_its_distance() {
        let zone = TimeZone::get("Europe/Berlin").expect("a zone");
        let mut clock = Clock::new(zone);
        let mut text = |unix_ns| {
            let mut text = String::new();
            clock.push(unix_ns, &mut text);
            text
        };
        // Around the end of summer time 2026.
        assert_eq!(text(1_792_889_999_500_000_000), "2026-10-25T02:59:59.500000000+02:00");
        assert_eq!(text(1_792_890_000_500_000_000), "2026-10-25T02:00:00.500000000+01:00");
    }
}
