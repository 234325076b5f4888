//! A ring for one producer and one consumer.
//!
//! The producer keeps its place to itself and moves it at commit, so that a claim that is dropped or forgotten leaves no
//! trace. Before it publishes a record, it writes an empty header behind it; the consumer therefore never writes into
//! the buffer, and the records' cache lines travel one way only.

use crate::error::{ClaimError, StorageError};
use crate::flavour::{Flavour, Reserve, Reserved};
use crate::ring::{Ring, Track, check_len};
use crate::slot::Slot;
use crate::storage::Storage;
use crate::sync::Ordering;
use crate::word::{GRANULE, HEADER, MAX_LEN, Word, span};

/// The writing end of an SPSC ring.
pub type Producer = crate::producer::Producer<Spsc>;

/// Room in an SPSC ring, to be filled and committed.
pub type WriteClaim<'a> = crate::claim::WriteClaim<'a, Spsc>;

/// The reading end of an SPSC ring.
pub type Consumer = crate::consumer::Consumer<Spsc>;

/// One record of an SPSC ring, read in place.
pub type ReadClaim<'a> = crate::consumer::ReadClaim<'a, Spsc>;

/// Records of an SPSC ring, taken together.
pub type Batch<'a> = crate::batch::Batch<'a, Spsc>;

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
    with_storage(Storage::heap_or_panic(capacity))
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
    super::ends(storage)
}

/// One producer, one consumer; and what the producer keeps to itself.
#[derive(Debug)]
pub struct Spsc {
    /// Where the next record starts. Its header is empty.
    cursor: Slot,
    /// How far the next record may reach. Behind it are 8 bytes for an empty header, which the lap and the room that is
    /// known to be free still hold; and it is never further away than the longest record, so that one compare finds out
    /// about all three. At the cursor at first: the first claim finds out.
    limit: Slot,
    /// Where the limit is, or was when it was withheld: as good as then, because the consumer takes no room back, and every
    /// claim that goes on to another lap finds out anew.
    known: Slot,
    /// Position at which the lap of the cursor starts.
    lap: u64,
    /// Free bytes that claims leave alone: a multiple of 8, at most half the capacity.
    reserve: usize,
}

