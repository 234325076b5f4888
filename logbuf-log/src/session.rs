//! Rings that outlive the process: where they are kept, and what is kept with them.
//!
//! A process has one session at most, from its first logger on. It is a [folder](base) of files in shared memory:
//!
//! | file | holds |
//! |---|---|
//! | [`session`](header) | whose it is, the clock, where the log is |
//! | [`catalogue-N`](catalogue) | every call site that has recorded |
//! | [`threads-N`](threads) | every thread that logs |
//! | `ring-N` | the ring of a thread: its label is the number of the thread |
//! | `shared` | the ring of whoever has none |
//!
//! **Invariant.** Whatever a record in a ring refers to is in the session before the record is committed.

pub(crate) mod base;
pub(crate) mod catalogue;
pub(crate) mod header;
pub(crate) mod system;
pub(crate) mod threads;

use std::ffi::OsStr;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, AtomicUsize, Ordering};
use std::{fs, ptr};

use logbuf::{Storage, StorageError};
use logbuf_format::Level;
use logbuf_format::segment::{self, Meta};

use self::base::{Base, Lock};
use self::catalogue::Catalogue;
use self::header::Header;
use self::threads::Threads;
use crate::notice::{self, Notice};
use crate::recover::{self, RecoverError, Report};
use crate::registry::REGISTRY;
use crate::site::SITES;
use crate::{clock, guard, platform};

/// What the names of the files of rings begin with.
pub(crate) const RING: &str = "ring-";

/// The file of the shared ring.
pub(crate) const SHARED: &str = "shared";

/// The end of the name of a file that is being made.
const UNFINISHED: &str = "new";

/// Bytes of a ring's file before its buffer.
const RING_HEAD: usize = 4096;

/// The part of the memory that is free when a session begins that its rings leave to others: one in so many bytes.
const LEFT_TO_OTHERS: u64 = 2;

/// The session of this process; null if it has none.
static CURRENT: AtomicPtr<Session> = AtomicPtr::new(ptr::null_mut());

/// Where the rings are kept, and so what becomes of their records when the process dies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CrashSafe {
    /// In shared memory where there is enough (`/dev/shm` on Linux), so that records outlive the process; otherwise in memory
    /// of the process, which [`Stats`](crate::Stats) then says.
    #[default]
    Auto,
    /// In memory of the process: what is not in the file when the process is killed is lost.
    Off,
    /// In this folder. It should be on a file system in memory, or each page of a ring is written to a disk now and then. The folder is
    /// made if it is not there; nobody else may write to it.
    Dir(PathBuf),
}

/// Why the rings do not outlive the process.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no shared memory, or this platform is not supported.
    NoSharedMemory,
    /// The session's folder could not be made.
    Folder {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The session's files could not be made.
    Files {
        /// What the ring said.
        source: StorageError,
    },
}

/// The session of this process. Never freed: rings, threads and signal handlers refer to it.
#[derive(Debug)]
pub(crate) struct Session {
    id: u64,
    lock: Lock,
    pub(crate) catalogue: Catalogue,
    pub(crate) threads: Threads,
    /// Bytes of rings, and the most there may be.
    used: AtomicUsize,
    limit: usize,
}

/// A ring's file. Dropping it removes the file: it is empty then, and nobody will write to it again.
#[derive(Debug)]
pub(crate) struct RingFile {
    session: &'static Session,
    path: PathBuf,
    bytes: usize,
}

/// The log that a session's records belong to.
#[derive(Debug, Clone)]
pub(crate) struct Log<'a> {
    /// Absolute, without links.
    pub(crate) folder: &'a Path,
    pub(crate) stem: &'a OsStr,
    /// The least severe level that a flight recorder does not hold back, if there is one.
    pub(crate) keeps: Option<Level>,
    /// What a segment's header would say.
    pub(crate) segment: segment::Header,
}

/// What a logger asks for.
#[derive(Debug, Clone)]
pub(crate) struct Keeping {
    pub(crate) place: CrashSafe,
    /// Bytes of shared memory that rings may take.
    pub(crate) most_bytes: usize,
    /// Whether it looks for what earlier processes left.
    pub(crate) recovers: bool,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { place: CrashSafe::Auto, most_bytes: 256 << 20, recovers: true }
    }
}

/// Records of earlier processes that the loggers of this one have salvaged.
static RECOVERED: AtomicU64 = AtomicU64::new(0);

/// Whether a logger has decided about the session of this process.
static DECIDED: AtomicBool = AtomicBool::new(false);

