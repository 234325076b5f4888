//! Finding sessions, and telling dead ones from living ones.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{Options, RecoverError};
use crate::fork::OfProcess;
use crate::session::base::{self, Base, Lock, Taken};
use crate::session::header::{self, Header};
use crate::session::{self, CrashSafe, system};

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// Its name: that of the log's files, the number of the process, and a number of its own.
    pub name: String,
    /// Whether it can be recovered.
    pub state: State,
    /// The user it belongs to.
    pub user: u32,
    /// The process, if its header says so.
    pub pid: Option<u32>,
    /// The folder of its log and what the names of the files there begin with, if its header says so.
    pub log: Option<(PathBuf, OsString)>,
    /// Why its header does not say so.
    pub problem: Option<String>,
    /// Bytes of its files.
    pub bytes: u64,
    /// When its header was last written, or else its folder; `None` if that cannot be found out.
    pub written: Option<SystemTime>,
}

/// Whether a session can be recovered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Its process lives, or another is recovering it.
    Alive,
    /// Its process is dead.
    Dead,
    /// It cannot be looked at: it belongs to somebody else, or is not what a logger made.
    Closed,
}

/// In one process one recovery goes on at a time: locks are held by processes, not by threads, and closing any descriptor of a
/// lock lets go of it.
pub(crate) static TURN: OfProcess<Mutex<()>> = OfProcess::new(free());

/// A turn that nobody has.
pub(crate) const fn free() -> Mutex<()> {
    Mutex::new(())
}

pub(super) fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Lists the sessions in `place`.
///
/// # Errors
///
/// [`RecoverError::NoPlace`] or [`RecoverError::Place`]. That there are no sessions is none.
pub fn sessions(place: &CrashSafe) -> Result<Vec<Found>, RecoverError> {
    let _turn = turn();
    let base = base(place)?;
    let failed = |source| RecoverError::Place { path: base.path().to_owned(), source };
    // What a process left that was killed while it made a lock.
    let _better_luck_next_time = base.clear_unfinished();
    let names = match base.names() {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for name in names {
        let Ok(metadata) = base.lock_metadata(&name) else { continue };
        let state = match probe(&base, &name) {
            Ok(Taken::Dead(_)) => State::Dead,
            Ok(Taken::Held) => State::Alive,
            Ok(Taken::Gone) => continue,
            // Whatever is wrong with this one, the others can be recovered.
            Err(_) => State::Closed,
        };
        let folder = base.path().join(&name);
        let (header, problem) = match Header::load(&folder) {
            Ok(header) => (Some(header), None),
            Err(error) => (None, Some(error.to_string())),
        };
        found.push(Found {
            state,
            user: system::owner(&metadata),
            pid: header.as_ref().map(|header| header.pid),
            log: header.map(|header| (header.folder, header.stem)),
            problem,
            bytes: bytes(&folder),
            written: written(&folder),
            name,
        });
    }
    Ok(found)
}

/// The names of the sessions of one log, and of those that may be: their header cannot be read, and they are called like it.
pub(super) fn names_of(place: &CrashSafe, folder: &Path, stem: &OsStr) -> BTreeSet<String> {
    let Ok(base) = base(place) else { return BTreeSet::new() };
    // A place where anybody could have put anything is none of ours.
    if system::check_private(base.path(), system::user()).is_err() {
        return BTreeSet::new();
    }
    let _better_luck_next_time = base.clear_unfinished();
    let mut names = base.names().unwrap_or_default();
    names.retain(|name| match Header::load(&base.path().join(name)) {
        Ok(header) => header.folder == folder && header.stem == stem,
        // Without a header nobody can say whose it is; it holds nothing then, and is cleared away.
        Err(error) => error.is_missing() || base::is_of(name, stem),
    });
    names
}

/// Bytes of the files in the folder of a session, as far as they can be found out. A link is not followed.
pub(super) fn bytes(folder: &Path) -> u64 {
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir());
    let entries = is_folder.then(|| fs::read_dir(folder)).into_iter().flatten().flatten();
    let files = entries.flatten().filter_map(|entry| entry.metadata().ok());
    files.fold(0, |sum, file| sum.saturating_add(file.len()))
}

/// When the header of a session was last written, or else its folder.
fn written(folder: &Path) -> Option<SystemTime> {
    let at = |path: &Path| fs::symlink_metadata(path).and_then(|found| found.modified()).ok();
    at(&folder.join(header::NAME)).or_else(|| at(folder))
}

/// Takes the lock of a session. `None` if its process lives, or another is recovering it.
pub(super) fn take(
    place: &CrashSafe,
    name: &str,
    options: &Options,
) -> Result<Option<Lock>, RecoverError> {
    let base = base(place)?;
    let failed = |source| RecoverError::Place { path: base.path().to_owned(), source };
    let metadata =
        base.lock_metadata(name).map_err(|_| RecoverError::Unknown { name: name.to_owned() })?;
    let user = system::owner(&metadata);
    let is_ours = user == system::user() && system::check_private(base.path(), user).is_ok();
    if !is_ours && !options.any_user {
        return Err(RecoverError::OtherUser { name: name.to_owned(), user });
    }
    if !is_ours && options.folder.is_none() {
        return Err(RecoverError::NoFolder { name: name.to_owned() });
    }
    match probe(&base, name).map_err(failed)? {
        Taken::Dead(lock) => Ok(Some(lock)),
        Taken::Held => Ok(None),
        Taken::Gone => Err(RecoverError::Unknown { name: name.to_owned() }),
    }
}

/// Takes the lock of a session unless somebody lives who could write to its rings.
fn probe(base: &Base, name: &str) -> std::io::Result<Taken> {
    let metadata = match base.lock_metadata(name) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Taken::Gone),
        other => other?,
    };
    // To look at our own lock would be to lose it.
    if session::current().is_some_and(|session| session.has_lock(&metadata)) {
        return Ok(Taken::Held);
    }
    let taken = base.take(name)?;
    match &taken {
        Taken::Dead(lock) if has_lost_its_lock(lock) => Ok(Taken::Held),
        _ => Ok(taken),
    }
}

/// Whether the process of the session lives although nobody holds the lock: somebody in it closed all descriptors, as
/// daemons do. Then it still has the rings in its memory, which it has not after an `exec`.
fn has_lost_its_lock(lock: &Lock) -> bool {
    let Ok(header) = Header::load(&lock.folder) else { return false };
    header.boot == system::boot_id()
        && system::process_start(header.pid) == Some(header.process_start)
        && system::has_mapped(header.pid, &lock.folder)
}

fn base(place: &CrashSafe) -> Result<Base, RecoverError> {
    session::base_of(place).ok_or(RecoverError::NoPlace)
}
