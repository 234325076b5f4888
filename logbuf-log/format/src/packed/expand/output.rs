//! The raw payload, written from the front and never beyond the length that was announced.

use crate::{
    Fault, Part,
    bytes::padded,
    events::{COUNTED, HEAD_LEN, RECORD_HEAD_LEN},
    limits,
};

/// A raw payload that is being put together in place of whatever bytes were there.
pub(super) struct Output<'o> {
    out: &'o mut [u8],
    /// Where it may not go beyond.
    end: usize,
    at: usize,
    /// Where the head of the extent stands.
    extent: usize,
    records: u32,
    /// Where the head of the record stands.
    record: usize,
}

/// Bytes behind the payload, so that numbers can be written in steps of 8.
pub(super) const SLACK: usize = 8;

impl<'o> Output<'o> {
    /// For as many bytes as there are in `out`, but for [`SLACK`].
    pub(super) fn new(out: &'o mut [u8]) -> Self {
        let end = out.len() - SLACK;
        Self { out, end, at: 0, extent: 0, records: 0, record: 0 }
    }

    /// Starts an extent with this head, whose count and length are not known yet.
    pub(super) fn open(&mut self, head: &[u8]) -> Result<(), Fault> {
        self.extent = self.at;
        self.records = 0;
        self.put_bytes(head)
    }

    /// Completes the extent.
    pub(super) fn seal(&mut self) {
        let len = (self.at - self.extent - HEAD_LEN) as u32;
        let head = &mut self.out[self.extent..self.extent + HEAD_LEN];
        head[24..28].copy_from_slice(&self.records.to_le_bytes());
        head[28..32].copy_from_slice(&len.to_le_bytes());
    }

    /// Starts a record. Its values are put next; its head is not known yet.
    #[inline]
    pub(super) fn begin_record(&mut self) {
        self.record = self.at;
        self.at += RECORD_HEAD_LEN;
    }

    /// Completes the record of this site and time.
    #[inline]
    pub(super) fn end_record(&mut self, (site, ticks): (u32, u64)) -> Result<(), Fault> {
        let len = self.at - self.record;
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
        self.out[self.at..self.at + 8].fill(0);
        self.at = at;
        self.records += 1;
        Ok(())
    }

    /// Takes back what there is of the record.
    pub(super) fn abort_record(&mut self) {
        self.at = self.record;
    }

    /// Appends the first `len` bytes, at most 8, of `word`.
    #[inline]
    pub(super) fn put(&mut self, word: u64, len: usize) -> Result<(), Fault> {
        let at = self.at + len;
        if at > self.end {
            return Err(self.beyond(at));
        }
        self.out[self.at..self.at + 8].copy_from_slice(&word.to_le_bytes());
        self.at = at;
        Ok(())
    }

    #[inline]
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        let at = self.at + bytes.len();
        if at > self.end {
            return Err(self.beyond(at));
        }
        self.out[self.at..at].copy_from_slice(bytes);
        self.at = at;
        Ok(())
    }

    /// How many bytes were put.
    pub(super) fn finish(self) -> usize {
        self.at
    }

    #[cold]
    fn beyond(&self, at: usize) -> Fault {
        let (found, limit) = (at as u64, self.end as u64);
        Fault::Limit { part: Part::ExpandedPayload, found, limit }
    }
}
