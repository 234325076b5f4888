//! The EVENTS block that is being filled.

use std::time::{Duration, Instant};

use logbuf::queue::spsc::Batch;
use logbuf_format::block::{self, Kind};
use logbuf_format::{Level, events, loss::Reason};

use crate::dictionary::Dictionary;
use crate::record;
use crate::segment::{Segment, Span};
use crate::thread::Thread;

/// Records on their way from the rings into one block.
#[derive(Default)]
pub(crate) struct Events {
    block: Option<Filling>,
    /// Room of the last block, for the next.
    spare: Vec<u8>,
}

/// A block with something in it.
struct Filling {
    bytes: Vec<u8>,
    open: block::Open,
    count: u32,
    span: Span,
    since: Instant,
}

impl Events {
    /// Bytes in the block.
    pub(crate) fn len(&self) -> usize {
        self.block.as_ref().map_or(0, |block| block.bytes.len())
    }

    /// Records in the block.
    pub(crate) fn count(&self) -> u32 {
        self.block.as_ref().map_or(0, |block| block.count)
    }

    /// Whether the first record was taken from its ring at least `age` ago.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        self.block.as_ref().is_some_and(|block| block.since.elapsed() >= age)
    }

    /// Copies the records of `batch`, which are `thread`'s, as one extent. Says whether there were any.
    pub(crate) fn take(
        &mut self,
        batch: &mut Batch<'_>,
        thread: &Thread,
        dictionary: &mut Dictionary,
    ) -> bool {
        let start = batch.start();
        let mut records = batch.iter().peekable();
        if records.peek().is_none() {
            return false;
        }
        let block = self.block.get_or_insert_with(|| Filling::new(std::mem::take(&mut self.spare)));
        let mut extent = events::open(&mut block.bytes, thread.id, thread.id, start);
        for bytes in records {
            let (site, ticks, values) = record::split(bytes);
            let level = match dictionary.entry(site) {
                Some(site) if extent.put(&mut block.bytes, site.number, ticks, values).is_ok() => {
                    block.span.add_level(site.level);
                    block.span.add_time(ticks);
                    block.count += 1;
                    continue;
                }
                Some(site) => site.level,
                None => Level::Error,
            };
            thread.losses.add(level, Reason::TOO_LONG, bytes.len(), ticks);
        }
        extent.seal(&mut block.bytes, batch.end());
        true
    }

    /// Puts the block into `segment`, if there is one, and says how many records it has.
    pub(crate) fn put(&mut self, segment: &mut Segment) -> u32 {
        let Some(Filling { mut bytes, open, count, span, .. }) = self.block.take() else {
            return 0;
        };
        segment.put_block(open, &mut bytes, Kind::EVENTS, count, span);
        bytes.clear();
        self.spare = bytes;
        count
    }
}

impl Filling {
    fn new(mut bytes: Vec<u8>) -> Self {
        let open = block::open(&mut bytes);
        Self { bytes, open, count: 0, span: Span::EMPTY, since: Instant::now() }
    }
}
