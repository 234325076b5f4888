//! Values that hold others: `Formatter::debug_list` and its kin.

use super::{Options, Sink, TooLong};
use crate::value::{Inner, Map, Seq, Struct, Value};

type Result = std::result::Result<(), TooLong>;

/// `[a, b]`
pub(super) fn list(sink: &mut Sink<'_>, items: Seq<'_>, options: &Options) -> Result {
    sink.push_str("[")?;
    each(sink, items.iter(), options, |sink, item| super::value(sink, &item, options))?;
    sink.push_str("]")
}

/// `{a, b}`
pub(super) fn set(sink: &mut Sink<'_>, items: Seq<'_>, options: &Options) -> Result {
    sink.push_str("{")?;
    each(sink, items.iter(), options, |sink, item| super::value(sink, &item, options))?;
    sink.push_str("}")
}

/// `{a: b, c: d}`
pub(super) fn map(sink: &mut Sink<'_>, entries: Map<'_>, options: &Options) -> Result {
    sink.push_str("{")?;
    each(sink, entries.iter(), options, |sink, (key, value)| {
        super::value(sink, &key, options)?;
        sink.push_str(": ")?;
        super::value(sink, &value, options)
    })?;
    sink.push_str("}")
}

/// `(a, b)`, or `Name(a, b)`
pub(super) fn tuple<'a>(
    sink: &mut Sink<'_>,
    name: &str,
    members: impl Iterator<Item = Value<'a>>,
    options: &Options,
) -> Result {
    sink.push_str(name)?;
    sink.push_str("(")?;
    let count = each(sink, members, options, |sink, member| super::value(sink, &member, options))?;
    // What tells a tuple of one from parentheses.
    let close = if count == 1 && name.is_empty() && !options.alternate { ",)" } else { ")" };
    sink.push_str(close)
}

/// `Name(a)`
pub(super) fn variant(
    sink: &mut Sink<'_>,
    name: &str,
    inner: Inner<'_>,
    options: &Options,
) -> Result {
    tuple(sink, name, std::iter::once_with(|| inner.get()), options)
}

/// `Name`, `Name(a)` or `Name { a: b }`
pub(super) fn structure(sink: &mut Sink<'_>, value: Struct<'_>, options: &Options) -> Result {
    if value.is_empty() {
        return sink.push_str(value.name());
    }
    if !value.has_names() {
        return tuple(sink, value.name(), value.iter().map(|(_, member)| member), options);
    }
    named(sink, value.name(), value.iter(), options)
}

/// `Name { a: b }`
pub(super) fn named<'a>(
    sink: &mut Sink<'_>,
    name: &str,
    members: impl Iterator<Item = (&'a str, Value<'a>)>,
    options: &Options,
) -> Result {
    sink.push_str(name)?;
    sink.push_str(if options.alternate { " {" } else { " { " })?;
    each(sink, members, options, |sink, (name, member)| {
        sink.push_str(name)?;
        sink.push_str(": ")?;
        super::value(sink, &member, options)
    })?;
    sink.push_str(if options.alternate { "}" } else { " }" })
}

/// Appends items with commas between them, or with `#` each on lines of its own. Returns how many there were.
fn each<T>(
    sink: &mut Sink<'_>,
    items: impl Iterator<Item = T>,
    options: &Options,
    mut write: impl FnMut(&mut Sink<'_>, T) -> Result,
) -> std::result::Result<usize, TooLong> {
    let mut count = 0;
    for item in items {
        if options.alternate {
            if count == 0 {
                sink.push_str("\n")?;
            }
            sink.indented(|sink| {
                write(sink, item)?;
                sink.push_str(",\n")
            })?;
        } else {
            if count > 0 {
                sink.push_str(", ")?;
            }
            write(sink, item)?;
        }
        count += 1;
    }
    Ok(count)
}
