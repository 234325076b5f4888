//! How fast a log is read: the whole command, from file to pipe, beside what moving the bytes alone takes.
//!
//! `cargo run --release -p logbuf-benches --bin decode [-- FILE | RECORDS]`
//!
//! Without a file it makes one, of 20 million records of two `u64` and an `f64` unless told otherwise. The command
//! is built, and runs pinned to one core and then free, while this program empties the pipe from another core. Then it runs likewise with
//! its output thrown away (`/dev/null`): on a machine of two cores whoever empties the pipe takes one of them, so that only this says what two
//! cores bring. What is measured is the time from start to end of the process, and what it took of memory at most. Of a file of a gigabyte a few
//! lines are read.

use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use logbuf_benches::logged::PATIENCE;
use logbuf_benches::memory::peak;
use logbuf_benches::pin::{to_all_cores, to_core};
use logbuf_benches::random::Random;
use logbuf_benches::spread::Spread;
use logbuf_log::{Builder, WhenFull, info};

/// Records in a file that is made here.
const RECORDS: u64 = 20_000_000;

/// How often each command runs, in turns.
const TURNS: usize = 3;

/// How often the memory of a process is looked at.
const PERIOD: Duration = Duration::from_millis(5);

/// What the command is asked for.
const TASKS: [(&str, &[&str]); 6] = [
    ("text", &[]),
    ("JSON", &["--json"]),
    ("text, one record in a thousand", &["--where", "order_id < 20000"]),
    ("`stats`", &["stats"]),
    ("`verify`", &["verify"]),
    ("`verify --records`", &["verify", "--records"]),
];

/// What the command is asked for of a large file, of which it should read little.
const FEW: [(&str, &[&str]); 3] = [
    ("the first line", &["--head", "1"]),
    ("the last line", &["-n", "1"]),
    ("none of it", &["--head", "0"]),
];

/// Where the output of a command goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sink {
    /// A pipe, which this program empties.
    Pipe,
    /// Nowhere.
    Null,
}

/// What the runs of a command came to, each in one of these ways.
struct Row {
    one: Runs,
    all: Runs,
    one_to_null: Runs,
    all_to_null: Runs,
}

/// What the runs of a command in one way came to; there is at least one.
#[derive(Default)]
struct Runs(Vec<Run>);

/// What one run came to.
struct Run {
    time: Duration,
    /// Bytes of output.
    output: u64,
    /// Bytes of memory at most.
    memory: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (file, records) = match std::env::args().nth(1) {
        Some(argument) => match argument.parse() {
            Ok(records) => (make(folder.path(), records)?, records),
            Err(_) => (PathBuf::from(&argument), count(Path::new(&argument))),
        },
        None => (make(folder.path(), RECORDS)?, RECORDS),
    };
    let decoder = build()?;
    let bytes = fs::metadata(&file)?.len();
    println!("{records} records, {bytes} bytes: {:.1} each.", bytes as f64 / records as f64);
    println!("Medians of {TURNS} runs, in turns; in parentheses the least and the most.\n");
    println!(
        "| | M records/s, one core, to a pipe | all cores, to a pipe | one core, to nowhere | all cores, to nowhere | GB/s of the file, all cores, to a pipe | GB/s of output | memory, MB |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (name, arguments) in TASKS {
        let command = || {
            let mut command = Command::new(&decoder);
            command.args(arguments).arg(&file);
            command
        };
        row(name, records, bytes, &Row::of(&command)?);
    }
    let cat = || {
        let mut command = Command::new("cat");
        command.arg(&file);
        command
    };
    row("floor: `cat` of the file", records, bytes, &Row::of(&cat)?);
    let large = make_large(folder.path())?;
    let bytes = fs::metadata(&large)?.len();
    println!("\n| start to end, ms | {:.2} GB |", bytes as f64 / 1e9);
    println!("|---|---|");
    for (name, arguments) in FEW {
        let command = || {
            let mut command = Command::new(&decoder);
            command.args(arguments).arg(&large);
            command
        };
        let mut runs = Runs::default();
        for _ in 0..TURNS {
            runs.0.push(run(command(), false, Sink::Pipe)?);
        }
        println!("| {name} | {} |", runs.spread(|run| run.time.as_secs_f64() * 1e3));
    }
    Ok(())
}

/// Writes a log of a gigabyte: records of eight numbers that nobody could predict.
fn make_large(folder: &Path) -> Result<PathBuf, Box<dyn Error>> {
    const RECORDS: u64 = 15_000_000;
    let guard = Builder::new(folder.join("large"))
        .ignore_env()
        .when_full(WhenFull::Block(PATIENCE))
        .start()?;
    let mut numbers = Random(1);
    let mut random = || numbers.bits();
    for _ in 0..RECORDS {
        let [a, b, c, d] = [random(), random(), random(), random()];
        let [e, f, g, h] = [random(), random(), random(), random()];
        info!(a, b, c, d, e, f, g, h, "noise");
    }
    guard.flush()?;
    let file = guard.path();
    drop(guard);
    Ok(file)
}

