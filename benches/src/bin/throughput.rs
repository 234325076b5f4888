//! How much the whole way takes: from log calls that wait for room, over the rings and the writer, to a closed file.
//!
//! `cargo run --release -p logbuf-benches --bin throughput`, with `-- --records N` for another number of records than 20
//! million, `--ring BYTES` for other rings than the default, `--load NUMBER` for one run of one load alone, and `--folder PATH` for the
//! file.
//!
//! Then what others take of the same numbers, and what they leave; `--logger NUMBER` is one of them alone.
//!
//! Each load and each logger runs in a process of its own, which prints its figures; the table has the medians of three runs, in turns. The time is that from the first call to the end of the guard's drop, by when the
//! file is whole. What the writer takes is the processor time of the process less that of the threads that log.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use logbuf_benches::call::{Call, LogbufLog};
use logbuf_benches::cpu::{process_time, thread_time};
use logbuf_benches::logged::{PATIENCE, messages, mix, numbers, text, totals};
use logbuf_benches::memory::peak;
use logbuf_benches::pin::to_core;
use logbuf_benches::report::Shown;
use logbuf_benches::spread::Spread;
use logbuf_benches::sustained::{Sustained, sustained};
use logbuf_log::{Builder, Stats, WhenFull, info};
use tempfile::TempDir;

/// Rings that the throughput is measured with, in bytes.
const RING: usize = 1 << 20;

/// How long an idle logger is watched.
const IDLE: Duration = Duration::from_secs(5);

/// One load: its name, how many threads log, what each of them does with its share of the records, and whether blocks are compressed.
struct Load {
    name: &'static str,
    threads: usize,
    log: fn(u64),
    lz4: bool,
}

const LOADS: [Load; 7] = [
    Load { name: "three numbers, one thread", threads: 1, log: numbers, lz4: false },
    Load { name: "three numbers, four threads", threads: 4, log: numbers, lz4: false },
    Load { name: "strings of 40 bytes", threads: 1, log: text, lz4: false },
    Load { name: "a mix of twelve sites", threads: 1, log: mix, lz4: false },
    Load { name: "a mix of twelve sites, LZ4", threads: 1, log: mix, lz4: true },
    Load { name: "FIX messages of 100 bytes", threads: 1, log: messages, lz4: false },
    Load { name: "FIX messages of 100 bytes, LZ4", threads: 1, log: messages, lz4: true },
];

/// A logger that is driven as fast as it goes.
struct Logger {
    name: &'static str,
    run: fn(&Path, u64) -> io::Result<Sustained>,
}

/// Ours, and the others if they are built.
fn loggers() -> Vec<Logger> {
    let mut loggers = vec![logger::<LogbufLog>()];
    add_rivals(&mut loggers);
    loggers
}

fn logger<C: Call>() -> Logger {
    Logger { name: C::NAME, run: sustained::<C> }
}

#[cfg(feature = "rivals")]
fn add_rivals(loggers: &mut Vec<Logger>) {
    use logbuf_benches::call::{Ftlog, Quicklog, Spdlog, TracingFmt};
    loggers.extend([
        logger::<Quicklog>(),
        logger::<Spdlog>(),
        logger::<Ftlog>(),
        logger::<TracingFmt>(),
    ]);
}

#[cfg(not(feature = "rivals"))]
fn add_rivals(_loggers: &mut Vec<Logger>) {}

/// How often each subject runs.
const TURNS: usize = 3;

/// Others take a tenth of the records, which is enough for them.
const SHARE: u64 = 10;

/// What the command line says.
struct Options {
    records: u64,
    ring: usize,
    load: Option<usize>,
    logger: Option<usize>,
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Some(options) = Options::parse() else {
        eprintln!(
            "usage: throughput [--records N] [--ring BYTES] [--load NUMBER | --logger NUMBER] [--folder PATH]"
        );
        return ExitCode::from(2);
    };
    let one: Option<Figures> = match (options.load, options.logger) {
        (Some(number), _) => LOADS.get(number).map(|load| run(load, &options)),
        (_, Some(number)) => loggers().get(number).map(|logger| drive(logger, &options)),
        _ => return all(&options),
    };
    match one {
        Some(figures) => {
            let words: Vec<_> = figures.to_array().iter().map(f64::to_string).collect();
            println!("{}", words.join(" "));
            ExitCode::SUCCESS
        }
        None => {
            eprintln!(
                "there are loads 0 to {} and loggers 0 to {}",
                LOADS.len() - 1,
                loggers().len() - 1
            );
            ExitCode::from(2)
        }
    }
}

