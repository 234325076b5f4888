//! ringbuf: slices of bytes, each record behind its length.

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};

use super::{Sink, Source, Subject};

/// Slices, with the caching ends it hands out.
pub struct Ringbuf;

impl Subject for Ringbuf {
    const NAME: &'static str = "ringbuf";
    type Source = HeapProd<u8>;
    type Sink = Reader;

    fn make(capacity: usize) -> (Self::Source, Self::Sink) {
        let (producer, consumer) = HeapRb::new(capacity).split();
        (producer, Reader { consumer, expected: None, record: vec![0; 64 * 1024] })
    }
}

impl Source for HeapProd<u8> {
    #[inline]
    fn push(&mut self, record: &[u8]) -> bool {
        if self.vacant_len() < 4 + record.len() {
            return false;
        }
        self.push_slice(&(record.len() as u32).to_ne_bytes());
        self.push_slice(record);
        true
    }
}

/// The reading end. The two slices of a record arrive one after the other.
pub struct Reader {
    consumer: HeapCons<u8>,
    expected: Option<usize>,
    record: Vec<u8>,
}

impl Sink for Reader {
    #[inline]
    fn drain(&mut self, mut visit: impl FnMut(&[u8])) -> usize {
        let mut count = 0;
        loop {
            let len = match self.expected.take() {
                Some(len) => len,
                None if self.consumer.occupied_len() < 4 => return count,
                None => {
                    let mut header = [0; 4];
                    self.consumer.pop_slice(&mut header);
                    u32::from_ne_bytes(header) as usize
                }
            };
            if self.consumer.occupied_len() < len {
                self.expected = Some(len);
                return count;
            }
            self.consumer.pop_slice(&mut self.record[..len]);
            visit(&self.record[..len]);
            count += 1;
        }
    }
}
