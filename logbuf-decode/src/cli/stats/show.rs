//! Totals for people.

use crate::cli::{
    number::{Style, grouped, size, time},
    stats::{
        chart,
        summary::{Loss, Numbers, Row, SpanRow, Summary},
    },
};
use logbuf_decode::{escape, rfc3339};
use std::{borrow::Cow, fmt::Write};

/// Lines of a chart.
const HEIGHT: usize = 6;

/// Columns of a chart, at most.
const COLUMNS: usize = 72;

/// Characters of the longest bar, at most.
const BAR: usize = 40;

/// Characters in front of a bar.
const BEFORE_BAR: usize = 41;

/// Characters of a name in a table: what is longer stands in `sites`.
const NAME: usize = 100;

/// The end of the names of fields that hold nanoseconds.
const NANOSECONDS: &str = "_ns";

/// Rows of a table; what is beyond them is added up.
const ROWS: usize = 20;

/// Appends all of it, in lines that are no wider.
pub(super) fn push(summary: &Summary, width: Width, out: &mut String) {
    let mut text = String::new();
    push_all(summary, width, &mut text);
    width.fit(&text, out);
}

/// Writing to a string does not fail.
fn push_all(summary: &Summary, width: Width, out: &mut String) {
    let Summary { records, bytes, files, file_bytes, .. } = summary;
    let _ = writeln!(
        out,
        "{} {}, {} raw, {} in {files} {}, {} lost",
        grouped(*records),
        if *records == 1 { "record" } else { "records" },
        size(*bytes),
        size(*file_bytes),
        if *files == 1 { "file" } else { "files" },
        grouped(summary.lost)
    );
    if let (Some(first), Some(last)) = (summary.first, summary.last) {
        let length = last.0.abs_diff(first.0);
        let (from, to) = (rfc3339(first.0), rfc3339(last.0));
        let _ = write!(out, "from {from} to {to}: {}", time(length as f64));
        if length > 0 {
            let rate = *records as f64 * 1e9 / length as f64;
            let _ = write!(out, ", {} records/s", grouped(rate as u64));
        }
        out.push('\n');
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
        numbers(&histogram.numbers, &histogram.field, width, out);
    }
    if let Some(pairs) = &summary.between {
        let _ = write!(
            out,
            "\nbetween, {} first without a second, {} second without a first: ",
            grouped(pairs.without_second),
            grouped(pairs.without_first)
        );
        numbers(&pairs.numbers, NANOSECONDS, width, out);
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
        let _ = writeln!(out, "{count:>15} {part:>6.2}% {bytes:>9}  {}", cut(&escape(name), NAME));
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
        // The first stretch may begin before the first record: not in what is said of it.
        rfc3339(summary.first.map_or(rate.from.0, |first| first.0.max(rate.from.0))),
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

fn numbers(numbers: &Numbers, field: &str, width: Width, out: &mut String) {
    let _ = writeln!(out, "{} values", grouped(numbers.count));
    let quantiles = numbers.quantiles.iter().map(|(name, value)| (*name, Some(*value)));
    let first = [("min", numbers.min), ("mean", numbers.mean)].into_iter();
    let lines: Vec<_> = first.chain(quantiles).chain([("max", numbers.max)]).collect();
    let style = Style::of(field, lines.iter().filter_map(|(_, value)| *value));
    for (name, value) in &lines {
        if let Some(value) = value {
            let _ = writeln!(out, "{name:>15}  {}", style.show(*value));
        }
    }
    let style = Style::of(field, numbers.bars.iter().flat_map(|bar| [bar.from, bar.to]));
    let most = numbers.bars.iter().map(|bar| bar.count).max().unwrap_or(0);
    for bar in &numbers.bars {
        let drawn = chart::bar(bar.count, most, width.of_bars());
        let (from, to, count) = (style.show(bar.from), style.show(bar.to), grouped(bar.count));
        let line = format!("{from:>12} … {to:>12} {count:>12} {drawn}");
        let _ = writeln!(out, "{}", line.trim_end());
    }
}

/// How wide lines may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Width(pub(super) Option<usize>);

impl Width {
    /// Columns of the chart, which stand behind two spaces.
    pub(super) fn of_chart(self) -> usize {
        self.0.map_or(COLUMNS, |width| width.saturating_sub(2).clamp(2, COLUMNS))
    }

    /// Characters of the longest bar, which stands behind numbers.
    fn of_bars(self) -> usize {
        self.0.map_or(BAR, |width| width.saturating_sub(BEFORE_BAR).min(BAR))
    }

    /// Cuts the lines of a text that are wider.
    fn fit(self, text: &str, out: &mut String) {
        for line in text.lines() {
            match self.0 {
                Some(width) => out.push_str(&cut(line, width)),
                None => out.push_str(line),
            }
            out.push('\n');
        }
    }
}

/// A text, or the start of it with a sign that there is more.
fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().nth(width).is_none() {
        return text.into();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect::<String>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_wide_is_cut() {
        assert_eq!([cut("größer", 6), cut("größer", 5), cut("", 0)], ["größer", "größ…", ""]);
        assert_eq!(
            [Width(None), Width(Some(40)), Width(Some(1))].map(Width::of_chart),
            [72, 38, 2]
        );
        assert_eq!([Width(None), Width(Some(50)), Width(Some(1))].map(Width::of_bars), [40, 9, 0]);
    }
}
