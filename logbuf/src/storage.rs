//! The memory that a ring lives in.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use crate::control::Control;
use crate::error::StorageError;
use crate::sync::Granule;
use crate::word::GRANULE;

/// Memory for one ring: a control block and a buffer whose size is a power of two.
///
/// A storage is given to [`spsc::with_storage`](crate::queue::spsc::with_storage), and freed when both ends of the ring
/// are gone.
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
    layout: Layout,
    capacity: usize,
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

    /// Allocates a storage on the heap, with `capacity` bytes rounded up to a power of two.
    ///
    /// # Errors
    ///
    /// [`StorageError::ZeroCapacity`], [`StorageError::CapacityTooLarge`], or [`StorageError::OutOfMemory`] if the
    /// allocator refuses.
    pub fn heap(capacity: usize) -> Result<Storage, StorageError> {
        let capacity = round_capacity(capacity)?;
        let layout = Layout::new::<Control>();
        let (layout, offset) = Layout::array::<Granule>(capacity / GRANULE)
            .and_then(|granules| layout.extend(granules))
            .expect("limited by MAX_CAPACITY");
        assert_eq!(offset, size_of::<Control>(), "the buffer follows the control block");
        // SAFETY: the layout is not empty: it holds a control block.
        let memory = unsafe { alloc_zeroed(layout) };
        let base =
            NonNull::new(memory).ok_or(StorageError::OutOfMemory { bytes: layout.size() })?;
        let storage = Storage { base, layout, capacity };
        // SAFETY: the layout begins with a control block, and the memory is ours.
        unsafe { storage.base.cast::<Control>().write(Control::new()) };
        // SAFETY: the layout goes on with these granules, zeroed.
        unsafe { Granule::init(storage.buffer().cast_mut(), capacity / GRANULE) };
        Ok(storage)
    }

    /// As [`Storage::heap`], for the constructors that take a wrong capacity for a mistake in the program.
    pub(crate) fn heap_or_panic(capacity: usize) -> Storage {
        Storage::heap(capacity).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Size of the buffer in bytes: a power of two.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// The control block.
    #[inline]
    pub(crate) fn control(&self) -> &Control {
        // SAFETY: the constructor wrote it there, and it is never written as a whole again.
        unsafe { self.base.cast::<Control>().as_ref() }
    }

    /// The first granule of the buffer, of `capacity / 8`.
    pub(crate) fn buffer(&self) -> *const Granule {
        // SAFETY: the layout is a control block followed by the buffer.
        unsafe { self.base.as_ptr().add(size_of::<Control>()) }.cast()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        // SAFETY: the constructor made them; whoever used them kept the storage alive, and it is being dropped.
        unsafe { Granule::destroy(self.buffer().cast_mut(), self.capacity / GRANULE) };
        // SAFETY: as above.
        unsafe { self.base.cast::<Control>().drop_in_place() };
        // SAFETY: allocated by the constructor with this layout.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
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
