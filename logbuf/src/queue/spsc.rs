//! A ring for one producer and one consumer.
//!
//! The producer keeps its place to itself and moves it at commit, so that a claim that is dropped or forgotten leaves no
//! trace. Before it publishes a record, it writes an empty header behind it; the consumer therefore never writes into
//! the buffer, and the records' cache lines travel one way only.

use std::fmt;

use crate::claim::{Reserve, Reserved, Sealed, WriteClaim as AnyWriteClaim};
use crate::consumer::{Consumer as AnyConsumer, Flavour, ReadClaim as AnyReadClaim, Recycle};
use crate::error::{ClaimError, StorageError};
use crate::ring::Ring;
use crate::slot::Slot;
use crate::storage::Storage;
use crate::sync::{Arc, Ordering};
use crate::word::{GRANULE, HEADER, MAX_LEN, Word, span};

/// The reading end of an SPSC ring.
pub type Consumer = AnyConsumer<Spsc>;

/// Records of an SPSC ring, taken together.
pub type Batch<'a> = crate::batch::Batch<'a, Spsc>;

/// One record of an SPSC ring, read in place.
pub type ReadClaim<'a> = AnyReadClaim<'a, Spsc>;

/// Room in an SPSC ring, to be filled and committed.
pub type WriteClaim<'a> = AnyWriteClaim<'a, Producer>;

/// One producer, one consumer.
#[derive(Clone, Copy, Debug)]
pub enum Spsc {}

impl Flavour for Spsc {}

impl Recycle for Spsc {
    const ZERO: bool = false;
}

/// Makes a ring of `capacity` bytes, rounded up to a power of two, on the heap.
///
/// # Panics
///
/// If [`try_new`] would fail: the capacity is 0 or beyond [`Storage::MAX_CAPACITY`], or memory is exhausted.
///
/// # Examples
///
/// ```
/// use logbuf::queue::spsc;
///
/// let (mut producer, mut consumer) = spsc::new(4096);
/// let mut claim = producer.try_claim(5)?;
/// claim.copy_from_slice(b"hello");
/// claim.commit();
/// assert_eq!(&*consumer.try_claim().unwrap(), b"hello");
/// # Ok::<(), logbuf::ClaimError>(())
/// ```
pub fn new(capacity: usize) -> (Producer, Consumer) {
    match try_new(capacity) {
        Ok(ends) => ends,
        Err(error) => panic!("{error}"),
    }
}

/// Makes a ring of `capacity` bytes, rounded up to a power of two, on the heap.
///
/// # Errors
///
/// See [`Storage::heap`].
pub fn try_new(capacity: usize) -> Result<(Producer, Consumer), StorageError> {
    Storage::heap(capacity).map(with_storage)
}

/// Makes a ring in memory of the caller's choice.
pub fn with_storage(storage: Storage) -> (Producer, Consumer) {
    let ring = Arc::new(Ring::new(storage));
    (Producer::new(ring.clone()), Consumer::new(ring))
}

/// The writing end of an SPSC ring.
///
/// # Examples
///
/// ```
/// use logbuf::{ClaimError, queue::spsc};
///
/// let (mut producer, _consumer) = spsc::new(64);
/// assert_eq!(producer.max_record_len(), 20);
/// assert_eq!(producer.try_claim(0).unwrap_err(), ClaimError::ZeroLength);
/// assert_eq!(producer.try_claim(21).unwrap_err(), ClaimError::TooLong { len: 21, max: 20 });
/// producer.try_claim(20)?.commit();
/// producer.try_claim(20)?.commit();
/// assert_eq!(producer.try_claim(20).unwrap_err(), ClaimError::Full);
/// # Ok::<(), ClaimError>(())
/// ```
pub struct Producer {
    /// Where the next record starts. Its header is empty.
    cursor: Slot,
    /// How far the next record may reach: 8 bytes, for the empty header behind it, before the room that is known to be
    /// free ends, or before the lap ends, whichever comes first.
    limit: Slot,
    /// Position at which the lap of `cursor` starts.
    lap: u64,
    /// None if detached; `cursor` and `limit` are then nowhere.
    ring: Option<Arc<Ring>>,
}

