//! A channel with one sender and one receiver.

use crate::error::StorageError;
use crate::queue::spsc::Spsc;
use crate::storage::Storage;

/// The sending end of an SPSC channel.
pub type Sender = super::Sender<Spsc>;

/// Room in an SPSC channel, to be filled and committed.
pub type WriteClaim<'a> = super::WriteClaim<'a, Spsc>;

/// The receiving end of an SPSC channel.
pub type Receiver = super::Receiver<Spsc>;

/// Makes a channel of `capacity` bytes, rounded up to a power of two, on the heap.
///
/// # Panics
///
/// If [`try_channel`] would fail: the capacity is 0 or beyond [`Storage::MAX_CAPACITY`], or memory is exhausted.
pub fn channel(capacity: usize) -> (Sender, Receiver) {
    with_storage(Storage::heap_or_panic(capacity))
}

/// Makes a channel of `capacity` bytes, rounded up to a power of two, on the heap.
///
/// # Errors
///
/// See [`Storage::heap`].
pub fn try_channel(capacity: usize) -> Result<(Sender, Receiver), StorageError> {
    Storage::heap(capacity).map(with_storage)
}

/// Makes a channel in memory of the caller's choice.
pub fn with_storage(storage: Storage) -> (Sender, Receiver) {
    super::ends(storage)
}
