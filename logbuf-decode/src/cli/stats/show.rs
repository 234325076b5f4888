//! Totals for people.

use crate::cli::stats::{
    chart,
    summary::{Loss, Numbers, Row, SpanRow, Summary},
};
use logbuf_decode::{escape, rfc3339};
use std::fmt::Write;

/// Lines of a chart.
const HEIGHT: usize = 6;

/// Characters of the longest bar.
const WIDTH: usize = 40;

/// Rows of a table; what is beyond them is added up.
const ROWS: usize = 20;

/// Appends all of it. Writing to a string does not fail.
pub(super) fn push(summary: &Summary, out: &mut String) {
    let Summary { records, bytes, files, file_bytes, .. } = summary;
    let _ = writeln!(
        out,
        "{} records, {} raw, {} in {files} {}, {} lost",
        grouped(*records),
        size(*bytes),
        size(*file_bytes),
        if *files == 1 { "file" } else { "files" },
        grouped(summary.lost)
    );
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        let length = last.0.abs_diff(first.0);
        let rate = *records as f64 / (length.max(1) as f64 / 1e9);
        let _ = writeln!(
            out,
            "from {} to {}: {}, {} records/s",
            rfc3339(first.0),
            rfc3339(last.0),
            time(length as f64),
            grouped(rate as u64)
        );
    }
    for (name, rows) in [
        ("level", &summary.levels),
        ("target", &summary.targets),
        ("thread", &summary.threads),
        ("site", &summary.sites),
    ] {
        table(name, rows, *records, out);
    }
    push_spans(&summary.spans, out);
    push_losses(&summary.losses, out);
    push_rate(summary, out);
    for histogram in &summary.histograms {
        let _ = write!(out, "\n{}: ", escape(&histogram.field));
        numbers(&histogram.numbers, &short, out);
    }
    if let Some(pairs) = &summary.between {
        let _ = write!(
            out,
            "\nbetween, {} first without a second, {} second without a first: ",
            grouped(pairs.without_second),
            grouped(pairs.without_first)
        );
        numbers(&pairs.numbers, &time, out);
    }
}

fn table(name: &str, rows: &[Row], records: u64, out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{:>15} {:>7} {:>9}  {name}", "records", "", "bytes");
    let mut line = |count: u64, bytes, name: &str| {
        let part = 100.0 * count as f64 / records.max(1) as f64;
        let (count, bytes) = (grouped(count), size(bytes));
        let _ = writeln!(out, "{count:>15} {part:>6.2}% {bytes:>9}  {}", escape(name));
    };
    rows.iter().take(ROWS).for_each(|row| line(row.records, row.bytes, &row.name));
    let rest = rows.get(ROWS..).unwrap_or_default();
    if !rest.is_empty() {
        let records = rest.iter().map(|row| row.records).sum();
        line(records, rest.iter().map(|row| row.bytes).sum(), &format!("… {} more", rest.len()));
    }
}

fn push_spans(rows: &[SpanRow], out: &mut String) {
    if rows.is_empty() {
        return;
    }
    let _ = writeln!(
        out,
        "\n{:>15} {:>9} {:>15} {:>9} {:>9}  span",
        "spans", "open", "entered", "busy", "idle"
    );
    for row in rows.iter().take(ROWS) {
        let (busy, idle) = (time(row.busy_ns as f64), time(row.idle_ns as f64));
        let (count, open, entered) = (grouped(row.count), grouped(row.open), grouped(row.entered));
        let name = escape(&row.name);
        let _ = writeln!(out, "{count:>15} {open:>9} {entered:>15} {busy:>9} {idle:>9}  {name}");
    }
    if let Some(more @ 1..) = rows.len().checked_sub(ROWS) {
        let _ = writeln!(out, "{:>62}  … {more} more", "");
    }
}

