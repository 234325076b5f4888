//! Filling a width.

use super::Options;
use crate::template::Align;

/// Appends `text`, cut to the precision and padded to the width: `Formatter::pad`.
#[inline]
pub(super) fn text(out: &mut String, text: &str, options: &Options) {
    let text = match options.precision {
        None => text,
        Some(precision) => first_chars(text, precision.into()),
    };
    if options.width == 0 {
        out.push_str(text);
        return;
    }
    let missing = usize::from(options.width).saturating_sub(text.chars().count());
    let (before, after) = split(missing, options.align.unwrap_or(Align::Left));
    push(out, options.fill, before);
    out.push_str(text);
    push(out, options.fill, after);
}

/// Pads the number that stands in `out` from `start` on, and whose digits start at `digits`.
///
/// Numbers are ASCII: their bytes are their `char`s.
#[inline]
pub(super) fn number(out: &mut String, start: usize, digits: usize, options: &Options) {
    let missing = usize::from(options.width).saturating_sub(out.len() - start);
    if missing == 0 {
        return;
    }
    if options.zero {
        insert(out, digits, '0', missing);
        return;
    }
    let (before, after) = split(missing, options.align.unwrap_or(Align::Right));
    insert(out, start, options.fill, before);
    push(out, options.fill, after);
}

/// How much of `missing` goes before and after the value.
fn split(missing: usize, align: Align) -> (usize, usize) {
    match align {
        Align::Left => (0, missing),
        Align::Center => (missing / 2, missing - missing / 2),
        Align::Right => (missing, 0),
    }
}

fn first_chars(text: &str, count: usize) -> &str {
    match text.char_indices().nth(count) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

fn push(out: &mut String, fill: char, count: usize) {
    out.extend(std::iter::repeat_n(fill, count));
}

/// Inserts `fill` `count` times at `at`. The time it takes does not depend on their product.
fn insert(out: &mut String, at: usize, fill: char, count: usize) {
    let end = out.len();
    push(out, fill, count);
    out.extend_from_within(at..end);
    out.drain(at..end);
}