// SAFETY: the producer is the only writer of its ring, and nothing ties it to a thread.
unsafe impl Send for Producer {}

impl Producer {
    fn new(ring: Arc<Ring>) -> Producer {
        let first = ring.track().first();
        // The limit is still at the cursor: the first claim finds out.
        Producer { cursor: first, limit: first, lap: 0, ring: Some(ring) }
    }

    /// A producer of no ring: its capacity is 0 and every claim fails with [`ClaimError::Detached`]. It costs nothing to
    /// make and to drop, so that a thread local can start with it.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::RefCell;
    /// use logbuf::{ClaimError, queue::spsc::Producer};
    ///
    /// thread_local! {
    ///     static PRODUCER: RefCell<Producer> = const { RefCell::new(Producer::detached()) };
    /// }
    /// PRODUCER.with_borrow_mut(|producer| {
    ///     assert_eq!(producer.try_claim(8).unwrap_err(), ClaimError::Detached);
    /// });
    /// ```
    pub const fn detached() -> Producer {
        Producer { cursor: Slot::NOWHERE, limit: Slot::NOWHERE, lap: 0, ring: None }
    }

    /// Claims room for a record with a payload of `len` bytes.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Full`] if there is not enough room now; [`ClaimError::TooLong`] and [`ClaimError::ZeroLength`] if
    /// there never will be; [`ClaimError::Detached`].
    #[inline]
    pub fn try_claim(&mut self, len: usize) -> Result<WriteClaim<'_>, ClaimError> {
        // One compare for "zero" and "so long that the span could overflow", one for "full" and "end of the lap".
        if len.wrapping_sub(1) >= MAX_LEN || span(len) > self.limit.bytes_after(self.cursor) {
            self.make_room(len)?;
        }
        let reserved = Reserved { at: self.cursor, len };
        // SAFETY: there is room up to the limit, which nobody but this producer writes, and the claim borrows it.
        Ok(unsafe { WriteClaim::new(self, reserved) })
    }

    /// Claims as much room as there is now, at least `min` and at most `max` bytes, for a record whose size shows only
    /// when it has been written: see [`WriteClaim::commit_len`]. A `max` beyond
    /// [`max_record_len`](Producer::max_record_len) counts as that.
    ///
    /// # Errors
    ///
    /// As [`try_claim`](Producer::try_claim) of `min` bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::Write;
    ///
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(4096);
    /// let mut claim = producer.try_claim_up_to(16, 1024)?;
    /// let mut rest = &mut claim[..];
    /// let room = rest.len();
    /// write!(rest, "{:>5}", 42).unwrap();
    /// let written = room - rest.len();
    /// claim.commit_len(written);
    /// assert_eq!(&*consumer.try_claim().unwrap(), b"   42");
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    #[inline]
    pub fn try_claim_up_to(
        &mut self,
        min: usize,
        max: usize,
    ) -> Result<WriteClaim<'_>, ClaimError> {
        let max = max.min(self.max_record_len()).max(min);
        if self.make_room(max).is_err() {
            self.make_room(min)?;
        }
        let room = self.limit.bytes_after(self.cursor) - HEADER;
        let reserved = Reserved { at: self.cursor, len: room.min(max) };
        // SAFETY: as in `try_claim`.
        Ok(unsafe { WriteClaim::new(self, reserved) })
    }

    /// Sees to it that a record of `len` bytes fits between the cursor and the limit.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, len: usize) -> Result<(), ClaimError> {
        let Some(ring) = &self.ring else {
            return Err(ClaimError::Detached);
        };
        let track = ring.track();
        if len == 0 {
            return Err(ClaimError::ZeroLength);
        }
        if len > track.max_record_len() {
            return Err(ClaimError::TooLong { len, max: track.max_record_len() });
        }
        // Acquire: pairs with the consumer's release, so that it has read what stood there before we write.
        let head = ring.control().head.load(Ordering::Acquire);
        let capacity = track.capacity() as u64;
        let free_until = head + capacity;
        let cursor = self.cursor.bytes_after(track.first());
        let limit = limit_in_lap(self.lap, free_until, track.capacity());
        if span(len) <= limit - cursor {
            // SAFETY: less than the capacity.
            self.limit = unsafe { track.first().add(limit) };
            return Ok(());
        }
        let next_lap = self.lap + capacity;
        if free_until < next_lap + (span(len) + GRANULE) as u64 {
            return Err(ClaimError::Full);
        }
        // The record does not fit this lap and fits the next: skip the rest. At least 8 bytes are left for the skip,
        // because the limit stays that far away from the end of the lap. The empty header at the start of the next lap
        // becomes visible with the skip, as everywhere else with the record before it.
        // SAFETY: the first granule of the next lap is free, and there is room behind it.
        unsafe { track.first().store(Word::EMPTY, Ordering::Relaxed) };
        // Release: the store above happens before the consumer that sees the skip looks there.
        // SAFETY: the cursor is where this producer writes its next header.
        unsafe { self.cursor.store(Word::skip(track.capacity() - cursor), Ordering::Release) };
        self.lap = next_lap;
        self.cursor = track.first();
        // SAFETY: less than the capacity.
        self.limit =
            unsafe { track.first().add(limit_in_lap(next_lap, free_until, track.capacity())) };
        Ok(())
    }

    /// Position at which the next record will start, in bytes since the ring was made; padding at the end of a lap may
    /// come before it.
    pub fn position(&self) -> u64 {
        match &self.ring {
            Some(ring) => self.lap + self.cursor.bytes_after(ring.track().first()) as u64,
            None => 0,
        }
    }

    /// Size of the ring in bytes; 0 if detached.
    pub fn capacity(&self) -> usize {
        self.ring.as_ref().map_or(0, |ring| ring.track().capacity())
    }

    /// The longest payload that fits the ring, in bytes: half the capacity less 12; 0 if detached. It always fits an
    /// empty ring.
    pub fn max_record_len(&self) -> usize {
        self.ring.as_ref().map_or(0, |ring| ring.track().max_record_len())
    }

    /// Whether the consumer has released everything that was committed.
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Bytes of ring that were committed and not yet released, headers and padding included.
    pub fn len_bytes(&self) -> usize {
        match &self.ring {
            // Relaxed: a number to look at, which may be out of date when it arrives.
            Some(ring) => (self.position() - ring.control().head.load(Ordering::Relaxed)) as usize,
            None => 0,
        }
    }

    /// Whether the consumer was dropped, so that nobody will read what is committed from now on. True if detached.
    pub fn is_consumer_gone(&self) -> bool {
        self.ring.as_ref().is_none_or(|ring| ring.is_consumer_gone())
    }
}