fn push_losses(losses: &[Loss], out: &mut String) {
    if losses.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{:>15} {:>17}  of thread", "lost", "bytes");
    for loss in losses.iter().take(ROWS) {
        let Loss { thread, level, reason, records, bytes, first, last } = loss;
        let (records, bytes, thread) = (grouped(*records), size(*bytes), escape(thread));
        let (from, to) = (rfc3339(first.0), rfc3339(last.0));
        let _ = writeln!(
            out,
            "{records:>15} {bytes:>17}  {thread}: {reason}, {level}, from {from} to {to}"
        );
    }
    if let Some(rest @ [_, ..]) = losses.get(ROWS..) {
        let records = rest.iter().map(|loss| loss.records).fold(0, u64::saturating_add);
        let _ = writeln!(out, "{:>15} {:>17}  … {} more", grouped(records), "", rest.len());
    }
}

fn push_rate(summary: &Summary, out: &mut String) {
    let Some(rate) = &summary.rate else { return };
    let most = rate.records.iter().max().copied().unwrap_or(0);
    let _ = writeln!(
        out,
        "\nrecords in each {} from {}, {} at most",
        time(rate.length_ns as f64),
        rfc3339(rate.from.0),
        grouped(most)
    );
    for line in chart::columns(&rate.records, HEIGHT) {
        let _ = writeln!(out, "  {line}");
    }
    if !summary.gaps.is_empty() {
        out.push_str("\nlongest times without a record\n");
        for gap in &summary.gaps {
            let (length, from) = (time(gap.length_ns as f64), rfc3339(gap.from.0));
            let _ = writeln!(out, "{length:>15}  from {from}");
        }
    }
    out.push_str("\nbusiest milliseconds\n");
    for moment in &summary.busiest_ms {
        let (records, from) = (grouped(moment.records), rfc3339(moment.from.0));
        let _ = writeln!(out, "{records:>15}  from {from}");
    }
}

fn numbers(numbers: &Numbers, shown: &dyn Fn(f64) -> String, out: &mut String) {
    let _ = writeln!(out, "{} values", grouped(numbers.count));
    let mut line = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            let _ = writeln!(out, "{name:>15}  {}", shown(value));
        }
    };
    line("min", numbers.min);
    line("mean", numbers.mean);
    for (name, value) in &numbers.quantiles {
        line(name, Some(*value));
    }
    line("max", numbers.max);
    let most = numbers.bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    for bar in &numbers.bars {
        let drawn = chart::bar(bar.count, most, WIDTH);
        let (from, to, count) = (shown(bar.from), shown(bar.to), grouped(bar.count));
        let line = format!("{from:>12} … {to:>12} {count:>12} {drawn}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// A number with a comma between each three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number with four digits or so, whole ones with all of theirs.
fn short(number: f64) -> String {
    match number {
        _ if number == number.trunc() && number.abs() < 1e15 => format!("{number}"),
        _ if (1e-3..1e6).contains(&number.abs()) => format!("{number:.3}"),
        _ => format!("{number:.3e}"),
    }
}

fn size(bytes: u64) -> String {
    scaled(bytes as f64, 1000.0, &["B", "kB", "MB", "GB", "TB", "PB", "EB"])
}

fn time(ns: f64) -> String {
    match ns {
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
    let mut number = number;
    let mut units = units.iter().peekable();
    while let Some(unit) = units.next() {
        if number < step || units.peek().is_none() {
            let places = if number == number.trunc() && number < step { 0 } else { 2 };
            return format!("{number:.places$} {unit}");
        }
        number /= step;
    }
    String::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_people_write_them() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0, 999, 1000, 1_234_567].map(size), ["0 B", "999 B", "1 kB", "1.23 MB"]);
        assert_eq!(
            [7.0, 1500.0, 2.5e8, 3.25e9, 3.6e12, 9e13].map(time),
            ["7 ns", "1.50 µs", "250 ms", "3.250 s", "1:00:00", "1 d 1:00:00"]
        );
        assert_eq!([3.0, 0.125, 1e-9, -2.5].map(short), ["3", "0.125", "1.000e-9", "-2.500"]);
    }
}
