//! Reads every file of a folder with several threads, logs each, and shows the end of the log.
//!
//! `cargo run --release --example quickstart [-- FOLDER]`; the folder is the current one unless given.

use std::collections::VecDeque;
use std::error::Error;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use logbuf_decode::{Reader, Render, Text, TooLong};
use logbuf_log::{Builder, Stats, error, info, warn};
use walkdir::{DirEntry, WalkDir};

/// Where the log goes.
const OUTPUT: &str = "target/quickstart";

/// How much of the log is shown.
const LAST_LINES: usize = 8;

/// What the workers found, all together.
#[derive(Default)]
struct Totals {
    files: AtomicU64,
    bytes: AtomicU64,
    unreadable: AtomicU64,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quickstart: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("."), PathBuf::from);
    match fs::metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return Err(
                format!("{} is not a folder; name the folder to read", folder.display()).into()
            );
        }
        Err(reason) => return Err(format!("cannot read {}: {reason}", folder.display()).into()),
    }
    // One run's log at a time: what an earlier run left would be shown with it.
    if Path::new(OUTPUT).exists() {
        fs::remove_dir_all(OUTPUT)?;
    }

    let guard = Builder::new(Path::new(OUTPUT).join("quickstart")).start()?;
    let (totals, start) = (Totals::default(), Instant::now());
    read_all(&folder, &totals);
    info!(folder = %folder.display(), elapsed_us = start.elapsed().as_micros() as u64, "done");
    guard.flush()?;
    let stats = guard.stats();
    drop(guard);

    print_summary(&totals, &stats);
    print_last_lines()?;
    println!("\nAll of it:   cargo run --release -p logbuf-decode -- {OUTPUT}");
    println!("As JSON:     cargo run --release -p logbuf-decode -- --json {OUTPUT}");
    Ok(())
}

/// Walks the folder, and shares its files among the workers.
fn read_all(folder: &Path, totals: &Totals) {
    let workers = thread::available_parallelism().map_or(2, usize::from).max(2);
    info!(workers, "walking {}", %folder.display());
    let (sender, receiver) = mpsc::sync_channel::<PathBuf>(1024);
    let receiver = Mutex::new(receiver);
    thread::scope(|scope| {
        for id in 0..workers {
            let receiver = &receiver;
            let work = move || {
                // The lock is held while waiting, and given back before the file is read.
                while let Ok(path) = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv()
                {
                    read_file(&path, totals);
                }
            };
            if let Err(reason) =
                thread::Builder::new().name(format!("worker-{id}")).spawn_scoped(scope, work)
            {
                error!(id, %reason, "cannot start a worker");
            }
        }
        for entry in WalkDir::new(folder).into_iter().filter_entry(is_wanted) {
            match entry {
                Ok(entry) if entry.file_type().is_file() => {
                    if sender.send(entry.into_path()).is_err() {
                        break;
                    }
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => {
                    warn!("{} is no file and no folder, and is left out", %entry.path().display())
                }
                Err(reason) => {
                    totals.unreadable.fetch_add(1, Ordering::Relaxed);
                    warn!(%reason, "cannot walk");
                }
            }
        }
        drop(sender);
    });
}

/// Version control and build output are somebody else's.
fn is_wanted(entry: &DirEntry) -> bool {
    entry.depth() == 0
        || !(entry.file_name() == ".git" || entry.path().join("CACHEDIR.TAG").exists())
}

/// Reads a file and logs what it found.
fn read_file(path: &Path, totals: &Totals) {
    let start = Instant::now();
    let name = path.to_string_lossy();
    match fs::read(path) {
        Ok(content) => {
            let (bytes, lines) =
                (content.len(), content.iter().filter(|byte| **byte == b'\n').count());
            let mut hasher = DefaultHasher::new();
            hasher.write(&content);
            let elapsed_ns = start.elapsed().as_nanos() as u64;
            info!(bytes, lines, elapsed_ns, "read {name}, hash {:016x}", hasher.finish());
            if str::from_utf8(&content).is_err() {
                warn!("{name} is no text, and has no lines");
            }
            totals.files.fetch_add(1, Ordering::Relaxed);
            totals.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        Err(reason) => {
            totals.unreadable.fetch_add(1, Ordering::Relaxed);
            warn!(%reason, "cannot read {name}");
        }
    }
}

fn print_summary(totals: &Totals, stats: &Stats) {
    let get = |total: &AtomicU64| total.load(Ordering::Relaxed);
    println!(
        "{} files, {} bytes, {} unreadable",
        get(&totals.files),
        get(&totals.bytes),
        get(&totals.unreadable)
    );
    println!("{} records in {} bytes of log, {} lost\n", stats.written, stats.bytes, stats.lost);
}

/// Decodes the log with the library, as a program would.
fn print_last_lines() -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::new();
    for entry in fs::read_dir(OUTPUT)? {
        reader.add_file(entry?.path());
    }
    let (mut text, mut last) = (Text::new(), VecDeque::new());
    reader.try_for_each(|record| {
        let mut line = String::new();
        text.record(record, &mut line)?;
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
        Ok::<_, TooLong>(())
    })?;
    for line in last {
        print!("{line}");
    }
    for finding in reader.findings() {
        eprintln!("{finding}");
    }
    Ok(())
}
