//! The receiving end of a channel, the same for every flavour.

use std::fmt;
use std::ops::Deref;
use std::time::{Duration, Instant};

use crossbeam_utils::Backoff;

use crate::batch::Batch;
use crate::consumer::{Consumer, ReadClaim};
use crate::flavour::Flavour;
use crate::held::Held;
use crate::queue::mpsc::{Mpsc, Stall};
use crate::sync::{Arc, RECEIVER_SPINS};
use crate::wait::Gate;

/// The receiving end of a channel: a [`Consumer`] that can wait.
pub struct Receiver<F: Flavour> {
    consumer: Consumer<F>,
    gate: Arc<Gate>,
}

/// Why a wait ended without a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecvError {
    /// Time is up.
    Timeout,
    /// Every sender was dropped, and everything they sent was read.
    Disconnected,
}

/// Why there is no record now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TryRecvError {
    /// Nothing is ready.
    Empty,
    /// Every sender was dropped, and everything they sent was read.
    Disconnected,
}

impl<F: Flavour> Receiver<F> {
    pub(crate) fn new(consumer: Consumer<F>, gate: Arc<Gate>) -> Self {
        Receiver { consumer, gate }
    }

    /// Takes the next record if one is ready. Dropping it releases its room.
    ///
    /// # Errors
    ///
    /// [`TryRecvError::Empty`], or [`TryRecvError::Disconnected`] if nothing will come.
    #[inline]
    pub fn try_recv(&mut self) -> Result<ReadClaim<'_, F>, TryRecvError> {
        // Before the look: if they were gone then, nothing came after it.
        let gone = self.consumer.is_producer_gone();
        match self.consumer.try_claim() {
            Some(record) => Ok(record),
            None if gone => Err(TryRecvError::Disconnected),
            None => Err(TryRecvError::Empty),
        }
    }

    /// Takes the next record, and waits for it: for ever, or no longer than `timeout`. Dropping the record releases its
    /// room.
    ///
    /// # Errors
    ///
    /// [`RecvError::Timeout`], or [`RecvError::Disconnected`] if nothing will come.
    #[inline]
    pub fn recv(&mut self, timeout: Option<Duration>) -> Result<ReadClaim<'_, F>, RecvError> {
        self.wait(timeout)?;
        // There is a record, and nobody else takes it.
        self.consumer.try_claim().ok_or(RecvError::Timeout)
    }

    /// Waits until a record is ready: for ever, or no longer than `timeout`. For those who then read a
    /// [`batch`](Receiver::batch).
    ///
    /// # Errors
    ///
    /// [`RecvError::Timeout`], or [`RecvError::Disconnected`] if nothing will come.
    #[inline]
    pub fn wait(&mut self, timeout: Option<Duration>) -> Result<(), RecvError> {
        if self.consumer.is_ready() { Ok(()) } else { self.wait_long(timeout) }
    }

    #[cold]
    fn wait_long(&mut self, timeout: Option<Duration>) -> Result<(), RecvError> {
        // A timeout beyond what the clock can tell is for ever.
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let backoff = Backoff::new();
        let mut spins = 0;
        loop {
            // Before the look: if they were gone then, nothing came after it.
            let gone = self.consumer.is_producer_gone();
            if self.consumer.is_ready() {
                return Ok(());
            }
            if gone {
                return Err(RecvError::Disconnected);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(RecvError::Timeout);
            }
            if spins < RECEIVER_SPINS {
                spins += 1;
                backoff.spin();
            } else {
                let consumer = &mut self.consumer;
                self.gate.wait(deadline, || consumer.is_ready() || consumer.is_producer_gone());
            }
        }
    }

    /// Takes records together: see [`Consumer::batch`].
    #[inline]
    pub fn batch(&mut self, max_bytes: usize) -> Batch<'_, F> {
        self.consumer.batch(max_bytes)
    }

    /// Releases what was held by [`Batch::hold`].
    pub fn release_held(&mut self) {
        self.consumer.release_held();
    }

    /// What is held by [`Batch::hold`]: see [`Consumer::held`].
    pub fn held(&mut self) -> Held<'_, F> {
        self.consumer.held()
    }

    /// Takes back what was held by [`Batch::hold`]: see [`Consumer::rewind_held`].
    pub fn rewind_held(&mut self) {
        self.consumer.rewind_held();
    }

    /// Lets the senders get ahead: see [`Consumer::set_head_start`].
    pub fn set_head_start(&mut self, time: Duration) {
        self.consumer.set_head_start(time);
    }
}

impl Receiver<Mpsc> {
    /// What the receiver waits for, if the next room was reserved and not committed: see
    /// [`Consumer::stall`](Consumer#method.stall). Ask after a wait that ended in time.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use logbuf::channel::mpsc;
    ///
    /// let (mut tx, mut rx) = mpsc::channel(4096);
    /// let open = tx.try_send(100)?;
    /// assert!(rx.wait(Some(Duration::ZERO)).is_err());
    /// let stall = rx.stall().expect("the claim is open");
    /// assert_eq!((stall.position, stall.bytes), (0, 104));
    /// # Ok::<(), logbuf::channel::SendError>(())
    /// ```
    pub fn stall(&mut self) -> Option<Stall> {
        self.consumer.stall()
    }
}

/// The numbers of the ring.
impl<F: Flavour> Deref for Receiver<F> {
    type Target = Consumer<F>;

    #[inline]
    fn deref(&self) -> &Consumer<F> {
        &self.consumer
    }
}

impl<F: Flavour> fmt::Debug for Receiver<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receiver").field(&self.consumer).finish()
    }
}

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecvError::Timeout => write!(f, "nothing was sent in time"),
            RecvError::Disconnected => write!(f, "the senders are gone"),
        }
    }
}

impl std::error::Error for RecvError {}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TryRecvError::Empty => write!(f, "nothing was sent yet"),
            TryRecvError::Disconnected => write!(f, "the senders are gone"),
        }
    }
}

impl std::error::Error for TryRecvError {}
