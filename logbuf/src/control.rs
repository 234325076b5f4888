//! The control block: what the two sides of a ring say to each other, beside the records themselves.

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicU32, AtomicU64};

/// Lies at the start of every ring's memory. Each group of fields that one side writes has 128 bytes of its own, because
/// x86 fetches cache lines in pairs.
#[repr(C)]
pub(crate) struct Control {
    /// Position up to which room was given back. Written by the consumer.
    pub(crate) head: CachePadded<AtomicU64>,
    /// Position up to which room was reserved. Written by the producers of an MPSC ring; unused in an SPSC ring, whose
    /// producer keeps it to itself.
    pub(crate) tail: CachePadded<AtomicU64>,
    /// Who is there. Hardly ever written.
    pub(crate) presence: CachePadded<Presence>,
}

/// Who holds an end of the ring.
#[repr(C)]
pub(crate) struct Presence {
    /// Producers that have not been dropped.
    pub(crate) producers: AtomicU32,
    /// Consumers that have not been dropped: 1 or 0.
    pub(crate) consumers: AtomicU32,
}

impl Control {
    /// The control block of a new ring with one producer and one consumer.
    pub(crate) fn new() -> Control {
        Control {
            head: CachePadded::new(AtomicU64::new(0)),
            tail: CachePadded::new(AtomicU64::new(0)),
            presence: CachePadded::new(Presence {
                producers: AtomicU32::new(1),
                consumers: AtomicU32::new(1),
            }),
        }
    }
}
