//! What the writer has done so far.

use core::sync::atomic::{AtomicU64, Ordering};

/// Counters of a running logger, since its start. Read them with [`Guard::stats`](crate::Guard::stats).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Records in the file.
    pub written: u64,
    /// Records that were logged and are not in the file, as far as the file says so.
    pub lost: u64,
    /// Bytes in the file.
    pub bytes: u64,
    /// Blocks in the file.
    pub blocks: u64,
    /// Writes that failed and were tried again.
    pub write_errors: u64,
    /// Calls that [`log_every!`](crate::log_every!), [`log_every_n!`](crate::log_every_n!) and
    /// [`log_once!`](crate::log_once!) suppressed.
    pub suppressed: u64,
}

/// The counters as the writer keeps them.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) written: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) blocks: AtomicU64,
    pub(crate) write_errors: AtomicU64,
}

impl Counters {
    /// All but `suppressed`, which the call sites count.
    pub(crate) fn read(&self) -> Stats {
        // Relaxed: each counter is right for itself; nothing is read on the strength of one.
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            written: read(&self.written),
            lost: read(&self.lost),
            bytes: read(&self.bytes),
            blocks: read(&self.blocks),
            write_errors: read(&self.write_errors),
            suppressed: 0,
        }
    }
}
