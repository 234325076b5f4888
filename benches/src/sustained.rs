//! How many records a logger takes when it has to take all that a thread can log.

use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::call::Call;
use crate::cpu::process_time;
use crate::pin::to_core;

/// After how many calls a logger without a thread is tended.
const TENDED: u64 = 1000;

/// What a logger took and left.
#[derive(Clone, Copy, Debug)]
pub struct Sustained {
    /// From the first call until everything is in files.
    pub elapsed: Duration,
    /// Processor time of the whole process in that time.
    pub processor: Duration,
    /// The length of the files, in bytes.
    pub bytes: u64,
    /// How many records they hold.
    pub written: u64,
}

/// Logs `records` times two integers and a float through a logger that has its files in `folder`.
///
/// # Errors
///
/// If the files cannot be looked at.
pub fn sustained<C: Call>(folder: &Path, records: u64) -> io::Result<Sustained> {
    let mut call = C::start(folder);
    // Only now: a logger's thread would stay on the core of the one that starts it.
    to_core(0);
    let (start, processor) = (Instant::now(), process_time());
    for first in (0..records).step_by(TENDED as usize) {
        for i in first..records.min(first + TENDED) {
            call.numbers(i, 2 * i, i as f64 / 2.0);
        }
        call.tend();
    }
    call.finish();
    let (elapsed, processor) = (start.elapsed(), process_time() - processor);
    Ok(Sustained { elapsed, processor, bytes: length(folder)?, written: C::written(folder)? })
}

/// The length of all files in a folder, and in those in it. Links do not count.
fn length(folder: &Path) -> io::Result<u64> {
    fs::read_dir(folder)?.try_fold(0, |sum, entry| {
        let entry = entry?;
        let found = entry.metadata()?;
        Ok(sum
            + match found.file_type() {
                kind if kind.is_dir() => length(&entry.path())?,
                kind if kind.is_file() => found.len(),
                _ => 0,
            })
    })
}