/// Prints the tables.
fn all(options: &Options) -> ExitCode {
    println!(
        "Medians of {TURNS} runs, in turns; in parentheses the slowest and the fastest run. Of what was lost, the most.\n"
    );
    println!(
        "| {} records, rings of {} KiB | million records/s | ns/record | bytes/record | writer's processor, ns/record | peak memory above rings, MiB | lost |",
        options.records,
        options.ring >> 10
    );
    println!("|---|---|---|---|---|---|---|");
    let Some(loads) = rounds("--load", LOADS.len()) else { return ExitCode::FAILURE };
    for (load, runs) in LOADS.iter().zip(&loads) {
        println!("{} {:.1} | {:.0} |", runs.row(load.name), runs.median(|f| f.peak), runs.lost());
    }
    println!(
        "\n{}\n\n| {} records of three numbers, one thread | million records/s | ns/record | bytes/record | processor, ns/record | lost |",
        Shown::Loggers,
        options.records / SHARE
    );
    println!("|---|---|---|---|---|---|");
    let loggers = loggers();
    let Some(driven) = rounds("--logger", loggers.len()) else { return ExitCode::FAILURE };
    for (logger, runs) in loggers.iter().zip(&driven) {
        println!("{} {:.0} |", runs.row(logger.name), runs.lost());
    }
    println!("\nAn idle logger takes {:.3} % of a core.", idle_share() * 100.0);
    ExitCode::SUCCESS
}

/// What one run came to: times and lengths by record.
#[derive(Clone, Copy)]
struct Figures {
    /// Nanoseconds from the first call to the closed file.
    elapsed: f64,
    /// Length of the files, in bytes.
    bytes: f64,
    /// Processor time, in nanoseconds.
    processor: f64,
    /// The most memory above the rings, in MiB: of a run, not of a record.
    peak: f64,
    /// Records that are not in the files: of a run, not of a record.
    lost: f64,
}

impl Figures {
    fn to_array(self) -> [f64; 5] {
        [self.elapsed, self.bytes, self.processor, self.peak, self.lost]
    }

    fn from_line(line: &str) -> Option<Self> {
        let numbers: Vec<f64> =
            line.split_whitespace().map(|word| word.parse().ok()).collect::<Option<_>>()?;
        let [elapsed, bytes, processor, peak, lost] = numbers.try_into().ok()?;
        Some(Self { elapsed, bytes, processor, peak, lost })
    }
}

/// What the runs of one subject came to; there is at least one.
struct Runs(Vec<Figures>);

impl Runs {
    fn spread(&self, figure: impl Fn(&Figures) -> f64) -> Spread {
        Spread::of(self.0.iter().map(figure)).expect("there is a run")
    }

    fn median(&self, figure: impl Fn(&Figures) -> f64) -> f64 {
        self.spread(figure).median
    }

    fn lost(&self) -> f64 {
        self.spread(|run| run.lost).most
    }

    /// The columns that both tables have.
    fn row(&self, name: &str) -> String {
        format!(
            "| {name} | {} | {:.1} | {:.1} | {:.1} |",
            self.spread(|run| 1e3 / run.elapsed),
            self.median(|run| run.elapsed),
            self.median(|run| run.bytes),
            self.median(|run| run.processor),
        )
    }
}

/// Runs each of `count` subjects in a process of its own, in turns. `None` if one of them failed, which says why.
fn rounds(option: &str, count: usize) -> Option<Vec<Runs>> {
    let mut subjects: Vec<_> = (0..count).map(|_| Runs(Vec::new())).collect();
    for _ in 0..TURNS {
        for (number, runs) in subjects.iter_mut().enumerate() {
            runs.0.push(in_process(option, number)?);
        }
    }
    Some(subjects)
}

/// Has this program measure one subject once.
fn in_process(option: &str, number: usize) -> Option<Figures> {
    let program = env::current_exe().expect("a program knows its path");
    let mut command = Command::new(program);
    command.args(env::args_os().skip(1)).args([option, &number.to_string()]);
    let output = command.stderr(Stdio::inherit()).output();
    let output = output.expect("this program can be started again");
    let text = String::from_utf8(output.stdout).ok().filter(|_| output.status.success())?;
    Figures::from_line(&text)
}

