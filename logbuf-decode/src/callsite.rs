//! A call site, ready to render its records.

use logbuf_format::{
    message::Message,
    site::{Site, Slot},
};
use std::sync::Arc;

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
        size_of::<Self>() + site.target.len() + site.file.len() + 4 * site.template.len() + slots
    }
}