/// Offset in the buffer up to which a record may reach in the lap that starts at position `lap`, if everything before
/// position `free_until` is free.
fn limit_in_lap(lap: u64, free_until: u64, capacity: usize) -> usize {
    (free_until - lap).min(capacity as u64) as usize - GRANULE
}

impl Reserve for Producer {
    #[inline]
    fn try_claim(&mut self, len: usize) -> Result<WriteClaim<'_>, ClaimError> {
        Producer::try_claim(self, len)
    }
}

impl Sealed for Producer {
    #[inline(always)]
    fn publish(&mut self, reserved: Reserved, len: usize) {
        // SAFETY: a reservation ends at least 8 bytes before the end of the buffer.
        let next = unsafe { reserved.at.add(span(len)) };
        // Relaxed: published by the store below.
        // SAFETY: those 8 bytes are free as well, and this is the only producer.
        unsafe { next.store(Word::EMPTY, Ordering::Relaxed) };
        // Release: the payload and the empty header behind it happen before the consumer that sees the length.
        // SAFETY: the reservation is ours.
        unsafe { reserved.at.store(Word::record(len), Ordering::Release) };
        self.cursor = next;
    }

    #[inline(always)]
    fn abandon(&mut self, _reserved: Reserved) {
        // The cursor has not moved, and the header is still empty.
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        if let Some(ring) = &self.ring {
            // Release: what was committed happens before the consumer that sees that we are gone.
            ring.control().presence.producers.store(0, Ordering::Release);
        }
    }
}

impl fmt::Debug for Producer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
