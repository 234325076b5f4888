//! Log calls under comparison, ours and others', behind one interface.

mod floor;
#[cfg(feature = "rivals")]
mod ftlog;
mod logbuf_log;
#[cfg(feature = "rivals")]
mod quicklog;
#[cfg(feature = "rivals")]
mod spdlog;
#[cfg(feature = "rivals")]
mod tracing;

use std::path::Path;

pub use self::floor::Floor;
pub use self::logbuf_log::{Disabled, LogbufLog};
#[cfg(feature = "rivals")]
pub use self::{ftlog::Ftlog, quicklog::Quicklog, spdlog::Spdlog, tracing::TracingFmt};

/// A logger, or the floor.
pub trait Call {
    /// What the table calls it.
    const NAME: &'static str;

    /// Starts it, with its files in `folder`.
    fn start(folder: &Path) -> Self;

    /// Logs two integers and a float.
    fn numbers(&self, a: u64, b: u64, c: f64);

    /// Logs a string.
    fn text(&self, text: &str);

    /// Returns when everything logged so far was dealt with, so that the consumer is idle.
    fn settle(&mut self);
}
