//! A channel with several senders and one receiver: clone the [`Sender`] for each thread that sends.

use crate::error::StorageError;
use crate::queue::mpsc::Mpsc;
use crate::storage::Storage;

/// The sending end of an MPSC channel.
pub type Sender = super::Sender<Mpsc>;

/// Room in an MPSC channel, to be filled and committed.
pub type WriteClaim<'a> = super::WriteClaim<'a, Mpsc>;

/// The receiving end of an MPSC channel.
pub type Receiver = super::Receiver<Mpsc>;

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