/// Recovers what earlier processes left of the log, and sees to it that the rings of this one are kept as asked for, if it is the
/// first logger of the process; otherwise they stay where they are. Called while no call site is on.
///
/// `log` is the folder and the stem of the log's files. Without files nobody could tell what was written, so that there is nothing
/// to keep rings for. Returns the number of the session; 0 if there is none.
pub(crate) fn keep(
    keeping: &Keeping,
    log: Option<(PathBuf, &OsStr)>,
    keeps: Option<Level>,
    meta: &Meta,
) -> u64 {
    let Some((folder, stem)) = log else {
        if let Some(session) = current() {
            session.unlocate();
        }
        return 0;
    };
    // If it cannot be made, the logger does not start, and says why.
    let _fails_again = fs::create_dir_all(&folder);
    let folder = fs::canonicalize(&folder).unwrap_or(folder);
    if keeping.recovers && keeping.place != CrashSafe::Off {
        for recovered in recover::recover_log(&keeping.place, &folder, stem) {
            report(recovered);
        }
    }
    let segment =
        segment::Header { number: 0, salt: 0, anchor: clock::read().anchor(), meta: meta.clone() };
    let log = Log { folder: &folder, stem, keeps, segment };
    if let Err(source) = establish(keeping, &log) {
        notice::post(Notice::NotCrashSafe { source });
    }
    current().map_or(0, Session::id)
}

/// Tells the user what came of a recovery, if that is worth telling.
fn report(recovered: Result<Report, RecoverError>) {
    match recovered {
        Ok(report) if report.path.is_none() && report.uncommitted == 0 => {}
        Ok(report) => {
            RECOVERED.fetch_add(report.records, Ordering::Relaxed);
            notice::post(Notice::Recovered { report });
        }
        Err(source) => notice::post(Notice::NotRecovered { source }),
    }
}

/// Records of earlier processes that the loggers of this one have salvaged.
pub(crate) fn recovered() -> u64 {
    RECOVERED.load(Ordering::Relaxed)
}

/// Begins a session, if this is the first logger of the process and it asks for one; tells the one there is of the log.
fn establish(keeping: &Keeping, log: &Log<'_>) -> Result<(), SessionError> {
    let is_first = !DECIDED.swap(true, Ordering::Relaxed);
    if let Some(session) = current() {
        return session.locate(log).map_err(|source| {
            // Whoever went by what it says would look for the records in the wrong files, and write them twice.
            session.unlocate();
            SessionError::Folder { path: session.lock.folder.clone(), source }
        });
    }
    if !is_first || keeping.place == CrashSafe::Off {
        return Ok(());
    }
    let base = base_of(&keeping.place).ok_or(SessionError::NoSharedMemory)?;
    begin(&base, keeping.most_bytes, log)
}

/// The session of this process, if it has one.
pub(crate) fn current() -> Option<&'static Session> {
    // Acquire, with the release in `begin`: it is whole.
    let current = CURRENT.load(Ordering::Acquire);
    // SAFETY: `begin` stores a box that was leaked, and nothing frees it.
    unsafe { current.as_ref() }
}

/// Call sites for which the session had no room.
pub(crate) fn unlisted_sites() -> u64 {
    current().map_or(0, |session| session.catalogue.left_out())
}

/// Forgets the session: it is the parent's.
pub(crate) fn forget() {
    DECIDED.store(false, Ordering::Relaxed);
    CURRENT.store(ptr::null_mut(), Ordering::Relaxed);
    RECOVERED.store(0, Ordering::Relaxed);
    // The catalogue that has them is not that of this process.
    SITES.iter().for_each(|site| site.set_catalogued(false));
}

/// The folder that `choice` stands for, if there is one.
pub(crate) fn base_of(choice: &CrashSafe) -> Option<Base> {
    match choice {
        CrashSafe::Auto => system::default_base().map(Base::new),
        CrashSafe::Off => None,
        CrashSafe::Dir(path) => Some(Base::new(path.clone())),
    }
}

/// Begins the session of this process, which has none. What its logger needs more is put into it before anything is logged.
pub(crate) fn begin(base: &Base, most_bytes: usize, log: &Log<'_>) -> Result<(), SessionError> {
    let failed = |source| SessionError::Folder { path: base.path().to_owned(), source };
    let id = random();
    let lock = base.claim(log.stem, id).map_err(failed)?;
    let made = Session::make(id, lock, most_bytes).map_err(|(lock, error)| (Some(lock), error));
    let session = made.and_then(|session| match session.locate(log) {
        Ok(()) => Ok(session),
        Err(source) => Err((None, failed(source))),
    });
    match session {
        Ok(session) => {
            // Release: with the acquisition in `current`.
            CURRENT.store(ptr::from_ref(session).cast_mut(), Ordering::Release);
            // In a forked child, sites may have recorded before, in another session.
            REGISTRY.catalogue_all();
            session.keep_losses_of_stand_in();
            // If it is refused the session is found, empty, by whoever looks for dead ones.
            let _accepted = platform::at_exit(end_at_exit);
            Ok(())
        }
        Err((lock, error)) => {
            // Without a header it holds nothing, and whoever looks for dead sessions removes it.
            let _left_if_that_fails = lock.map(|lock| lock.remove());
            Err(error)
        }
    }
}

