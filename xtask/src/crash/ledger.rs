//! The harness's own memory of what was acknowledged: words in a file that both processes map.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{ptr, slice};

use rustix::mm::{MapFlags, ProtFlags};

/// Words of the ledger: one for orders, one for the state of the child, then one for each stream.
const WORDS: usize = 512;

/// The word for orders from the parent, and that of the child's state.
const ORDER: usize = 0;
const STATE: usize = 1;
const STREAMS: usize = 2;

/// What is written down, as both processes see it. Mapped for as long as the process lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ledger(&'static [AtomicU64]);

impl Ledger {
    /// Maps the ledger at `path`, which is made if it is not there.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        let bytes = WORDS * size_of::<AtomicU64>();
        file.set_len(bytes as u64)?;
        let access = ProtFlags::READ | ProtFlags::WRITE;
        // SAFETY: a new mapping, at an address of the kernel's choice, of a file that nobody shortens.
        let address = unsafe {
            rustix::mm::mmap(ptr::null_mut(), bytes, access, MapFlags::SHARED, &file, 0)
        }?;
        // SAFETY: so many bytes are mapped there, aligned as a page, and never unmapped; they are touched as atomics alone.
        Ok(Self(unsafe { slice::from_raw_parts(address.cast::<AtomicU64>(), WORDS) }))
    }

    /// Says that so many calls of a stream have returned.
    pub(crate) fn acknowledge(&self, stream: usize, calls: u64) {
        // Release: it stands there after the call has returned, and not before.
        self.0[STREAMS + stream].store(calls, Ordering::Release);
    }

    /// How many calls of a stream have returned.
    pub(crate) fn acknowledged(&self, stream: usize) -> u64 {
        self.0[STREAMS + stream].load(Ordering::Acquire)
    }

    pub(crate) fn give_order(&self) {
        self.0[ORDER].store(1, Ordering::Release);
    }

    pub(crate) fn is_ordered(&self) -> bool {
        self.0[ORDER].load(Ordering::Acquire) != 0
    }

    /// Says that the child logs.
    pub(crate) fn set_running(&self) {
        self.0[STATE].store(1, Ordering::Release);
    }

    pub(crate) fn is_running(&self) -> bool {
        self.0[STATE].load(Ordering::Acquire) != 0
    }
}
