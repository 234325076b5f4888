//! Salvaging what a dead process left in its rings.
//!
//! A logger that is [crash-safe](crate::CrashSafe) keeps its rings in a session: files in shared memory that outlive it. When its
//! process has died, whoever comes next finds them: the next start of the same logger by itself
//! ([`Builder::recover`](crate::Builder::recover)), the command `logbuf-decode recover`, or a program with this module.
//!
//! ```
//! use logbuf_log::{CrashSafe, recover};
//!
//! # let folder = tempfile::tempdir()?;
//! # let place = CrashSafe::Dir(folder.path().join("sessions"));
//! # /*
//! let place = CrashSafe::Auto;
//! # */
//! for found in recover::sessions(&place)? {
//!     if found.state == recover::State::Dead {
//!         let report = recover::recover(&place, &found.name, &recover::Options::default())?;
//!         println!("{report}");
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Invariants.** A session whose process lives is never touched. Nothing found in one is believed: whatever its bytes are, this neither
//! panics, nor runs away, nor reads outside of them. Each record is in the files of its log exactly once afterwards, and however
//! often a recovery is cut short; the session is removed only when all it held is safely in a file.

mod covered;
mod error;
mod find;
mod output;
mod remains;
mod report;
mod scopes;
mod segment;

use std::path::{Path, PathBuf};
use std::{fs, mem};

use logbuf_format::clock::Anchor;
use logbuf_format::segment::Clock;
use logbuf_format::timeline::Timeline;

pub use self::error::RecoverError;
pub use self::find::{Found, State, sessions};
pub(crate) use self::find::{TURN, free};
pub(crate) use self::remains::{is_drained, ring_id};
pub use self::report::{Damage, Report, ThreadReport};

use self::covered::Covered;
use self::output::Output;
use self::remains::{Remains, Sites};
use self::segment::Segment;
use crate::clock;
use crate::paths::Paths;
use crate::session::base::Lock;
use crate::session::header::Header;
use crate::session::{CrashSafe, system};

/// How to recover.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// The folder of the recovered segment, which is made if it is not there; unless given, that of the log.
    pub folder: Option<PathBuf>,
    /// Also recover sessions of other users. Such a session could name any folder as that of its log, so [`folder`](Self::folder) has
    /// to be given, too.
    pub any_user: bool,
    /// Remove the session even if some of it cannot be read, or has no place to go to: what could be read is recovered first.
    pub discard: bool,
}

/// Recovers the dead session called `name`, as [`sessions`] lists it, and removes it.
///
/// What its rings hold and the files of its log do not is written into a segment beside them. If there is nothing, none is made.
///
/// # Errors
///
/// [`RecoverError`]. The session then stays as it is, and nothing is written twice when it is recovered later.
pub fn recover(place: &CrashSafe, name: &str, options: &Options) -> Result<Report, RecoverError> {
    let _turn = find::turn();
    let Some(found) = find::take(place, name, options)? else {
        return Err(RecoverError::Alive { name: name.to_owned() });
    };
    salvage(name, &found, options)
}

/// Recovers every dead session of the log whose files are in `folder` and begin with `stem`.
pub(crate) fn recover_log(
    place: &CrashSafe,
    folder: &Path,
    stem: &std::ffi::OsStr,
) -> Vec<Result<Report, RecoverError>> {
    let _turn = find::turn();
    let options = Options::default();
    let names = find::names_of(place, folder, stem);
    segment::sweep(folder, stem, &names);
    let recovered = names.iter().map(|name| match find::take(place, name, &options) {
        Ok(Some(lock)) => Some(salvage(name, &lock, &options)),
        // Another was faster.
        Ok(None) => None,
        Err(error) => Some(Err(error)),
    });
    recovered.flatten().collect()
}

