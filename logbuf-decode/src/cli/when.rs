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
        "now" => Ok(now.timestamp()),
        "today" => now.start_of_day().map(|day| day.timestamp()),
        "yesterday" => {
            now.checked_sub(1.day()).and_then(|day| day.start_of_day()).map(|day| day.timestamp())
        }
        _ if text.starts_with(['-', '+']) => {
            text.parse::<Span>().and_then(|span| now.checked_add(span)).map(|at| at.timestamp())
        }
        _ => absolute(text, now),
    };
    let time = time.map_err(|error| format!("{text:?} is no time: {error}; {HELP}"))?;
    i64::try_from(time.as_nanosecond())
        .map_err(|_| format!("{text:?} is beyond the times that a log can hold, 1677 to 2262"))
}

const HELP: &str = "times are 2026-11-23T14:05:06Z, \"2026-11-23 14:05\", 2026-11-23, 14:05, now, today, yesterday, -3h, \"-1 day\"";

fn absolute(text: &str, now: &ZonedDateTime) -> Result<Timestamp, jiff::Error> {
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    let civil = match text.parse::<Time>() {
        Ok(time) if !text.contains('-') => now.date().to_datetime(time),
        _ => text.parse::<DateTime>()?,
    };
    Ok(civil.to_zoned_datetime(now.time_zone().clone())?.timestamp())
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
        for text in ["", "soon", "25:00", "-3 fortnights", "2026-13-01", "9999-01-01", "-"] {
            let error = parse(text, &now).expect_err(text);
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }
}
