//! The payload of a block of entries, on its way into a segment.

use logbuf_format::Level;
use logbuf_format::block::Kind;
use logbuf_format::clock::Anchor;

/// Bytes of a table's payload from which the next is begun. One entry has at most as many again.
pub(crate) const TABLE: usize = 64 << 10;

/// The payload of a block of entries.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) kind: Kind,
    pub(crate) payload: Vec<u8>,
    pub(crate) entries: u32,
    pub(crate) reach: Reach,
}

/// Of what levels, sites and times the contents of a block are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    /// [Bits](Level::bit) of the levels.
    pub(crate) levels: u8,
    /// [Bits](logbuf_format::site::bit) of the sites.
    pub(crate) sites: u32,
    /// Smallest and largest time stamp, ticks.
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Default for Reach {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Reach {
    /// Of nothing.
    pub(crate) const EMPTY: Self = Self { levels: 0, sites: 0, first: u64::MAX, last: 0 };

    /// Extends it by an instant.
    #[inline]
    pub(crate) fn add_time(&mut self, ticks: u64) {
        self.first = self.first.min(ticks);
        self.last = self.last.max(ticks);
    }

    /// Extends it by a level.
    #[inline]
    pub(crate) fn add_level(&mut self, level: Level) {
        self.levels |= level.bit();
    }
}

impl Table {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, payload: Vec::new(), entries: 0, reach: Reach::EMPTY }
    }

    /// A table of anchors.
    pub(crate) fn clock(anchors: &[Anchor]) -> Self {
        let mut table = Self::new(Kind::CLOCK);
        for anchor in anchors {
            anchor.put(&mut table.payload);
            table.entries += 1;
            table.reach.add_time(anchor.ticks);
        }
        table
    }
}
