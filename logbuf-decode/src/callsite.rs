//! A call site, ready to render its records.

use logbuf_format::{
    message::Message,
    site::{Kind, Site, Slot},
    template::{self, Piece},
    types::Type,
};
use std::{
    fmt::{self, Write},
    sync::Arc,
};

/// A site and its message, parsed once.
#[derive(Debug)]
pub(crate) struct CallSite {
    pub(crate) site: Site,
    /// The message, or why records of the site cannot be read.
    pub(crate) message: Result<Message, Arc<str>>,
    /// Whether records of the site are handed out.
    pub(crate) wanted: bool,
    /// Whether the message and the fields of any record are plain ASCII, without quotes and backslashes.
    pub(crate) is_plain: bool,
    /// Bytes of the values, if they are those of an event and numbers, of which any bits will do.
    pub(crate) len: Option<usize>,
    /// Bytes of text that it adds to that of each record, whatever the record holds: about.
    pub(crate) text_len: usize,
    /// The name of a span.
    name: String,
}

impl CallSite {
    pub(crate) fn new(site: Site) -> Self {
        let message = if site.typed || site.values.is_empty() {
            Message::new(&site.template, &site.values).map_err(|error| error.to_string().into())
        } else {
            Err("the types of its values are unknown".into())
        };
        let is_plain = is_plain(&site);
        // What happens to a span is in its values.
        let len = match site.kind {
            Kind::Event => site.values.iter().map(|slot| number_len(&slot.ty)).sum(),
            _ => None,
        };
        let name = if site.kind == Kind::Span { span_name(&site.template) } else { String::new() };
        let text_len = fixed_text_len(&site);
        Self { site, message, wanted: true, is_plain, len, text_len, name }
    }

    /// The name of a span; otherwise nothing.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Bytes it takes in memory, about.
    pub(crate) fn cost(&self) -> usize {
        let site = &self.site;
        let slots: usize = site.values.iter().map(|slot| size_of::<Slot>() + slot.name.len()).sum();
        // The message holds the text of the template once more, in pieces.
        let strings = site.target.len() + site.file.len() + 4 * site.template.len();
        // A node of a type has five characters of text or more, and takes less than ten times as many bytes.
        let types: usize = site.values.iter().map(|slot| text_len(&slot.ty)).sum();
        size_of::<Self>() + slots + strings + 10 * (types + text_len(&site.definitions))
    }
}

/// Bytes of what a site says itself, about: what stands between the values in the message, and the names and marks around them.
fn fixed_text_len(site: &Site) -> usize {
    const MARKS: usize = 2;
    let names: usize = site.values.iter().map(|slot| slot.name.len() + MARKS).sum();
    site.target.len() + site.file.len() + site.template.len() + names
}

/// Whether what a site says is plain, and its values are numbers.
fn is_plain(site: &Site) -> bool {
    let is_number = |ty: &Type| {
        matches!(
            ty,
            Type::Unit
                | Type::Bool
                | Type::U8
                | Type::U16
                | Type::U32
                | Type::U64
                | Type::U128
                | Type::I8
                | Type::I16
                | Type::I32
                | Type::I64
                | Type::I128
                | Type::F32
                | Type::F64
        )
    };
    // The template holds what stands between the values and what they are padded with.
    is_plain_text(&site.template)
        && site.values.iter().all(|slot| is_plain_text(&slot.name) && is_number(&slot.ty))
}

/// Bytes of a number, of which any bits will do.
fn number_len(ty: &Type) -> Option<usize> {
    match ty {
        Type::Unit => Some(0),
        Type::U8 | Type::I8 => Some(1),
        Type::U16 | Type::I16 => Some(2),
        Type::U32 | Type::I32 | Type::F32 => Some(4),
        Type::U64 | Type::I64 | Type::F64 => Some(8),
        Type::U128 | Type::I128 => Some(16),
        _ => None,
    }
}

/// Whether a text is plain ASCII, without quotes and backslashes.
#[inline]
pub(crate) fn is_plain_text(text: &str) -> bool {
    text.bytes().fold(true, |is_plain, byte| {
        is_plain & matches!(byte, b' '..=b'~') & !matches!(byte, b'"' | b'\\')
    })
}

/// What a template says without placeholders, of which that of a span has none.
fn span_name(template: &str) -> String {
    let pieces = template::parse(template).unwrap_or_default();
    let text = pieces.iter().map(|piece| match piece {
        Piece::Literal(text) => text,
        Piece::Placeholder(_) => "",
    });
    text.collect()
}

/// Bytes of the `Debug` text of a value, which is not put together.
fn text_len(value: &impl fmt::Debug) -> usize {
    struct Count(usize);

    impl fmt::Write for Count {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }

    let mut count = Count(0);
    // Counting does not fail.
    let _ = write!(count, "{value:?}");
    count.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_type_is_measured() {
        assert_eq!(text_len(&Type::seq(Type::seq(Type::U8))), "Seq(Seq(U8))".len());
    }
}
