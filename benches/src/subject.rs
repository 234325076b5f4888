//! Rings under comparison, ours and others', behind one interface.

mod bbqueue;
mod crossbeam;
mod logbuf;
mod nexus;
mod ringbuf;
mod rtrb;

pub use self::bbqueue::Bbqueue;
pub use self::crossbeam::Crossbeam;
pub use self::logbuf::{
    LogbufMpsc, LogbufMpscBulk, LogbufMpscSingly, LogbufSpsc, LogbufSpscBulk, LogbufSpscSingly,
};
pub use self::nexus::{NexusMpsc, NexusSpsc};
pub use self::ringbuf::Ringbuf;
pub use self::rtrb::Rtrb;

/// A ring.
pub trait Subject {
    /// What the table calls it.
    const NAME: &'static str;

    /// Its writing end.
    type Source: Source;

    /// Its reading end.
    type Sink: Sink;

    /// Makes one for `capacity` bytes.
    fn make(capacity: usize) -> (Self::Source, Self::Sink);
}

/// A writing end.
pub trait Source: Send {
    /// Copies a record in, unless the ring is full.
    fn push(&mut self, record: &[u8]) -> bool;
}

/// A reading end.
pub trait Sink: Send {
    /// Reads what is ready now, in the way that is best for this ring, and returns how many records that were.
    fn drain(&mut self, visit: impl FnMut(&[u8])) -> usize;
}