/// Writes a log.
fn make(folder: &Path, records: u64) -> Result<PathBuf, Box<dyn Error>> {
    let guard = Builder::new(folder.join("bench"))
        .ignore_env()
        .when_full(WhenFull::Block(PATIENCE))
        .start()?;
    for order_id in 0..records {
        let price = 52_100.0 + (order_id % 1000) as f64 / 10.0;
        info!(order_id, "filled {} @ {}", order_id % 997, price);
    }
    guard.flush()?;
    let stats = guard.stats();
    let file = guard.path();
    drop(guard);
    if stats.lost > 0 {
        return Err(format!("{} records of the bench were lost", stats.lost).into());
    }
    Ok(file)
}

/// Records in a file.
fn count(file: &Path) -> u64 {
    let mut reader = logbuf_decode::Reader::new();
    reader.add_file(file);
    let mut records = 0;
    reader.for_each(|_| records += 1);
    records
}

/// Builds the command, which then stands beside this program.
fn build() -> Result<PathBuf, Box<dyn Error>> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--quiet", "--release", "-p", "logbuf-decode"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()?;
    if !status.success() {
        return Err("the command could not be built".into());
    }
    Ok(std::env::current_exe()?
        .with_file_name("logbuf-decode")
        .with_extension(std::env::consts::EXE_EXTENSION))
}

impl Row {
    /// The ways take turns, because the machine may be busy with other things at some time or other.
    fn of(command: &impl Fn() -> Command) -> Result<Self, Box<dyn Error>> {
        let [mut one, mut all, mut one_to_null, mut all_to_null] =
            [(); 4].map(|()| Runs::default());
        for _ in 0..TURNS {
            one.0.push(run(command(), true, Sink::Pipe)?);
            all.0.push(run(command(), false, Sink::Pipe)?);
            one_to_null.0.push(run(command(), true, Sink::Null)?);
            all_to_null.0.push(run(command(), false, Sink::Null)?);
        }
        Ok(Self { one, all, one_to_null, all_to_null })
    }

    /// The most memory of any of them.
    fn memory(&self) -> u64 {
        let ways = [&self.one, &self.all, &self.one_to_null, &self.all_to_null];
        ways.iter().flat_map(|runs| &runs.0).map(|run| run.memory).max().unwrap_or(0)
    }
}

impl Runs {
    fn spread(&self, figure: impl Fn(&Run) -> f64) -> Spread {
        Spread::of(self.0.iter().map(figure)).expect("there is a run")
    }
}

fn row(name: &str, records: u64, bytes: u64, row: &Row) {
    let rate = |runs: &Runs| runs.spread(|run| records as f64 / run.time.as_secs_f64() / 1e6);
    let speed =
        |bytes: u64| row.all.spread(|run| bytes as f64 / run.time.as_secs_f64() / 1e9).median;
    let both = |one: &Runs, all: &Runs| {
        let (one, all) = (rate(one), rate(all));
        format!("{one} | {all}, × {:.2}", all.median / one.median)
    };
    println!(
        "| {name} | {} | {} | {:.2} | {:.2} | {:.0} |",
        both(&row.one, &row.all),
        both(&row.one_to_null, &row.all_to_null),
        speed(bytes),
        speed(row.all.0[0].output),
        row.memory() as f64 / 1e6,
    );
}

/// Runs a command, and throws away what it prints.
fn run(mut command: Command, is_pinned: bool, sink: Sink) -> Result<Run, Box<dyn Error>> {
    // A process starts on the cores of the thread that starts it.
    if is_pinned {
        to_core(0);
    }
    let start = Instant::now();
    let spawned = match sink {
        Sink::Pipe => command.stdout(Stdio::piped()).spawn(),
        Sink::Null => command.stdout(Stdio::null()).spawn(),
    };
    if is_pinned {
        to_core(1);
    }
    let mut child = spawned?;
    let pipe = child.stdout.take();
    let (output, memory) = thread::scope(|scope| {
        let reading = scope.spawn(move || pipe.map_or(Ok(0), empty));
        let memory = watch(&mut child)?;
        Ok::<_, Box<dyn Error>>((reading.join().expect("reading does not panic")?, memory))
    })?;
    let time = start.elapsed();
    to_all_cores();
    Ok(Run { time, output, memory })
}

/// Reads all there is; how many bytes that was.
fn empty(mut pipe: ChildStdout) -> io::Result<u64> {
    let (mut bytes, mut output) = (vec![0; 1 << 20], 0);
    loop {
        match pipe.read(&mut bytes)? {
            0 => return Ok(output),
            count => output += count as u64,
        }
    }
}

/// Waits for the end of a process; the most memory it had.
fn watch(child: &mut Child) -> Result<u64, Box<dyn Error>> {
    let mut memory = 0;
    loop {
        // Elsewhere than on Linux there is no such file, and the table says 0.
        memory = memory.max(peak(Some(child.id())).unwrap_or(0));
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(memory) } else { Err(format!("{status}").into()) };
        }
        thread::sleep(PERIOD);
    }
}
