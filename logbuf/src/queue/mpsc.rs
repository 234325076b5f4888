//! A ring for several producers and one consumer.
//!
//! Producers reserve room by moving a shared tail with one compare-and-swap, mark it as claimed, fill it and commit it in
//! any order. The consumer reads in the order of the reservations, and zeroes room before it gives it back, so that a
//! header of 0 means "not ready" when it is reserved again.
//!
//! A claim that is still open holds up the records behind it: they are not lost, they come when it has been committed or
//! given up. [`Consumer::stall`] tells a consumer that it waits, and for what.
//!
//! # Examples
//!
//! ```
//! use logbuf::queue::mpsc;
//!
//! let (producer, mut consumer) = mpsc::new(4096);
//! std::thread::scope(|scope| {
//!     for text in ["one", "two"] {
//!         let mut producer = producer.clone();
//!         scope.spawn(move || {
//!             let mut claim = producer.try_claim(3).expect("the ring is larger");
//!             claim.copy_from_slice(text.as_bytes());
//!             claim.commit();
//!         });
//!     }
//! });
//! assert_eq!(consumer.batch(usize::MAX).iter().count(), 2);
//! ```

use std::sync::atomic::compiler_fence;
use std::time::Duration;

use crate::error::{ClaimError, StorageError};
use crate::flavour::{Flavour, Reserve, Reserved};
use crate::ring::{Ring, Track, check_len};
use crate::storage::Storage;
use crate::sync::Ordering;
use crate::word::{GRANULE, HEADER, Word, span};

/// The writing end of an MPSC ring. Clone it for each thread that writes.
pub type Producer = crate::producer::Producer<Mpsc>;

/// Room in an MPSC ring, to be filled and committed.
pub type WriteClaim<'a> = crate::claim::WriteClaim<'a, Mpsc>;

/// The reading end of an MPSC ring.
pub type Consumer = crate::consumer::Consumer<Mpsc>;

/// One record of an MPSC ring, read in place.
pub type ReadClaim<'a> = crate::consumer::ReadClaim<'a, Mpsc>;

/// Records of an MPSC ring, taken together.
pub type Batch<'a> = crate::batch::Batch<'a, Mpsc>;

/// Makes a ring of `capacity` bytes, rounded up to a power of two, on the heap.
///
/// # Panics
///
/// If [`try_new`] would fail: the capacity is 0 or beyond [`Storage::MAX_CAPACITY`], or memory is exhausted.
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

/// Several producers, one consumer; and what a producer keeps to itself.
#[derive(Clone, Debug)]
pub struct Mpsc {
    track: Track,
    /// Position before which all room that is not reserved is known to be free, less 8 bytes: see [`free_until`].
    limit: u64,
}

/// What an MPSC consumer waits for: room that was reserved, and neither committed nor given up yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    /// Where the room starts, in bytes since the ring was made.
    pub position: u64,
    /// Bytes of ring reserved from there on, by this claim and those behind it.
    pub bytes: u64,
    /// How long the consumer has known: the time since the first call of [`Consumer::stall`] that named this position.
    pub waited: Duration,
}

impl Clone for Producer {
    fn clone(&self) -> Producer {
        if let Some(ring) = &self.ring {
            ring.join();
        }
        Producer { flavour: self.flavour.clone(), ring: self.ring.clone() }
    }
}

impl Consumer {
    /// What the consumer waits for, if the next room was reserved and not committed. Ask after a read that found
    /// nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut slow, mut consumer) = logbuf::queue::mpsc::new(4096);
    /// let mut quick = slow.clone();
    ///
    /// let open = slow.try_claim(100)?;
    /// quick.try_claim(12)?.commit();
    /// assert!(consumer.try_claim().is_none());
    /// let stall = consumer.stall().expect("the claim is open");
    /// assert_eq!((stall.position, stall.bytes), (0, 104 + 16));
    ///
    /// drop(open); // or commit
    /// assert!(consumer.stall().is_none());
    /// assert!(consumer.try_claim().is_some());
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    pub fn stall(&mut self) -> Option<Stall> {
        // Relaxed: a number to look at. Whatever it says was reserved before now.
        let tail = self.ring().control().tail.0.load(Ordering::Relaxed);
        let position = self.pending_position()?;
        if tail <= position {
            return None;
        }
        let waited = self.waited_at(position);
        Some(Stall { position, bytes: tail - position, waited })
    }
}

