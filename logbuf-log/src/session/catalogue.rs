//! The files `catalogue-N`: everything a record can refer to, put there before it can.
//!
//! Each is a ring that is never read while its process lives, so that any thread can append without a lock. When one is
//! full the next is made.
//!
//! A record of the catalogue: `key u32 | number u32 | level u8, 7 zeros | entry`. The key is what records in rings have in
//! the place of their site; the entry is one of SITES, and its `id` is the number.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use logbuf::queue::mpsc;
use logbuf::{ClaimError, Image, ImageError, Storage, StorageError};
use logbuf_format::Level;
use logbuf_format::site::{Kind, Site};

use crate::site::SiteId;

/// What the names of the files begin with.
pub(crate) const PREFIX: &str = "catalogue-";

/// Bytes of the first file: some two thousand sites. Half of it holds the longest entry. Each further file has twice as much.
const FIRST: usize = 256 << 10;

/// Bytes of the largest file.
const LARGEST: usize = 16 << 20;

/// Bytes of a record before the entry.
const HEAD: usize = 16;

/// The catalogue of this process.
#[derive(Debug)]
pub(crate) struct Catalogue {
    folder: PathBuf,
    /// The file that is being filled, never null. Files are never let go of: signal handlers may be at them.
    current: AtomicPtr<Page>,
    /// Held while the next file is made.
    growing: Mutex<()>,
    /// Files made so far.
    files: AtomicU32,
    /// Entries for which there was no room.
    left_out: AtomicU64,
}

/// One file.
#[derive(Debug)]
struct Page {
    producer: mpsc::Producer,
    /// Never read; it keeps the ring in working order.
    _consumer: mpsc::Consumer,
    capacity: usize,
}

/// What a record of the catalogue says of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) key: SiteId,
    /// By which files know it.
    pub(crate) number: u32,
    pub(crate) level: Level,
    pub(crate) kind: Kind,
    /// As in a SITES block.
    pub(crate) entry: Vec<u8>,
}

impl Catalogue {
    /// Makes the first file.
    pub(crate) fn create(folder: &Path) -> Result<Self, StorageError> {
        let page = Page::create(folder, 0, FIRST)?;
        Ok(Self {
            folder: folder.to_owned(),
            current: AtomicPtr::new(Box::into_raw(Box::new(page))),
            growing: Mutex::new(()),
            files: AtomicU32::new(1),
            left_out: AtomicU64::new(0),
        })
    }

    /// Appends a site. When this returns, records with this key can be read whatever becomes of the process, unless there
    /// is no room: then they are written as usual while the process lives, and cannot be recovered.
    pub(crate) fn put(&self, key: SiteId, site: &Site) {
        let mut record = [0; HEAD].to_vec();
        record[0..4].copy_from_slice(&key.to_ne_bytes());
        record[4..8].copy_from_slice(&site.id.to_ne_bytes());
        record[8] = site.level.as_u8();
        // A site that no file can list has no records in one either.
        if site.put(&mut record).is_err() || !self.append(&record) {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sites for which there was no room.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out.load(Ordering::Relaxed)
    }

    fn append(&self, record: &[u8]) -> bool {
        loop {
            // Acquire, with the release in `grow`: the page is whole.
            let current = self.current.load(Ordering::Acquire);
            // SAFETY: `create` and `grow` store boxes that were leaked, and nothing frees them.
            let page = unsafe { &*current };
            match page.producer.clone().try_claim(record.len()) {
                Ok(mut claim) => {
                    claim.copy_from_slice(record);
                    claim.commit();
                    return true;
                }
                Err(ClaimError::Full) if self.grow(current) => {}
                Err(_) => return false,
            }
        }
    }

    /// Makes the file behind `full`, unless another thread has.
    fn grow(&self, full: *mut Page) -> bool {
        let _turn = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        if self.current.load(Ordering::Acquire) != full {
            return true;
        }
        // SAFETY: as in `append`.
        let capacity = unsafe { &*full }.capacity.saturating_mul(2).min(LARGEST);
        let number = self.files.load(Ordering::Relaxed);
        let Ok(page) = Page::create(&self.folder, number, capacity) else { return false };
        self.files.store(number + 1, Ordering::Relaxed);
        // Release: with the acquisition in `append`.
        self.current.store(Box::into_raw(Box::new(page)), Ordering::Release);
        true
    }
}

impl Page {
    fn create(folder: &Path, number: u32, capacity: usize) -> Result<Self, StorageError> {
        let storage = super::fill(&folder.join(format!("{PREFIX}{number}")), |path| {
            // SAFETY: the folder of a session is private to its process until that has died, and its children do not touch
            // what they inherit of it (`fork.rs`).
            unsafe { Storage::file(path, capacity, &[]) }
        })?;
        let (producer, consumer) = mpsc::with_storage(storage);
        Ok(Self { producer, _consumer: consumer, capacity })
    }
}

/// The sites in a catalogue's file, as far as they can be believed.
pub(crate) fn read(bytes: &[u8]) -> Result<Vec<Listed>, ImageError> {
    let image = Image::parse(bytes)?;
    let mut listed = Vec::new();
    for entry in image.entries() {
        match entry {
            Ok(logbuf::Entry::Record { payload, .. }) => listed.extend(take(payload)),
            Ok(logbuf::Entry::Open { .. }) => {}
            Err(_) => break,
        }
    }
    Ok(listed)
}

/// Takes a record apart. The entry has to be one, for the number that the record says.
fn take(record: &[u8]) -> Option<Listed> {
    let (head, entry) = record.split_first_chunk::<HEAD>()?;
    let [key, number] = [0, 4].map(|at| u32::from_ne_bytes(std::array::from_fn(|i| head[at + i])));
    let level = Level::from_u8(head[8])?;
    let mut sites = Site::table(entry);
    let site = sites.next()?.ok()?;
    let fits = sites.next().is_none() && site.id == number && site.level == level;
    fits.then(|| Listed { key, number, level, kind: site.kind, entry: entry.to_vec() })
}
