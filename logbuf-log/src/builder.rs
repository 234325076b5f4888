//! Starting a logger.

mod output;
mod rings;

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use logbuf::Storage;
use logbuf_format::Level;
use logbuf_format::segment::Meta;

use crate::background::{Background, Priority};
use crate::clock::{self, Anchors, Supplied};
use crate::console::{Console, Tee};
use crate::control::Control;
use crate::dictionary::Dictionary;
use crate::env;
use crate::error::{InitError, Operation, WriteError};
use crate::exit;
use crate::filter::Filter;
use crate::flight::FlightRecorder;
use crate::fork;
use crate::full::WhenFull;
use crate::guard::{Guard, Running};
use crate::idle::IdleStrategy;
use crate::manual::ManualWriter;
use crate::notice::{self, Notice, OnNotice};
use crate::output::{Options, Target};
use crate::registry::{DEFAULT_RING_CAPACITY, REGISTRY};
use crate::remote::Remote;
use crate::session::{self, Keeping};
use crate::site::{SITES, Site};
use crate::writer::{OnError, Parts, Writer};
use crate::{limit, platform, switch};

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
    on_notice: OnNotice,
    recorder: Option<FlightRecorder>,
    rings: Keeping,
    background: Background,
    idle: IdleStrategy,
    exit_hooks: bool,
    console: Option<Console>,
    clock: Option<Supplied>,
    /// What reads the clocks for anchors.
    pub(crate) read_clocks: clock::Read,
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
                    notice::say(format_args!("{error}{remedy}"));
                }
            }),
            on_notice: Box::new(|notice| notice::say(notice)),
            recorder: None,
            rings: Keeping::default(),
            background: Background::default(),
            idle: IdleStrategy::default(),
            exit_hooks: true,
            console: None,
            clock: None,
            read_clocks: clock::read,
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

    /// Keeps the less severe records in memory and writes them if something happens that makes them of interest; unless this
    /// is called, every record is written.
    pub fn flight_recorder(mut self, recorder: FlightRecorder) -> Self {
        self.recorder = Some(recorder);
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

    /// What to do, on the writer's thread, with what the user may want to know and that is no error. Unless given, it is
    /// printed on standard error.
    pub fn on_notice(mut self, on_notice: impl FnMut(&Notice) + Send + 'static) -> Self {
        self.on_notice = Box::new(on_notice);
        self
    }

    /// The name of the background thread; the default is `logbuf-writer`. Linux shows the first 15 bytes.
    pub fn thread_name(mut self, name: impl Into<String>) -> Self {
        self.background.name = name.into();
        self
    }

    /// The CPU on which the background thread runs, and no other. The default is to run wherever the thread that starts the
    /// logger may run.
    pub fn cpu(mut self, cpu: usize) -> Self {
        self.background.cpu = Some(cpu);
        self
    }

    /// How the system schedules the background thread. The default is as the thread that starts the logger.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.background.priority = Some(priority);
        self
    }

    /// Does not start without the [`cpu`](Self::cpu) and the [`priority`](Self::priority) asked for. The default is to go
    /// on without them, and to say so: [`Notice::OptionRefused`].
    pub fn strict_thread_options(mut self) -> Self {
        self.background.strict = true;
        self
    }

    /// What the background thread does when there is nothing to do; the default is [`IdleStrategy::Adaptive`].
    pub fn idle(mut self, strategy: IdleStrategy) -> Self {
        self.idle = strategy;
        self
    }

    /// Shows records as lines on the console, too: while developing. The file is as without it.
    ///
    /// The lines are those of `logbuf-decode`, in UTC. The writer shows a record when it takes it from its ring, a few milliseconds after
    /// the call, and the lines that it takes at once in the order of their times; across that, lines of different threads can be out of order.
    /// Times are as exact as the clock was measured by then, and can differ by microseconds from those that are read from the
    /// file. [`Guard::flush`], a panic and the end of the logger wait until everything is shown.
    ///
    /// A console that is slow, or stopped, costs lines there and nothing else: up to 1 MiB of text waits for it in memory, what comes then is
    /// left out, a line says how many, and so does [`Stats::not_shown`](crate::Stats::not_shown). Who waits for it waits for as long as it
    /// goes on showing lines, with a pause of a second at most. One that is closed is told to [`on_notice`](Self::on_notice), and shown nothing any more; the
    /// signal of a broken pipe does not come of it. Rendering takes the writer's time, not the caller's. A record that a
    /// failing logger leaves in memory is shown again by the next.
    pub fn console(mut self, console: Console) -> Self {
        self.console = Some(console);
        self
    }

    /// Whether the end of the process finds everything written, whoever forgot the guard; the default is `true`.
    ///
    /// `std::process::exit`, and a return from `main` that does not drop the guard, end the logger as dropping the guard
    /// does, within five seconds (on Linux; elsewhere the guard has to be dropped). A panic, also one that aborts, flushes for
    /// at most a second before and after the panic hook that was there when the first logger was started; so what that hook
    /// logs is kept, too. Signals are the application's, and an abort without a panic runs no hook.
    pub fn exit_hooks(mut self, installed: bool) -> Self {
        self.exit_hooks = installed;
        self
    }

    /// Takes the time from `clock`: nanoseconds since the Unix epoch, of whatever time a simulation or a replay is at. Each log
    /// call, and the writer, call it; it must not log.
    ///
    /// Time may stand still and go backwards: records keep the time that the clock said. A log call costs some tens
    /// of nanoseconds more than with the clock of the processor, and calls of earlier and later loggers cost nothing more.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use logbuf_log::{Builder, info};
    ///
    /// # let folder = tempfile::tempdir()?;
    /// let simulated = Arc::new(AtomicU64::new(1_000_000_000));
    /// let clock = Arc::clone(&simulated);
    /// let guard = Builder::new(folder.path().join("simulation"))
    ///     .clock(move || clock.load(Ordering::Relaxed))
    ///     .start()?;
    /// info!("1970-01-01T00:00:01Z");
    /// simulated.store(2_000_000_000, Ordering::Relaxed);
    /// info!("a second later");
    /// # drop(guard);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn clock(mut self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        self.clock = Some(Box::new(clock));
        self
    }

    /// Makes the folder and the file, writes its beginning, starts the background thread and switches the call sites on.
    ///
    /// # Errors
    ///
    /// [`InitError`] says which of these could not be done. Nothing is running then.
    pub fn start(self) -> Result<Guard, InitError> {
        let idle = self.idle;
        self.background.check()?;
        let Ready { writer, control, background, settings } = self.prepare(idle)?;
        let thread = background.spawn(writer).inspect_err(|_| remove(&control.path()))?;
        Ok(settings.put_in_force(Remote { control, polled: None }, Some(thread)))
    }

    /// As [`start`](Self::start), without a background thread: what is logged is written when the [`ManualWriter`] is
    /// polled. The options of the background thread do not matter then.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn manual(self) -> Result<(Guard, ManualWriter), InitError> {
        // Whoever polls does not sleep here.
        let Ready { writer, control, settings, .. } = self.prepare(IdleStrategy::Spin)?;
        let polled = Arc::new(Mutex::new(writer));
        let remote = Remote { control, polled: Some(Arc::clone(&polled)) };
        let manual = ManualWriter::new(remote.clone(), polled);
        Ok((settings.put_in_force(remote, None), manual))
    }

    /// Makes everything but the thread, and changes nothing that a log call looks at but the clock.
    fn prepare(self, idle: IdleStrategy) -> Result<Ready, InitError> {
        fork::watch();
        let running = Running::begin()?;
        let bytes = self.ring_capacity;
        Storage::heap(bytes).map_err(|source| InitError::RingCapacity { bytes, source })?;
        if self.clock.is_some() {
            SITES.iter().for_each(Site::close);
        }
        clock::supply(self.clock);
        let mut meta = Meta {
            writer: concat!("logbuf-log ", env!("CARGO_PKG_VERSION")).to_owned(),
            process: platform::process_name(),
            pid: std::process::id(),
            host: platform::host_name(),
            build: platform::build_id(),
            clock: clock::kind(),
            ticks_per_second: clock::frequency(),
            session: 0,
        };
        let keeps = self.recorder.as_ref().map(FlightRecorder::kept);
        meta.session = session::keep(&self.rings, self.output.target.log(), keeps, &meta);
        REGISTRY.make_shared().map_err(|source| InitError::RingCapacity { bytes, source })?;
        let dictionary = Dictionary::new().map_err(|source| InitError::Description { source })?;
        let tee = self.console.map(Tee::start).transpose();
        let tee = tee.map_err(|source| InitError::SpawnThread { source })?;
        let control = Arc::new(Control::new(tee.as_ref().map(|tee| Arc::clone(tee.screen()))));
        let writer = Writer::new(Parts {
            control: Arc::clone(&control),
            dictionary,
            output: self.output,
            meta,
            anchors: Anchors::new(self.read_clocks),
            idle,
            flush_interval: self.flush_interval,
            recorder: self.recorder,
            tee,
            on_error: self.on_error,
            on_notice: self.on_notice,
            running,
        })?;
        let settings = Settings {
            filter: self.filter,
            ignores_env: self.ignores_env,
            ring_capacity: bytes,
            when_full: self.when_full,
            exit_hooks: self.exit_hooks,
        };
        Ok(Ready { writer, control, background: self.background, settings })
    }
}

