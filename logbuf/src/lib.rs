//! Lock-free byte rings for variable-length records: bytes in, bytes out.
//!
//! One thread (or several) claims room in a ring, fills it in place and commits it; another thread reads the records in
//! the order of their claims, in place, and gives the room back. There is no policy here: framing, serialization and
//! I/O are the user's.
//!
//! ```
//! use logbuf::queue::spsc;
//!
//! let (mut producer, mut consumer) = spsc::new(4096);
//! if let Ok(mut claim) = producer.try_claim(11) {
//!     claim.copy_from_slice(b"hello world");
//!     claim.commit();
//! }
//! if let Some(record) = consumer.try_claim() {
//!     assert_eq!(&*record, b"hello world");
//! } // dropping the record gives its room back
//! ```
//!
//! | to | use |
//! |---|---|
//! | move records from one thread to another | [`queue::spsc`] |
//! | from several threads to one | [`queue::mpsc`] |
//! | the same, with a receiver that sleeps | [`channel::spsc`], [`channel::mpsc`] |
//! | read many records at once, or keep them in the ring | [`Consumer::batch`], [`Batch::hold`], [`Held`] |
//! | choose the memory: heap, huge or locked pages, a file | [`Storage`], [`Pages`] |
//! | read what a dead process left in a file | [`Image`] |
//!
//! There are no features to choose. Mapped memory is for Linux; elsewhere rings are on the heap.
//!
//! # Memory
//!
//! A ring is a control block and a buffer of a power-of-two capacity. Positions in it are free-running byte counts
//! (`u64`); a position modulo the capacity is an offset in the buffer. Records start at multiples of 8:
//!
//! ```text
//!         head                     read                          tail
//!          ▼                        ▼                             ▼
//! ─ free ─┬────────────────────────┬─────────────────────────────┬───┬─ free ─
//!         │ read, not yet released │ committed, not yet read     │ 0 │
//! ────────┴────────────────────────┴─────────────────────────────┴───┴────────
//!
//! one record:   0        4                         4 + len      multiple of 8
//!               ┌────────┬─────────────────────────┬───────────┐
//!               │ header │ payload                 │ padding   │
//!               └────────┴─────────────────────────┴───────────┘
//! header, u32:  bit 31 skip │ bit 30 claimed │ bits 0–29 length in bytes
//! ```
//!
//! - **The length is the commit.** It is stored last, with release ordering. A header of 0, or one with the claimed bit,
//!   says that the reader has to wait.
//! - **Skips.** A header with the skip bit covers bytes that hold no record: the end of a lap that was too short for the
//!   next record, or a claim that was given up. Its length includes the header itself.
//! - **Limits.** Capacities lie between [`Storage::MIN_CAPACITY`] and [`Storage::MAX_CAPACITY`] and are rounded up to a
//!   power of two. A record of `max_record_len()` bytes always fits an empty ring, wherever its positions stand.
//! - **No surprises.** Claim, commit, read and release neither panic, nor allocate, nor make a system call.

#![deny(rustdoc::broken_intra_doc_links)]

mod batch;
pub mod channel;
mod claim;
mod consumer;
mod control;
mod error;
mod flavour;
mod held;
mod image;
mod producer;
pub mod queue;
mod ring;
mod slot;
mod storage;
mod sync;
mod wait;
mod word;

pub use batch::{Batch, Records};
pub use claim::WriteClaim;
pub use consumer::{Consumer, ReadClaim};
pub use error::{ClaimError, StorageError};
pub use flavour::Flavour;
pub use held::Held;
pub use image::{Entries, Entry, Image, ImageError};
pub use producer::Producer;
pub use storage::{PageKind, Pages, Storage};

/// The README, whose examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
