//! What the user is told that is no error.

use core::sync::atomic::{AtomicBool, Ordering};
use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::{mem, panic};

use logbuf::StorageError;
use logbuf_format::compact::CompactError;

use crate::background::ThreadOption;
use crate::fork::OfProcess;
use crate::recover::{RecoverError, Report};
use crate::session::SessionError;

/// Something that the user may want to know and that stops nothing. [`Builder::on_notice`](crate::Builder::on_notice)
/// takes what is to be done with it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice {
    /// An option of the background thread could not be had, and the logger runs without it.
    OptionRefused {
        /// Which.
        option: ThreadOption,
        /// What the system said.
        source: io::Error,
    },
    /// The wall clock was set while the logger ran. Files say so, too; what a reader makes of it is in the
    /// documentation of the format.
    WallClockStepped {
        /// By how many nanoseconds; negative if it was set back.
        by_ns: i64,
    },
    /// What an earlier process had left in its rings was salvaged: see [`recover`](crate::recover).
    Recovered {
        /// What came of it.
        report: Report,
    },
    /// What an earlier process left in its rings could not be salvaged. It is still there.
    NotRecovered {
        /// Why.
        source: RecoverError,
    },
    /// What is in the rings is lost if this process is killed: see [`Builder::crash_safe`](crate::Builder::crash_safe).
    NotCrashSafe {
        /// Why.
        source: SessionError,
    },
    /// A ring found no room in shared memory: what is in it is lost if this process is killed. Said of the first;
    /// [`Stats::private_rings`](crate::Stats::private_rings) counts all. See [`Builder::shared_memory`](crate::Builder::shared_memory).
    PrivateRings {
        /// Why.
        source: StorageError,
    },
    /// A closed segment could not be compressed. It stays as it was.
    NotCompressed {
        /// The segment.
        path: PathBuf,
        /// Why.
        source: CompactError,
    },
    /// The console that [`Builder::console`](crate::Builder::console) asks for takes nothing any more, and is shown nothing any
    /// more. The file goes on.
    ConsoleFailed {
        /// What the system said.
        source: io::Error,
    },
    /// More notices came than were kept for the writer to deliver.
    Dropped {
        /// How many.
        count: u64,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OptionRefused { option, source } => {
                write!(f, "the log writer runs without {option}: {source}")
            }
            Self::WallClockStepped { by_ns } => {
                let (seconds, rest) = (by_ns / 1_000_000_000, by_ns % 1_000_000_000);
                let sign = if *by_ns < 0 { "-" } else { "+" };
                write!(
                    f,
                    "the wall clock was set by {sign}{}.{:09} s",
                    seconds.unsigned_abs(),
                    rest.unsigned_abs()
                )
            }
            Self::Recovered { report } => report.fmt(f),
            Self::NotRecovered { source } => source.fmt(f),
            Self::NotCrashSafe { source } => {
                write!(f, "records are lost if the process is killed: {source}")
            }
            Self::PrivateRings { source } => {
                write!(
                    f,
                    "some records are lost if the process is killed, for want of shared memory: {source}"
                )
            }
            Self::NotCompressed { path, source } => {
                write!(f, "the log file {} stays uncompressed: {source}", path.display())
            }
            Self::ConsoleFailed { source } => {
                write!(f, "records are no longer shown on the console: {source}")
            }
            Self::Dropped { count } => write!(f, "{count} more notices were not kept"),
        }
    }
}

/// The user's function for notices.
pub(crate) type OnNotice = Box<dyn FnMut(&Notice) + Send>;

/// Says something on standard error, if that takes it: it may be a pipe that nobody reads any more.
pub(crate) fn say(what: impl fmt::Display) {
    let _not_heard = writeln!(io::stderr(), "logbuf: {what}");
}

/// Notices that wait for a writer to deliver them.
pub(crate) static WAITING: OfProcess<Mutex<Waiting>> = OfProcess::new(none());

/// Nothing that waits.
pub(crate) const fn none() -> Mutex<Waiting> {
    Mutex::new(Waiting { notices: Vec::new(), dropped: 0 })
}

/// Whether there are any, so that the writer need not lock to learn that there are none.
static ANY: AtomicBool = AtomicBool::new(false);

/// How many wait at most.
const LIMIT: usize = 64;

pub(crate) struct Waiting {
    notices: Vec<Notice>,
    dropped: u64,
}

/// Leaves a notice for the writer, which delivers it on its own thread: soon, or when there is one.
///
/// It locks and may allocate: not for signal handlers, and of log calls only for those that make a ring.
pub(crate) fn post(notice: Notice) {
    let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
    if waiting.notices.len() < LIMIT {
        waiting.notices.push(notice);
    } else {
        waiting.dropped += 1;
    }
    // Release, with the acquisition in `deliver`; the lock that follows there does the rest.
    ANY.store(true, Ordering::Release);
}

/// Hands what waits to the user's function. A function that panics is not called again. Returns how many there were.
pub(crate) fn deliver(on_notice: &mut OnNotice) -> u64 {
    if !ANY.load(Ordering::Acquire) {
        return 0;
    }
    let Waiting { mut notices, dropped } = {
        let mut waiting = WAITING.lock().unwrap_or_else(PoisonError::into_inner);
        ANY.store(false, Ordering::Relaxed);
        mem::replace(&mut *waiting, Waiting { notices: Vec::new(), dropped: 0 })
    };
    if dropped > 0 {
        notices.push(Notice::Dropped { count: dropped });
    }
    for notice in &notices {
        let call = panic::AssertUnwindSafe(|| on_notice(notice));
        if panic::catch_unwind(call).is_err() {
            *on_notice = Box::new(|_| {});
        }
    }
    notices.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_say_what_happened() {
        for (notice, expected) in [
            (
                Notice::WallClockStepped { by_ns: -1_500_000_000 },
                "the wall clock was set by -1.500000000 s",
            ),
            (Notice::WallClockStepped { by_ns: 42 }, "the wall clock was set by +0.000000042 s"),
            (
                Notice::OptionRefused {
                    option: ThreadOption::Cpu(7),
                    source: io::ErrorKind::InvalidInput.into(),
                },
                "the log writer runs without CPU 7: invalid input parameter",
            ),
            (Notice::Dropped { count: 3 }, "3 more notices were not kept"),
        ] {
            assert_eq!(notice.to_string(), expected);
        }
    }
}
