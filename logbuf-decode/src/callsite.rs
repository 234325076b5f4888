//! A call site, ready to render its records.

use logbuf_format::{
    message::Message,
    site::{Site, Slot},
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
}

impl CallSite {
    pub(crate) fn new(site: Site) -> Self {
        let message = if site.typed || site.values.is_empty() {
            Message::new(&site.template, &site.values).map_err(|error| error.to_string().into())
        } else {
            Err("the types of its values are unknown".into())
        };
        Self { site, message, wanted: true }
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
    use logbuf_format::types::Type;

    #[test]
    fn the_text_of_a_type_is_measured() {
        assert_eq!(text_len(&Type::seq(Type::seq(Type::U8))), "Seq(Seq(U8))".len());
    }
}
