//! A running logger, and its end.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::control::Control;
use crate::env::EnvFilterError;
use crate::error::{FlushError, InitError};
use crate::filter::Filter;
use crate::handle::Handle;
use crate::registry::REGISTRY;
use crate::stats::Stats;
use crate::{limit, switch};

/// Whether a logger is running in this process.
static RUNNING: AtomicBool = AtomicBool::new(false);

/// Keeps the logger running. Dropping it switches the call sites off, writes everything logged before, and closes the
/// file.
#[must_use = "the logger ends when its guard is dropped; `let _guard = …` keeps it to the end of the block"]
#[derive(Debug)]
pub struct Guard {
    pub(crate) control: Arc<Control>,
    pub(crate) env_errors: Vec<EnvFilterError>,
    /// Calls that were suppressed before the start.
    pub(crate) suppressed_before: u64,
    pub(crate) thread: Option<JoinHandle<()>>,
    /// Dropped last, when another logger may start.
    pub(crate) _running: Running,
}

impl Guard {
    /// Returns when everything this thread logged before, and what other threads logged before as far as this thread can
    /// know, is in the file.
    ///
    /// # Errors
    ///
    /// [`FlushError`] if it cannot be written at the moment. It is kept and will be tried again.
    pub fn flush(&self) -> Result<(), FlushError> {
        self.control.flush()
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

    /// What was written and lost so far.
    pub fn stats(&self) -> Stats {
        let suppressed = limit::suppressed() - self.suppressed_before;
        Stats { suppressed, ..self.control.counters.read() }
    }

    /// The file that is being written, or `<writer>` or `<memory>`.
    pub fn path(&self) -> PathBuf {
        self.control.path()
    }

    /// What can be asked of the logger from anywhere: a handle is cloned and sent to other threads at will, and does not
    /// keep the logger running.
    pub fn handle(&self) -> Handle {
        Handle::new(Arc::clone(&self.control))
    }

    /// See [`Handle::rotate`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn rotate(&self) -> Result<(), FlushError> {
        self.handle().rotate()
    }

    /// See [`Handle::sync`].
    ///
    /// # Errors
    ///
    /// As there.
    pub fn sync(&self) -> Result<(), FlushError> {
        self.handle().sync()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        switch::set_filter(Filter::off());
        if limit::is_any_pending() {
            // Makes room in the ring. If it cannot be written, the records below wait with the others, or are counted.
            let _room = self.control.flush();
            limit::report_pending();
        }
        REGISTRY.set_writer(None);
        self.control.stop();
        let thread = self.thread.take().expect("only drop takes it");
        if thread.join().is_err() {
            eprintln!(
                "logbuf: the writer of {} panicked; what it had not written is lost",
                self.path().display()
            );
        }
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
