//! Records of the crate `log`, in the same rings and files as those of this crate's macros (feature `log`).
//!
//! ```
//! # let folder = tempfile::tempdir()?;
//! let guard = logbuf_log::Builder::new(folder.path().join("app")).start()?;
//! logbuf_log::log_facade::init()?;
//! log::info!(target: "gateway", bytes = 512; "answered {}", "at once");
//! log::logger().flush();
//! # drop(guard);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The message is formatted straight into the ring; key/values keep their types. Nothing is allocated but for the first record of
//! a call. What a record is filtered by is as with the macros: its target, file, line and level.
//!
//! A program that already hands records of `log` to `tracing` (`tracing_log::LogTracer`) needs nothing of this: the
//! [`Layer`](crate::tracing::Layer) records them once, with the target, the file and the line that they have in `log`. As there
//! can be one logger of `log` alone, [`init`] says so then.

mod pairs;

use std::error::Error;
use std::fmt;

use logbuf_format::Level;

use crate::relayed::{self, Origin};
use crate::{clock, exit, switch};

/// Records into the logger of this process.
#[derive(Debug)]
struct Facade;

/// Why records of `log` do not come here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogInitError {
    /// The process has another logger of the crate `log` already, which stays.
    LoggerIsSet,
}

impl fmt::Display for LogInitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LoggerIsSet => f.write_str("the crate `log` has another logger already"),
        }
    }
}

impl Error for LogInitError {}

/// Has records of the crate `log` go into the logger of this process, whether one is running or is started later.
///
/// The most verbose level of `log` ([`log::max_level`]) follows the filter of the logger from now on, so that a call that nothing lets
/// record costs what `log` makes it cost. Whoever calls [`log::set_max_level`] as well changes it until the filter changes again, and what
/// it leaves out never comes here; it lets nothing record that the filter does not. The same holds for the features of `log` that compile calls
/// out (`max_level_info`, `release_max_level_off` …): those of this crate are for its own macros alone.
/// [`Log::flush`](log::Log::flush) writes what was logged before, as [`Guard::flush`](crate::Guard::flush)
/// does.
///
/// # Errors
///
/// [`LogInitError::LoggerIsSet`] if `log` has a logger.
pub fn init() -> Result<(), LogInitError> {
    log::set_logger(&Facade).map_err(|_| LogInitError::LoggerIsSet)?;
    switch::on_change(set_max_level);
    set_max_level();
    Ok(())
}

/// The logger that [`init`] gives to `log`, for a program that has a logger of its own which hands records on to several.
///
/// It records what the filter of the running logger lets it, whatever the program asked first. The most verbose level of `log` is then
/// the program's to set ([`log::set_max_level`]): it does not follow the filter, and is off until somebody sets it.
///
/// # Examples
///
/// ```
/// struct FanOut([&'static dyn log::Log; 1]);
///
/// impl log::Log for FanOut {
///     fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
///         self.0.iter().any(|logger| logger.enabled(metadata))
///     }
///     fn log(&self, record: &log::Record<'_>) {
///         self.0.iter().for_each(|logger| logger.log(record));
///     }
///     fn flush(&self) {
///         self.0.iter().for_each(|logger| logger.flush());
///     }
/// }
///
/// # let folder = tempfile::tempdir()?;
/// let guard = logbuf_log::Builder::new(folder.path().join("app")).start()?;
/// log::set_boxed_logger(Box::new(FanOut([logbuf_log::log_facade::logger()])))?;
/// log::set_max_level(log::LevelFilter::Info);
/// log::info!("answered");
/// log::logger().flush();
/// assert_eq!(guard.stats().written, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn logger() -> &'static dyn log::Log {
    &Facade
}

/// Has `log` make no records that nothing lets record.
fn set_max_level() {
    log::set_max_level(match switch::filter().most_verbose() {
        None => log::LevelFilter::Off,
        Some(Level::Error) => log::LevelFilter::Error,
        Some(Level::Warn) => log::LevelFilter::Warn,
        Some(Level::Info) => log::LevelFilter::Info,
        Some(Level::Debug) => log::LevelFilter::Debug,
        Some(Level::Trace) => log::LevelFilter::Trace,
    });
}

impl log::Log for Facade {
    /// Whether a call with this target may record, if no directive speaks of its file.
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        switch::allows(level_of(metadata.level()), metadata.target(), "", 0)
    }

    fn log(&self, record: &log::Record<'_>) {
        let origin = Origin {
            level: level_of(record.level()),
            target: record.target(),
            file: record.file().unwrap_or_default(),
            line: record.line().unwrap_or(0),
        };
        relayed::record(&origin, clock::now(), *record.args(), &pairs::Source(record));
    }

    fn flush(&self) {
        // There is nobody to tell: what cannot be written is told to `on_error`, and is in the statistics.
        let _flushed = exit::running().map(|remote| remote.flush(None));
    }
}

fn level_of(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warn,
        log::Level::Info => Level::Info,
        log::Level::Debug => Level::Debug,
        log::Level::Trace => Level::Trace,
    }
}
