//! The files `threads-N`: a slot for each thread that logs, with what a reader of its rings has to know.
//!
//! | word | |
//! |---|---|
//! | 0 | one more than the number of the thread; 0 if the slot is nobody's |
//! | 1 | the kernel's number |
//! | 2 | length of the name, in bytes |
//! | 3 | one more than the number of its first ring; 0 if it has none yet |
//! | 4 | position in that ring of its first record |
//! | 8… | the name |
//! | 40… | what it has lost: see [`loss`](crate::loss) |
//!
//! A slot is taken before its thread has a ring, and given back when all its records are written. Thread 0 stands for all that
//! have no ring.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use logbuf_format::thread::Thread as ThreadEntry;

use super::system;
use crate::loss;

/// What the names of the files begin with.
pub(crate) const PREFIX: &str = "threads-";

/// Words of a slot.
const SLOT: usize = 256;

/// Slots of a file: 64 KiB.
const SLOTS: usize = 32;

/// Where the name starts, in words, and its longest, in bytes. A longer one is cut.
const NAME: usize = 8;
const NAME_LEN: usize = 256;

/// Where its losses are counted.
const LOSSES: usize = NAME + NAME_LEN / 8;

const _: () = assert!(LOSSES + loss::WORDS <= SLOT);

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
        store(3, 0);
        (LOSSES..LOSSES + loss::WORDS).for_each(|at| store(at, 0));
        for (at, bytes) in name.as_bytes().chunks(8).enumerate() {
            let mut word = [0; 8];
            word[..bytes.len()].copy_from_slice(bytes);
            store(NAME + at, u64::from_ne_bytes(word));
        }
        store(0, u64::from(id) + 1);
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

impl Slot {
    /// Notes where the thread's first record will be, unless it had a ring before.
    pub(crate) fn begin(&self, ring: u32, position: u64) {
        // Relaxed: as in `put`.
        if self.words[3].load(Ordering::Relaxed) == 0 {
            self.words[4].store(position, Ordering::Relaxed);
            self.words[3].store(u64::from(ring) + 1, Ordering::Relaxed);
        }
    }

    /// Where the thread's losses are counted.
    pub(crate) fn losses(&self) -> &'static [AtomicU64] {
        &self.words[LOSSES..LOSSES + loss::WORDS]
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        // Relaxed: as in `put`; all records of the thread are in the file.
        self.words[0].store(0, Ordering::Relaxed);
        self.threads.lock().free.push(self.words);
    }
}

/// What a slot says of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noted {
    pub(crate) entry: ThreadEntry,
    /// Its first ring, and the position of its first record there.
    pub(crate) began: Option<(u32, u64)>,
    /// What it has lost.
    pub(crate) losses: Vec<u64>,
}

/// The threads in a file of slots, as far as they can be believed.
pub(crate) fn read(bytes: &[u8]) -> Vec<Noted> {
    bytes.chunks_exact(SLOT * 8).filter_map(take).collect()
}

fn take(slot: &[u8]) -> Option<Noted> {
    let word = |at: usize| u64::from_ne_bytes(std::array::from_fn(|i| slot[at * 8 + i]));
    let number = |word: u64| word.checked_sub(1).and_then(|number| u32::try_from(number).ok());
    let id = number(word(0))?;
    let len = usize::try_from(word(2)).ok().filter(|len| *len <= NAME_LEN)?;
    let name = String::from_utf8_lossy(&slot[NAME * 8..NAME * 8 + len]).into_owned();
    Some(Noted {
        entry: ThreadEntry { id, os_id: word(1), name },
        began: number(word(3)).map(|ring| (ring, word(4))),
        losses: (LOSSES..LOSSES + loss::WORDS).map(word).collect(),
    })
}
