//! The raw payload, written from the front and never beyond the length that was announced.

use crate::{
    Fault, Part,
    bytes::padded,
    events::{COUNTED, HEAD_LEN, RECORD_HEAD_LEN},
    limits,
};

/// A raw payload that is being put together at the end of a vector.
pub(super) struct Output<'o> {
    out: &'o mut Vec<u8>,
    /// Where the payload starts in `out`.
    start: usize,
    /// Where it may not go beyond.
    end: usize,
    /// Where the head of the extent stands.
    extent: usize,
    records: u32,
    /// Where the head of the record stands.
    record: usize,
}

/// Bytes behind the payload: the head of a record that does not fit any more, and a number, which is put in a step of 8.
const SLACK: usize = RECORD_HEAD_LEN + 8;

impl<'o> Output<'o> {
    /// For `len` bytes, which the caller has found to be within the limits.
    pub(super) fn new(out: &'o mut Vec<u8>, len: usize) -> Self {
        let start = out.len();
        out.reserve(len + SLACK);
        Self { out, start, end: start + len, extent: start, records: 0, record: start }
    }

    /// Starts an extent with this head, whose count and length are not known yet.
    pub(super) fn open(&mut self, head: &[u8]) -> Result<(), Fault> {
        self.extent = self.out.len();
        self.records = 0;
        self.put_bytes(head)
    }

    /// Completes the extent.
    pub(super) fn seal(&mut self) {
        let len = (self.out.len() - self.extent - HEAD_LEN) as u32;
        let head = &mut self.out[self.extent..self.extent + HEAD_LEN];
        head[24..28].copy_from_slice(&self.records.to_le_bytes());
        head[28..32].copy_from_slice(&len.to_le_bytes());
    }

    /// Starts a record. Its values are put next; its head is not known yet.
    #[inline]
    pub(super) fn begin_record(&mut self) {
        self.record = self.out.len();
        self.out.extend_from_slice(&[0; RECORD_HEAD_LEN]);
    }

    /// Completes the record of this site and time.
    #[inline]
    pub(super) fn end_record(&mut self, (site, ticks): (u32, u64)) -> Result<(), Fault> {
        let len = self.out.len() - self.record;
        if len > limits::RECORD {
            let (found, limit) = (len as u64, limits::RECORD as u64);
            return Err(Fault::Limit { part: Part::Record, found, limit });
        }
        let at = self.record + padded(len);
        if at > self.end {
            return Err(self.beyond(at));
        }
        let counted = (len - (RECORD_HEAD_LEN - COUNTED)) as u64;
        let head = u128::from(counted | u64::from(site) << 32) | u128::from(ticks) << 64;
        self.out[self.record..self.record + RECORD_HEAD_LEN].copy_from_slice(&head.to_le_bytes());
        self.put_step(0, at);
        self.records += 1;
        Ok(())
    }

    /// Takes back what there is of the record.
    pub(super) fn abort_record(&mut self) {
        self.out.truncate(self.record);
    }

    /// Appends the first `len` bytes, at most 8, of `word`.
    #[inline]
    pub(super) fn put(&mut self, word: u64, len: usize) -> Result<(), Fault> {
        let at = self.out.len() + len;
        if at > self.end {
            return Err(self.beyond(at));
        }
        self.put_step(word, at);
        Ok(())
    }

    #[inline]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let at = self.out.len() + bytes.len();
        if at > self.end {
            return Err(self.beyond(at));
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// How many bytes were put.
    pub(super) fn finish(self) -> usize {
        self.out.len() - self.start
    }

    /// Appends as much of `word` as there is room for up to `at`. All of it, and then less, is one store.
    #[inline]
    fn put_step(&mut self, word: u64, at: usize) {
        self.out.extend_from_slice(&word.to_le_bytes());
        self.out.truncate(at);
    }

    #[cold]
    fn beyond(&self, at: usize) -> Fault {
        let (found, limit) = ((at - self.start) as u64, (self.end - self.start) as u64);
        Fault::Limit { part: Part::ExpandedPayload, found, limit }
    }
}