impl Producer {
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
        Producer {
            flavour: Spsc {
                cursor: Slot::NOWHERE,
                limit: Slot::NOWHERE,
                known: Slot::NOWHERE,
                lap: 0,
                reserve: 0,
            },
            ring: None,
        }
    }

    /// Claims room for a record with a payload of `len` bytes if the room that is known to be free suffices, without a
    /// look at the consumer or at the end of the lap. `None` says nothing more than that
    /// [`try_claim`](Producer::try_claim) has to be asked.
    ///
    /// This is for callers that want everything but the usual case out of their way: nothing but a compare and a
    /// conditional jump is left of it, no call.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// assert!(producer.try_claim_known(8).is_none());
    /// producer.try_claim(8)?.commit();
    /// assert!(producer.try_claim_known(8).is_some());
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    #[inline]
    pub fn try_claim_known(&mut self, len: usize) -> Option<WriteClaim<'_>> {
        if !self.flavour.fits(len) {
            return None;
        }
        let reserved = Reserved { at: self.flavour.cursor, len };
        // SAFETY: there is room up to the limit, which nobody but this producer writes.
        Some(unsafe { WriteClaim::new(self, reserved) })
    }

    /// Claims all the room that is known to be free, if it is at least `min` bytes, but no more than `max`, for a record
    /// whose size shows only when it has been written: see [`WriteClaim::commit_len`](crate::WriteClaim::commit_len). `None` says
    /// nothing more than that [`try_claim_up_to`](Producer::try_claim_up_to) has to be asked.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// producer.try_claim(8)?.commit();
    /// let mut claim = producer.try_claim_known_up_to(16, 100).expect("there is room");
    /// assert_eq!(claim.len(), 100);
    /// claim[..2].copy_from_slice(b"ab");
    /// claim.commit_len(2);
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    #[inline]
    pub fn try_claim_known_up_to(&mut self, min: usize, max: usize) -> Option<WriteClaim<'_>> {
        if !self.flavour.fits(min) {
            return None;
        }
        let reserved = Reserved { at: self.flavour.cursor, len: self.flavour.room().min(max) };
        // SAFETY: there is room up to the limit, which nobody but this producer writes.
        Some(unsafe { WriteClaim::new(self, reserved) })
    }

    /// Keeps `bytes` bytes of the ring, rounded up to a multiple of 8, free from now on: claims are refused that would leave
    /// less. At most half of the ring can be kept.
    ///
    /// This keeps room for what must not be refused: set the reserve to 0, claim, and set it again.
    ///
    /// With a reserve the longest record is shorter, because it has to fit an empty ring less the reserve:
    /// [`ClaimError::TooLong`] says how long it may be, which is half of what is not reserved, rounded up to a multiple of 8,
    /// less 12 bytes. [`max_record_len`](Producer::max_record_len) remains that of the ring without a reserve.
    ///
    /// # Examples
    ///
    /// ```
    /// # use logbuf::ClaimError;
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// producer.set_reserve(256);
    /// while let Ok(claim) = producer.try_claim(20) {
    ///     claim.commit();
    /// }
    /// assert_eq!(producer.len_bytes(), 744);
    ///
    /// producer.set_reserve(0);
    /// producer.try_claim(100)?.commit();
    /// producer.set_reserve(256);
    /// assert_eq!(producer.try_claim(20).unwrap_err(), ClaimError::Full);
    /// # Ok::<(), ClaimError>(())
    /// ```
    pub fn set_reserve(&mut self, bytes: usize) {
        // Half a capacity is a multiple of 8, and so is every place where a limit may stand.
        self.flavour.reserve = bytes.min(self.capacity() / 2).next_multiple_of(GRANULE);
        // The next claim finds out how far it may go.
        self.flavour.limit = self.flavour.cursor;
        self.flavour.known = self.flavour.cursor;
    }

    /// Has [`try_claim_known`](Producer::try_claim_known) and [`try_claim_known_up_to`](Producer::try_claim_known_up_to) say `None` until
    /// room is claimed in another way, or is [restored](Producer::restore_room).
    ///
    /// This is for callers that have something to do before the next record, and no test for it in the usual case.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// producer.try_claim(8)?.commit();
    /// producer.withhold_room();
    /// assert!(producer.try_claim_known(8).is_none());
    /// producer.restore_room();
    /// assert!(producer.try_claim_known(8).is_some());
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    #[inline]
    pub fn withhold_room(&mut self) {
        self.flavour.limit = self.flavour.cursor;
    }

    /// Takes back that room was [withheld](Producer::withhold_room), if it was.
    #[inline]
    pub fn restore_room(&mut self) {
        self.flavour.limit = self.flavour.known;
    }
}

impl Consumer {
    /// Makes a new producer for the ring, if the last one is gone and everything of it was taken and released: the ring
    /// can be used again, and its positions go on.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// producer.try_claim(3)?.commit();
    /// assert!(consumer.renew_producer().is_none(), "there is a producer");
    ///
    /// drop(producer);
    /// assert!(consumer.renew_producer().is_none(), "there is a record");
    ///
    /// assert_eq!(consumer.try_claim().unwrap().len(), 3);
    /// let producer = consumer.renew_producer().unwrap();
    /// assert_eq!(producer.position(), 8);
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    pub fn renew_producer(&mut self) -> Option<Producer> {
        // In this order: once the producer is gone, nothing can come.
        if !self.is_producer_gone() || !self.is_empty() || self.held_bytes() > 0 {
            return None;
        }
        // Finds nothing, and passes over a skip that may stand at the end.
        drop(self.try_claim());
        let (position, track) = (self.next_header(), self.track());
        let lap = position - track.offset(position) as u64;
        // The header here is empty: the last producer wrote it behind its last record, or the storage began with it.
        let cursor = track.slot(position);
        Some(self.rejoin(Spsc { cursor, limit: cursor, known: cursor, lap, reserve: 0 }))
    }
}

impl Spsc {
    /// Whether a payload of `len` bytes is known to fit before the limit.
    #[inline(always)]
    fn fits(&self, len: usize) -> bool {
        // The first compare is for 0 and for lengths whose span would overflow.
        len.wrapping_sub(1) < MAX_LEN && self.limit.is_after(self.cursor, span(len))
    }

    /// The longest payload that fits before the limit, once one is known to.
    #[inline(always)]
    fn room(&self) -> usize {
        self.limit.bytes_after(self.cursor) - HEADER
    }

