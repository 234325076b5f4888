//! The crash campaign: processes that log are killed in every way we know of, what they left is recovered, and the files are
//! compared with a ledger of what was acknowledged.
//!
//! A child logs from 1, 4 or 16 threads; after each call it stores the number of the record in the ledger, a file that both
//! processes map. The parent kills it at a random instant, recovers, decodes all files, and checks: every acknowledged record
//! is there, none twice, none made up, in each thread's order, and at most one more than acknowledged per thread.

pub(crate) mod check;
pub(crate) mod child;
pub(crate) mod kind;
pub(crate) mod ledger;
mod room;

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use self::check::{Verdict, check};
use self::kind::Kind;
use self::ledger::Ledger;
use self::room::Room;

/// Threads of the children, in turn.
const THREADS: [usize; 3] = [1, 4, 16];

/// How long a child may take to log its first record.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to do.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Kills of each kind
    #[arg(long, default_value_t = 100)]
    runs: u64,
    /// Only these kinds
    #[arg(long, value_enum)]
    kind: Vec<Kind>,
    /// Where the random instants start from; printed, so that a run can be repeated as far as instants can
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Longest time that a child logs before it is killed, in microseconds
    #[arg(long, default_value_t = 6000)]
    longest: u64,
}

/// What came of one kind.
#[derive(Debug, Default)]
struct Row {
    runs: u64,
    bad: u64,
    recovered: u64,
    verdict: Verdict,
}

