//! Time as text.

use jiff::Timestamp;

const NS_PER_SECOND: i64 = 1_000_000_000;

/// Writes times as RFC 3339 in UTC, with nine digits behind the second: `2026-11-23T14:05:06.123456789Z`.
///
/// The text of the last second is kept, because the next record is most often within it.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    second: i64,
    /// Up to the second: `2026-11-23T14:05:06`.
    text: String,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { second: 0, text: second_text(0) }
    }

    /// Appends the time that is `unix_ns` nanoseconds after the Unix epoch.
    #[inline]
    pub(crate) fn push(&mut self, unix_ns: i64, out: &mut String) {
        let second = unix_ns.div_euclid(NS_PER_SECOND);
        if second != self.second {
            self.second = second;
            self.text = second_text(second);
        }
        out.push_str(&self.text);
        let mut fraction = *b".000000000Z";
        let mut rest = unix_ns.rem_euclid(NS_PER_SECOND) as u32;
        for digit in fraction[1..10].iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.push_str(std::str::from_utf8(&fraction).expect("digits are ASCII"));
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
    Clock::new().push(unix_ns, &mut text);
    text
}

fn second_text(second: i64) -> String {
    // 64 bits of nanoseconds reach from 1677 to 2262, well within what a timestamp holds.
    let time = Timestamp::from_second(second).expect("seconds of a 64-bit time");
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_jiff() {
        for unix_ns in
            [0, 1, -1, i64::MIN, i64::MAX, 1_795_442_706_123_456_789, 999_999_999, NS_PER_SECOND]
        {
            let time = Timestamp::from_nanosecond(unix_ns.into()).expect("a time");
            assert_eq!(rfc3339(unix_ns), format!("{time:.9}"));
        }
        assert_eq!(rfc3339(1_795_442_706_123_456_789), "2026-11-23T14:05:06.123456789Z");
    }
}
