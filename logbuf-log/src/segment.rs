//! The segment that is being written.

use std::io::{self, ErrorKind};
use std::mem;
use std::ops::AddAssign;
use std::path::{Path, PathBuf};

use logbuf_format::Error;
use logbuf_format::block::{self, Codec, Compression, Header, Kind, Summary};
use logbuf_format::clock::Anchor;
use logbuf_format::end::End;
use logbuf_format::index::Index;
use logbuf_format::loss::Loss;
use logbuf_format::segment::{self, Meta};

use crate::output::{Opened, Presence, Sink};
use crate::table::{Reach, TABLE, Table};

/// Bytes of segment after which sites and threads are listed again, so that damage to one listing, or the loss of the
/// beginning of the file, costs no more than what is near.
const LISTING_INTERVAL: u64 = 4 << 20;

/// The segment that is being written.
///
/// Blocks are put first and written afterwards, together. What could not be written stays pending, and nothing more is
/// put before it is written, or carried over to another segment.
#[derive(Debug)]
pub(crate) struct Segment {
    sink: Box<dyn Sink>,
    path: PathBuf,
    salt: u64,
    /// How blocks of records are compressed. All else is stored as it is: it is little, and a reader wants it first.
    compression: Compression,
    /// Blocks put so far, and how many of them were [settled](Self::settle).
    blocks: u64,
    settled_blocks: u64,
    /// Events and losses put so far.
    events: u64,
    lost: u64,
    /// Where the EVENTS blocks are that were put lately.
    index: Index,
    /// Bytes written, up to the end of a block.
    len: u64,
    /// Bytes that are to be written next, and how many of them have been.
    pending: Vec<u8>,
    done: usize,
    /// Length in bytes from which sites and threads are listed again.
    next_listing: u64,
    /// Whether its end was put.
    is_ended: bool,
}

/// What was written at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) blocks: u64,
}

impl AddAssign for Written {
    fn add_assign(&mut self, other: Self) {
        self.bytes += other.bytes;
        self.blocks += other.blocks;
    }
}

impl Segment {
    /// A segment in what was opened for it. Its header is pending, not yet written.
    pub(crate) fn begin(
        Opened { sink, path, number }: Opened,
        anchor: Anchor,
        meta: Meta,
        salt: u64,
        compression: Compression,
    ) -> Result<Self, Error> {
        let mut pending = Vec::new();
        segment::Header { number, salt, anchor, meta }.put(&mut pending)?;
        Ok(Self {
            sink,
            path,
            salt,
            compression,
            blocks: 0,
            settled_blocks: 0,
            events: 0,
            lost: 0,
            index: Index::default(),
            len: 0,
            pending,
            done: 0,
            next_listing: LISTING_INTERVAL,
            is_ended: false,
        })
    }

    /// The file, or what stands for it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes written, up to the end of a block.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Where the next block starts in the file.
    fn end(&self) -> u64 {
        self.len + self.pending.len() as u64
    }

    /// Whether it holds nothing but what every segment begins with.
    pub(crate) fn is_empty(&self) -> bool {
        self.events == 0 && self.lost == 0
    }

    /// Whether sites and threads are to be listed again.
    pub(crate) fn is_listing_due(&self) -> bool {
        self.len >= self.next_listing
    }

    /// Puts a listing of all sites in use and all threads.
    pub(crate) fn put_listing(&mut self, tables: &[Table]) {
        tables.iter().for_each(|table| self.put_table(table));
        self.next_listing = self.len + LISTING_INTERVAL;
    }

    /// Puts a block of entries, unless there are none.
    pub(crate) fn put_table(&mut self, table: &Table) {
        if table.entries == 0 {
            return;
        }
        self.put_block(&table.payload, table.kind, Codec::RAW, table.entries, table.reach);
    }

    /// Puts a block of entries and empties the table, if it has enough of them.
    pub(crate) fn put_table_if_full(&mut self, table: &mut Table) {
        if table.payload.len() >= TABLE {
            let full = mem::replace(table, Table::new(table.kind));
            self.put_table(&full);
        }
    }

    /// Puts a block with this payload.
    pub(crate) fn put_block(
        &mut self,
        payload: &[u8],
        kind: Kind,
        codec: Codec,
        records: u32,
        reach: Reach,
    ) {
        debug_assert_eq!(self.done, 0, "a block is put behind a write that failed half-way");
        if self.index.is_full() {
            self.put_index();
        }
        let number = self.blocks;
        self.blocks += 1;
        let Reach { levels, sites, first, last } = reach;
        let first = first.min(last);
        let summary =
            Summary { kind, codec, levels, salt: self.salt, number, records, first, last, sites };
        let offset = self.end();
        let compression = if kind == Kind::EVENTS { self.compression } else { Compression::NONE };
        let header = block::put_compressed(&mut self.pending, payload, summary, compression)
            .expect("blocks are kept shorter than they may be");
        self.index.add(offset, &header, payload);
        self.count(kind, records, payload);
    }

