//! Our rings: read in batches, and record by record.

use std::time::Duration;

use logbuf::queue::{mpsc, spsc};
use logbuf::{Consumer, Flavour, Producer};

use super::{Sink, Source, Subject};

impl<F: Flavour> Source for Producer<F> {
    #[inline]
    fn push(&mut self, record: &[u8]) -> bool {
        match self.try_claim(record.len()) {
            Ok(mut claim) => {
                claim.copy_from_slice(record);
                claim.commit();
                true
            }
            Err(_) => false,
        }
    }
}

/// Reads in batches: large enough to share the cost of a release, small enough to keep the producer going.
pub struct Batches<F: Flavour>(Consumer<F>);

impl<F: Flavour> Sink for Batches<F> {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        for record in &mut self.0.batch(16 * 1024) {
            visit(record);
            count += 1;
        }
        count
    }
}

/// Reads in batches that follow each other at a distance: for throughput alone.
pub struct Bulk<F: Flavour>(Batches<F>);

impl<F: Flavour> From<Consumer<F>> for Batches<F> {
    fn from(consumer: Consumer<F>) -> Self {
        Batches(consumer)
    }
}

impl<F: Flavour> From<Consumer<F>> for Singly<F> {
    fn from(consumer: Consumer<F>) -> Self {
        Singly(consumer)
    }
}

impl<F: Flavour> From<Consumer<F>> for Bulk<F> {
    fn from(mut consumer: Consumer<F>) -> Self {
        consumer.set_head_start(HEAD_START);
        Bulk(Batches(consumer))
    }
}

impl<F: Flavour> Sink for Bulk<F> {
    #[inline]
    fn drain(&mut self, visit: impl FnMut(&[u8])) -> usize {
        self.0.drain(visit)
    }
}

/// How far the producer may get ahead.
const HEAD_START: Duration = Duration::from_micros(20);

/// Reads record by record.
pub struct Singly<F: Flavour>(Consumer<F>);

impl<F: Flavour> Sink for Singly<F> {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        while let Some(record) = self.0.try_claim() {
            visit(&record);
            count += 1;
        }
        count
    }
}

macro_rules! subject {
    ($(#[$meta:meta])* $subject:ident = $name:literal, $module:ident, $flavour:ident, $sink:ident) => {
        $(#[$meta])*
        pub struct $subject;

        impl Subject for $subject {
            const NAME: &'static str = $name;
            type Source = $module::Producer;
            type Sink = $sink<$module::$flavour>;

            fn make(capacity: usize) -> (Self::Source, Self::Sink) {
                let (producer, consumer) = $module::new(capacity);
                (producer, consumer.into())
            }
        }
    };
}

subject!(
    /// Our SPSC ring.
    LogbufSpsc = "logbuf", spsc, Spsc, Batches
);
subject!(
    /// Our SPSC ring without batches.
    LogbufSpscSingly = "logbuf, singly", spsc, Spsc, Singly
);
subject!(
    /// Our MPSC ring.
    LogbufMpsc = "logbuf", mpsc, Mpsc, Batches
);
subject!(
    /// Our MPSC ring without batches.
    LogbufMpscSingly = "logbuf, singly", mpsc, Mpsc, Singly
);
subject!(
    /// Our SPSC ring, read in bulk.
    LogbufSpscBulk = "logbuf, 20 µs head start", spsc, Spsc, Bulk
);
subject!(
    /// Our MPSC ring, read in bulk.
    LogbufMpscBulk = "logbuf, 20 µs head start", mpsc, Mpsc, Bulk
);
