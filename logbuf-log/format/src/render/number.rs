//! Numbers.

use super::{Options, pad};
use crate::template::Style;
use std::fmt::{self, Write};

/// What all integers of std can be printed as.
pub(super) trait Integer:
    Copy
    + Default
    + PartialOrd
    + fmt::Display
    + fmt::LowerHex
    + fmt::UpperHex
    + fmt::Octal
    + fmt::Binary
    + fmt::LowerExp
    + fmt::UpperExp
{
}

impl<T> Integer for T where
    T: Copy
        + Default
        + PartialOrd
        + fmt::Display
        + fmt::LowerHex
        + fmt::UpperHex
        + fmt::Octal
        + fmt::Binary
        + fmt::LowerExp
        + fmt::UpperExp
{
}

/// Appends an integer.
#[inline]
pub(super) fn integer<T: Integer>(out: &mut String, value: T, options: &Options) {
    let start = out.len();
    match options.style {
        Style::Display | Style::Debug | Style::Pointer => {
            let digits = sign(out, value < T::default(), options);
            put(out, format_args!("{value}"));
            pad::number(out, start, digits, options);
        }
        Style::LowerExp | Style::UpperExp => {
            let digits = sign(out, value < T::default(), options);
            exponential(out, value, options);
            pad::number(out, start, digits, options);
        }
        // In these a negative number has no sign: its bits are shown.
        Style::LowerHex | Style::DebugLowerHex => {
            let digits = prefix(out, "0x", options);
            put(out, format_args!("{value:x}"));
            pad::number(out, start, digits, options);
        }
        Style::UpperHex | Style::DebugUpperHex => {
            let digits = prefix(out, "0x", options);
            put(out, format_args!("{value:X}"));
            pad::number(out, start, digits, options);
        }
        Style::Octal => {
            let digits = prefix(out, "0o", options);
            put(out, format_args!("{value:o}"));
            pad::number(out, start, digits, options);
        }
        Style::Binary => {
            let digits = prefix(out, "0b", options);
            put(out, format_args!("{value:b}"));
            pad::number(out, start, digits, options);
        }
    }
}

/// Appends a float, whose sign bit is `negative`.
#[inline]
pub(super) fn float<T>(out: &mut String, value: T, negative: bool, options: &Options)
where
    T: Copy + PartialOrd + fmt::Display + fmt::Debug + fmt::LowerExp + fmt::UpperExp,
{
    let start = out.len();
    // NaN, the only value not equal to itself, has no sign.
    let is_nan = value.partial_cmp(&value).is_none();
    let digits = if is_nan { start } else { sign(out, negative, options) };
    match (options.style, options.precision) {
        (Style::LowerExp | Style::UpperExp, _) => exponential(out, value, options),
        (_, Some(precision)) => put(out, format_args!("{value:.*}", precision.into())),
        (Style::Display, None) => put(out, format_args!("{value}")),
        (_, None) => put(out, format_args!("{value:?}")),
    }
    pad::number(out, start, digits, options);
}

fn exponential<T: fmt::LowerExp + fmt::UpperExp>(out: &mut String, value: T, options: &Options) {
    match (options.style == Style::UpperExp, options.precision) {
        (false, None) => put(out, format_args!("{value:e}")),
        (false, Some(precision)) => put(out, format_args!("{value:.*e}", precision.into())),
        (true, None) => put(out, format_args!("{value:E}")),
        (true, Some(precision)) => put(out, format_args!("{value:.*E}", precision.into())),
    }
}

/// Appends the `+` of a number that is not negative, if it is asked for. Returns where the digits will start: a
/// negative number will bring its own sign.
#[inline]
fn sign(out: &mut String, negative: bool, options: &Options) -> usize {
    if !negative && options.plus {
        out.push('+');
        return out.len();
    }
    out.len() + usize::from(negative)
}

/// Appends what comes before digits that are not decimal. Returns where they will start.
fn prefix(out: &mut String, prefix: &str, options: &Options) -> usize {
    if options.plus {
        out.push('+');
    }
    if options.alternate {
        out.push_str(prefix);
    }
    out.len()
}

#[inline]
fn put(out: &mut String, arguments: fmt::Arguments<'_>) {
    // Neither numbers nor strings fail.
    let _ = out.write_fmt(arguments);
}
