//! Room in a ring, to be filled and committed.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};

use crate::error::ClaimError;
use crate::slot::Slot;

/// Room for one record. The bytes are whatever was there before; they become a record with [`WriteClaim::commit`].
///
/// Dropping a claim gives it up: nothing is written. What it means to [forget](std::mem::forget) one differs: in an SPSC
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
pub struct WriteClaim<'a, P: Reserve> {
    producer: &'a mut P,
    reserved: Reserved,
}

// SAFETY: exclusive access to a producer that may be sent, and to room that only this claim uses.
unsafe impl<P: Reserve + Send> Send for WriteClaim<'_, P> {}

/// Room that a producer has reserved: `span(len)` bytes from `at`, which nobody else writes.
#[derive(Clone, Copy)]
pub(crate) struct Reserved {
    pub(crate) at: Slot,
    pub(crate) len: usize,
}

/// How a producer reserves room and publishes it: all in which SPSC and MPSC differ. Implemented by the two producers
/// and by nobody else.
#[expect(private_bounds, reason = "sealed: only this crate can implement it")]
pub trait Reserve: Sealed + Sized {
    /// Claims room for a record with a payload of `len` bytes.
    ///
    /// # Errors
    ///
    /// See [`ClaimError`].
    fn try_claim(&mut self, len: usize) -> Result<WriteClaim<'_, Self>, ClaimError>;
}

/// What a claim asks of its producer.
pub(crate) trait Sealed {
    /// Makes the first `len` bytes of the payload, 1 to all, a record.
    fn publish(&mut self, reserved: Reserved, len: usize);

    /// Gives the room up.
    fn abandon(&mut self, reserved: Reserved);
}

impl<'a, P: Reserve> WriteClaim<'a, P> {
    /// Hands out what `producer` has reserved.
    ///
    /// # Safety
    ///
    /// `reserved` is room that `producer` reserved in its ring, and nobody else uses it before it is published or
    /// abandoned.
    #[inline(always)]
    pub(crate) unsafe fn new(producer: &'a mut P, reserved: Reserved) -> Self {
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
    /// A `len` of 0 gives up the whole claim; one beyond the claim commits all of it.
    #[inline]
    pub fn commit_len(self, len: usize) {
        if len == 0 {
            return;
        }
        let mut claim = ManuallyDrop::new(self);
        let claim = &mut *claim;
        claim.producer.publish(claim.reserved, len.min(claim.reserved.len));
    }
}

impl<P: Reserve> Deref for WriteClaim<'_, P> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: a claim is the only access to the room it stands for, which its producer keeps alive.
        unsafe { self.reserved.at.payload(self.reserved.len) }
    }
}

impl<P: Reserve> DerefMut for WriteClaim<'_, P> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `deref`, and the claim is borrowed exclusively.
        unsafe { self.reserved.at.payload_mut(self.reserved.len) }
    }
}

impl<P: Reserve> Drop for WriteClaim<'_, P> {
    #[inline]
    fn drop(&mut self) {
        self.producer.abandon(self.reserved);
    }
}

impl<P: Reserve> fmt::Debug for WriteClaim<'_, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteClaim").field("len", &self.reserved.len).finish_non_exhaustive()
    }
}
