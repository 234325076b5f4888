//! Many records, taken together and released at once.

use std::fmt;

use crate::consumer::Consumer;
use crate::flavour::Flavour;
use crate::ring::Track;
use crate::word::span;

/// Records that are taken as they are iterated over, and released together: one zeroing where the flavour needs it, one
/// store.
///
/// Only what an iterator has handed out counts as taken; the rest stays in the ring for the next batch. A batch that is
/// [forgotten](std::mem::forget) took nothing: its records come again.
///
/// # Examples
///
/// ```
/// # let (mut producer, mut consumer) = logbuf::queue::spsc::new(1024);
/// # for text in ["one", "two", "three"] {
/// #     let mut claim = producer.try_claim(text.len())?;
/// #     claim.copy_from_slice(text.as_bytes());
/// #     claim.commit();
/// # }
/// let mut batch = consumer.batch(64 * 1024);
/// let mut bytes = 0;
/// for record in &mut batch {
///     bytes += record.len();
/// }
/// assert_eq!((bytes, batch.start(), batch.end()), (11, 0, 32));
/// batch.release();
/// assert_eq!(consumer.head_position(), 32);
/// # Ok::<(), logbuf::ClaimError>(())
/// ```
#[must_use = "a batch takes what is iterated over"]
pub struct Batch<'a, F: Flavour> {
    consumer: &'a mut Consumer<F>,
    walk: Walk,
}

/// How far a batch has got.
#[derive(Clone, Copy)]
struct Walk {
    track: Track,
    /// Position of the next header to look at.
    read: u64,
    /// Position at which the batch starts.
    start: u64,
    /// Position behind the last record taken; `start` if there is none.
    end: u64,
    /// Where the records have to end.
    limit: u64,
    /// Whether nothing was left when the last record was asked for.
    caught_up: bool,
}

impl<'a, F: Flavour> Batch<'a, F> {
    #[inline]
    pub(crate) fn new(consumer: &'a mut Consumer<F>, max_bytes: usize) -> Self {
        consumer.grant_head_start();
        let (read, start) = (consumer.next_header(), consumer.taken_position());
        let limit = start.saturating_add(max_bytes as u64);
        let walk =
            Walk { track: consumer.track(), read, start, end: start, limit, caught_up: false };
        Batch { consumer, walk }
    }

    /// Iterates over the records that were not handed out yet, including those that are committed meanwhile.
    #[inline]
    pub fn iter(&mut self) -> Records<'_, 'a, F> {
        Records { walk: self.walk, batch: self }
    }

    /// Position at which the batch starts, in bytes since the ring was made: the end of the last record taken before.
    #[inline]
    pub fn start(&self) -> u64 {
        self.walk.start
    }

    /// Position behind the last record handed out so far, in bytes since the ring was made.
    ///
    /// `end - start` is the sum of the records, each with its header of 4 bytes and padded to a multiple of 8, and of
    /// the padding at the end of a lap.
    #[inline]
    pub fn end(&self) -> u64 {
        self.walk.end
    }

    /// Takes the records handed out and releases their room, as dropping the batch does. Room is released in order: if
    /// an earlier batch is still held, this one is held with it.
    pub fn release(self) {}

    /// Takes the records handed out and keeps their room until [`Consumer::release_held`], so that they can still be
    /// found in the ring if the process dies.
    pub fn hold(self) {
        if self.walk.end != self.walk.start {
            self.consumer.hold(self.walk.end);
        }
    }
}

impl<F: Flavour> Drop for Batch<'_, F> {
    #[inline]
    fn drop(&mut self) {
        if self.walk.end == self.walk.start {
            self.consumer.pass(self.walk.read);
        } else {
            self.consumer.note_batch(self.walk.caught_up, self.walk.end - self.walk.start);
            self.consumer.take(self.walk.end);
        }
    }
}

impl<'b, 'a, F: Flavour> IntoIterator for &'b mut Batch<'a, F> {
    type Item = &'b [u8];
    type IntoIter = Records<'b, 'a, F>;

    #[inline]
    fn into_iter(self) -> Records<'b, 'a, F> {
        self.iter()
    }
}

impl<F: Flavour> fmt::Debug for Batch<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("start", &self.start())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

/// The payloads of a batch, in order. Made by [`Batch::iter`].
pub struct Records<'b, 'a, F: Flavour> {
    batch: &'b mut Batch<'a, F>,
    /// A copy of its own, which stays in registers; the batch gets it back when the iterator is dropped.
    walk: Walk,
}

impl<'b, F: Flavour> Iterator for Records<'b, '_, F> {
    type Item = &'b [u8];

    #[inline]
    fn next(&mut self) -> Option<&'b [u8]> {
        let Walk { track, start, limit, .. } = self.walk;
        // SAFETY: the batch is the consumer's, and `read` is where it expects a header.
        let Some((slot, len)) = (unsafe { track.next_record(&mut self.walk.read) }) else {
            self.walk.caught_up = true;
            return None;
        };
        let end = self.walk.read + span(len) as u64;
        if end > limit && self.walk.end != start {
            return None;
        }
        self.walk.read = end;
        self.walk.end = end;
        // SAFETY: the record was committed, and its room is not released before the batch is dropped, which `'b` does
        // not outlive.
        Some(unsafe { slot.payload(len) })
    }
}

impl<F: Flavour> Drop for Records<'_, '_, F> {
    #[inline]
    fn drop(&mut self) {
        self.batch.walk = self.walk;
    }
}

impl<F: Flavour> std::iter::FusedIterator for Records<'_, '_, F> {}

impl<F: Flavour> fmt::Debug for Records<'_, '_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Records").field(&self.batch).finish()
    }
}
