//! Sequences: `Formatter::debug_list`.

use super::{Options, Sink, TooLong};
use crate::value::Value;

/// Appends `[a, b]`, or with `#` an item a line.
pub(super) fn list<'a>(
    sink: &mut Sink<'_>,
    items: impl Iterator<Item = Value<'a>>,
    options: &Options,
) -> Result<(), TooLong> {
    sink.push_str("[")?;
    let mut is_empty = true;
    for item in items {
        if options.alternate {
            if is_empty {
                sink.push_str("\n")?;
            }
            sink.indented(|sink| {
                super::value(sink, &item, options)?;
                sink.push_str(",\n")
            })?;
        } else {
            if !is_empty {
                sink.push_str(", ")?;
            }
            super::value(sink, &item, options)?;
        }
        is_empty = false;
    }
    sink.push_str("]")
}
