//! rtrb: chunks of bytes, each record behind its length.

use rtrb::{Consumer, CopyToUninit, Producer, RingBuffer};

use super::{Sink, Source, Subject};

/// Chunks, read as many records at a time as there are.
pub struct Rtrb;

impl Subject for Rtrb {
    const NAME: &'static str = "rtrb";
    type Source = Producer<u8>;
    type Sink = Reader;

    fn make(capacity: usize) -> (Self::Source, Self::Sink) {
        let (producer, consumer) = RingBuffer::new(capacity);
        (producer, Reader { consumer, record: Vec::new() })
    }
}

impl Source for Producer<u8> {
    #[inline]
    fn push(&mut self, record: &[u8]) -> bool {
        let Ok(mut chunk) = self.write_chunk_uninit(4 + record.len()) else {
            return false;
        };
        let (first, second) = chunk.as_mut_slices();
        let header = (record.len() as u32).to_ne_bytes();
        if first.len() >= 4 + record.len() {
            header.copy_to_uninit(&mut first[..4]);
            record.copy_to_uninit(&mut first[4..]);
        } else {
            let bytes = header.iter().chain(record);
            for (slot, byte) in first.iter_mut().chain(second).zip(bytes) {
                slot.write(*byte);
            }
        }
        // SAFETY: the header and the record were written to all of it.
        unsafe { chunk.commit_all() };
        true
    }
}

/// The reading end, with a place to put a record together that goes around the end.
pub struct Reader {
    consumer: Consumer<u8>,
    record: Vec<u8>,
}

impl Sink for Reader {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let Ok(chunk) = self.consumer.read_chunk(self.consumer.slots()) else {
            return 0;
        };
        let (first, second) = chunk.as_slices();
        let byte = |index: usize| {
            if index < first.len() { first[index] } else { second[index - first.len()] }
        };
        let (mut at, end, mut count) = (0, first.len() + second.len(), 0);
        while at < end {
            let header = match first.get(at..at + 4) {
                Some(header) => header.try_into().expect("4 bytes"),
                None => std::array::from_fn(|index| byte(at + index)),
            };
            let (start, stop) = (at + 4, at + 4 + u32::from_ne_bytes(header) as usize);
            if stop <= first.len() {
                visit(&first[start..stop]);
            } else if start >= first.len() {
                visit(&second[start - first.len()..stop - first.len()]);
            } else {
                self.record.clear();
                self.record.extend_from_slice(&first[start..]);
                self.record.extend_from_slice(&second[..stop - first.len()]);
                visit(&self.record);
            }
            at = stop;
            count += 1;
        }
        chunk.commit_all();
        count
    }
}
