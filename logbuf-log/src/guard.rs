//! A running logger, and its end.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::control::Control;
use crate::env::EnvFilterError;
use crate::error::{FlushError, InitError};
use crate::filter::Filter;
use crate::handle::Handle;
use crate::notice;
use crate::registry::REGISTRY;
use crate::remote::Remote;
use crate::stats::{RingStats, Stats};
use crate::{exit, limit, session, switch};

/// Whether a logger is running in this process.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Keeps the logger running. Dropping it switches the call sites off, writes everything logged before, and closes the
/// file.
///
/// A process that exits or panics without dropping it loses nothing either, unless the
/// [exit hooks](crate::Builder::exit_hooks) are switched off.
#[must_use = "the logger ends when its guard is dropped; `let _guard = …` keeps it to the end of the block"]
pub struct Guard {
    remote: Remote,
    env_errors: Vec<EnvFilterError>,
    /// Calls that were suppressed before the start.
    suppressed_before: u64,
    /// The writer's, if it has one.
    thread: Option<JoinHandle<()>>,
    /// Whether the end was asked for.
    is_shut_down: bool,
}

/// How a logger ended: see [`Guard::shutdown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shutdown {
    /// Records in the file.
    pub written: u64,
    /// Records that were lost, whether or not the file could still say so.
    pub lost: u64,
    /// Records that could not be written and are left in memory, for the next logger of this process. `None` if
    /// that is not known: a write did not return in time, and the writer ends when it does; or the writer panicked.
    pub left: Option<u64>,
}

impl Shutdown {
    /// Whether the file is closed and nothing is left.
    pub fn is_complete(&self) -> bool {
        self.left == Some(0)
    }
}

impl Guard {
    pub(crate) fn new(
        remote: Remote,
        env_errors: Vec<EnvFilterError>,
        suppressed_before: u64,
        thread: Option<JoinHandle<()>>,
    ) -> Self {
        Self { remote, env_errors, suppressed_before, thread, is_shut_down: false }
    }

    fn control(&self) -> &Arc<Control> {
        &self.remote.control
    }

    /// Returns when everything this thread logged before, and what other threads logged before as far as this thread can
    /// know, is in the file.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if it cannot be written at the moment. It is kept and will be tried again.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.remote.flush(None)
    }

    /// As [`flush`](Self::flush), and returns after `timeout` at the latest.
    ///
    /// # Errors
    ///
    /// [`FlushError::TimedOut`] then: the writer is not done. Otherwise as [`flush`](Self::flush).
    pub fn flush_timeout(&self, timeout: Duration) -> Result<(), FlushError> {
        self.remote.flush(Instant::now().checked_add(timeout))
    }

    /// Ends the logger as dropping the guard does, within `timeout`, and says how that went. Writes that fail are tried
    /// again until then; a write that does not return cannot be waited for any longer, and goes on by itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let guard = Builder::new(folder.path().join("app")).start()?;
    /// info!("the last");
    /// let end = guard.shutdown(Duration::from_secs(5));
    /// assert_eq!((end.written, end.lost, end.left), (1, 0, Some(0)));
    /// assert!(end.is_complete());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn shutdown(mut self, timeout: Duration) -> Shutdown {
        let left = self.end(Instant::now().checked_add(timeout));
        let Stats { written, lost, .. } = self.control().counters.read();
        Shutdown { written, lost, left }
    }

    /// Switches the call sites as `filter` says, from now on: one store each, while other threads log. A call that is
    /// being made meanwhile may still go by the filter before. A restart takes the filter of its builder again.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::{Builder, debug};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let guard = Builder::new(folder.path().join("app")).filter("info".parse()?).ignore_env().start()?;
    /// debug!("not recorded");
    /// let before = guard.filter();
    /// guard.set_filter("info,my_app::book=debug,main.rs=trace".parse()?);
    /// // … until the trouble is found …
    /// guard.set_filter(before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_filter(&self, filter: Filter) {
        switch::set_filter(filter);
    }

    /// The filter in force.
    pub fn filter(&self) -> Filter {
        switch::filter()
    }

    /// What was wrong with the filter that the environment held when the logger started.
    pub fn env_errors(&self) -> &[EnvFilterError] {
        &self.env_errors
    }

    /// What was written and lost so far, and how far behind the writer is. Takes less than a microsecond and disturbs nobody.
    pub fn stats(&self) -> Stats {
        let suppressed = limit::suppressed() - self.suppressed_before;
        Stats {
            suppressed,
            private_rings: REGISTRY.private_rings.load(Ordering::Relaxed),
            unlisted_sites: session::unlisted_sites(),
            recovered: session::recovered(),
            not_shown: self.control().screen.as_ref().map_or(0, |screen| screen.left_out()),
            ..self.control().counters.read()
        }
    }

    /// How full the rings of the threads have been that log.
    pub fn rings(&self) -> Vec<RingStats> {
        self.control().counters.rings()
    }

    /// The file that is being written, or `<writer>` or `<memory>`.
    pub fn path(&self) -> PathBuf {
        self.control().path()
    }

    /// What can be asked of the logger from anywhere: a handle is cloned and sent to other threads at will, and does not
    /// keep the logger running.
    pub fn handle(&self) -> Handle {
        Handle::new(self.remote.clone())
    }

    /// See [`Handle::rotate`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn rotate(&self) -> Result<(), FlushError> {
        self.handle().rotate()
    }

    /// See [`Handle::dump`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn dump(&self, reason: &str) -> Result<(), FlushError> {
        self.handle().dump(reason)
    }

    /// See [`Handle::sync`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn sync(&self) -> Result<(), FlushError> {
        self.handle().sync()
    }

    /// Ends the logger, and returns how many records are left, if that is known by `deadline`.
    fn end(&mut self, deadline: Option<Instant>) -> Option<u64> {
        self.is_shut_down = true;
        if self.remote.is_inherited() {
            // The thread is not in this process.
            std::mem::forget(self.thread.take());
            return None;
        }
        exit::disarm(&self.remote);
        let ended = self.remote.end(deadline);
        // A thread that has not ended in time goes on by itself.
        if let Some(thread) = self.thread.take()
            && ended.is_some()
            && thread.join().is_err()
        {
            notice::say(format_args!(
                "the writer of {} panicked; what it had not written waits in memory for the next logger",
                self.path().display()
            ));
        }
        ended.flatten()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.is_shut_down {
            // Failures were reported to `on_error`, and what is left waits in memory.
            let _left = self.end(None);
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").field("path", &self.path()).finish_non_exhaustive()
    }
}

/// Proof that this is the one logger of the process.
#[derive(Debug)]
pub(crate) struct Running(());

impl Running {
    pub(crate) fn begin() -> Result<Self, InitError> {
        // Acquire, with the release below: what the logger before did is done.
        match RUNNING.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed) {
            Ok(_) => Ok(Self(())),
            Err(_) => Err(InitError::AlreadyRunning),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.store(false, Ordering::Release);
    }
}

/// Whether a logger is running in this process.
pub(crate) fn is_running() -> bool {
    RUNNING.load(Ordering::Relaxed)
}

/// Forgets the logger that is running: it is the parent's.
pub(crate) fn forget() {
    RUNNING.store(false, Ordering::Relaxed);
}
