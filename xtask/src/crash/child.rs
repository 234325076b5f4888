//! The processes that are killed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use logbuf_log::recover::{self, Options};
use logbuf_log::{
    Builder, CrashSafe, FlightRecorder, Level, Notice, context, debug, enabled, info,
};

use super::kind::Kind;
use super::ledger::Ledger;

/// One record in so many is logged by the value of another, and so goes through the shared ring.
const NESTED: u64 = 61;

/// Records of each thread when nobody writes them: they have to fit its ring.
const UNWRITTEN: u64 = 3000;

/// Records of each thread in a context, if it enters any.
const BLOCK: u64 = 50;

/// The field of a context that says which it is.
pub(crate) const FIELD: &str = "block";

/// What a child is told.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    pub(crate) folder: PathBuf,
    pub(crate) logs: PathBuf,
    pub(crate) kind: Kind,
    pub(crate) threads: usize,
}

/// What a recovery is told.
#[derive(Debug, clap::Args)]
pub(crate) struct RecoverArgs {
    pub(crate) folder: PathBuf,
    /// Where to write, unless where the log is.
    pub(crate) into: Option<PathBuf>,
}

/// What a logger is told that starts after another died.
#[derive(Debug, clap::Args)]
pub(crate) struct RestartArgs {
    pub(crate) folder: PathBuf,
    pub(crate) logs: PathBuf,
}

/// Where the children of a run keep their rings.
pub(crate) fn place(folder: &Path) -> CrashSafe {
    CrashSafe::Dir(folder.join("sessions"))
}

/// What a record of a stream says beside its number, so that one that nobody logged is told.
pub(crate) fn proof(stream: u64, sequence: u64) -> u64 {
    (stream << 48 ^ sequence).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23)
}

/// The context that a record is logged in.
pub(crate) fn block(sequence: u64) -> u64 {
    sequence / BLOCK
}

/// Logs until it is killed.
pub(crate) fn run(args: &Args) -> ExitCode {
    let ledger = Ledger::open(&args.folder.join("ledger")).expect("the parent made the folder");
    let mut builder = Builder::new(args.logs.join("app"))
        .crash_safe(place(&args.folder))
        .when_full(args.kind.when_full())
        .flush_interval(Duration::from_millis(2))
        .on_error(|_| {})
        // With the hooks a panic waits for the writer, up to two seconds while others log, and leaves little to recover.
        .exit_hooks(args.kind != Kind::Panic)
        .ignore_env();
    if let Some(bytes) = args.kind.ring_capacity() {
        builder = builder.ring_capacity(bytes);
    }
    builder = match args.kind {
        Kind::Rotation => builder.rotate_at(16 << 10),
        Kind::CompressLive => builder.compress_live(true),
        Kind::Flight => builder.flight_recorder(FlightRecorder::new()),
        _ => builder,
    };
    let started = match args.kind {
        Kind::WriterStopped => builder.manual().map(|(guard, writer)| (guard, Some(writer))),
        _ => builder.start().map(|guard| (guard, None)),
    };
    let (guard, _writer) = match started {
        Ok(started) => started,
        Err(error) => {
            eprintln!("the logger does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    assert_eq!(guard.stats().private_rings, 0, "the rings are in the session");
    let is_ready = Arc::new(AtomicBool::new(false));
    for number in 0..args.threads {
        let (kind, threads) = (args.kind, args.threads);
        let is_ready = Arc::clone(&is_ready);
        let run = move || {
            work(kind, number, threads, ledger, &is_ready);
            thread::park();
        };
        let thread = thread::Builder::new().name(worker(number as u64));
        thread.spawn(run).expect("threads can be made");
    }
    while !is_ready.load(Ordering::Acquire) {
        thread::yield_now();
    }
    ledger.set_running();
    while !ledger.is_ordered() {
        thread::sleep(Duration::from_micros(100));
    }
    args.kind.die();
    // Whoever comes back was to be killed from outside.
    loop {
        thread::park();
    }
}

/// The name of the thread that logs this stream.
pub(crate) fn worker(stream: u64) -> String {
    format!("worker-{stream}")
}

/// Logs in two streams, if it nests: one in the thread's own ring, one in the ring of whoever is busy with a record already.
fn work(kind: Kind, number: usize, threads: usize, ledger: Ledger, is_ready: &AtomicBool) {
    let (own, shared) = (number as u64, (number + threads) as u64);
    let most = if kind == Kind::WriterStopped { UNWRITTEN } else { u64::MAX };
    let mut nested = 0;
    let mut context = None;
    for sequence in 0..most {
        if kind == Kind::Contexts && sequence % BLOCK == 0 {
            drop(context.take());
            context = Some(context!(block = block(sequence)));
        }
        if kind == Kind::Flight {
            debug!("held back");
        }
        info!("{own} {sequence} {}", proof(own, sequence));
        // Once the logger ends, calls record nothing and return all the same.
        if !enabled!(Level::Info) {
            return;
        }
        ledger.acknowledge(number, sequence + 1);
        if !kind.loses() && sequence % NESTED == 0 {
            info!("{}", %Nested { stream: shared, sequence: nested });
            if !enabled!(Level::Info) {
                return;
            }
            nested += 1;
            ledger.acknowledge(number + threads, nested);
        }
        is_ready.store(true, Ordering::Release);
    }
}

/// Logs when it is formatted.
struct Nested {
    stream: u64,
    sequence: u64,
}

impl fmt::Display for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, sequence } = *self;
        info!("{stream} {sequence} {}", proof(stream, sequence));
        f.write_str("outer")
    }
}

/// Recovers what is dead, until it is killed or done.
pub(crate) fn recover(args: &RecoverArgs) -> ExitCode {
    match recover_all(&args.folder, args.into.as_deref()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Starts the logger that another process had, logs nothing, and says how many records that has recovered.
pub(crate) fn restart(args: &RestartArgs) -> ExitCode {
    let is_whole = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&is_whole);
    let guard = Builder::new(args.logs.join("app"))
        .crash_safe(place(&args.folder))
        .on_notice(move |notice| {
            if !matches!(notice, Notice::Recovered { .. }) {
                eprintln!("{notice}");
                told.store(false, Ordering::Release);
            }
        })
        .ignore_env()
        .start();
    let guard = match guard {
        Ok(guard) => guard,
        Err(error) => {
            eprintln!("the logger does not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", guard.stats().recovered);
    drop(guard);
    if is_whole.load(Ordering::Acquire) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Recovers every session in a folder of the harness; says how many records that were.
pub(crate) fn recover_all(
    folder: &Path,
    into: Option<&Path>,
) -> Result<u64, recover::RecoverError> {
    let place = place(folder);
    let mut options = Options::default();
    options.folder = into.map(Path::to_owned);
    let mut records = 0;
    for found in recover::sessions(&place)? {
        records += recover::recover(&place, &found.name, &options)?.records;
    }
    Ok(records)
}
