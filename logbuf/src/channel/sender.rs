//! The sending end of a channel, the same for every flavour.

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use crossbeam_utils::Backoff;

use super::WriteClaim;
use crate::claim;
use crate::error::ClaimError;
use crate::flavour::Flavour;
use crate::producer::Producer;
use crate::queue::mpsc::Mpsc;
use crate::sync::{Arc, SENDER_SPINS};
use crate::wait::Gate;

/// The sending end of a channel: a [`Producer`] that can wake the receiver. Dropping the last one wakes the receiver,
/// which sees [`Disconnected`](super::RecvError::Disconnected) when it has read what is left.
pub struct Sender<F: Flavour> {
    producer: ManuallyDrop<Producer<F>>,
    gate: Arc<Gate>,
}

/// Why nothing can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendError {
    /// The receiver was dropped. Nobody would read the record.
    Disconnected,
    /// There is no room.
    Claim(ClaimError),
}

impl<F: Flavour> Sender<F> {
    pub(crate) fn new(producer: Producer<F>, gate: Arc<Gate>) -> Self {
        Sender { producer: ManuallyDrop::new(producer), gate }
    }

    /// Claims room for a record with a payload of `len` bytes. Commit it, then call [`notify`](Sender::notify).
    ///
    /// # Errors
    ///
    /// [`SendError::Disconnected`], or why there is no room.
    #[inline]
    pub fn try_send(&mut self, len: usize) -> Result<WriteClaim<'_, F>, SendError> {
        self.check_connected()?;
        Self::hand_out(self.producer.try_claim(len), &self.gate)
    }

    /// As [`try_send`](Sender::try_send); if the ring is full, notifies the receiver and spins for some ten microseconds
    /// more. It does not sleep or yield: a caller that wants to wait longer does so in its own way.
    ///
    /// # Errors
    ///
    /// As [`try_send`](Sender::try_send); [`ClaimError::Full`] if there is still no room after that time.
    #[inline]
    pub fn send(&mut self, len: usize) -> Result<WriteClaim<'_, F>, SendError> {
        self.check_connected()?;
        let backoff = Backoff::new();
        let mut spins = 0;
        let gate = &self.gate;
        let again = || {
            if spins == 0 {
                // What is in the way may be records that the receiver was not told of.
                gate.notify();
            }
            backoff.spin();
            spins += 1;
            spins <= SENDER_SPINS
        };
        Self::hand_out(self.producer.claim_while(len, again), gate)
    }

    /// Claims as much room as there is now, at least `min` and at most `max` bytes: see
    /// [`Producer::try_claim_up_to`].
    ///
    /// # Errors
    ///
    /// As [`try_send`](Sender::try_send) of `min` bytes.
    #[inline]
    pub fn try_send_up_to(
        &mut self,
        min: usize,
        max: usize,
    ) -> Result<WriteClaim<'_, F>, SendError> {
        self.check_connected()?;
        Self::hand_out(self.producer.try_claim_up_to(min, max), &self.gate)
    }

    /// Wakes the receiver if it waits. Call it after a commit, or once after several; it makes a system call only if the
    /// receiver is parked.
    #[inline]
    pub fn notify(&self) {
        self.gate.notify();
    }

    #[inline(always)]
    fn hand_out<'a>(
        claim: Result<claim::WriteClaim<'a, F>, ClaimError>,
        gate: &'a Gate,
    ) -> Result<WriteClaim<'a, F>, SendError> {
        match claim {
            Ok(claim) => Ok(WriteClaim::new(claim, gate)),
            Err(error) => Err(SendError::Claim(error)),
        }
    }

    #[inline]
    fn check_connected(&self) -> Result<(), SendError> {
        if self.producer.is_consumer_gone() { Err(SendError::Disconnected) } else { Ok(()) }
    }
}

/// The numbers of the ring.
impl<F: Flavour> Deref for Sender<F> {
    type Target = Producer<F>;

    #[inline]
    fn deref(&self) -> &Producer<F> {
        &self.producer
    }
}

impl Clone for Sender<Mpsc> {
    fn clone(&self) -> Self {
        Sender { producer: self.producer.clone(), gate: self.gate.clone() }
    }
}

impl<F: Flavour> Drop for Sender<F> {
    fn drop(&mut self) {
        // First the producer, so that a receiver that wakes finds it gone.
        // SAFETY: the sender is being dropped, and does not use it again.
        unsafe { ManuallyDrop::drop(&mut self.producer) };
        self.gate.notify();
    }
}

impl<F: Flavour> fmt::Debug for Sender<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sender").field(&*self.producer).finish()
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Disconnected => write!(f, "the receiver is gone"),
            SendError::Claim(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            SendError::Disconnected => None,
            SendError::Claim(error) => Some(error),
        }
    }
}
