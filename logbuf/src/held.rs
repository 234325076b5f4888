//! Records that were taken and are still in the ring.

use std::fmt;

use crate::consumer::Consumer;
use crate::flavour::Flavour;
use crate::word::span;

/// The records that a consumer holds, oldest first. Made by [`Consumer::held`].
///
/// Looking at them changes nothing; [`release`](Held::release) gives back the room of what was handed out, so that a reader can keep
/// the last records of a ring and let the oldest go.
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
/// let mut batch = consumer.batch(usize::MAX);
/// assert_eq!(batch.iter().count(), 3);
/// batch.hold();
///
/// let mut held = consumer.held();
/// assert_eq!(held.next_record(), Some(&b"one"[..]));
/// held.release();
/// assert_eq!(consumer.held().next_record(), Some(&b"two"[..]));
/// # Ok::<(), logbuf::ClaimError>(())
/// ```
#[must_use = "held records stay where they are until they are released"]
pub struct Held<'a, F: Flavour> {
    consumer: &'a mut Consumer<F>,
    /// Position behind the last record handed out.
    at: u64,
}

impl<'a, F: Flavour> Held<'a, F> {
    pub(crate) fn new(consumer: &'a mut Consumer<F>) -> Self {
        let at = consumer.head_position();
        Self { consumer, at }
    }

    /// The payload of the next record that is held.
    pub fn next_record(&mut self) -> Option<&[u8]> {
        let (mut at, end) = (self.at, self.consumer.next_header());
        // SAFETY: `at` is the head, or behind a record, in room that was not released: the header stands there still. Where
        // nothing is held it is where the consumer reads next.
        let next = unsafe { self.consumer.track().next_record(&mut at) };
        let Some((slot, len)) = next.filter(|_| at < end) else {
            // What may be left is a skip that was passed over while something was held.
            self.at = end;
            return None;
        };
        self.at = at + span(len) as u64;
        // SAFETY: the record was committed, and its room is not released as long as `self` is borrowed.
        Some(unsafe { slot.payload(len) })
    }

    /// Position behind the last record handed out, in bytes since the ring was made. At first, where what is held starts.
    pub fn position(&self) -> u64 {
        self.at
    }

    /// Bytes of ring that are held behind [`position`](Held::position), headers and padding included.
    pub fn bytes_left(&self) -> usize {
        (self.consumer.next_header() - self.at) as usize
    }

    /// Gives back the room of the records handed out. Those behind them remain held.
    pub fn release(self) {
        self.consumer.release_to(self.at);
    }
}

impl<F: Flavour> fmt::Debug for Held<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Held")
            .field("position", &self.at)
            .field("bytes_left", &self.bytes_left())
            .finish_non_exhaustive()
    }
}
