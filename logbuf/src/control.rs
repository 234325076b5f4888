//! The control block: what the two sides of a ring say to each other, beside the records themselves.
//!
//! It lies at the start of the ring's memory, so that a reader that comes when the owner has died finds it with the
//! records:
//!
//! ```text
//! offset   0  magic, layout version, flavour, capacity, offset of the buffer, length of the metadata, label
//!        128  head: position up to which room was released          written by the consumer
//!        136  position up to which room is about to be released     written by the consumer (MPSC)
//!        256  tail: position up to which room was reserved          written by the producers (MPSC)
//!        384  producers and consumers that were not dropped         hardly ever written
//!        512  metadata: bytes of the owner's                        (in a mapped file)
//!      4 KiB  buffer                                                (on the heap: at 512)
//! ```
//!
//! Numbers are in the byte order of the machine: nobody else reads them.

use crate::sync::{AtomicU32, AtomicU64};

/// What a ring's memory starts with.
pub(crate) const MAGIC: [u8; 8] = *b"\x89LBRING\n";

/// The layout that this version writes and reads.
pub(crate) const LAYOUT: u32 = 2;

/// 128 bytes of their own, because x86 fetches cache lines in pairs.
#[repr(C, align(128))]
pub(crate) struct Line<T>(pub(crate) T);

#[repr(C)]
pub(crate) struct Control {
    pub(crate) preamble: Line<Preamble>,
    pub(crate) head: Line<Head>,
    /// Position up to which room was reserved. Written by the producers of an MPSC ring; unused in an SPSC ring, whose
    /// producer keeps it to itself.
    pub(crate) tail: Line<AtomicU64>,
    pub(crate) presence: Line<Presence>,
}

/// What the memory is. Written before anybody shares it, but for the label.
#[repr(C)]
pub(crate) struct Preamble {
    pub(crate) magic: [u8; 8],
    pub(crate) layout: u32,
    /// Which flavour the ring is of; 0 while it is none.
    pub(crate) flavour: AtomicU32,
    pub(crate) capacity: u64,
    pub(crate) buffer_offset: u64,
    pub(crate) metadata_len: u64,
    /// A word of the owner's: see [`Consumer::set_label`](crate::Consumer::set_label).
    pub(crate) label: AtomicU64,
}

/// How far the consumer has got. Written by the consumer.
#[repr(C)]
pub(crate) struct Head {
    /// Position up to which room was given back.
    pub(crate) released: AtomicU64,
    /// Position up to which a consumer that zeroes has begun to. Whoever reads the ring when its owner has died starts
    /// behind it: what is left of the records before it is not to be taken for headers.
    pub(crate) zeroing: AtomicU64,
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
    /// The control block of a new ring, which will have one producer and one consumer.
    pub(crate) fn new(capacity: usize, buffer_offset: usize, metadata_len: usize) -> Control {
        Control {
            preamble: Line(Preamble {
                magic: MAGIC,
                layout: LAYOUT,
                flavour: AtomicU32::new(0),
                capacity: capacity as u64,
                buffer_offset: buffer_offset as u64,
                metadata_len: metadata_len as u64,
                label: AtomicU64::new(0),
            }),
            head: Line(Head { released: AtomicU64::new(0), zeroing: AtomicU64::new(0) }),
            tail: Line(AtomicU64::new(0)),
            presence: Line(Presence { producers: AtomicU32::new(1), consumers: AtomicU32::new(1) }),
        }
    }
}
