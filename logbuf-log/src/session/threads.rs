//! The files `threads-N`: a slot for each thread that logs, with what a reader of its rings has to know.
//!
//! A slot has 128 words: the number of the thread (0: nobody's), the kernel's number, the length of the name in bytes, and
//! from word 8 on the name. A slot is taken before its thread has a ring, and given back when all its records are written.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use logbuf_format::thread::Thread as ThreadEntry;

use super::system;

/// What the names of the files begin with.
pub(crate) const PREFIX: &str = "threads-";

/// Words of a slot.
const SLOT: usize = 128;

/// Slots of a file: 64 KiB.
const SLOTS: usize = 64;

/// Where the name starts, in words, and its longest, in bytes. A longer one is cut.
const NAME: usize = 8;
const NAME_LEN: usize = 256;

/// The threads of this process.
#[derive(Debug)]
pub(crate) struct Threads {
    folder: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    free: Vec<&'static [AtomicU64]>,
    files: u32,
}

/// A thread's slot. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Slot {
    words: &'static [AtomicU64],
    threads: &'static Threads,
}

impl Threads {
    /// Makes the first file.
    pub(crate) fn create(folder: &Path) -> io::Result<Self> {
        let threads = Self { folder: folder.to_owned(), state: Mutex::default() };
        threads.grow(&mut threads.lock())?;
        Ok(threads)
    }

    /// Takes a slot for a thread. `None` if there is no room: its name will then not be known to whoever recovers its records.
    pub(crate) fn put(&'static self, id: u32, os_id: u64, name: &str) -> Option<Slot> {
        let mut state = self.lock();
        if state.free.is_empty() {
            self.grow(&mut state).ok()?;
        }
        let words = state.free.pop()?;
        let name = &name[..name.floor_char_boundary(NAME_LEN)];
        // Relaxed: whoever reads this comes when the process is dead, and the thread has no record before this returns.
        let store = |at: usize, value: u64| words[at].store(value, Ordering::Relaxed);
        store(1, os_id);
        store(2, name.len() as u64);
        for (at, bytes) in name.as_bytes().chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            store(NAME + at, u64::from_ne_bytes(word));
        }
        store(0, id.into());
        Some(Slot { words, threads: self })
    }

    fn grow(&self, state: &mut State) -> io::Result<()> {
        let path = self.folder.join(format!("{PREFIX}{}", state.files));
        let words = system::map_words(&path, SLOT * SLOTS)?;
        state.files += 1;
        state.free.extend(words.chunks_exact(SLOT));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Relaxed: as in `put`; all records of the thread are in the file.
        self.words[0].store(0, Ordering::Relaxed);
        self.threads.lock().free.push(self.words);
    }
}

/// The threads in a file of slots, as far as they can be believed.
pub(crate) fn read(bytes: &[u8]) -> Vec<ThreadEntry> {
    bytes.chunks_exact(SLOT * 8).filter_map(take).collect()
}

fn take(slot: &[u8]) -> Option<ThreadEntry> {
    let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| slot[at * 8 + i]));
    let id = u32::try_from(word(0)).ok().filter(|id| *id != 0)?;
    let len = usize::try_from(word(2)).ok().filter(|len| *len <= NAME_LEN)?;
    let name = String::from_utf8_lossy(&slot[NAME * 8..NAME * 8 + len]).into_owned();
    Some(ThreadEntry { id, os_id: word(1), name })
}
