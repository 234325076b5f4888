//! The writing end of a ring, the same for every flavour.

use std::fmt;

use crate::claim::WriteClaim;
use crate::error::ClaimError;
use crate::flavour::Flavour;
use crate::ring::Ring;
use crate::sync::{Arc, Ordering};

/// The writing end of a ring.
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
pub struct Producer<F: Flavour> {
    pub(crate) flavour: F,
    /// None if detached.
    pub(crate) ring: Option<Arc<Ring>>,
}

// SAFETY: nothing ties a producer to a thread. It writes only what it has reserved, and the flavours reserve so that no
// two producers get the same room.
unsafe impl<F: Flavour> Send for Producer<F> {}

// SAFETY: a shared producer only tells, and counts whom it is cloned to in an atomic; claiming takes it exclusively.
unsafe impl<F: Flavour> Sync for Producer<F> {}

impl<F: Flavour> Producer<F> {
    pub(crate) fn new(ring: Arc<Ring>) -> Self {
        Producer { flavour: F::first(&ring), ring: Some(ring) }
    }

    /// Claims room for a record with a payload of `len` bytes.
    ///
    /// # Errors
    ///
    /// [`ClaimError::Full`] if there is not enough room now; [`ClaimError::TooLong`] and [`ClaimError::ZeroLength`] if
    /// there never will be; [`ClaimError::Detached`].
    #[inline]
    pub fn try_claim(&mut self, len: usize) -> Result<WriteClaim<'_, F>, ClaimError> {
        let reserved = self.flavour.reserve(self.ring.as_deref(), len)?;
        // SAFETY: just reserved by this producer, which the claim borrows.
        Ok(unsafe { WriteClaim::new(self, reserved) })
    }

    /// As [`try_claim`](Producer::try_claim), and once more for as long as the ring is full and `again` says so.
    #[inline]
    pub(crate) fn claim_while(
        &mut self,
        len: usize,
        mut again: impl FnMut() -> bool,
    ) -> Result<WriteClaim<'_, F>, ClaimError> {
        loop {
            match self.flavour.reserve(self.ring.as_deref(), len) {
                // SAFETY: just reserved by this producer, which the claim borrows.
                Ok(reserved) => return Ok(unsafe { WriteClaim::new(self, reserved) }),
                Err(ClaimError::Full) if again() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Claims as much room as there is now in one piece, at least `min` and at most `max` bytes, for a record whose size
    /// shows only when it has been written: see [`WriteClaim::commit_len`]. A `max` beyond
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
    ) -> Result<WriteClaim<'_, F>, ClaimError> {
        let max = max.min(self.max_record_len()).max(min);
        let reserved = self.flavour.reserve_up_to(self.ring.as_deref(), min, max)?;
        // SAFETY: just reserved by this producer, which the claim borrows.
        Ok(unsafe { WriteClaim::new(self, reserved) })
    }

    /// Position up to which room was claimed, in bytes since the ring was made: by this producer and committed in an SPSC
    /// ring, by all of them in an MPSC ring. Padding at the end of a lap may come before the next record. 0 if detached.
    pub fn position(&self) -> u64 {
        self.ring.as_ref().map_or(0, |ring| self.flavour.position(ring))
    }

    /// Size of the ring in bytes; 0 if detached.
    pub fn capacity(&self) -> usize {
        self.ring.as_ref().map_or(0, |ring| ring.track().capacity())
    }

    /// The longest payload that fits the ring, in bytes: half the capacity less 12; 0 if detached. It always fits an
    /// empty ring of which nothing is reserved: see [`spsc`](crate::queue::spsc::Producer::set_reserve).
    pub fn max_record_len(&self) -> usize {
        self.ring.as_ref().map_or(0, |ring| ring.track().max_record_len())
    }

    /// Whether the consumer has released everything up to [`position`](Producer::position).
    pub fn is_empty(&self) -> bool {
        self.len_bytes() == 0
    }

    /// Bytes of ring up to [`position`](Producer::position) that were not released yet, headers and padding included.
    pub fn len_bytes(&self) -> usize {
        let Some(ring) = &self.ring else {
            return 0;
        };
        // Relaxed: a number to look at, which may be out of date when it arrives. The head first, so that it is not
        // ahead of the position.
        let head = ring.control().head.0.released.load(Ordering::Relaxed);
        self.flavour.position(ring).saturating_sub(head) as usize
    }

    /// Whether the consumer was dropped, so that nobody will read what is committed from now on. True if detached.
    #[inline]
    pub fn is_consumer_gone(&self) -> bool {
        self.ring.as_ref().is_none_or(|ring| ring.is_consumer_gone())
    }
}

impl<F: Flavour> Drop for Producer<F> {
    fn drop(&mut self) {
        if let Some(ring) = &self.ring {
            ring.leave();
        }
    }
}

impl<F: Flavour> fmt::Debug for Producer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Producer")
            .field("capacity", &self.capacity())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}