impl Mpsc {
    /// Reserves room for a payload of `min` to `max` bytes.
    #[inline(always)]
    fn reserve_between(
        &mut self,
        ring: &Ring,
        min: usize,
        max: usize,
    ) -> Result<Reserved, ClaimError> {
        let track = self.track;
        check_len(min, track.max_record_len())?;
        let tail = &ring.control().tail.0;
        // Relaxed: the compare-and-swap finds out whether it is still true.
        let mut position = tail.load(Ordering::Relaxed);
        loop {
            let left = track.left_in_lap(position);
            // What the lap has left is skipped if it is too short.
            let (start, in_lap) = if span(min) <= left {
                (position, left)
            } else {
                (position + left as u64, track.capacity())
            };
            if start + span(max) as u64 > self.limit {
                self.extend_limit(ring);
            }
            let room = self.limit.saturating_sub(start).min(in_lap as u64) as usize;
            if room < span(min) {
                return Err(ClaimError::Full);
            }
            let len = max.min(room - HEADER);
            let end = start + span(len) as u64;
            // Relaxed: the tail hands out positions and nothing else. That the room is free was acquired with the head
            // that the limit comes from; what is written there is released by the commit.
            match tail.compare_exchange_weak(position, end, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    // SAFETY: just reserved.
                    return Ok(unsafe { self.occupy(position, start, len) });
                }
                Err(now) => position = now,
            }
        }
    }

    /// Marks what was reserved: a skip from `position` to `start`, and from there room for `len` bytes.
    ///
    /// # Safety
    ///
    /// This producer moved the tail from `position` over both.
    #[inline(always)]
    unsafe fn occupy(&self, position: u64, start: u64, len: usize) -> Reserved {
        if position != start {
            // Release: for the consumer, which zeroes what it passes over; its zeroing comes after this store.
            // SAFETY: reserved by this producer.
            unsafe {
                self.track
                    .slot(position)
                    .store(Word::skip((start - position) as usize), Ordering::Release)
            };
        }
        let at = self.track.slot(start);
        // Relaxed: for a reader that comes when this process is dead, to pass over the hole. It only has to stand there
        // before the payload does, which is a matter between the compiler and this thread.
        // SAFETY: reserved by this producer.
        unsafe { at.store(Word::claimed(len), Ordering::Relaxed) };
        compiler_fence(Ordering::Release);
        Reserved { at, len }
    }

    /// Looks how far the consumer has got.
    #[cold]
    fn extend_limit(&mut self, ring: &Ring) {
        // Acquire: pairs with the consumer's release, so that it has read and zeroed the room before we write there.
        let head = ring.control().head.0.released.load(Ordering::Acquire);
        self.limit = free_until(head, self.track);
    }
}

/// Position before which room may be reserved when the consumer has released everything before `head`. 8 bytes stay
/// empty, so that a consumer that holds a full ring does not take the record at the head for the next one.
fn free_until(head: u64, track: Track) -> u64 {
    head + (track.capacity() - GRANULE) as u64
}

impl Flavour for Mpsc {}

impl Reserve for Mpsc {
    const ID: u32 = 2;
    const CONSUMER_ZEROES: bool = true;

    fn first(ring: &Ring) -> Mpsc {
        let track = ring.track();
        Mpsc { track, limit: free_until(0, track) }
    }

    #[inline]
    fn reserve(&mut self, ring: Option<&Ring>, len: usize) -> Result<Reserved, ClaimError> {
        self.reserve_between(ring.ok_or(ClaimError::Detached)?, len, len)
    }

    #[inline]
    fn reserve_up_to(
        &mut self,
        ring: Option<&Ring>,
        min: usize,
        max: usize,
    ) -> Result<Reserved, ClaimError> {
        let ring = ring.ok_or(ClaimError::Detached)?;
        check_len(min, self.track.max_record_len())?;
        match self.reserve_between(ring, max, max) {
            Err(ClaimError::Full) if min < max => self.reserve_between(ring, min, max),
            result => result,
        }
    }

    #[inline(always)]
    unsafe fn publish(&mut self, reserved: Reserved, len: usize) {
        let unused = span(reserved.len) - span(len);
        if unused != 0 {
            // SAFETY: within the reservation.
            let rest = unsafe { reserved.at.add(span(len)) };
            // Relaxed: published by the store below.
            // SAFETY: the reservation is ours.
            unsafe { rest.store(Word::skip(unused), Ordering::Relaxed) };
        }
        // Release: the payload happens before the consumer that sees the length.
        // SAFETY: the reservation is ours.
        unsafe { reserved.at.store(Word::record(len), Ordering::Release) };
    }

    #[inline(always)]
    unsafe fn abandon(&mut self, reserved: Reserved) {
        // Release: what was written to the payload happens before the consumer zeroes it.
        // SAFETY: the reservation is ours.
        unsafe { reserved.at.store(Word::skip(span(reserved.len)), Ordering::Release) };
    }

    fn position(&self, ring: &Ring) -> u64 {
        // Relaxed: a number to look at.
        ring.control().tail.0.load(Ordering::Relaxed)
    }
}
