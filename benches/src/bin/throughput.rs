//! How much the whole way takes: from log calls that wait for room, over the rings and the writer, to a closed file.
//!
//! `cargo run --release -p logbuf-benches --bin throughput`, with `-- --records N` for another number of records than 20
//! million, `--ring BYTES` for other rings than the default, `--load NUMBER` for one load alone, and `--folder PATH` for the
//! file.
//!
//! Each load runs in a process of its own. The time is that from the first call to the end of the guard's drop, by when the
//! file is whole. What the writer takes is the processor time of the process less that of the threads that log.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use logbuf_benches::cpu::{process_time, thread_time};
use logbuf_benches::logged::{messages, mix, numbers, text};
use logbuf_benches::pin::to_core;
use logbuf_format::end::{self, End};
use logbuf_log::{Builder, Stats, WhenFull, info};

/// Rings that the throughput is measured with, in bytes.
const RING: usize = 1 << 20;

/// How long an idle logger is watched.
const IDLE: Duration = Duration::from_secs(5);

/// How long a call waits for room: for ever, as benches go.
const PATIENCE: Duration = Duration::from_secs(60);

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

/// What the command line says.
struct Options {
    records: u64,
    ring: usize,
    load: Option<usize>,
    folder: Option<PathBuf>,
}

fn main() -> ExitCode {
    let Some(options) = Options::parse() else {
        eprintln!("usage: throughput [--records N] [--ring BYTES] [--load NUMBER] [--folder PATH]");
        return ExitCode::from(2);
    };
    match options.load.and_then(|number| LOADS.get(number)) {
        Some(load) => {
            println!("{}", run(load, &options));
            return ExitCode::SUCCESS;
        }
        None if options.load.is_some() => {
            eprintln!("there are loads 0 to {}", LOADS.len() - 1);
            return ExitCode::from(2);
        }
        None => {}
    }
    println!(
        "| {} records, rings of {} KiB | million records/s | ns/record | bytes/record | writer's processor, ns/record | peak memory above rings, MiB | lost |",
        options.records,
        options.ring >> 10
    );
    println!("|---|---|---|---|---|---|---|");
    let program = env::current_exe().expect("a program knows its path");
    for number in 0..LOADS.len() {
        let status = Command::new(&program)
            .args(env::args_os().skip(1))
            .args(["--load", &number.to_string()])
            .status()
            .expect("this program can be started again");
        if !status.success() {
            return ExitCode::FAILURE;
        }
    }
    println!("\nAn idle logger takes {:.3} % of a core.", idle_share() * 100.0);
    ExitCode::SUCCESS
}

impl Options {
    fn parse() -> Option<Self> {
        let mut options = Self { records: 20_000_000, ring: RING, load: None, folder: None };
        let mut args = env::args_os().skip(1);
        while let Some(arg) = args.next() {
            let value = args.next()?;
            let number = value.to_str().and_then(|text| text.parse::<u64>().ok());
            match arg.to_str()? {
                "--records" => options.records = number?,
                "--ring" => options.ring = usize::try_from(number?).ok()?,
                "--load" => options.load = Some(usize::try_from(number?).ok()?),
                "--folder" => options.folder = Some(value.into()),
                _ => return None,
            }
        }
        Some(options)
    }
}

/// Runs a load and returns its row of the table.
fn run(load: &Load, options: &Options) -> String {
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a temporary folder can be made");
    let share = options.records / load.threads as u64;
    let guard = Builder::new(folder.path().join("app"))
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
    let peak = peak_memory().saturating_sub(rings);
    let bytes = check(&handle.path(), share * load.threads as u64, lost);
    let records = (share * load.threads as u64) as f64;
    format!(
        "| {} | **{:.1}** | {:.1} | {:.1} | {:.1} | {:.1} | {lost} |",
        load.name,
        records / elapsed.as_secs_f64() / 1e6,
        elapsed.as_secs_f64() * 1e9 / records,
        bytes as f64 / records,
        writing.as_secs_f64() * 1e9 / records,
        peak as f64 / f64::from(1 << 20),
    )
}

/// A number is worth something only if everything is in the file: its END says how much that is. Returns the file's length.
fn check(path: &Path, logged: u64, lost: u64) -> u64 {
    let mut file = File::open(path).expect("the file is there");
    // END is the last block, and a segment with records has an index.
    let mut end = [0; end::LEN];
    let start = file.seek(SeekFrom::End(-(end.len() as i64))).expect("it ends with END");
    file.read_exact(&mut end).expect("the file can be read");
    let totals = End::take(&end).expect("it is long enough");
    assert_eq!(
        (totals.written + totals.lost, totals.lost),
        (logged, lost),
        "written + lost == logged"
    );
    start + end.len() as u64
}

/// The share of a core that a logger takes into which nobody logs.
fn idle_share() -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let guard = Builder::new(folder.path().join("idle")).start().expect("the logger starts");
    info!("the last for a while");
    guard.flush().expect("the file can be written");
    let (start, before) = (Instant::now(), process_time());
    thread::sleep(IDLE);
    let (elapsed, taken) = (start.elapsed(), process_time() - before);
    drop(guard);
    taken.as_secs_f64() / elapsed.as_secs_f64()
}

/// The most memory that this process had resident, in bytes; 0 where the system does not say.
fn peak_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<usize>().ok())
        .map_or(0, |kilobytes| kilobytes << 10)
}