impl Session {
    fn make(id: u64, lock: Lock, most_bytes: usize) -> Result<&'static Self, (Lock, SessionError)> {
        let folder = lock.folder.clone();
        let failed = |source| SessionError::Folder { path: folder.clone(), source };
        let parts = || {
            let free = platform::free_bytes(&folder).unwrap_or(0) / LEFT_TO_OTHERS;
            let limit = most_bytes.min(usize::try_from(free).unwrap_or(usize::MAX));
            let catalogue =
                Catalogue::create(&folder).map_err(|source| SessionError::Files { source })?;
            let threads = Threads::create(&folder).map_err(failed)?;
            Ok((limit, catalogue, threads))
        };
        let (limit, catalogue, threads) = match parts() {
            Ok(parts) => parts,
            Err(error) => return Err((lock, error)),
        };
        let used = AtomicUsize::new(0);
        Ok(Box::leak(Box::new(Self { id, lock, catalogue, threads, used, limit })))
    }

    /// The number that ties the segments of the process to its session.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Whether `found` describes the lock of this session.
    pub(crate) fn has_lock(&self, found: &fs::Metadata) -> bool {
        self.lock.is(found)
    }

    /// Says whose log the records belong to from now on.
    pub(crate) fn locate(&self, log: &Log<'_>) -> io::Result<()> {
        let pid = std::process::id();
        let header = Header {
            id: self.id,
            pid,
            process_start: system::process_start(pid).unwrap_or(0),
            boot: system::boot_id(),
            user: system::user(),
            shared_limit: self.limit as u64,
            folder: log.folder.to_owned(),
            stem: log.stem.to_owned(),
            keeps: log.keeps,
            segment: log.segment.clone(),
        };
        header.store(&self.lock.folder)
    }

    /// Has the losses of those counted here who have no place of their own.
    fn keep_losses_of_stand_in(&'static self) {
        let stand_in = &REGISTRY.stand_in;
        if let Some(slot) = self.threads.put(stand_in.id, stand_in.os_id, &stand_in.name) {
            stand_in.losses.keep_in(slot.losses());
            // It is there as long as the process is.
            std::mem::forget(slot);
        }
    }

    /// Takes back what was said: the records cannot be recovered.
    fn unlocate(&self) {
        let _none_or_nothing_to_be_done = fs::remove_file(self.lock.folder.join(header::NAME));
    }

    /// Memory for a ring called `name`, if there is room.
    pub(crate) fn ring(
        &'static self,
        name: &str,
        capacity: usize,
    ) -> Result<(Storage, RingFile), StorageError> {
        let path = self.lock.folder.join(name);
        let bytes = capacity.next_power_of_two() + RING_HEAD;
        // Relaxed: a sum and nothing more.
        let before = self.used.fetch_add(bytes, Ordering::Relaxed);
        // From here on it is given back when it is dropped; there is no file to remove as long as it could not be made.
        let file = RingFile { session: self, path, bytes };
        if before + bytes > self.limit {
            return Err(StorageError::OutOfMemory { bytes });
        }
        let storage = fill(&file.path, |path| {
            // SAFETY: the folder of a session is private to its process until that has died, and its children do not touch
            // what they inherit of it (`fork.rs`). The file is removed, not shortened.
            unsafe { Storage::file(path, capacity, &self.id.to_ne_bytes()) }
        });
        storage.map(|storage| (storage, file))
    }
}

impl Drop for RingFile {
    fn drop(&mut self) {
        let _gone_already = fs::remove_file(&self.path);
        self.session.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Makes a file under another name than its own, which it gets when it is whole: a process may die while it is made.
fn fill(
    path: &Path,
    make: impl FnOnce(&Path) -> Result<Storage, StorageError>,
) -> Result<Storage, StorageError> {
    let unfinished = path.with_extension(UNFINISHED);
    let storage = make(&unfinished)?;
    fs::rename(&unfinished, path).map_err(|error| {
        let _stays = fs::remove_file(&unfinished);
        StorageError::System { call: "rename", bytes: storage.capacity(), error }
    })?;
    Ok(storage)
}

/// Whether the file of a session called `name` is a ring.
pub(crate) fn is_ring(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| recover::ring_id(name).is_some())
}

/// Removes the session of a process that exits, if all its records are in files, and none can come.
pub(crate) extern "C" fn end_at_exit() {
    if let Some(session) = current()
        && !guard::is_running()
        && recover::is_drained(&session.lock.folder)
    {
        let _found_by_others = session.lock.remove();
    }
}

/// A number that no other session has, but by chance, and that is not 0: the keys of the standard library's hash maps come
/// from the system's source of randomness.
fn random() -> u64 {
    RandomState::new().hash_one(std::time::SystemTime::now()).max(1)
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSharedMemory => f.write_str("there is no shared memory to keep rings in"),
            Self::Folder { path, source } => {
                write!(f, "cannot keep rings in {}: {source}", path.display())
            }
            Self::Files { source } => write!(f, "cannot keep rings in shared memory: {source}"),
        }
    }
}

impl std::error::Error for SessionError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoSharedMemory => None,
            Self::Folder { source, .. } => Some(source),
            Self::Files { source } => Some(source),
        }
    }
}
