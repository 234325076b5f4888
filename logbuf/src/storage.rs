//! The memory that a ring lives in.

mod heap;
#[cfg_attr(target_os = "linux", path = "storage/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "storage/unsupported.rs")]
mod mapping;

use std::fmt;
use std::path::Path;
use std::ptr::NonNull;

use crate::control::Control;
use crate::error::StorageError;
use crate::sync::Granule;
use crate::word::GRANULE;

/// Memory for one ring: a control block and a buffer whose size is a power of two.
///
/// A storage is given to [`spsc::with_storage`](crate::queue::spsc::with_storage) or its like, and freed when both ends
/// of the ring are gone.
///
/// | constructor | memory | for |
/// |---|---|---|
/// | [`heap`](Storage::heap) | the allocator's | everything |
/// | [`anonymous`](Storage::anonymous) | pages of its own | no page faults later, large pages, locked pages |
/// | [`file`](Storage::file) | a file's pages, shared | records that outlive the process: see [`Image`](crate::Image) |
///
/// # Examples
///
/// ```
/// use logbuf::{Storage, queue::spsc};
///
/// let storage = Storage::heap(5000)?;
/// assert_eq!(storage.capacity(), 8192);
/// let (producer, consumer) = spsc::with_storage(storage);
/// # Ok::<(), logbuf::StorageError>(())
/// ```
pub struct Storage {
    base: NonNull<u8>,
    capacity: usize,
    /// From the base to the buffer, in bytes.
    buffer_offset: usize,
    pages: PageKind,
    /// Gives the memory back when it is dropped.
    _memory: Memory,
}

/// Whose memory it is.
enum Memory {
    Heap { _block: heap::Block },
    Mapping { _mapping: mapping::Mapping },
}

/// What to ask of the system for an anonymous mapping. The default is plain pages, made when they are first used.
///
/// # Examples
///
/// ```
/// use logbuf::{Pages, Storage};
///
/// # #[cfg(target_os = "linux")] {
/// let storage = Storage::anonymous(1 << 20, Pages { prefault: true, ..Pages::default() })?;
/// assert_eq!(storage.capacity(), 1 << 20);
/// # }
/// # Ok::<(), logbuf::StorageError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pages {
    /// Make all pages now, so that no page fault is left for the hot path.
    pub prefault: bool,
    /// Ask for huge pages, and map a whole number of them: up to 2 MiB more than the ring needs. That they are not to be had
    /// is no error: [`Storage::pages`] says what was granted.
    pub huge: bool,
    /// Lock the pages into memory, so that they are never swapped out. Subject to `RLIMIT_MEMLOCK`.
    pub lock: bool,
}

/// The pages that a storage got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PageKind {
    /// The usual ones.
    Normal,
    /// Huge pages from the reserved pool.
    Huge,
    /// The kernel was asked to use huge pages where it can. So many bytes of the mapping, which is rounded up to whole huge
    /// pages, were in such when the storage was made; with [`Pages::prefault`] that number is final unless the kernel does more later.
    Transparent {
        /// Bytes in huge pages.
        huge_bytes: usize,
    },
}

// SAFETY: the memory belongs to the storage alone; what is shared in it is atomic, and the ends of the ring hand the
// rest to each other in order.
unsafe impl Send for Storage {}
// SAFETY: as above; a shared storage gives out nothing but its control block and an address.
unsafe impl Sync for Storage {}

impl Storage {
    /// The smallest capacity in bytes; smaller requests are rounded up to it.
    pub const MIN_CAPACITY: usize = 64;

    /// The largest capacity in bytes: what the length in a record header can describe.
    pub const MAX_CAPACITY: usize = 1 << 30;

    /// The most metadata that a file can hold, in bytes.
    pub const MAX_METADATA: usize = BUFFER_OFFSET - 512;

