//! Numbers as people write them: those of one column in one way.

/// How numbers of one column are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Style {
    /// With a comma between each three digits, and so many places.
    Places(usize),
    /// With an exponent.
    Exponent,
    /// As lengths of time, of which one is so many nanoseconds.
    Time(f64),
}

impl Style {
    /// That of the values of a field: a name may tell that they are lengths of time.
    pub(crate) fn of(field: &str, numbers: impl IntoIterator<Item = f64>) -> Self {
        const UNITS: [(&str, f64); 3] = [("_ns", 1.0), ("_us", 1e3), ("_ms", 1e6)];
        if let Some((_, ns)) = UNITS.iter().find(|(end, _)| field.ends_with(end)) {
            return Self::Time(*ns);
        }
        let (mut largest, mut is_whole) = (0.0, true);
        for number in numbers {
            largest = f64::max(largest, number.abs());
            is_whole &= number == number.trunc();
        }
        match largest {
            1e15.. => Self::Exponent,
            1e3.. => Self::Places(0),
            _ if is_whole => Self::Places(0),
            1e-2.. => Self::Places(3),
            _ => Self::Exponent,
        }
    }

    /// A number of the column.
    pub(crate) fn show(self, number: f64) -> String {
        match self {
            Self::Places(places) => {
                let text = format!("{:.places$}", number.abs());
                let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
                let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
                let sign = if number < 0.0 && !is_zero { "-" } else { "" };
                format!("{sign}{}{fraction}", with_commas(whole))
            }
            Self::Exponent => format!("{number:.3e}"),
            Self::Time(ns) => time(number * ns),
        }
    }
}

/// A number with a comma between each three digits.
pub(crate) fn grouped(number: u64) -> String {
    with_commas(&number.to_string())
}

fn with_commas(digits: &str) -> String {
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes.
pub(crate) fn size(bytes: u64) -> String {
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

/// A length of time.
pub(crate) fn time(ns: f64) -> String {
    match ns {
        _ if ns < 0.0 => format!("-{}", time(-ns)),
        _ if ns < 1e9 => scaled(ns, 1000.0, &["ns", "µs", "ms"]),
        _ if ns < 60e9 => format!("{:.3} s", ns / 1e9),
        _ => {
            let seconds = (ns / 1e9) as u64;
            let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
            let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
            match days {
                0 => format!("{hours}:{minutes:02}:{seconds:02}"),
                _ => format!("{days} d {hours}:{minutes:02}:{seconds:02}"),
            }
        }
    }
}

/// A number in the largest unit of which there is one at least.
fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let (mut number, mut is_smallest) = (number, true);
    let mut units = units.iter().peekable();
    while let Some(unit) = units.next() {
        if number < step || units.peek().is_none() {
            // Parts of the smallest unit are rare, and all numbers of the others have them: so a column looks alike.
            let places = if is_smallest && number == number.trunc() { 0 } else { 2 };
            return format!("{number:.places$} {unit}");
        }
        number /= step;
        is_smallest = false;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(size), ["0 B", "999 B", "1.00 kB", "1.23 MB"]);
        assert_eq!(
            [7.0, 1500.0, 2.5e8, 3.25e9, 3.6e12, 9e13, -1500.0].map(time),
            ["7 ns", "1.50 µs", "250.00 ms", "3.250 s", "1:00:00", "1 d 1:00:00", "-1.50 µs"]
        );
    }

    #[test]
    fn a_column_has_one_style() {
        let check = |field: &str, numbers: &[f64], expected: &[&str]| {
            let style = Style::of(field, numbers.iter().copied());
            let shown: Vec<_> = numbers.iter().map(|number| style.show(*number)).collect();
            assert_eq!(shown, expected, "{field}");
        };
        check(
            "n",
            &[835_021.259, 1_328_000.5, 8_507_276.0],
            &["835,021", "1,328,000", "8,507,276"],
        );
        check("n", &[-0.4, 1000.0, -5000.0], &["0", "1,000", "-5,000"]);
        check("n", &[3.0, 0.125, -2.5], &["3.000", "0.125", "-2.500"]);
        check("n", &[1.0, 999.0], &["1", "999"]);
        check("n", &[1e-9, 0.0], &["1.000e-9", "0.000e0"]);
        check("n", &[1e20, 1.0], &["1.000e20", "1.000e0"]);
        check("rtt_ns", &[1500.0, 7.0], &["1.50 µs", "7 ns"]);
        check("rtt_us", &[1500.0, 7.0], &["1.50 ms", "7.00 µs"]);
        check("rtt_ms", &[1500.0, 7.0], &["1.500 s", "7.00 ms"]);
    }
}
