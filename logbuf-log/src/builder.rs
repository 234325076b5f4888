//! Starting a logger.

mod output;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use logbuf::Storage;
use logbuf_format::Level;
use logbuf_format::segment::Meta;

use crate::control::Control;
use crate::dictionary::Dictionary;
use crate::env;
use crate::error::{InitError, Operation, WriteError};
use crate::filter::Filter;
use crate::full::WhenFull;
use crate::guard::{Guard, Running};
use crate::output::{Options, Target};
use crate::registry::{DEFAULT_RING_CAPACITY, REGISTRY};
use crate::writer::{OnError, Writer};
use crate::{clock, limit, platform, switch};

/// Longest time between two writes while there are records. Time stamps are placed by anchors at least this often.
const LONGEST_FLUSH_INTERVAL: Duration = Duration::from_secs(1);

/// Configures and starts the logger of this process.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Builder, Level, info};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app");
/// # /*
/// let path = "logs/app"; // writes logs/app.000001.logbuf
/// # */
/// let guard = Builder::new(path).level(Level::Debug).start()?;
/// info!("ready");
/// guard.flush()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a builder does nothing before `start`"]
pub struct Builder {
    pub(crate) output: Options,
    filter: Filter,
    ignores_env: bool,
    ring_capacity: usize,
    when_full: WhenFull,
    flush_interval: Duration,
    on_error: OnError,
}

impl Builder {
    /// A logger whose files are in the folder of `path` and begin with its last part: `logs/app` stands for
    /// `logs/app.000001.logbuf` and so on. An existing file is never written to; each start takes the next number.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::to(Target::Segments(path.into()))
    }

    /// A logger to `target`, with the defaults for everything else.
    pub(crate) fn to(target: Target) -> Self {
        Self {
            output: Options::new(target),
            filter: Level::Trace.into(),
            ignores_env: false,
            ring_capacity: DEFAULT_RING_CAPACITY,
            when_full: WhenFull::Drop,
            flush_interval: Duration::from_millis(100),
            on_error: Box::new(|error| {
                if error.attempt == 1 || error.left.is_some() {
                    let remedy = match (error.operation, error.left) {
                        (Operation::Write, None) => "; trying again, records wait in memory",
                        _ => "",
                    };
                    eprintln!("logbuf: {error}{remedy}");
                }
            }),
        }
    }

    /// Records of `level` and of more severe ones are kept; the default is all. Short for a [`filter`](Self::filter) of
    /// this level alone: of the two the last counts.
    pub fn level(self, level: Level) -> Self {
        self.filter(level.into())
    }

    /// Which call sites record, unless the environment says otherwise: a filter in the variable `LOGBUF_LOG` or, if that
    /// is not set or blank, in `RUST_LOG`, takes the place of this one when the logger starts. Directives there that
    /// cannot be read are reported on standard error and by [`Guard::env_errors`], and the others apply; if none can
    /// be read, this filter stays. The default is to record everything.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_log::Builder;
    ///
    /// let builder = Builder::new("logs/app").filter("warn,gateway=debug,gateway::book=trace".parse()?);
    /// # drop(builder);
    /// # Ok::<(), logbuf_log::FilterError>(())
    /// ```
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Leaves the filter as the builder says, whatever the environment holds.
    pub fn ignore_env(mut self) -> Self {
        self.ignores_env = true;
        self
    }

    /// Bytes of the ring of each thread that starts to log from now on, rounded up to a power of two; the default is
    /// 256 KiB. A record can be as long as about half of it.
    pub fn ring_capacity(mut self, bytes: usize) -> Self {
        self.ring_capacity = bytes;
        self
    }

    /// What a call does when the ring of its thread is full; the default is to drop the record and count it.
    pub fn when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = when_full;
        self
    }

    /// How long a record may wait in its ring before it is written; the default is 100 ms, the limit one second. Full
    /// blocks are written at once.
    pub fn flush_interval(mut self, interval: Duration) -> Self {
        self.flush_interval = interval.min(LONGEST_FLUSH_INTERVAL);
        self
    }

    /// What to do, on the writer's thread, each time writing fails. Unless given, the first failure in a row is reported
    /// on standard error.
    pub fn on_error(mut self, on_error: impl FnMut(&WriteError) + Send + 'static) -> Self {
        self.on_error = Box::new(on_error);
        self
    }

    /// Makes the folder and the file, writes its beginning, starts the background thread and switches the call sites on.
    ///
    /// # Errors
    ///
    /// [`InitError`] says which of these could not be done. Nothing is running then.
    pub fn start(self) -> Result<Guard, InitError> {
        let running = Running::begin()?;
        let bytes = self.ring_capacity;
        Storage::heap(bytes).map_err(|source| InitError::RingCapacity { bytes, source })?;
        REGISTRY.make_shared().map_err(|source| InitError::RingCapacity { bytes, source })?;
        let meta = Meta {
            writer: concat!("logbuf-log ", env!("CARGO_PKG_VERSION")).to_owned(),
            process: platform::process_name(),
            pid: std::process::id(),
            host: platform::host_name(),
            build: platform::build_id(),
            clock: clock::kind(),
            ticks_per_second: clock::frequency(),
            session: 0,
        };
        let dictionary = Dictionary::new().map_err(|source| InitError::Description { source })?;
        let control = Arc::new(Control::default());
        let writer = Writer::new(
            Arc::clone(&control),
            dictionary,
            self.output,
            meta,
            self.flush_interval,
            self.on_error,
        )?;
        let thread = std::thread::Builder::new()
            .name("logbuf-writer".to_owned())
            .spawn(|| writer.run())
            .map_err(|source| InitError::SpawnThread { source })?;
        REGISTRY.set_ring_capacity(bytes);
        let suppressed_before = limit::suppressed();
        REGISTRY.when_full.set(self.when_full);
        REGISTRY.set_writer(Some(Arc::clone(&control)));
        let (env_filter, env_errors) =
            if self.ignores_env { Default::default() } else { env::read() };
        for error in &env_errors {
            eprintln!("logbuf: {error}; this directive is passed over");
        }
        switch::set_filter(env_filter.unwrap_or(self.filter));
        Ok(Guard {
            control,
            env_errors,
            suppressed_before,
            thread: Some(thread),
            _running: running,
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("output", &self.output)
            .field("filter", &self.filter)
            .field("ignores_env", &self.ignores_env)
            .field("ring_capacity", &self.ring_capacity)
            .field("when_full", &self.when_full)
            .field("flush_interval", &self.flush_interval)
            .finish_non_exhaustive()
    }
}
