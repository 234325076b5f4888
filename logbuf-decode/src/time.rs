//! Time as text.

use jiff::{Timestamp, tz::TimeZone};

const NS_PER_SECOND: i64 = 1_000_000_000;

/// Writes times as RFC 3339, with nine digits behind the second: `2026-11-23T14:05:06.123456789Z`.
///
/// The text of the last second is kept, because the next record is most often within it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    zone: TimeZone,
    second: i64,
    /// Up to the second: `2026-11-23T14:05:06`.
    text: String,
    /// The distance from UTC: `Z`, `+05:30`.
    offset: String,
}

impl Clock {
    pub(crate) fn new(zone: TimeZone) -> Self {
        let mut clock = Self { zone, second: 0, text: String::new(), offset: String::new() };
        clock.set(0);
        clock
    }

    /// Appends the time that is `unix_ns` nanoseconds after the Unix epoch.
    #[inline]
    pub(crate) fn push(&mut self, unix_ns: i64, out: &mut String) {
        let second = unix_ns.div_euclid(NS_PER_SECOND);
        if second != self.second {
            self.set(second);
        }
        out.push_str(&self.text);
        let mut fraction = *b".000000000";
        let mut rest = unix_ns.rem_euclid(NS_PER_SECOND) as u32;
        for digit in fraction[1..].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.push_str(std::str::from_utf8(&fraction).expect("digits are ASCII"));
        out.push_str(&self.offset);
    }

    #[cold]
    fn set(&mut self, second: i64) {
        // 64 bits of nanoseconds reach from 1677 to 2262, well within what a timestamp holds.
        let time = Timestamp::from_second(second).expect("seconds of a 64-bit time");
        let local = time.to_zoned_datetime(self.zone.clone());
        self.second = second;
        self.text = local.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        self.offset = match local.offset().seconds() {
            0 => "Z".to_owned(),
            _ => local.strftime("%:z").to_string(),
        };
    }
}

/// A time as text: RFC 3339 in UTC, with nine digits behind the second.
///
/// ```
/// let text = logbuf_decode::rfc3339(1_795_442_706_123_456_789);
/// assert_eq!(text, "2026-11-23T14:05:06.123456789Z");
/// ```
pub fn rfc3339(unix_ns: i64) -> String {
    let mut text = String::new();
    Clock::new(TimeZone::UTC).push(unix_ns, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMES: [i64; 8] =
        [0, 1, -1, i64::MIN, i64::MAX, 1_795_442_706_123_456_789, 999_999_999, NS_PER_SECOND];

    #[test]
    fn times_are_those_of_jiff() {
        for unix_ns in TIMES {
            let time = Timestamp::from_nanosecond(unix_ns.into()).expect("a time");
            assert_eq!(rfc3339(unix_ns), format!("{time:.9}"));
        }
        assert_eq!(rfc3339(1_795_442_706_123_456_789), "2026-11-23T14:05:06.123456789Z");
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
