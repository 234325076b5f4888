//! Closed segments, made smaller in their places.

use crate::cli::{
    args::Inputs,
    inputs::{self, Input},
    progress::{Counted, Progress},
    replace::replace,
    report::{Report, shown},
};
use logbuf_format::{
    block::Compression,
    compact::{self, CompactError, Compacted},
};
use std::{
    fs::File,
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
            Ok(Compacted { before, blocks: 0, .. }) => {
                writeln!(stdout, "{}: already compact, {before} bytes", shown(&path))?;
            }
            Ok(Compacted { before, after, .. }) => {
                let part = 100.0 * after as f64 / before.max(1) as f64;
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

/// Compresses one segment; its size before and after.
fn compact(path: &Path, progress: &Progress) -> Result<Compacted, CompactError> {
    let file = File::open(path).map_err(CompactError::Read)?;
    progress.start(file.metadata().map_err(CompactError::Read)?.len());
    let reader = Counted::new(BufReader::with_capacity(1 << 20, file), progress);
    // If the file beside it cannot even be made, the other error says so.
    let mut result = Ok(Compacted { before: 0, after: 0, blocks: 0 });
    let replaced = replace(path, |writer| {
        result = compact::compact(reader, writer, Compression::ZSTD);
        // With an error the new file goes away.
        match result {
            Ok(Compacted { blocks: 1.., .. }) => Ok(()),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    });
    match (&result, replaced) {
        (Ok(Compacted { before: 1.., blocks: 0, .. }), _) => result,
        (Ok(_), Err(error)) => Err(CompactError::Write(error)),
        _ => result,
    }
}