/// A logger that is ready to run.
struct Ready {
    writer: Writer,
    control: Arc<Control>,
    background: Background,
    settings: Settings,
}

/// What log calls go by.
struct Settings {
    filter: Filter,
    ignores_env: bool,
    ring_capacity: usize,
    when_full: WhenFull,
    exit_hooks: bool,
}

impl Settings {
    /// Lets calls record.
    fn put_in_force(self, remote: Remote, thread: Option<JoinHandle<()>>) -> Guard {
        REGISTRY.set_ring_capacity(self.ring_capacity);
        REGISTRY.stock();
        let suppressed_before = limit::suppressed();
        REGISTRY.when_full.set(self.when_full);
        REGISTRY.set_writer(Some(Arc::clone(&remote.control)));
        exit::set_running(remote.clone());
        if self.exit_hooks {
            exit::arm();
        }
        let (env_filter, env_errors) =
            if self.ignores_env { Default::default() } else { env::read() };
        for error in &env_errors {
            notice::say(format_args!("{error}; this directive is passed over"));
        }
        switch::set_filter(env_filter.unwrap_or(self.filter));
        Guard::new(remote, env_errors, suppressed_before, thread)
    }
}

/// Removes a file that nobody will write to: it is of no use to a reader.
fn remove(path: &Path) {
    let _stays_if_that_fails = fs::remove_file(path);
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
            .field("recorder", &self.recorder)
            .field("background", &self.background)
            .field("idle", &self.idle)
            .field("exit_hooks", &self.exit_hooks)
            .field("console", &self.console)
            .finish_non_exhaustive()
    }
}
