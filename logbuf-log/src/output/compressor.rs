//! Closed segments are compressed, one at a time, on a thread of their own.
//!
//! A segment is written anew beside the old one, under a name that no reader looks at, and takes its name when it is on the disk.
//! So whenever the process dies, one of the two is there whole. Whoever works on a segment holds its lock: retention, and
//! other processes, leave it alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use logbuf_format::block::Compression;
use logbuf_format::compact::{self, CompactError};

use super::location::{Location, folder_of};
use super::sink::Presence;
use crate::error::InitError;
use crate::notice::{self, Notice};
use crate::platform;

/// How long the end of a logger waits for a segment that is being compressed. It is finished behind its back otherwise, or by the
/// next logger.
const PATIENCE: Duration = Duration::from_secs(1);

/// The nice value of the thread: it gets what nobody else wants.
const NICE: i8 = 19;

/// A thread that compresses closed segments.
#[derive(Debug)]
pub(crate) struct Compressor {
    /// None when the logger ends.
    queue: Option<Sender<PathBuf>>,
    is_stopped: Arc<AtomicBool>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
}

impl Compressor {
    /// Starts the thread, which inherits CPUs and priority of the calling one: the user's, not the writer's. It looks at every
    /// segment that is there but for the `live` one, because loggers before may have left some.
    pub(crate) fn start(location: &Location, live: &Path) -> Result<Self, InitError> {
        let (queue, paths) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let is_stopped = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&is_stopped);
        let run = move || {
            // Where that cannot be, it is a thread as any other.
            let _is_lower = platform::set_nice(NICE);
            run(&paths, &stop);
            drop(end);
        };
        thread::Builder::new()
            .name("logbuf-compress".to_owned())
            .spawn(run)
            .map_err(|source| InitError::SpawnThread { source })?;
        let compressor = Self { queue: Some(queue), is_stopped, ended };
        // What cannot be listed now is found by the next logger.
        for path in location.segments().unwrap_or_default() {
            if path != live {
                compressor.add(path);
            }
        }
        Ok(compressor)
    }

    /// Has a segment compressed, when its turn comes.
    pub(crate) fn add(&self, path: PathBuf) {
        if let Some(queue) = &self.queue {
            // If the thread is gone, the segment stays as it is.
            let _is_taken = queue.send(path);
        }
    }
}

impl Drop for Compressor {
    /// Lets the thread finish the segment it is at, for a while.
    fn drop(&mut self) {
        // Relaxed: nothing else is told by it. The thread sees it after the queue's end, or a segment later.
        self.is_stopped.store(true, Ordering::Relaxed);
        self.queue = None;
        let _in_time = self.ended.recv_timeout(PATIENCE);
    }
}

/// Compresses what comes, until nothing comes any more.
fn run(paths: &Receiver<PathBuf>, is_stopped: &AtomicBool) {
    // Those that somebody else was at.
    let mut later = Vec::new();
    for path in paths {
        for path in mem::take(&mut later).into_iter().chain([path]) {
            if is_stopped.load(Ordering::Relaxed) {
                return;
            }
            match compress(&path) {
                Ok(Outcome::Done) => {}
                Ok(Outcome::Locked) => later.push(path),
                Err(source) => notice::post(Notice::NotCompressed { path, source }),
            }
        }
    }
}

/// What became of a segment that could be read.
enum Outcome {
    /// It is as small as it gets, or none of ours.
    Done,
    /// Somebody else is at it: another process writes it, or it is being looked at.
    Locked,
}

fn compress(path: &Path) -> Result<Outcome, CompactError> {
    let file = match File::open(path) {
        // It need not be kept any longer.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Outcome::Done),
        result => result.map_err(CompactError::Read)?,
    };
    // Where there are no locks, there is nothing to tell.
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Ok(Outcome::Locked);
    }
    let reader = |file| BufReader::with_capacity(1 << 20, file);
    match compact::is_worth_it(reader(&file), Compression::ZSTD) {
        Ok(true) => {}
        // A segment that was not closed is as a crash left it, and what has only the name of one is not ours.
        Ok(false) | Err(CompactError::NotClosed | CompactError::Damaged(_)) => {
            return Ok(Outcome::Done);
        }
        Err(error) => return Err(error),
    }
    io::Seek::rewind(&mut &file).map_err(CompactError::Read)?;
    let beside = Beside::make(path).map_err(CompactError::Write)?;
    let sizes = match compact::compact(reader(&file), &mut &beside.file, Compression::ZSTD) {
        Err(CompactError::NotClosed) => return Ok(Outcome::Done),
        result => result?,
    };
    // It may have been deleted in the meantime, or moved away.
    if sizes.after < sizes.before && platform::presence(&file, path) == Presence::Here {
        beside.replace(path, &file).map_err(CompactError::Write)?;
    }
    Ok(Outcome::Done)
}

/// The file that is written beside a segment. It goes unless it takes the segment's place.
struct Beside {
    file: File,
    path: PathBuf,
    has_replaced: bool,
}

impl Beside {
    fn make(segment: &Path) -> io::Result<Self> {
        let path = Location::beside(segment);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            // Whoever holds the segment's lock, as we do, is alone here.
            _ => {}
        }
        let file = OpenOptions::new().write(true).create_new(true).open(&path)?;
        // It tells others that it is no leftover.
        let _protects_if_it_works = file.try_lock();
        Ok(Self { file, path, has_replaced: false })
    }

    /// Puts it in the place of `segment`, which is the file `old`, as if that had been so from the beginning.
    fn replace(mut self, segment: &Path, old: &File) -> io::Result<()> {
        let metadata = old.metadata()?;
        self.file.set_permissions(metadata.permissions())?;
        // Retention goes by the time at which something was last logged.
        self.file.set_modified(metadata.modified()?)?;
        // A name must not lead to a file whose bytes are not on the disk.
        self.file.sync_all()?;
        fs::rename(&self.path, segment)?;
        self.has_replaced = true;
        platform::sync_folder(&folder_of(segment))
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.has_replaced {
            // Otherwise the next logger tries.
            let _goes = fs::remove_file(&self.path);
        }
    }
}

/// Deletes what was left by processes that died while they compressed. What cannot be deleted goes to `report`.
pub(crate) fn remove_leftovers(location: &Location, report: &mut dyn FnMut(PathBuf, io::Error)) {
    // A folder that cannot be read is found out about elsewhere.
    for path in location.leftovers().unwrap_or_default() {
        let Ok(file) = File::open(&path) else { continue };
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            continue;
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => report(path, error),
            _ => {}
        }
    }
}
