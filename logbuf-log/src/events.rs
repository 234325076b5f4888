//! The EVENTS block that is being filled.

use std::time::{Duration, Instant};

use logbuf::queue::{mpsc, spsc};
use logbuf_format::block::{self, Kind};
use logbuf_format::events::{self, OpenExtent};
use logbuf_format::{Level, loss::Reason};

use crate::dictionary::Dictionary;
use crate::loss::Losses;
use crate::record;
use crate::registry::{REGISTRY, SHARED_RING};
use crate::segment::Segment;
use crate::site::SiteId;
use crate::table::Span;
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

    /// The smallest time stamp in the block.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.block.as_ref().filter(|block| block.count > 0).map(|block| block.span.first)
    }

    /// Whether the first record was taken from its ring at least `age` ago.
    pub(crate) fn is_older_than(&self, age: Duration) -> bool {
        self.block.as_ref().is_some_and(|block| block.since.elapsed() >= age)
    }

    /// Copies the records of `batch`, which are of ring `ring` and of `thread`, as one extent. Says whether there were
    /// any.
    pub(crate) fn take(
        &mut self,
        batch: &mut spsc::Batch<'_>,
        ring: u32,
        thread: &Thread,
        dictionary: &mut Dictionary,
    ) -> bool {
        let start = batch.start();
        let mut records = batch.iter().peekable();
        if records.peek().is_none() {
            return false;
        }
        let block = self.filling();
        let mut extent = events::open(&mut block.bytes, ring, thread.id, start);
        for bytes in records {
            block.put(&mut extent, record::split(bytes), dictionary, &thread.losses);
        }
        extent.seal(&mut block.bytes, batch.end());
        true
    }

    /// Copies the records of `batch`, which are of the shared ring: an extent for each run of records of one thread. A
    /// thread that is not listed in the segment is nobody there.
    pub(crate) fn take_shared(
        &mut self,
        batch: &mut mpsc::Batch<'_>,
        is_listed: impl Fn(u32) -> bool,
        dictionary: &mut Dictionary,
    ) {
        let mut open: Option<(u32, OpenExtent)> = None;
        let mut end = batch.start();
        loop {
            let next = batch.iter().next();
            let Some(bytes) = next else { break };
            let (thread, record) = record::split_shared(bytes);
            let thread = if is_listed(thread) { thread } else { REGISTRY.stand_in.id };
            let block = self.filling();
            if let Some((_, extent)) = open.take_if(|(other, _)| *other != thread) {
                extent.seal(&mut block.bytes, end);
            }
            let (_, extent) = open.get_or_insert_with(|| {
                (thread, events::open(&mut block.bytes, SHARED_RING, thread, end))
            });
            block.put(extent, record, dictionary, &REGISTRY.stand_in.losses);
            end = batch.end();
        }
        if let (Some((_, extent)), Some(block)) = (open, &mut self.block) {
            extent.seal(&mut block.bytes, end);
        }
    }

    fn filling(&mut self) -> &mut Filling {
        self.block.get_or_insert_with(|| Filling::new(std::mem::take(&mut self.spare)))
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

    /// Puts a record into the extent that is open, or counts it as lost if the file has no room for one like it.
    fn put(
        &mut self,
        extent: &mut OpenExtent,
        (site, ticks, values): (SiteId, u64, &[u8]),
        dictionary: &mut Dictionary,
        losses: &Losses,
    ) {
        let level = match dictionary.entry(site) {
            Some(site) if extent.put(&mut self.bytes, site.number, ticks, values).is_ok() => {
                self.span.add_level(site.level);
                self.span.add_time(ticks);
                self.count += 1;
                return;
            }
            Some(site) => site.level,
            None => Level::Error,
        };
        losses.add(level, Reason::TOO_LONG, values.len(), ticks);
    }
}
