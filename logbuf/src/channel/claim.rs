//! Room in a channel, to be filled and committed.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::claim;
use crate::flavour::Flavour;
use crate::wait::Gate;

/// Room for one record in a channel: a [`WriteClaim`](crate::WriteClaim) of its ring that, when it is given up, wakes the
/// receiver.
///
/// A record becomes the receiver's with [`commit`](WriteClaim::commit) and [`Sender::notify`](super::Sender::notify). A claim
/// that is given up, by a drop or a panic, needs no `notify`: records of other senders may have waited behind it, which
/// their senders have notified of already, so that it tells the receiver itself.
///
/// # Examples
///
/// ```
/// use logbuf::channel::mpsc;
///
/// let (mut slow, mut rx) = mpsc::channel(4096);
/// let mut quick = slow.clone();
///
/// let open = slow.try_send(100)?;
/// quick.try_send(12)?.commit();
/// quick.notify();
/// assert!(rx.try_recv().is_err(), "a claim is open before it");
///
/// drop(open);
/// assert_eq!(rx.recv(None).unwrap().len(), 12);
/// # Ok::<(), logbuf::channel::SendError>(())
/// ```
#[must_use = "a claim that is not committed is given up"]
pub struct WriteClaim<'a, F: Flavour> {
    // The order matters: the claim is dropped first, so that a receiver that wakes finds it gone.
    claim: claim::WriteClaim<'a, F>,
    notice: Notice<'a>,
}

impl<'a, F: Flavour> WriteClaim<'a, F> {
    #[inline(always)]
    pub(super) fn new(claim: claim::WriteClaim<'a, F>, gate: &'a Gate) -> Self {
        WriteClaim { claim, notice: Notice(gate) }
    }

    /// Makes the claim a record: the receiver can read it from now on, and is to be told with
    /// [`notify`](super::Sender::notify).
    #[inline]
    pub fn commit(self) {
        let WriteClaim { claim, notice } = self;
        claim.commit();
        notice.cancel();
    }

    /// Makes the first `len` bytes of the claim a record and gives up the rest: see
    /// [`commit_len`](crate::WriteClaim::commit_len). The receiver is to be told with [`notify`](super::Sender::notify); if
    /// `len` is 0, it was told.
    ///
    /// # Panics
    ///
    /// As there: with debug assertions, if `len` is beyond the claim.
    #[inline]
    pub fn commit_len(self, len: usize) {
        if len == 0 {
            return;
        }
        let WriteClaim { claim, notice } = self;
        claim.commit_len(len);
        notice.cancel();
    }
}

impl<F: Flavour> Deref for WriteClaim<'_, F> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.claim
    }
}

impl<F: Flavour> DerefMut for WriteClaim<'_, F> {
    #[inline]
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.claim
    }
}

impl<F: Flavour> fmt::Debug for WriteClaim<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.claim.fmt(f)
    }
}

/// Notifies the receiver when it is dropped.
struct Notice<'a>(&'a Gate);

impl Notice<'_> {
    /// Leaves it to the sender.
    #[inline]
    fn cancel(self) {
        std::mem::forget(self);
    }
}

impl Drop for Notice<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.notify();
    }
}
