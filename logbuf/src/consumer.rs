//! The reading end of a ring, the same for every flavour.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::atomic::compiler_fence;
use std::time::{Duration, Instant};

use crate::batch::Batch;
use crate::flavour::Flavour;
use crate::held::Held;
use crate::producer::Producer;
use crate::ring::{Ring, Track};
use crate::sync::{Arc, Ordering};
use crate::word::span;

/// The reading end of a ring.
///
/// Records come out in the order in which they were claimed. Reading one has two halves: the record is **taken**, and
/// later its room is **released** to the producer. Dropping a [`ReadClaim`] or a [`Batch`] does both;
/// [`Batch::hold`] takes only, for readers that must keep the records in the ring until they are safe elsewhere.
///
/// # Examples
///
/// ```
/// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
/// for text in ["one", "two", "three"] {
///     let mut claim = producer.try_claim(text.len())?;
///     claim.copy_from_slice(text.as_bytes());
///     claim.commit();
/// }
///
/// assert_eq!(&*consumer.try_claim().unwrap(), b"one");
/// let rest: Vec<Vec<u8>> = consumer.batch(usize::MAX).iter().map(<[u8]>::to_vec).collect();
/// assert_eq!(rest, [b"two".to_vec(), b"three".to_vec()]);
/// # Ok::<(), logbuf::ClaimError>(())
/// ```
pub struct Consumer<F: Flavour> {
    track: Track,
    /// Position of the next header to look at.
    next_header: u64,
    /// Position up to which room was released; what the control block says. Behind `next_header` only while something is held.
    head: u64,
    /// Position behind the last record taken. Behind `next_header` only by skips.
    taken: u64,
    /// See [`Consumer::set_head_start`].
    head_start: Duration,
    /// Whether the last batch was small and left nothing, while a head start is wanted.
    close_behind: bool,
    /// The pending header that [`mpsc`](crate::queue::mpsc) was asked about, and when that was first.
    pending: Option<(u64, Instant)>,
    ring: Arc<Ring>,
    flavour: PhantomData<F>,
}

// SAFETY: the consumer is the only reader of its ring, and nothing ties it to a thread.
unsafe impl<F: Flavour> Send for Consumer<F> {}

impl<F: Flavour> Consumer<F> {
    pub(crate) fn new(ring: Arc<Ring>) -> Self {
        Consumer {
            track: ring.track(),
            next_header: 0,
            head: 0,
            taken: 0,
            head_start: Duration::ZERO,
            close_behind: false,
            pending: None,
            ring,
            flavour: PhantomData,
        }
    }