    /// Puts what ends a segment: anchors, the last of which is of now, the index and the totals.
    pub(crate) fn put_end(&mut self, anchors: &[Anchor]) {
        self.put_table(&Table::clock(anchors));
        self.put_index();
        let mut table = Table::new(Kind::END);
        let end = End {
            blocks: self.blocks,
            written: self.events,
            lost: self.lost,
            closed_unix_ns: anchors.last().map_or(0, |anchor| anchor.unix_ns),
            index: self.index.last(),
        };
        end.put(&mut table.payload);
        table.entries = 1;
        self.put_table(&table);
        self.is_ended = true;
    }

    /// Puts an INDEX block of what is in none yet.
    fn put_index(&mut self) {
        let offset = self.end();
        let is_put = self.index.put(&mut self.pending, offset, self.salt, self.blocks);
        self.blocks += u64::from(is_put.expect("an index is kept shorter than a block may be"));
    }

    /// Whether its end was put. Nothing may be put behind it.
    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }

    /// Puts blocks that were put into another segment, but not its end.
    pub(crate) fn put_again(&mut self, mut blocks: &[u8]) {
        while let Ok(header) = Header::take(blocks, None) {
            let (block, rest) = blocks.split_at(header.block_len().min(blocks.len()));
            blocks = rest;
            let Summary { kind, records, .. } = header.summary;
            if matches!(kind, Kind::INDEX | Kind::END) {
                continue;
            }
            if self.index.is_full() {
                self.put_index();
            }
            let (start, offset) = (self.pending.len(), self.end());
            self.pending.extend_from_slice(block);
            let header = block::readdress(&mut self.pending[start..], self.salt, self.blocks)
                .expect("its header was read just now");
            let payload = header.payload(block).unwrap_or_default();
            self.index.add(offset, &header, &payload);
            self.blocks += 1;
            self.count(kind, records, &payload);
        }
    }

    /// Adds what a block says to the totals. Only the payload of losses is looked at.
    fn count(&mut self, kind: Kind, records: u32, payload: &[u8]) {
        match kind {
            Kind::EVENTS => self.events += u64::from(records),
            Kind::LOSS => {
                let losses = Loss::table(payload).flatten();
                self.lost += losses.map(|loss| loss.count).sum::<u64>();
            }
            _ => {}
        }
    }

    /// Writes what is pending, which stays pending until it is [settled](Self::settle). After an error it can be called
    /// again, and goes on where the file ends.
    pub(crate) fn write(&mut self) -> io::Result<()> {
        while self.done < self.pending.len() {
            match self.sink.write(&self.pending[self.done..]) {
                Ok(0) => return Err(ErrorKind::WriteZero.into()),
                Ok(written) => self.done += written,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes what was written for good: all that was pending, or after a failure the blocks among it that are whole.
    pub(crate) fn settle(&mut self) -> Written {
        let whole = whole_blocks(&self.pending, self.done);
        self.len += whole as u64;
        self.pending.drain(..whole);
        self.done -= whole;
        let unwritten = blocks_in(&self.pending);
        let settled = self.blocks - unwritten;
        let blocks = settled - mem::replace(&mut self.settled_blocks, settled);
        Written { bytes: whole as u64, blocks }
    }

    /// What was put and is not settled.
    pub(crate) fn pending(&self) -> &[u8] {
        &self.pending
    }

    /// Takes away what was written of blocks that cannot be written whole.
    pub(crate) fn cut(&mut self) -> io::Result<()> {
        if self.done == 0 { Ok(()) } else { self.sink.cut(self.len) }
    }

    /// Makes what was written last on the disk.
    pub(crate) fn sync(&mut self) -> io::Result<()> {
        self.sink.sync()
    }

    /// Whether the file is still where it was made.
    pub(crate) fn presence(&self) -> Presence {
        self.sink.presence(&self.path)
    }
}

/// Bytes of `pending` up to the end of the last block that ends within the first `done`. The header of a segment, which
/// is written before anything else, counts as a part of the block behind it.
fn whole_blocks(pending: &[u8], done: usize) -> usize {
    if done == pending.len() {
        return done;
    }
    let mut whole = 0;
    while let Ok(header) = Header::take(&pending[whole..], None) {
        let end = whole + header.block_len();
        if end > done {
            break;
        }
        whole = end;
    }
    whole
}

/// How many blocks there are in `pending`.
fn blocks_in(mut pending: &[u8]) -> u64 {
    let mut blocks = 0;
    while let Ok(header) = Header::take(pending, None) {
        blocks += 1;
        pending = pending.get(header.block_len()..).unwrap_or_default();
    }
    blocks
}
