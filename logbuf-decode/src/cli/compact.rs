//! Closed segments, made smaller in their places.

use crate::cli::{
    args::Inputs,
    inputs::{self, Input},
    number::grouped,
    progress::{Counted, Progress},
    replace::replace,
    report::{Report, shown},
};
use logbuf_format::{
    block::Compression,
    compact::{self, CompactError, Compacted},
};
use std::{
    fs::{File, TryLockError},
    io::{self, BufReader, Write},
    path::Path,
};

/// Compresses each closed segment; says what became of it.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Inputs, report: &mut Report) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let progress = Progress::new();
    for input in inputs::expand(&args.paths, report) {
        let path = match input {
            Input::File(path) => path,
            Input::Spooled(name, _) => {
                report.error(format_args!("{}: is no file that could be replaced", shown(&name)));
                continue;
            }
        };
        match compact(&path, &progress) {
            Ok(Outcome::Locked) => report.note(format_args!(
                "{}: it is being written, or compressed by its logger: left as it is",
                shown(&path)
            )),
            Ok(Outcome::Compact { bytes }) => {
                writeln!(
                    stdout,
                    "{}: as compact as it gets, {} bytes",
                    shown(&path),
                    grouped(bytes)
                )?;
            }
            Ok(Outcome::Smaller { before, after }) => {
                let part = 100.0 * after as f64 / before.max(1) as f64;
                let (before, after) = (grouped(before), grouped(after));
                writeln!(stdout, "{}: {before} to {after} bytes ({part:.1} %)", shown(&path))?;
            }
            Err(CompactError::NotClosed) => {
                report.note(format_args!("{}: not closed, and left as it is", shown(&path)))
            }
            Err(CompactError::Read(error) | CompactError::Write(error)) => {
                report.error(format_args!("{}: {error}", shown(&path)))
            }
            Err(error) => report.damage(format_args!("{}: {error}; left as it is", shown(&path))),
        }
    }
    progress.finish();
    Ok(())
}

/// What became of a segment that could be read.
enum Outcome {
    Smaller {
        before: u64,
        after: u64,
    },
    /// Nothing would be won.
    Compact {
        bytes: u64,
    },
    /// Somebody else is at it.
    Locked,
}

/// Compresses a segment in its place, by the rules of the logger's own compressor: under its lock, and as if it had been so from
/// the beginning.
fn compact(path: &Path, progress: &Progress) -> Result<Outcome, CompactError> {
    let file = File::open(path).map_err(CompactError::Read)?;
    // Where there are no locks, there is nothing to tell.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Ok(Outcome::Locked);
    }
    let metadata = file.metadata().map_err(CompactError::Read)?;
    let buffered = |file| BufReader::with_capacity(1 << 20, file);
    progress.start(metadata.len());
    let reader = Counted::new(buffered(&file), progress);
    // If the file beside it cannot even be made, the other error says so.
    let mut result = None;
    let replaced = replace(path, |writer| {
        let compacted = &*result.insert(compact::compact(reader, writer, Compression::ZSTD));
        match compacted {
            Ok(Compacted { before, after, .. }) if after < before => {}
            // With an error the new file goes away.
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
        writer.flush()?;
        // Retention goes by the time at which something was last logged.
        writer.get_ref().set_modified(metadata.modified()?)
    });
    match (result.transpose()?, replaced) {
        (Some(Compacted { before, after, .. }), _) if after >= before => {
            Ok(Outcome::Compact { bytes: before })
        }
        (Some(Compacted { before, after, .. }), Ok(())) => Ok(Outcome::Smaller { before, after }),
        (_, Err(error)) => Err(CompactError::Write(error)),
        // It is written whatever it comes to.
        (None, Ok(())) => Ok(Outcome::Compact { bytes: metadata.len() }),
    }
}
