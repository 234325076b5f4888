//! quicklog: arguments into a queue, formatted and written when the application says so.

use std::path::Path;

use quicklog::{flush, info, init, with_flush};
use quicklog_flush::file_flusher::FileFlusher;

use super::{Call, Order};

/// Flushed by the measuring thread, between bursts.
pub struct Quicklog;

impl Call for Quicklog {
    const NAME: &'static str = "quicklog";

    fn start(folder: &Path) -> Self {
        init!();
        // It wants the name for ever.
        let file = folder.join("quicklog.log").to_string_lossy().into_owned().leak();
        with_flush!(FileFlusher::new(file));
        Quicklog
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!("Iteration: {} int: {} double: {}", a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!("Text: {}", text.to_owned());
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        info!("Order: {:?}", *order);
    }

    fn settle(&mut self) {
        flush!();
    }
}