    /// Takes the next record, if one is ready. Dropping it releases its room.
    ///
    /// A record that is [forgotten](std::mem::forget) was not taken: it comes again.
    #[inline]
    pub fn try_claim(&mut self) -> Option<ReadClaim<'_, F>> {
        let mut read = self.next_header;
        // SAFETY: `read` is where this consumer expects a header.
        let Some((slot, len)) = (unsafe { self.track.next_record(&mut read) }) else {
            self.pass(read);
            return None;
        };
        // SAFETY: the record was committed, and its room is not released while the claim lives.
        let payload = std::ptr::from_ref(unsafe { slot.payload(len) });
        Some(ReadClaim { consumer: self, payload, end: read + span(len) as u64 })
    }

    /// Takes records as long as they are ready and together need no more than `max_bytes` bytes of ring, headers and
    /// padding included; the first is taken whatever its size. Dropping the batch releases what was taken.
    #[inline]
    pub fn batch(&mut self, max_bytes: usize) -> Batch<'_, F> {
        Batch::new(self, max_bytes)
    }

    /// Lets the producer get ahead: a [`batch`](Consumer::batch) that follows a small one that left nothing in the ring
    /// first spins for `time`. Zero, which is the default, switches this off; more than a millisecond counts as a
    /// millisecond, because whoever spins for longer should sleep.
    ///
    /// A consumer that is faster than its producer reads each record as soon as it is committed, and the two wait for each
    /// other's cache lines at every record. With a head start of some microseconds records move in bulk, several times as
    /// many of them, and each takes up to that much longer to arrive.
    pub fn set_head_start(&mut self, time: Duration) {
        self.head_start = time.min(MAX_HEAD_START);
        self.close_behind = false;
    }

    /// Spins, if the last batch was close behind the producer.
    #[inline]
    pub(crate) fn grant_head_start(&mut self) {
        if self.close_behind {
            self.close_behind = false;
            spin_for(self.head_start);
        }
    }

    /// Notes how a batch of `bytes` bytes ended.
    #[inline]
    pub(crate) fn note_batch(&mut self, caught_up: bool, bytes: u64) {
        self.close_behind = caught_up && bytes < SMALL_BATCH && !self.head_start.is_zero();
    }

    /// Releases what was held by [`Batch::hold`].
    pub fn release_held(&mut self) {
        self.release_to(self.next_header);
    }

    /// Gives `head..end` back to the producer, `end` being behind a record that is held, or the head, or where nothing is held any
    /// more.
    pub(crate) fn release_to(&mut self, end: u64) {
        debug_assert!(self.head <= end && end <= self.next_header);
        if self.head != end {
            self.release(end);
        }
    }

    /// What is held by [`Batch::hold`], from the oldest record on: to be read again, and to be released in part.
    pub fn held(&mut self) -> Held<'_, F> {
        Held::new(self)
    }

    /// Takes back what was held by [`Batch::hold`]: it was not taken, and comes again.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
    /// producer.try_claim(3)?.commit();
    /// let mut batch = consumer.batch(usize::MAX);
    /// assert_eq!(batch.iter().count(), 1);
    /// batch.hold();
    /// assert!(consumer.is_empty());
    ///
    /// consumer.rewind_held();
    /// assert_eq!(consumer.try_claim().unwrap().len(), 3);
    /// # Ok::<(), logbuf::ClaimError>(())
    /// ```
    pub fn rewind_held(&mut self) {
        self.next_header = self.head;
        self.taken = self.head;
    }

    /// Bytes of ring that are held: taken and not yet released.
    pub fn held_bytes(&self) -> usize {
        (self.next_header - self.head) as usize
    }

    /// Position behind the last record taken, in bytes since the ring was made.
    pub fn taken_position(&self) -> u64 {
        self.taken
    }

    /// Position up to which room was released, in bytes since the ring was made.
    pub fn head_position(&self) -> u64 {
        self.head
    }

    /// Puts a word beside the ring for whoever finds its [file](crate::Storage::file) when this process is dead, such as
    /// who writes to it now: see [`Image::label`](crate::Image::label). It is 0 until it is set.
    ///
    /// Set it before the producer gets to work: a record that is found in the file was then committed under this label or
    /// a later one.
    pub fn set_label(&self, label: u64) {
        // Release: with what hands the producer to its thread, the label is there before the records are.
        self.ring.control().preamble.0.label.store(label, Ordering::Release);
    }

    /// Size of the ring in bytes.
    pub fn capacity(&self) -> usize {
        self.track.capacity()
    }

    /// The longest payload that fits the ring, in bytes.
    pub fn max_record_len(&self) -> usize {
        self.track.max_record_len()
    }

    /// Whether no record is ready.
    pub fn is_empty(&self) -> bool {
        self.pending_position().is_some()
    }

    /// Bytes of ring between the next record and the end of the last one that is ready, headers and padding included.
    /// This walks the records.
    pub fn len_bytes(&self) -> usize {
        let mut read = self.next_header;
        // SAFETY: `read` is where this consumer expects a header, or behind a record that is ready.
        while let Some((_, len)) = unsafe { self.track.next_record(&mut read) } {
            read += span(len) as u64;
        }
        (read - self.next_header) as usize
    }

    /// Whether every producer was dropped. If this is true before a read that finds nothing, nothing will come.
    pub fn is_producer_gone(&self) -> bool {
        self.ring.is_producer_gone()
    }

    /// Whether a record is ready; as every look, this releases skips that are in the way.
    #[inline]
    pub(crate) fn is_ready(&mut self) -> bool {
        let pending = self.pending_position();
        pending.inspect(|&read| self.pass(read)).is_none()
    }

    pub(crate) fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Position of the next header if it is pending.
    pub(crate) fn pending_position(&self) -> Option<u64> {
        let mut read = self.next_header;
        // SAFETY: `read` is where this consumer expects a header.
        let ready = unsafe { self.track.next_record(&mut read) };
        ready.is_none().then_some(read)
    }

    /// How long ago this was asked first about `position`.
    pub(crate) fn waited_at(&mut self, position: u64) -> Duration {
        match self.pending {
            Some((known, since)) if known == position => since.elapsed(),
            _ => {
                self.pending = Some((position, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// A producer that goes on where the last one, which is gone, left off.
    pub(crate) fn rejoin(&self, flavour: F) -> Producer<F> {
        self.ring.join();
        Producer { flavour, ring: Some(self.ring.clone()) }
    }

    #[inline(always)]
    pub(crate) fn track(&self) -> Track {
        self.track
    }

    /// Position of the next header to look at.
    #[inline(always)]
    pub(crate) fn next_header(&self) -> u64 {
        self.next_header
    }

    /// Takes everything up to `end`, behind a record, and releases it unless something before it is held.
    #[inline(always)]
    pub(crate) fn take(&mut self, end: u64) {
        self.taken = end;
        self.pass(end);
    }

    /// Takes everything up to `end`, behind a record, and holds it.
    pub(crate) fn hold(&mut self, end: u64) {
        self.taken = end;
        self.next_header = end;
    }

    /// Moves on to `end`, over records that were taken and skips, and releases it unless something before it is held.
    /// Skips have to be released even where no record follows: their room may be all that the next record lacks.
    #[inline(always)]
    pub(crate) fn pass(&mut self, end: u64) {
        if end == self.next_header {
            return;
        }
        let holding = self.head != self.next_header;
        self.next_header = end;
        if !holding {
            self.release(end);
        }
    }

    /// Gives `head..end`, which is not empty, back to the producer.
    #[inline(always)]
    fn release(&mut self, end: u64) {
        if F::CONSUMER_ZEROES {
            // Relaxed: for a reader that comes when this process is dead. It only has to stand there before the zeros do,
            // which is a matter between the compiler and this thread.
            self.ring.control().head.0.zeroing.store(end, Ordering::Relaxed);
            compiler_fence(Ordering::Release);
            // SAFETY: it was committed and not released, so that no producer has access to it, and `&mut self` rules
            // out that a record in it is still borrowed.
            unsafe { self.track.zero(self.head, end) };
        }
        self.head = end;
        // Release: what was read, or zeroed, before this happens before the producer that acquires the new head
        // writes there.
        self.ring.control().head.0.released.store(self.head, Ordering::Release);
    }
}

impl<F: Flavour> Drop for Consumer<F> {
    fn drop(&mut self) {
        // Relaxed: a producer that sees this reads nothing on the strength of it.
        self.ring.control().presence.0.consumers.store(0, Ordering::Relaxed);
    }
}

impl<F: Flavour> fmt::Debug for Consumer<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Consumer")
            .field("capacity", &self.capacity())
            .field("head", &self.head)
            .field("next_header", &self.next_header)
            .finish_non_exhaustive()
    }
}

/// The longest that a consumer spins before a batch.
const MAX_HEAD_START: Duration = Duration::from_millis(1);

/// Below so many bytes of ring, a batch that left nothing was close behind the producer.
const SMALL_BATCH: u64 = 2048;

/// Looks at the clock until `time` is over: that makes no system call and touches none of the ring's memory.
#[cold]
fn spin_for(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// One record, read in place. Dropping it takes it and releases its room.
#[must_use = "dropping a record takes it from the ring"]
pub struct ReadClaim<'a, F: Flavour> {
    consumer: &'a mut Consumer<F>,
    payload: *const [u8],
    end: u64,
}

// SAFETY: a shared record and an exclusive consumer, both of which may be sent.
unsafe impl<F: Flavour> Send for ReadClaim<'_, F> {}

impl<F: Flavour> Deref for ReadClaim<'_, F> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        // SAFETY: the room of the record is not released while the claim lives.
        unsafe { &*self.payload }
    }
}

impl<F: Flavour> Drop for ReadClaim<'_, F> {
    #[inline]
    fn drop(&mut self) {
        self.consumer.take(self.end);
    }
}

impl<F: Flavour> fmt::Debug for ReadClaim<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadClaim").field(&&**self).finish()
    }
}
