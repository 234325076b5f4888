//! Comparing what the files hold with what the ledger says.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use logbuf_decode::{Problem, Reader, Record, Severity};

use super::child::{FIELD, block, proof, worker};
use super::kind::Kind;
use super::ledger::Ledger;

/// What is wrong with the files of one run. All zeros but the first is what we want.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Calls that had returned.
    pub(crate) acknowledged: u64,
    /// Acknowledged and not in the files.
    pub(crate) lost: u64,
    /// In the files more than once.
    pub(crate) doubled: u64,
    /// In the files and not logged: with a wrong proof, or in a wrong context, or more than one ahead of what was acknowledged, losses
    /// counted.
    pub(crate) invented: u64,
    /// Behind a later one of the same thread.
    pub(crate) disordered: u64,
    /// Complaints of the reader, but for the one that a segment was cut.
    pub(crate) damage: u64,
}

impl Verdict {
    pub(crate) fn is_good(&self) -> bool {
        let Self { lost, doubled, invented, disordered, damage, .. } = *self;
        lost + doubled + invented + disordered + damage == 0
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.acknowledged += other.acknowledged;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.invented += other.invented;
        self.disordered += other.disordered;
        self.damage += other.damage;
    }
}

/// Decodes all files in `folders`, and compares each stream with the ledger: two for each thread, that of its own ring first. Where
/// records are lost, those that the files count count as acknowledged, too.
pub(crate) fn check(
    folders: &[&Path],
    ledger: &Ledger,
    threads: usize,
    kind: Kind,
) -> io::Result<Verdict> {
    let (streams, counts_losses) = (2 * threads, kind.loses());
    let mut verdict = Verdict::default();
    let mut seen = BTreeMap::<u64, Vec<u64>>::new();
    let mut counted = BTreeMap::<String, u64>::new();
    // File by file: what is checked is the order in which they hold the records of a thread.
    for path in segments(folders)? {
        let mut reader = Reader::new();
        reader.add_file(path);
        reader.for_each(|record| {
            let numbers = record.values().iter().filter_map(|value| value.as_unsigned());
            let numbers: Vec<u64> = numbers.filter_map(|number| number.try_into().ok()).collect();
            match numbers[..] {
                // The outer record of a nested one.
                [] => {}
                [stream, sequence, found] if found == proof(stream, sequence) => {
                    seen.entry(stream).or_default().push(sequence);
                    let has_context = kind == Kind::Contexts && stream < threads as u64;
                    if has_context && !is_in_its_context(record, sequence) {
                        verdict.invented += 1;
                        eprintln!("{stream} {sequence} is in a wrong context");
                    }
                }
                _ => verdict.invented += 1,
            }
        });
        if counts_losses {
            for lost in reader.lost() {
                *counted.entry(lost.thread.to_string()).or_default() += lost.count;
            }
        }
        for finding in reader.findings() {
            // That a killed process cut its last file, or had only begun it, is no surprise.
            let is_cut = matches!(finding.problem, Problem::Cut(_) | Problem::Empty);
            if finding.problem.severity() != Severity::Note && !is_cut {
                verdict.damage += 1;
                eprintln!("{finding}");
            }
        }
    }
    for stream in 0..streams {
        let acknowledged = ledger.acknowledged(stream);
        let mut sequences = seen.remove(&(stream as u64)).unwrap_or_default();
        verdict.acknowledged += acknowledged;
        verdict.disordered += sequences.windows(2).filter(|pair| pair[0] > pair[1]).count() as u64;
        sequences.sort_unstable();
        let all = sequences.len() as u64;
        sequences.dedup();
        verdict.doubled += all - sequences.len() as u64;
        if counts_losses {
            let lost = counted.get(&worker(stream as u64)).copied().unwrap_or(0);
            let accounted = sequences.len() as u64 + lost;
            verdict.lost += acknowledged.saturating_sub(accounted);
            verdict.invented += accounted.saturating_sub(acknowledged + 1);
            continue;
        }
        let inside = sequences.partition_point(|sequence| *sequence < acknowledged) as u64;
        verdict.lost += acknowledged - inside;
        // The call that had not returned may have committed its record.
        let ahead = sequences.iter().filter(|sequence| **sequence > acknowledged).count();
        verdict.invented += ahead as u64;
    }
    verdict.invented += seen.values().map(|sequences| sequences.len() as u64).sum::<u64>();
    Ok(verdict)
}

/// Whether a record is in the context that it was logged in, or in one that nobody knows.
fn is_in_its_context(record: &Record<'_>, sequence: u64) -> bool {
    let context = record.context();
    let blocks = context.fields().iter().filter(|(name, _)| *name == FIELD);
    let mut blocks = blocks.map(|(_, value)| value.as_unsigned());
    match blocks.next() {
        Some(found) => found == Some(block(sequence).into()) && blocks.next().is_none(),
        None => !context.is_whole(),
    }
}

/// The segments in some folders, in the order of their numbers.
fn segments(folders: &[&Path]) -> io::Result<Vec<PathBuf>> {
    let mut segments = Vec::new();
    for folder in folders {
        let entries = match fs::read_dir(folder) {
            // Killed before it was made.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
        paths.retain(|path| {
            path.extension().is_some_and(|extension| extension == "logbuf") && !path.is_symlink()
        });
        paths.sort();
        segments.extend(paths);
    }
    Ok(segments)
}
