//! Strings and `char`s.

use super::{Options, Sink, TooLong, pad};
use crate::value::{OsStr, Str};
use std::fmt::{self, Write};

/// Follows a string that was cut.
const CUT: &str = "…";

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
        out.push_str(CUT);
    }
}

/// Appends a string that the program has formatted.
#[inline]
pub(super) fn text(sink: &mut Sink<'_>, value: Str<'_>) -> Result<(), TooLong> {
    sink.push_str(value.text)?;
    if value.cut {
        sink.push_str(CUT)?;
    }
    Ok(())
}

/// Appends a string of the operating system, of which there is `Debug` only.
pub(super) fn os_str(out: &mut String, value: OsStr<'_>) {
    out.push('"');
    for chunk in value.bytes.utf8_chunks() {
        // Between the quotes stands what `Debug` of a string makes of it. Writing to a string does not fail.
        let start = out.len();
        let _ = write!(out, "{:?}", chunk.valid());
        out.pop();
        out.remove(start);
        for byte in chunk.invalid() {
            let _ = write!(out, "\\x{byte:02X}");
        }
    }
    out.push('"');
    if value.cut {
        out.push_str(CUT);
    }
}

/// Appends what is padded as a string is, and has no other options.
pub(super) fn shown(out: &mut String, value: impl fmt::Display, options: &Options) {
    pad::text(out, &value.to_string(), options);
}

pub(super) fn char(out: &mut String, value: char, options: &Options) {
    if options.style.is_debug() {
        let _ = write!(out, "{value:?}");
    } else {
        pad::text(out, value.encode_utf8(&mut [0; 4]), options);
    }
}