    /// Sees to it that a payload of `len` bytes fits before the limit.
    #[cold]
    #[inline(never)]
    fn make_room(&mut self, ring: Option<&Ring>, len: usize) -> Result<(), ClaimError> {
        let ring = ring.ok_or(ClaimError::Detached)?;
        let track = ring.track();
        check_len(len, self.max_len(track))?;
        // Acquire: pairs with the consumer's release, so that it has read what stood there before we write.
        let head = ring.control().head.0.released.load(Ordering::Acquire);
        let free_until = head + (track.capacity() - self.reserve) as u64;
        self.extend_limit(track, free_until);
        if self.fits(len) {
            return Ok(());
        }
        let next_lap = self.lap + track.capacity() as u64;
        if free_until < next_lap + (span(len) + GRANULE) as u64 {
            return Err(ClaimError::Full);
        }
        // It does not fit this lap and fits the next: skip the rest of this one. At least 8 bytes are left for the skip,
        // because the limit stays that far away from the end of the lap. The empty header at the start of the next lap
        // becomes visible with the skip, as everywhere else with the record before it.
        // SAFETY: the first granule of the next lap is free, and this is the only producer.
        unsafe { track.first().store(Word::EMPTY, Ordering::Relaxed) };
        let rest = track.capacity() - self.cursor.bytes_after(track.first());
        // Release: the store above happens before the consumer that sees the skip looks there.
        // SAFETY: the cursor is where this producer writes its next header.
        unsafe { self.cursor.store(Word::skip(rest), Ordering::Release) };
        self.lap = next_lap;
        self.cursor = track.first();
        self.extend_limit(track, free_until);
        Ok(())
    }

    /// Sees to it that a payload of `max` bytes fits before the limit, or at least one of `min` bytes. As without a
    /// reserve, a `max` beyond the longest record counts as that.
    #[cold]
    #[inline(never)]
    fn make_room_up_to(
        &mut self,
        ring: Option<&Ring>,
        min: usize,
        max: usize,
    ) -> Result<(), ClaimError> {
        let longest = self.max_len(ring.ok_or(ClaimError::Detached)?.track());
        check_len(min, longest)?;
        self.make_room(ring, max.min(longest)).or_else(|_| self.make_room(ring, min))
    }

    /// Moves the limit as far as the room before position `free_until`, the lap and the longest record allow.
    fn extend_limit(&mut self, track: Track, free_until: u64) {
        let cursor = self.cursor.bytes_after(track.first());
        let free = free_until.saturating_sub(self.lap).min(track.capacity() as u64) as usize;
        let longest = cursor + span(self.max_len(track));
        // Whole granules: a commit moves the cursor by such, and must not pass the limit. And not before the cursor, where
        // a reserve that was set meanwhile would put it.
        let free = free.saturating_sub(GRANULE) & !(GRANULE - 1);
        let limit = free.min(longest).max(cursor);
        // SAFETY: less than the capacity.
        self.limit = unsafe { track.first().add(limit) };
        self.known = self.limit;
    }

    /// The longest payload that fits an empty ring less the reserve, wherever its positions stand: see
    /// [`Track::max_record_len`]. Its span ends where it does, so that a longer one has a longer span.
    fn max_len(&self, track: Track) -> usize {
        let half = (track.capacity() - self.reserve) / 2;
        half.next_multiple_of(GRANULE) - GRANULE - HEADER
    }
}

impl Flavour for Spsc {}

impl Reserve for Spsc {
    const ID: u32 = 1;
    const CONSUMER_ZEROES: bool = false;

    fn first(ring: &Ring) -> Spsc {
        let first = ring.track().first();
        Spsc { cursor: first, limit: first, known: first, lap: 0, reserve: 0 }
    }

    #[inline(always)]
    fn reserve(&mut self, ring: Option<&Ring>, len: usize) -> Result<Reserved, ClaimError> {
        if !self.fits(len) {
            self.make_room(ring, len)?;
        }
        Ok(Reserved { at: self.cursor, len })
    }

    #[inline]
    fn reserve_up_to(
        &mut self,
        ring: Option<&Ring>,
        min: usize,
        max: usize,
    ) -> Result<Reserved, ClaimError> {
        if min == 0 || !self.fits(max) {
            self.make_room_up_to(ring, min, max)?;
        }
        Ok(Reserved { at: self.cursor, len: self.room().min(max) })
    }

    #[inline(always)]
    unsafe fn publish(&mut self, reserved: Reserved, len: usize) {
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
    unsafe fn abandon(&mut self, _reserved: Reserved) {
        // The cursor has not moved, and the header is still empty.
    }

    fn position(&self, ring: &Ring) -> u64 {
        self.lap + self.cursor.bytes_after(ring.track().first()) as u64
    }
}
