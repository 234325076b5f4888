//! The ways in which processes die.

use std::os::unix::process::ExitStatusExt;
use std::process::{self, ExitStatus};
use std::time::Duration;

use clap::ValueEnum;
use logbuf_log::WhenFull;
use rustix::process::Signal;

/// Bytes of rings that are to overflow.
const SMALL: usize = 4096;

/// A way to die.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// SIGKILL at any instant.
    Kill,
    /// `abort()` while the other threads log.
    Abort,
    /// A write to where no memory is.
    Segv,
    /// A panic that aborts.
    Panic,
    /// `exit()` while the other threads log.
    Exit,
    /// SIGKILL while segments follow each other quickly.
    Rotation,
    /// SIGKILL, and then SIGKILL of whoever recovers.
    Recovery,
    /// SIGKILL, and the next start of the logger recovers.
    Restart,
    /// SIGKILL while the logger starts.
    Start,
    /// SIGKILL while the disk is full.
    DiskFull,
    /// SIGKILL while nobody writes.
    WriterStopped,
    /// SIGKILL while more is logged than the rings take: what is lost has to be counted.
    Flood,
    /// SIGKILL while threads get larger rings and go back to small ones.
    Grow,
    /// SIGKILL while blocks are compressed as they are written.
    CompressLive,
    /// SIGKILL with a flight recorder, which holds back most of what is logged.
    Flight,
    /// SIGKILL while contexts are entered and left: each record has to be in its own.
    Contexts,
    /// The kernel, when a group of processes has no memory left.
    OutOfMemory,
}

impl Kind {
    /// All of them, in the order of the table.
    pub(crate) const ALL: [Self; 17] = [
        Self::Kill,
        Self::Abort,
        Self::Segv,
        Self::Panic,
        Self::Exit,
        Self::Rotation,
        Self::Recovery,
        Self::Restart,
        Self::Start,
        Self::DiskFull,
        Self::WriterStopped,
        Self::Flood,
        Self::Grow,
        Self::CompressLive,
        Self::Flight,
        Self::Contexts,
        Self::OutOfMemory,
    ];

    /// Whether the process ends itself when it is told to.
    pub(crate) fn is_from_inside(self) -> bool {
        matches!(self, Self::Abort | Self::Segv | Self::Panic | Self::Exit | Self::OutOfMemory)
    }

    /// Whether a process that died so says so. One that ended by itself, because its logger did not start for one, does not.
    pub(crate) fn is_told_by(self, status: ExitStatus) -> bool {
        let signal = match self {
            Self::Exit => return status.code() == Some(0),
            Self::Abort | Self::Panic => Signal::ABORT,
            Self::Segv => Signal::SEGV,
            _ => Signal::KILL,
        };
        status.signal() == Some(signal.as_raw())
    }

    /// What a child of this kind does when a ring is full.
    pub(crate) fn when_full(self) -> WhenFull {
        match self {
            Self::Flood => WhenFull::Drop,
            Self::Grow => WhenFull::Grow { max_bytes: 64 * SMALL },
            _ => WhenFull::Block(Duration::MAX),
        }
    }

    /// Bytes of the rings of its threads, if they are not the usual.
    pub(crate) fn ring_capacity(self) -> Option<usize> {
        match self {
            Self::Flood | Self::Grow => Some(SMALL),
            // All that is held back has to fit the shared memory of a process.
            Self::Flight => Some(16 * SMALL),
            _ => None,
        }
    }

    /// Whether records may be lost, and have to be counted.
    pub(crate) fn loses(self) -> bool {
        matches!(self, Self::Flood | Self::Grow)
    }

    /// Ends the calling process, if that is how it dies.
    pub(crate) fn die(self) {
        match self {
            Self::Abort => process::abort(),
            Self::Segv => segfault(),
            Self::Panic => panic_that_aborts(),
            Self::Exit => process::exit(0),
            Self::OutOfMemory => exhaust(),
            _ => {}
        }
    }
}

fn segfault() {
    let nowhere = std::ptr::without_provenance_mut::<u8>(8);
    // SAFETY: it is not: nothing is mapped there, and the fault is what is asked for. Volatile, so that it happens.
    unsafe { nowhere.write_volatile(1) };
}

/// A panic that would leave a function of C aborts.
extern "C" fn panic_that_aborts() {
    panic!("on purpose");
}

/// Uses memory until there is none, or so much that the limit is none: the system has to go on, and the process ends as no process does
/// that the kernel has killed.
fn exhaust() {
    /// MiB, several times the limit of the group.
    const MOST: usize = 512;
    let mut used = Vec::new();
    while used.len() < MOST {
        used.push(vec![1_u8; 1 << 20]);
        std::hint::black_box(&used);
    }
    process::exit(1);
}
