//! What can be asked of a running logger from anywhere.

use std::path::PathBuf;

use crate::error::FlushError;
use crate::output::Asked;
use crate::remote::Remote;

/// Asks things of a running logger: for other threads, and for whatever listens to signals. It does not keep the logger
/// running; when that has ended, everything it is asked for is answered with [`FlushError::Stopped`].
///
/// # Examples
///
/// Signals are the application's. One that has `logrotate` or its operators send SIGHUP listens for it, and asks for the
/// next segment:
///
/// ```
/// # #[cfg(unix)] {
/// use logbuf_log::{Builder, info};
/// use signal_hook::{consts::SIGHUP, iterator::Signals};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app");
/// # /*
/// let path = "logs/app";
/// # */
/// let guard = Builder::new(path).start()?;
/// let (handle, mut signals) = (guard.handle(), Signals::new([SIGHUP])?);
/// let until_closed = signals.handle();
/// let listener = std::thread::spawn(move || {
///     for _ in signals.forever() {
///         if let Err(error) = handle.rotate() {
///             eprintln!("no new log file: {error}");
///         }
///     }
/// });
/// info!("as usual");
/// # until_closed.close();
/// # listener.join().expect("it ends when the signals are closed");
/// # drop(until_closed); }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Handle {
    remote: Remote,
}

impl Handle {
    pub(crate) fn new(remote: Remote) -> Self {
        Self { remote }
    }

    /// As [`Guard::flush`](crate::Guard::flush).
    ///
    /// # Errors
    ///
    /// As there.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.remote.flush(None)
    }

    /// Flushes, and returns when what was flushed is synced: it survives a crash of the kernel and a power cut, as far as the
    /// disk keeps its promises.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if it cannot be written at the moment, in which case it is tried again, or if the sync failed. That is
    /// not tried again: the system may have dropped what it could not write.
    pub fn sync(&self) -> Result<(), FlushError> {
        self.remote.ask(Asked { sync: true, ..Asked::default() }, None)
    }

    /// Flushes, closes the segment and begins the next, also if nothing was logged. A logger to one file begins it anew if
    /// it was moved away, and otherwise goes on, as one to anything else does.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if what was logged before cannot be written at the moment, or if there can be no new segment. The
    /// logger then goes on in the one that it has.
    pub fn rotate(&self) -> Result<(), FlushError> {
        self.remote.ask(Asked { rotate: true, ..Asked::default() }, None)
    }

    /// Writes what the flight recorder holds, and flushes; `reason` is told in the file. Without a
    /// [`FlightRecorder`](crate::FlightRecorder) it only flushes.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if it cannot be written at the moment. It is tried again.
    pub fn dump(&self, reason: &str) -> Result<(), FlushError> {
        self.remote.dump(reason, None)
    }

    /// As [`Guard::path`](crate::Guard::path).
    pub fn path(&self) -> PathBuf {
        self.remote.control.path()
    }
}
