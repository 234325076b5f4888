//! Strings and `char`s.

use super::{Options, Sink, TooLong, pad};
use crate::value::Str;
use std::fmt::Write;

/// Follows a string that was cut.
const CUT: char = '…';

/// Appends a string that is to be formatted.
#[inline]
pub(super) fn str(out: &mut String, value: Str<'_>, options: &Options) {
    if options.style.is_debug() {
        // `Debug` of a string knows neither width nor precision.
        let _ = write!(out, "{:?}", value.text);
    } else {
        pad::text(out, value.text, options);
    }
    if value.cut {
        out.push(CUT);
    }
}

/// Appends a string that the program has formatted.
#[inline]
pub(super) fn text(sink: &mut Sink<'_>, value: Str<'_>) -> Result<(), TooLong> {
    sink.push_str(value.text)?;
    if value.cut {
        sink.leaf()?.push(CUT);
    }
    Ok(())
}

pub(super) fn char(out: &mut String, value: char, options: &Options) {
    if options.style.is_debug() {
        let _ = write!(out, "{value:?}");
    } else {
        pad::text(out, value.encode_utf8(&mut [0; 4]), options);
    }
}
