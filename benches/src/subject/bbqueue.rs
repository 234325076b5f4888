//! bbqueue, framed.

use std::sync::Arc;

use bbqueue::nicknames::YakiNiku;
use bbqueue::prod_cons::framed::{FramedConsumer, FramedProducer};
use bbqueue::traits::storage::BoxedSlice;

use super::{Sink, Source, Subject};

type Queue = Arc<YakiNiku>;

/// Framed, on the heap, with atomics.
pub struct Bbqueue;

impl Subject for Bbqueue {
    const NAME: &'static str = "bbqueue";
    type Source = FramedProducer<Queue, u16>;
    type Sink = FramedConsumer<Queue, u16>;

    fn make(capacity: usize) -> (Self::Source, Self::Sink) {
        let queue = bbqueue::ArcBBQueue::new_with_storage(BoxedSlice::new(capacity));
        (queue.framed_producer(), queue.framed_consumer())
    }
}

impl Source for FramedProducer<Queue, u16> {
    #[inline]
    fn push(&mut self, record: &[u8]) -> bool {
        let len = record.len() as u16;
        match self.grant(len) {
            Ok(mut grant) => {
                grant[..record.len()].copy_from_slice(record);
                grant.commit(len);
                true
            }
            Err(_) => false,
        }
    }
}

impl Sink for FramedConsumer<Queue, u16> {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        while let Ok(record) = self.read() {
            visit(&record);
            record.release();
            count += 1;
        }
        count
    }
}
