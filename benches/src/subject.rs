//! Rings under comparison, ours and others', behind one interface.

#[cfg(feature = "rivals")]
mod bbqueue;
#[cfg(feature = "rivals")]
mod crossbeam;
mod logbuf;
#[cfg(feature = "rivals")]
mod nexus;
#[cfg(feature = "rivals")]
mod ringbuf;
#[cfg(feature = "rivals")]
mod rtrb;

pub use self::logbuf::{
    LogbufMpsc, LogbufMpscBulk, LogbufMpscSingly, LogbufSpsc, LogbufSpscBulk, LogbufSpscSingly,
};
#[cfg(feature = "rivals")]
pub use self::{
    bbqueue::Bbqueue, crossbeam::Crossbeam, nexus::NexusMpsc, nexus::NexusSpsc, ringbuf::Ringbuf,
    rtrb::Rtrb,
};

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