impl Options {
    fn parse() -> Option<Self> {
        let mut options =
            Self { records: 20_000_000, ring: RING, load: None, logger: None, folder: None };
        let mut args = env::args_os().skip(1);
        while let Some(arg) = args.next() {
            let value = args.next()?;
            let number = value.to_str().and_then(|text| text.parse::<u64>().ok());
            match arg.to_str()? {
                "--records" => options.records = number?,
                "--ring" => options.ring = usize::try_from(number?).ok()?,
                "--load" => options.load = Some(usize::try_from(number?).ok()?),
                "--logger" => options.logger = Some(usize::try_from(number?).ok()?),
                "--folder" => options.folder = Some(value.into()),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Where the files are, until the end of this process.
fn folder(options: &Options) -> TempDir {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    folder.expect("a temporary folder can be made")
}

/// Drives a logger once.
fn drive(logger: &Logger, options: &Options) -> Figures {
    let folder = folder(options);
    let logged = options.records / SHARE;
    let took = (logger.run)(folder.path(), logged).expect("the files can be read");
    let records = logged as f64;
    Figures {
        elapsed: took.elapsed.as_secs_f64() * 1e9 / records,
        bytes: took.bytes as f64 / records,
        processor: took.processor.as_secs_f64() * 1e9 / records,
        peak: 0.0,
        lost: logged.saturating_sub(took.written) as f64,
    }
}

/// Runs a load once.
fn run(load: &Load, options: &Options) -> Figures {
    let folder = folder(options);
    let share = options.records / load.threads as u64;
    let guard = Builder::new(folder.path().join("app"))
        .ignore_env()
        .ring_capacity(options.ring)
        .when_full(WhenFull::Block(PATIENCE))
        .compress_live(load.lz4)
        .cpu(1)
        .start()
        .expect("the logger starts");
    let processor = process_time();
    let start = Instant::now();
    let logging: Duration = thread::scope(|scope| {
        let log = |thread| {
            move || {
                // The writer has the second core. Where more threads log, they share what there is.
                if load.threads == 1 {
                    to_core(thread);
                }
                let before = thread_time();
                (load.log)(share);
                thread_time() - before
            }
        };
        let threads: Vec<_> =
            (0..load.threads).map(|thread| scope.spawn(log(2 * thread))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a load does not panic")).sum()
    });
    let handle = guard.handle();
    let rings = load.threads * options.ring.next_power_of_two();
    let Stats { lost, .. } = {
        guard.flush().expect("the file can be written");
        guard.stats()
    };
    drop(guard);
    let elapsed = start.elapsed();
    let writing = (process_time() - processor).saturating_sub(logging);
    let peak = peak(None).unwrap_or(0).saturating_sub(rings as u64);
    let bytes = check(&handle.path(), share * load.threads as u64, lost);
    let records = (share * load.threads as u64) as f64;
    Figures {
        elapsed: elapsed.as_secs_f64() * 1e9 / records,
        bytes: bytes as f64 / records,
        processor: writing.as_secs_f64() * 1e9 / records,
        peak: peak as f64 / f64::from(1 << 20),
        lost: lost as f64,
    }
}

/// A number is worth something only if everything is in the file: its END says how much that is. Returns the file's length.
fn check(path: &Path, logged: u64, lost: u64) -> u64 {
    let totals = totals(path).expect("the segment is closed");
    assert_eq!(
        (totals.written + totals.lost, totals.lost),
        (logged, lost),
        "written + lost == logged"
    );
    fs::metadata(path).expect("the file is there").len()
}

/// The share of a core that a logger takes into which nobody logs.
fn idle_share() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let guard =
        Builder::new(folder.path().join("idle")).ignore_env().start().expect("the logger starts");
    info!("the last for a while");
    guard.flush().expect("the file can be written");
    let (start, before) = (Instant::now(), process_time());
    thread::sleep(IDLE);
    let (elapsed, taken) = (start.elapsed(), process_time() - before);
    drop(guard);
    taken.as_secs_f64() / elapsed.as_secs_f64()
}
