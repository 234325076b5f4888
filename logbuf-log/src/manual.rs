//! A writer without a thread.

use core::sync::atomic::Ordering;
use std::fmt;
use std::sync::TryLockError;

use crate::events::BATCH;
use crate::remote::{Polled, Remote};
use crate::thread;
use crate::writer::Turn;

/// Writes the log from the caller's own loop. [`Builder::manual`](crate::Builder::manual) gives one, and no
/// thread is started.
///
/// It may be dropped before the [`Guard`](crate::Guard) or after: whichever comes first ends the logger, and writes what is
/// left. [`Guard::flush`](crate::Guard::flush) does the work itself, on the thread that calls it.
///
/// A thread that polls never waits for room in its own ring ([`WhenFull::Block`](crate::WhenFull::Block)): it would wait
/// for itself. It drops and counts instead.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Builder, Progress, info};
///
/// # let folder = tempfile::tempdir()?;
/// let (guard, mut writer) = Builder::new(folder.path().join("app")).manual()?;
/// info!("one");
/// // In a loop that has other things to do:
/// while writer.poll().progress != Progress::Idle {}
/// drop(writer);
/// assert_eq!(guard.stats().written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is written before it is polled"]
pub struct ManualWriter {
    polled: Polled,
    remote: Remote,
}

/// What one [`poll`](ManualWriter::poll) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Poll {
    /// What there is to do next.
    pub progress: Progress,
    /// Records that came into the file.
    pub written: u64,
    /// Bytes that came into the file.
    pub bytes: u64,
}

/// What there is to do after a [`poll`](ManualWriter::poll).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Progress {
    /// Records were found, and there may be more: poll again.
    Worked,
    /// The rings are empty. Records may wait in a block that is not full, for at most the flush interval.
    Idle,
    /// Writing fails. It is tried again when it is time, not before; rings keep the records meanwhile.
    Failing,
    /// The file is closed, because the guard was dropped.
    Ended,
}

impl ManualWriter {
    pub(crate) fn new(remote: Remote, polled: Polled) -> Self {
        Self { polled, remote }
    }

    /// Does a bounded amount of work: takes up to about 64 KiB from the rings, and writes at most a few blocks if they are
    /// full, old or asked for. It makes no system call if there is nothing to write.
    pub fn poll(&mut self) -> Poll {
        let counters = &self.remote.control.counters;
        let read =
            || (counters.written.load(Ordering::Relaxed), counters.bytes.load(Ordering::Relaxed));
        let (written, bytes) = read();
        let turn = match self.polled.try_lock() {
            Ok(mut writer) => {
                thread::set_writer(true);
                writer.turn(BATCH)
            }
            // A flush, or the end, is at work on another thread.
            Err(TryLockError::WouldBlock) => Turn::Worked,
            Err(TryLockError::Poisoned(_)) => Turn::Ended,
        };
        let (written_now, bytes_now) = read();
        Poll {
            progress: match turn {
                Turn::Worked => Progress::Worked,
                Turn::Idle => Progress::Idle,
                Turn::Failing { .. } => Progress::Failing,
                Turn::Ended => Progress::Ended,
            },
            written: written_now - written,
            bytes: bytes_now - bytes,
        }
    }
}

impl Drop for ManualWriter {
    /// Writes what is left, and closes the file.
    fn drop(&mut self) {
        // What is left in memory, if anything, was reported to `on_error`, and is in the next logger's hands.
        let _left = self.remote.end(None);
        thread::set_writer(false);
    }
}

impl fmt::Debug for ManualWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManualWriter").finish_non_exhaustive()
    }
}