/// Runs the campaign, and prints a table.
pub(crate) fn run(args: &Args) -> ExitCode {
    let kinds = if args.kind.is_empty() { Kind::ALL.to_vec() } else { args.kind.clone() };
    let mut random = Random(args.seed);
    let start = Instant::now();
    println!("seed {}, {} kills of each kind", args.seed, args.runs);
    println!(
        "{:<15} {:>6} {:>13} {:>11} {:>5} {:>7} {:>8} {:>10} {:>6}",
        "kind",
        "kills",
        "acknowledged",
        "recovered",
        "lost",
        "doubled",
        "invented",
        "disordered",
        "damage"
    );
    let mut all = Row::default();
    for kind in kinds {
        let room = match Room::new(kind) {
            Ok(room) => room,
            Err(error) => {
                println!("{:<15} skipped: {error}", name(kind));
                continue;
            }
        };
        let mut row = Row::default();
        for run in 0..args.runs {
            let threads = THREADS[run as usize % THREADS.len()];
            match once(kind, threads, &room, &mut random, args.longest) {
                Ok((recovered, verdict)) => {
                    row.runs += 1;
                    row.recovered += recovered;
                    row.bad += u64::from(!verdict.is_good());
                    row.verdict.add(&verdict);
                    if !verdict.is_good() {
                        eprintln!("{} run {run}, {threads} threads: {verdict:?}", name(kind));
                    }
                }
                Err(error) => {
                    row.bad += 1;
                    eprintln!("{} run {run}, {threads} threads: {error}", name(kind));
                }
            }
        }
        row.print(&name(kind));
        all.runs += row.runs;
        all.bad += row.bad;
        all.recovered += row.recovered;
        all.verdict.add(&row.verdict);
    }
    all.print("all");
    println!(
        "{:.0} s, {:.1} ms a kill",
        start.elapsed().as_secs_f64(),
        start.elapsed().as_secs_f64() * 1e3 / all.runs.max(1) as f64
    );
    if all.bad == 0 && all.runs > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Row {
    fn print(&self, name: &str) {
        let Verdict { acknowledged, lost, doubled, invented, disordered, damage } = self.verdict;
        println!(
            "{name:<15} {:>6} {acknowledged:>13} {:>11} {lost:>5} {doubled:>7} {invented:>8} {disordered:>10} {damage:>6}",
            self.runs, self.recovered
        );
    }
}

/// Lets one child live and die, and looks at what is left. Then there is room for the next, whatever came of it.
fn once(
    kind: Kind,
    threads: usize,
    room: &Room,
    random: &mut Random,
    longest: u64,
) -> io::Result<(u64, Verdict)> {
    let outcome = live_and_die(kind, threads, room, random, longest);
    room.clear()?;
    outcome
}

fn live_and_die(
    kind: Kind,
    threads: usize,
    room: &Room,
    random: &mut Random,
    longest: u64,
) -> io::Result<(u64, Verdict)> {
    let folder = tempfile::Builder::new().prefix("crash").tempdir_in(room.base())?;
    let folder = folder.path();
    let logs = room.logs(folder)?;
    let ledger = Ledger::open(&folder.join("ledger"))?;
    let mut child = start(&["crash-child"], |command| {
        command.arg(folder).arg(&logs).arg(name(kind)).arg(threads.to_string());
    })?;
    room.admit(&child)?;
    if kind == Kind::Start {
        thread::sleep(Duration::from_micros(random.below(4000)));
    } else {
        wait_for(&mut child, &ledger)?;
        thread::sleep(Duration::from_micros(random.below(longest)));
    }
    if kind.is_from_inside() {
        ledger.give_order();
    } else {
        child.kill()?;
    }
    let status = child.wait()?;
    if !kind.is_told_by(status) {
        return Err(io::Error::other(format!("the child did not die as it was to: {status}")));
    }
    // On a full disk it goes elsewhere.
    let into = (kind == Kind::DiskFull).then(|| folder.join("recovered"));
    if let Some(into) = &into {
        fs::create_dir_all(into)?;
    }
    if kind == Kind::Recovery {
        for _ in 0..1 + random.below(3) {
            let mut recovery = start(&["recover-child"], |command| {
                command.arg(folder);
            })?;
            thread::sleep(Duration::from_micros(random.below(5000)));
            recovery.kill()?;
            recovery.wait()?;
        }
    }
    let recovered = match kind {
        Kind::Restart => restart(folder, &logs)?,
        _ => child::recover_all(folder, into.as_deref()).map_err(io::Error::other)?,
    };
    let left = fs::read_dir(folder.join("sessions")).map_or(0, Iterator::count);
    if left > 0 {
        return Err(io::Error::other(format!("{left} files of sessions are left")));
    }
    let mut folders = vec![logs.as_path()];
    folders.extend(into.as_deref());
    let verdict = check(&folders, &ledger, threads, kind)?;
    Ok((recovered, verdict))
}

fn start(args: &[&str], more: impl FnOnce(&mut Command)) -> io::Result<Child> {
    let mut command = command(args)?;
    more(&mut command);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

fn command(args: &[&str]) -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    // To look up the names for a backtrace takes a second.
    command.args(args).env("RUST_BACKTRACE", "0");
    Ok(command)
}

/// Recovers by the next start of the logger; says how many records that were.
fn restart(folder: &Path, logs: &Path) -> io::Result<u64> {
    let output = command(&["restart-child"])?.arg(folder).arg(logs).output()?;
    let answer = str::from_utf8(&output.stdout).ok().and_then(|text| text.trim().parse().ok());
    match answer {
        Some(recovered) if output.status.success() => Ok(recovered),
        _ => {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(io::Error::other(format!("the next start: {}: {}", output.status, said.trim())))
        }
    }
}

/// Waits until the child logs.
fn wait_for(child: &mut Child, ledger: &Ledger) -> io::Result<()> {
    let start = Instant::now();
    while !ledger.is_running() {
        if let Some(status) = child.try_wait()? {
            return Err(io::Error::other(format!("the child ended by itself: {status}")));
        }
        if start.elapsed() > PATIENCE {
            child.kill()?;
            return Err(io::Error::other("the child does not log"));
        }
        thread::sleep(Duration::from_micros(100));
    }
    Ok(())
}

/// A kind as it is called on the command line.
fn name(kind: Kind) -> String {
    use clap::ValueEnum;
    kind.to_possible_value().expect("no kind is hidden").get_name().to_owned()
}

/// Where the folders of runs are made: in memory, so that the disk does not slow them down.
fn scratch() -> &'static Path {
    let shm = Path::new("/dev/shm");
    if shm.is_dir() { shm } else { Path::new("/tmp") }
}

/// Numbers that look random (xorshift64*, Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16) % bound.max(1)
    }
}