    /// Allocates a storage on the heap, with `capacity` bytes rounded up to a power of two.
    ///
    /// # Errors
    ///
    /// [`StorageError::ZeroCapacity`], [`StorageError::CapacityTooLarge`], or [`StorageError::OutOfMemory`] if the
    /// allocator refuses.
    pub fn heap(capacity: usize) -> Result<Storage, StorageError> {
        let capacity = round_capacity(capacity)?;
        let buffer_offset = size_of::<Control>();
        let block = heap::Block::new(buffer_offset + buffer_size(capacity))?;
        let base = block.base();
        let memory = Memory::Heap { _block: block };
        // SAFETY: a new block of zeros, large enough and aligned as a control block.
        Ok(unsafe { Storage::new(memory, base, capacity, buffer_offset, &[], PageKind::Normal) })
    }

    /// As [`Storage::heap`], for the constructors that take a wrong capacity for a mistake in the program.
    pub(crate) fn heap_or_panic(capacity: usize) -> Storage {
        Storage::heap(capacity).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Maps pages of its own for a storage with `capacity` bytes rounded up to a power of two.
    ///
    /// # Errors
    ///
    /// Those of a wrong capacity as in [`Storage::heap`]; [`StorageError::System`] if the pages cannot be mapped or
    /// locked; [`StorageError::Unsupported`] on platforms without.
    pub fn anonymous(capacity: usize, pages: Pages) -> Result<Storage, StorageError> {
        let capacity = round_capacity(capacity)?;
        let (mapping, kind) =
            mapping::Mapping::anonymous(BUFFER_OFFSET + buffer_size(capacity), pages)?;
        let base = mapping.base();
        let memory = Memory::Mapping { _mapping: mapping };
        // SAFETY: a new mapping of zeros, large enough and aligned as a page.
        Ok(unsafe { Storage::new(memory, base, capacity, BUFFER_OFFSET, &[], kind) })
    }

    /// Creates a file, readable and writable for its owner alone, and maps it for a storage with `capacity` bytes rounded
    /// up to a power of two. Its blocks are allocated and its pages made now. What is committed to the ring is in the
    /// file at once as far as other processes are concerned, and stays there when this one dies, in whatever way. Whoever
    /// reads it does so when the owner is gone, or while neither end of the ring moves: see [`Image`](crate::Image). It is not synchronised with a disk; the place for it is `/dev/shm`.
    ///
    /// `metadata` is the owner's: at most [`Storage::MAX_METADATA`] bytes for whoever finds the file. Removing the file
    /// is up to the caller.
    ///
    /// # Errors
    ///
    /// Those of a wrong capacity as in [`Storage::heap`]; [`StorageError::MetadataTooLong`]; [`StorageError::System`] if
    /// the file exists, cannot be created, allocated or mapped; [`StorageError::Unsupported`] on platforms without.
    ///
    /// # Safety
    ///
    /// Until both ends of the ring are dropped, nobody else may write to the file or shorten it. That includes children that
    /// this process forks: they inherit the mapping and both ends with it, and may use neither, not even drop them, unless
    /// the parent never uses that end again. What another process reads from the file does no harm.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(target_os = "linux")] {
    /// use logbuf::{Entry, Image, Storage, queue::spsc};
    ///
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let path = folder.path().join("ring");
    /// // SAFETY: the folder is private, and nothing in this process touches the file.
    /// let storage = unsafe { Storage::file(&path, 4096, b"who and when")? };
    /// let (mut producer, consumer) = spsc::with_storage(storage);
    /// let mut claim = producer.try_claim(5).unwrap();
    /// claim.copy_from_slice(b"hello");
    /// claim.commit();
    ///
    /// // As another process would, when this one is gone; here, while neither end moves:
    /// let bytes = std::fs::read(&path).unwrap();
    /// let image = Image::parse(&bytes).unwrap();
    /// assert_eq!(image.metadata(), b"who and when");
    /// let entries: Vec<_> = image.entries().collect::<Result<_, _>>().unwrap();
    /// assert_eq!(entries, [Entry::Record { position: 0, payload: b"hello" }]);
    /// # drop(consumer);
    /// # }
    /// # Ok::<(), logbuf::StorageError>(())
    /// ```
    pub unsafe fn file(
        path: &Path,
        capacity: usize,
        metadata: &[u8],
    ) -> Result<Storage, StorageError> {
        let capacity = round_capacity(capacity)?;
        if metadata.len() > Storage::MAX_METADATA {
            return Err(StorageError::MetadataTooLong {
                len: metadata.len(),
                max: Storage::MAX_METADATA,
            });
        }
        // SAFETY: passed on to the caller.
        let mapping =
            unsafe { mapping::Mapping::file(path, BUFFER_OFFSET + buffer_size(capacity)) }?;
        let base = mapping.base();
        let memory = Memory::Mapping { _mapping: mapping };
        // SAFETY: a new file of zeros, large enough and aligned as a page.
        Ok(unsafe {
            Storage::new(memory, base, capacity, BUFFER_OFFSET, metadata, PageKind::Normal)
        })
    }

    /// Makes a ring's memory of plain memory.
    ///
    /// # Safety
    ///
    /// `memory` holds, from `base` on, `buffer_offset` and then `buffer_size(capacity)` bytes that are zero and used by
    /// nobody else; the base is aligned as a control block. The metadata fits between control block and buffer.
    unsafe fn new(
        memory: Memory,
        base: NonNull<u8>,
        capacity: usize,
        buffer_offset: usize,
        metadata: &[u8],
        pages: PageKind,
    ) -> Storage {
        let storage = Storage { base, capacity, buffer_offset, pages, _memory: memory };
        // SAFETY: within the memory.
        let place = unsafe { base.add(size_of::<Control>()) };
        // SAFETY: the caller vouches for the room.
        unsafe { place.copy_from_nonoverlapping(NonNull::from(metadata).cast(), metadata.len()) };
        // SAFETY: `capacity / GRANULE` granules of zeros lie there.
        unsafe { Granule::init(storage.buffer().cast_mut(), capacity / GRANULE) };
        let control = Control::new(capacity, buffer_offset, metadata.len());
        // SAFETY: there is room, and the base is aligned.
        unsafe { base.cast::<Control>().write(control) };
        storage
    }

    /// Size of the buffer in bytes: a power of two.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// What pages the storage got.
    pub fn pages(&self) -> PageKind {
        self.pages
    }

    /// The control block.
    #[inline]
    pub(crate) fn control(&self) -> &Control {
        // SAFETY: the constructor wrote it there, and it is never written as a whole again.
        unsafe { self.base.cast::<Control>().as_ref() }
    }

    /// The first granule of the buffer, of `capacity / 8`.
    pub(crate) fn buffer(&self) -> *const Granule {
        // SAFETY: the buffer lies there, in the same memory.
        unsafe { self.base.as_ptr().add(self.buffer_offset) }.cast()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        // SAFETY: the constructor made them; whoever used them kept the storage alive, and it is being dropped.
        unsafe { Granule::destroy(self.buffer().cast_mut(), self.capacity / GRANULE) };
        // SAFETY: as above.
        unsafe { self.base.cast::<Control>().drop_in_place() };
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("capacity", &self.capacity)
            .field("pages", &self.pages)
            .finish_non_exhaustive()
    }
}

/// From the start of mapped memory to the buffer: the control block, the metadata, and the rest of a page.
const BUFFER_OFFSET: usize = 4096;

/// Bytes of memory for a buffer of `capacity` bytes.
fn buffer_size(capacity: usize) -> usize {
    capacity / GRANULE * size_of::<Granule>()
}

/// The capacity that a request for `requested` bytes gets.
fn round_capacity(requested: usize) -> Result<usize, StorageError> {
    match requested {
        0 => Err(StorageError::ZeroCapacity),
        1..=Storage::MAX_CAPACITY => Ok(requested.next_power_of_two().max(Storage::MIN_CAPACITY)),
        _ => Err(StorageError::CapacityTooLarge { requested, max: Storage::MAX_CAPACITY }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capacities_are_rounded_and_limited() {
        let check = |requested, expected: Result<usize, &str>| {
            let got = round_capacity(requested).map_err(|error| error.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{requested}");
        };
        check(0, Err("a ring needs a capacity of at least one byte"));
        check(1, Ok(64));
        check(64, Ok(64));
        check(65, Ok(128));
        check(1 << 30, Ok(1 << 30));
        check(
            (1 << 30) + 1,
            Err("a capacity of 1073741825 bytes is beyond the limit of 1073741824 bytes"),
        );
        check(
            usize::MAX,
            Err("a capacity of 18446744073709551615 bytes is beyond the limit of 1073741824 bytes"),
        );
    }
}
