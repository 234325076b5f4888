//! Spans and points of time.

use super::{Options, Sink, TooLong, builder, pad};
use crate::value::{SystemTime, Value};
use std::{fmt::Write, time::Duration};

/// Appends a duration, of which there is `Debug` only: `1.5s`. Precision and sign are std's; the width is that of a string.
pub(super) fn duration(out: &mut String, value: Duration, options: &Options) {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = match (options.plus, options.precision.map(usize::from)) {
        (false, None) => write!(text, "{value:?}"),
        (true, None) => write!(text, "{value:+?}"),
        (false, Some(precision)) => write!(text, "{value:.precision$?}"),
        (true, Some(precision)) => write!(text, "{value:+.precision$?}"),
    };
    pad::text(out, &text, &Options { precision: None, ..*options });
}

/// Appends a point of time as `Debug` does on Unix.
pub(super) fn system_time(
    sink: &mut Sink<'_>,
    value: SystemTime,
    options: &Options,
) -> Result<(), TooLong> {
    let members =
        [("tv_sec", Value::I64(value.seconds)), ("tv_nsec", Value::U32(value.nanoseconds))];
    builder::named(sink, "SystemTime", members.into_iter(), options)
}
