//! Room in a ring, to be filled and committed.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::flavour::{Flavour, Reserved};
use crate::producer::Producer;

/// Room for one record. The bytes are whatever was there before; they become a record with [`WriteClaim::commit`].
///
/// Dropping a claim gives it up; so does a panic. What it means to [forget](std::mem::forget) one differs: in an SPSC
/// ring it is the same as dropping it; an MPSC ring stops at a forgotten claim for good, because nobody can tell it from
/// one that is still being filled.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
///
/// drop(producer.try_claim(100)?); // given up
///
/// let mut claim = producer.try_claim(100)?;
/// claim[..3].copy_from_slice(b"abc");
/// claim.commit_len(3);
///
/// assert_eq!(&*consumer.try_claim().unwrap(), b"abc");
/// # Ok::<(), logbuf::ClaimError>(())
/// ```
#[must_use = "a claim that is not committed is given up"]
pub struct WriteClaim<'a, F: Flavour> {
    producer: &'a mut Producer<F>,
    reserved: Reserved,
}

// SAFETY: exclusive access to a producer, which may be sent, and to room that only this claim uses.
unsafe impl<F: Flavour> Send for WriteClaim<'_, F> {}

impl<'a, F: Flavour> WriteClaim<'a, F> {
    /// Hands out what `producer` has reserved.
    ///
    /// # Safety
    ///
    /// `reserved` is room that `producer` has reserved and that nobody else hands out.
    #[inline(always)]
    pub(crate) unsafe fn new(producer: &'a mut Producer<F>, reserved: Reserved) -> Self {
        WriteClaim { producer, reserved }
    }

    /// Makes the claim a record: the consumer sees it from now on.
    #[inline]
    pub fn commit(self) {
        let len = self.reserved.len;
        self.commit_len(len);
    }

    /// Makes the first `len` bytes of the claim a record and gives up the rest.
    ///
    /// A `len` of 0 gives up the whole claim. One beyond the claim is a mistake; it commits the claim and nothing else.
    ///
    /// # Panics
    ///
    /// With debug assertions, if `len` is beyond the claim, which is then given up.
    #[inline]
    pub fn commit_len(self, len: usize) {
        debug_assert!(
            len <= self.reserved.len,
            "{len} bytes of a claim of {} bytes",
            self.reserved.len
        );
        if len == 0 {
            return;
        }
        let mut claim = ManuallyDrop::new(self);
        let reserved = claim.reserved;
        // SAFETY: reserved by this producer; the claim is not used or dropped again.
        unsafe { claim.producer.flavour.publish(reserved, len.min(reserved.len)) };
    }
}

impl<F: Flavour> Deref for WriteClaim<'_, F> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: a claim is the only access to the room it stands for, which its producer keeps alive.
        unsafe { self.reserved.at.payload(self.reserved.len) }
    }
}

impl<F: Flavour> DerefMut for WriteClaim<'_, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and the claim is borrowed exclusively.
        unsafe { self.reserved.at.payload_mut(self.reserved.len) }
    }
}

impl<F: Flavour> Drop for WriteClaim<'_, F> {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: reserved by this producer; a committed claim is not dropped.
        unsafe { self.producer.flavour.abandon(self.reserved) };
    }
}

impl<F: Flavour> fmt::Debug for WriteClaim<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteClaim").field("len", &self.reserved.len).finish_non_exhaustive()
    }
}
