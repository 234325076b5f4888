//! Times as people give them.

use jiff::{
    Span, Timestamp, ToSpan, ZonedDateTime,
    civil::{DateTime, Time},
};

/// A time, in nanoseconds since the Unix epoch. What has no zone is in that of `now`.
///
/// # Errors
///
/// What could have been given.
pub(crate) fn parse(text: &str, now: &ZonedDateTime) -> Result<i64, String> {
    let time = match text {
        "now" => Some(now.timestamp()),
        "today" => now.start_of_day().ok().map(|day| day.timestamp()),
        "yesterday" => {
            let day = now.checked_sub(1.day()).and_then(|day| day.start_of_day());
            day.ok().map(|day| day.timestamp())
        }
        _ if text.starts_with(['-', '+']) => distant(text, now),
        _ => match text.strip_prefix('@') {
            Some(seconds) => unix(seconds),
            None => absolute(text, now).or_else(|| ago(text, now)),
        },
    };
    let time = time.ok_or_else(|| format!("{text:?} is no time; {HELP}"))?;
    i64::try_from(time.as_nanosecond())
        .map_err(|_| format!("{text:?} is beyond the times that a log can hold, 1677 to 2262"))
}

const HELP: &str = "times are 2026-11-23T14:05:06Z, \"2026-11-23 14:05\", 2026-11-23, 14:05 (of today), now, today, yesterday, \
                    3h or -3h (ago), \"-1 day\", @1795442706 (Unix seconds)";

/// So far from now.
fn distant(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    Some(now.checked_add(text.parse::<Span>().ok()?).ok()?.timestamp())
}

/// So long before now, in units: `3:57:00` would be a time of day.
fn ago(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    let is_distance = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(':');
    if is_distance { distant(&format!("-{text}"), now) } else { None }
}

/// Seconds since the Unix epoch, with a fraction or without.
fn unix(seconds: &str) -> Option<Timestamp> {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let nanoseconds = format!("{fraction:0<9}")[..9].parse().ok()?;
    Timestamp::new(whole.parse().ok()?, nanoseconds).ok()
}

fn absolute(text: &str, now: &ZonedDateTime) -> Option<Timestamp> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let civil = match time_of_day(text) {
        Some(time) => now.date().to_datetime(time),
        None => text.parse::<DateTime>().ok()?,
    };
    Some(civil.to_zoned_datetime(now.time_zone().clone()).ok()?.timestamp())
}

/// A time of day, whose hour may be one digit.
fn time_of_day(text: &str) -> Option<Time> {
    match text.find(':') {
        Some(1) => format!("0{text}").parse().ok(),
        _ if text.contains('-') => None,
        _ => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        let now: ZonedDateTime =
            "2026-11-23T14:05:06.5+01:00[Europe/Berlin]".parse().expect("a time with its zone");
        let found = parse(text, &now).map(logbuf_decode::rfc3339);
        assert_eq!(found.as_deref(), Ok(expected), "{text}");
    }

    #[test]
    fn what_people_write_is_understood() {
        check("2026-11-23T14:05:06.000000001Z", "2026-11-23T14:05:06.000000001Z");
        check("2026-11-23T14:05:06+02:00", "2026-11-23T12:05:06.000000000Z");
        check("2026-11-23T14:05:06", "2026-11-23T13:05:06.000000000Z");
        check("2026-11-23 14:05", "2026-11-23T13:05:00.000000000Z");
        check("2026-07-01", "2026-06-30T22:00:00.000000000Z");
        check("14:00", "2026-11-23T13:00:00.000000000Z");
        check("14:00:01.5", "2026-11-23T13:00:01.500000000Z");
        check("3:57", "2026-11-23T02:57:00.000000000Z");
        check("1h", "2026-11-23T12:05:06.500000000Z");
        check("2 days", "2026-11-21T13:05:06.500000000Z");
        check("@1795442706", "2026-11-23T14:05:06.000000000Z");
        check("@1795442706.25", "2026-11-23T14:05:06.250000000Z");
        check("now", "2026-11-23T13:05:06.500000000Z");
        check("today", "2026-11-22T23:00:00.000000000Z");
        check("yesterday", "2026-11-21T23:00:00.000000000Z");
        check("-3h", "2026-11-23T10:05:06.500000000Z");
        check("-90s", "2026-11-23T13:03:36.500000000Z");
        check("-1 day", "2026-11-22T13:05:06.500000000Z");
        check("-1h 30m", "2026-11-23T11:35:06.500000000Z");
    }

    #[test]
    fn what_is_no_time_is_refused() {
        let now = ZonedDateTime::now();
        for text in [
            "",
            "soon",
            "25:00",
            "-3 fortnights",
            "2026-13-01",
            "9999-01-01",
            "-",
            "@",
            "@1.x",
            "3:57x",
            "@9999999999999999999",
            "5",
        ] {
            let error = parse(text, &now).expect_err(text);
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
