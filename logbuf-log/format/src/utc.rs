//! Points of time as text: RFC 3339.

use std::fmt::Write;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// Writes points of time as RFC 3339, with nine digits behind the second.
///
/// The text of the last second is kept, because the next record is most often within it. What that text is, and so the
/// zone, is said by whoever asks: for UTC, [`push_second`].
#[derive(Clone, Debug, Default)]
pub struct Times {
    /// The second of the texts, in nanoseconds since the Unix epoch; none if there is no text.
    second: Option<i64>,
    /// Up to the second: `2026-11-23T14:05:06.`.
    before: String,
    /// The distance from UTC: `Z`, `+05:30`.
    behind: String,
}

impl Times {
    /// Appends the time that is `unix_ns` nanoseconds after the Unix epoch, in UTC.
    #[inline]
    pub fn push(&mut self, unix_ns: i64, out: &mut String) {
        self.push_with(unix_ns, out, |second, before, behind| {
            push_second(second, before);
            behind.push('Z');
        });
    }

    /// As [`push`](Self::push), where `spell` appends what stands before and behind the digits of the fraction in this second
    /// after the Unix epoch.
    #[inline]
    pub fn push_with(
        &mut self,
        unix_ns: i64,
        out: &mut String,
        spell: impl FnOnce(i64, &mut String, &mut String),
    ) {
        let mut fraction =
            self.second.map_or(u64::MAX, |second| unix_ns.wrapping_sub(second) as u64);
        if fraction >= NS_PER_SECOND as u64 {
            let second = unix_ns.div_euclid(NS_PER_SECOND);
            self.before.clear();
            self.behind.clear();
            spell(second, &mut self.before, &mut self.behind);
            // The first second that 64 bits of nanoseconds reach starts before them; modulo 2^64 the distance is right.
            self.second = Some(second.wrapping_mul(NS_PER_SECOND));
            fraction = unix_ns.rem_euclid(NS_PER_SECOND) as u64;
        }
        out.push_str(&self.before);
        // With a one before them there are ten digits, whatever zeros they start with.
        let mut digits = itoa::Buffer::new();
        out.push_str(&digits.format(NS_PER_SECOND as u64 + fraction)[1..]);
        match self.behind.as_str() {
            // Of known length, it is not copied by a call.
            "Z" => out.push('Z'),
            behind => out.push_str(behind),
        }
    }
}

/// Appends date and time in UTC, up to the point behind the second, of a second after the Unix epoch within what 64 bits of
/// nanoseconds reach, 1677 to 2262: `2026-11-23T14:05:06.`.
///
/// The date is that of the proleptic Gregorian calendar (Howard Hinnant, `chrono`-Compatible Low-Level Date Algorithms,
/// `civil_from_days`).
pub fn push_second(second: i64, out: &mut String) {
    const DAY: i64 = 86_400;
    /// Days from 0000-03-01 to the Unix epoch.
    const EPOCH: i64 = 719_468;
    /// Days of 400 years.
    const ERA: i64 = 146_097;
    let (days, in_day) = (second.div_euclid(DAY) + EPOCH, second.rem_euclid(DAY));
    let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    // Years begin in March, so that the day that some of them lack is their last.
    let year = (day - day / 1460 + day / 36_524 - day / (ERA - 1)) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + i64::from(month <= 2);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    // Writing to a string does not fail.
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.");
}

/// A time as text: RFC 3339 in UTC, with nine digits behind the second.
///
/// # Examples
///
/// ```
/// let text = logbuf_format::utc::rfc3339(1_795_442_706_123_456_789);
/// assert_eq!(text, "2026-11-23T14:05:06.123456789Z");
/// ```
pub fn rfc3339(unix_ns: i64) -> String {
    let mut text = String::new();
    Times::default().push(unix_ns, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        for (unix_ns, expected) in [
            (0, "1970-01-01T00:00:00.000000000Z"),
            (-1, "1969-12-31T23:59:59.999999999Z"),
            (951_782_400 * NS_PER_SECOND, "2000-02-29T00:00:00.000000000Z"),
            (951_868_800 * NS_PER_SECOND, "2000-03-01T00:00:00.000000000Z"),
            (4_107_542_399 * NS_PER_SECOND, "2100-02-28T23:59:59.000000000Z"),
            (4_107_542_400 * NS_PER_SECOND, "2100-03-01T00:00:00.000000000Z"),
            (i64::MAX, "2262-04-11T23:47:16.854775807Z"),
            (i64::MIN, "1677-09-21T00:12:43.145224192Z"),
        ] {
            assert_eq!(rfc3339(unix_ns), expected);
        }
    }

    #[test]
    fn a_text_that_is_kept_is_used_within_its_second_alone() {
        let mut times = Times::default();
        let mut text = |unix_ns| {
            let mut text = String::new();
            times.push(unix_ns, &mut text);
            text
        };
        assert_eq!(text(NS_PER_SECOND), "1970-01-01T00:00:01.000000000Z");
        assert_eq!(text(2 * NS_PER_SECOND - 1), "1970-01-01T00:00:01.999999999Z");
        assert_eq!(text(NS_PER_SECOND - 1), "1970-01-01T00:00:00.999999999Z");
        assert_eq!(text(2 * NS_PER_SECOND), "1970-01-01T00:00:02.000000000Z");
    }
}
