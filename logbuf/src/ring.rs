//! What the two ends of a ring share: the storage, and the arithmetic of positions.

use crate::control::Control;
use crate::error::ClaimError;
use crate::slot::Slot;
use crate::storage::Storage;
use crate::sync::{Granule, Ordering};
use crate::word::{GRANULE, HEADER, Kind};

/// A ring, kept alive by its ends.
pub(crate) struct Ring {
    storage: Storage,
}

impl Ring {
    /// Makes the memory a ring of the flavour that is called `flavour`.
    pub(crate) fn new(storage: Storage, flavour: u32) -> Ring {
        // Relaxed: nobody else has access yet.
        storage.control().preamble.0.flavour.store(flavour, Ordering::Relaxed);
        Ring { storage }
    }

    #[inline]
    pub(crate) fn control(&self) -> &Control {
        self.storage.control()
    }

    /// Where its positions lie in memory.
    pub(crate) fn track(&self) -> Track {
        Track { buffer: self.storage.buffer(), mask: self.storage.capacity() - 1 }
    }

    /// One producer more.
    pub(crate) fn join(&self) {
        // Relaxed: the caller holds the end that knows the count, a producer or, when there is none left, the consumer.
        self.control().presence.0.producers.fetch_add(1, Ordering::Relaxed);
    }

    /// One producer less.
    pub(crate) fn leave(&self) {
        // Release: what it committed happens before the consumer that sees the count at 0; the counts of the others go on
        // with the release sequence.
        self.control().presence.0.producers.fetch_sub(1, Ordering::Release);
    }

    /// Whether every producer was dropped. If so, everything they committed is visible to the caller from now on.
    pub(crate) fn is_producer_gone(&self) -> bool {
        // Acquire: pairs with the release of the last producer's drop, so that a read after this call sees all that
        // was committed before it.
        self.control().presence.0.producers.load(Ordering::Acquire) == 0
    }

    /// Whether the consumer was dropped.
    #[inline]
    pub(crate) fn is_consumer_gone(&self) -> bool {
        // Relaxed: nothing is read on the strength of it; the head is acquired where it is used.
        self.control().presence.0.consumers.load(Ordering::Relaxed) == 0
    }
}

/// The buffer of a ring as a track of positions: free-running byte counts, multiples of 8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Track {
    buffer: *const Granule,
    /// The capacity less 1.
    mask: usize,
}

impl Track {
    #[inline]
    pub(crate) fn capacity(self) -> usize {
        self.mask + 1
    }

    /// Offset of `position` in the buffer, in bytes.
    #[inline]
    pub(crate) fn offset(self, position: u64) -> usize {
        position as usize & self.mask
    }

    /// Bytes from `position` to the end of its lap: 8 to the capacity.
    #[inline]
    pub(crate) fn left_in_lap(self, position: u64) -> usize {
        self.capacity() - self.offset(position)
    }

    /// Where `position` lies.
    #[inline]
    pub(crate) fn slot(self, position: u64) -> Slot {
        // SAFETY: an offset is less than the capacity.
        unsafe { self.first().add(self.offset(position)) }
    }

    /// Where every lap starts.
    #[inline]
    pub(crate) fn first(self) -> Slot {
        Slot::first(self.buffer)
    }

    /// The longest payload that fits an empty ring, wherever its positions stand.
    ///
    /// An empty ring has its room in two pieces, from the position to the end of the lap and from the start of the next
    /// lap to the position. The longer piece is shortest when the position is in the middle: half the capacity, of which
    /// 8 bytes stay free for the header behind the record.
    #[inline]
    pub(crate) fn max_record_len(self) -> usize {
        self.capacity() / 2 - GRANULE - HEADER
    }

    /// Passes over skips from `position`, which is left at the next record or, if there is none, behind the last skip.
    ///
    /// # Safety
    ///
    /// The caller is the consumer, and `position` lies at a header between what it has released and the first pending
    /// header.
    #[inline(always)]
    pub(crate) unsafe fn next_record(self, position: &mut u64) -> Option<(Slot, usize)> {
        loop {
            let slot = self.slot(*position);
            // Acquire: pairs with the release of the commit, so that the payload, and in an SPSC ring the empty header
            // behind it, are visible before the length is.
            // SAFETY: the caller's promise; payloads start behind committed headers, and this is not one yet.
            match unsafe { slot.load(Ordering::Acquire) }.kind() {
                Kind::Record(len) => return Some((slot, len)),
                Kind::Skip(bytes) => *position += bytes as u64,
                Kind::Pending => return None,
            }
        }
    }

    /// Sets the positions `start..end`, at most a lap, to zero.
    ///
    /// # Safety
    ///
    /// Nobody else has access to them.
    #[inline]
    pub(crate) unsafe fn zero(self, start: u64, end: u64) {
        let bytes = (end - start) as usize;
        let in_this_lap = bytes.min(self.left_in_lap(start));
        // SAFETY: does not pass the end of the lap; the caller vouches for the rest.
        unsafe { self.slot(start).zero(in_this_lap) };
        // SAFETY: the range is at most a lap, so that this ends before `start` at the latest.
        unsafe { self.first().zero(bytes - in_this_lap) };
    }
}

/// Whether a payload of `len` bytes may be claimed where the longest is one of `max`.
#[inline]
pub(crate) fn check_len(len: usize, max: usize) -> Result<(), ClaimError> {
    // One compare for both: 0 wraps around to the largest number.
    if len.wrapping_sub(1) < max {
        return Ok(());
    }
    Err(if len == 0 { ClaimError::ZeroLength } else { ClaimError::TooLong { len, max } })
}