/// Recovers the session whose lock we hold.
fn salvage(name: &str, lock: &Lock, options: &Options) -> Result<Report, RecoverError> {
    let mut report = Report::new(name);
    let header = match Header::load(&lock.folder) {
        Ok(header) => header,
        // It died before it had a header, and so before it could log anything.
        Err(error) if error.is_missing() && is_drained(&lock.folder) => {
            remove(name, lock)?;
            return Ok(report);
        }
        Err(error) if options.discard => return discard(report, &error, lock),
        Err(source) => return Err(RecoverError::Header { name: name.to_owned(), source }),
    };
    report.describe(&header);
    if let Some(folder) = &options.folder {
        let failed = |source| RecoverError::WriteSegment { folder: folder.clone(), source };
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let folder = options.folder.as_deref().unwrap_or(&header.folder);
    let mut remains = match Remains::find(&lock.folder) {
        Ok(remains) => remains,
        Err(error) if options.discard => return discard(report, &error, lock),
        Err(source) => return Err(RecoverError::ReadSession { name: name.to_owned(), source }),
    };
    // What can be read and has no place to go is no damage: it stays.
    salvage_records(&header, &mut remains, folder, options, &mut report)?;
    if !report.damage.is_empty() && !options.discard {
        return Err(RecoverError::Damaged { report: Box::new(report) });
    }
    remove(name, lock)?;
    Ok(report)
}

/// Writes what the rings hold and the files do not.
fn salvage_records(
    header: &Header,
    remains: &mut Remains,
    folder: &Path,
    options: &Options,
    report: &mut Report,
) -> Result<(), RecoverError> {
    let (rings, begun) = remains.rings(header);
    let sites = Sites::read(remains, report);
    let folders = [Some(header.folder.as_path()), options.folder.as_deref()];
    let mut covered = Covered::find(header, folders.into_iter().flatten(), remains, &sites, rings)
        .map_err(|(path, source)| RecoverError::ReadLog { path, source })?;
    let mut paths = mem::take(&mut covered.paths);
    for thread in begun {
        paths.entry(thread).or_insert_with(Paths::new);
    }
    let anchors = anchors(header, &covered);
    let segment = Segment::new(header, folder, &anchors);
    let mut output = Output::new(segment, &remains.threads, &sites, paths);
    let written = remains.records(&covered, &sites, report, |record| output.put(record));
    let path = written
        .and_then(|()| remains.losses(&covered).try_for_each(|(id, lost)| output.lose(id, &lost)))
        .and_then(|()| output.finish(report))
        .map_err(|source| RecoverError::WriteSegment { folder: folder.to_owned(), source })?;
    report.path = path;
    let mut timeline = Timeline::new(header.segment.meta.ticks_per_second);
    anchors.iter().for_each(|anchor| timeline.add(*anchor));
    report.place_in_time(&timeline);
    Ok(())
}

/// Removes a session of which nothing can be read.
fn discard(
    mut report: Report,
    cause: &dyn std::error::Error,
    lock: &Lock,
) -> Result<Report, RecoverError> {
    let bytes = find::bytes(&lock.folder);
    report.damage.push(Damage::Session { cause: cause.to_string(), bytes });
    remove(&report.name, lock)?;
    Ok(report)
}

fn remove(name: &str, lock: &Lock) -> Result<(), RecoverError> {
    lock.remove().map_err(|source| RecoverError::RemoveSession { name: name.to_owned(), source })
}

/// By which the records are placed in time: the clock when the process began, the last that is known of it, and, if it is
/// the same clock and has run on evenly, the present.
fn anchors(header: &Header, covered: &Covered) -> Vec<Anchor> {
    /// A present that is off by more, one in so many, says that the wall clock was set.
    const EVENNESS: u64 = 1000;
    /// And this is what a clock may be off at once, in nanoseconds.
    const SLACK: u64 = 1_000_000;
    let mut anchors = vec![header.segment.anchor];
    anchors.extend(covered.anchors.iter().copied());
    anchors.sort_by_key(|anchor| anchor.ticks);
    anchors.dedup_by_key(|anchor| anchor.ticks);
    let is_same_clock = header.boot == system::boot_id()
        && header.boot != [0; 16]
        && header.segment.meta.clock == clock::kind()
        && clock::kind() != Clock::CALLER;
    let now = clock::read().anchor();
    if is_same_clock
        && let Some(last) = anchors.last().copied()
        && now.ticks > last.ticks
    {
        let mut nominal = Timeline::new(header.segment.meta.ticks_per_second);
        nominal.add(last);
        let expected = nominal.unix_ns(now.ticks);
        let elapsed = expected.abs_diff(last.unix_ns);
        if now.unix_ns.abs_diff(expected) <= elapsed / EVENNESS + SLACK {
            anchors.push(now);
        }
    }
    anchors
}
