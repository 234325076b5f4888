//! crossbeam-channel: a vector for each record.

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Sink, Source, Subject};

/// Bounded, with room for as many records of 64 bytes as the capacity holds.
pub struct Crossbeam;

impl Subject for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    type Source = Sender<Vec<u8>>;
    type Sink = Receiver<Vec<u8>>;

    fn make(capacity: usize) -> (Self::Source, Self::Sink) {
        bounded(capacity / 64)
    }
}

impl Source for Sender<Vec<u8>> {
    #[inline]
    fn push(&mut self, record: &[u8]) -> bool {
        // Asked first, so that nothing is allocated in vain. Another sender may still be quicker.
        !self.is_full() && self.try_send(record.to_vec()).is_ok()
    }
}

impl Sink for Receiver<Vec<u8>> {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        while let Ok(record) = self.try_recv() {
            visit(&record);
            count += 1;
        }
        count
    }
}
