//! The logbuf file format, version 1: what the writer puts into a segment and what a reader takes out of it.
//!
//! Every noun of the format has a module with its `put` beside its `take`; [`spec`] is the specification itself.
//! This crate opens nothing, starts no threads and holds no `unsafe`: bytes in, values out, and back.
//!
//! | to | use |
//! |---|---|
//! | write or read the start of a file | [`segment`] |
//! | write, read, or find again blocks | [`block`], [`scan`] |
//! | handle what blocks hold | [`site`], [`thread`], [`clock`], [`events`], [`packed`], [`scope`], [`loss`], [`index`], [`end`] |
//! | make a closed segment smaller | [`compact`] |
//! | turn ticks into wall-clock time | [`timeline`] |
//! | take format strings apart | [`template`] |
//! | turn records into text | [`value`], [`message`], [`render`], [`escape`], [`line`](mod@line), [`utc`] |
//!
//! ```
//! use logbuf_format::{block::{self, Codec, Kind, Summary}, end::End, scan::{self, Scan}};
//!
//! let totals = End { blocks: 0, written: 12, lost: 0, closed_unix_ns: 0, index: None };
//! let (mut payload, mut segment) = (Vec::new(), Vec::new());
//! totals.put(&mut payload);
//! let salt = 7;
//! let summary = Summary {
//!     kind: Kind::END, codec: Codec::RAW, levels: 0, salt, number: 0, records: 1, first: 0, last: 0, sites: 0,
//! };
//! block::put(&mut segment, &payload, summary)?;
//!
//! let Scan::Found { offset, header } = scan::next_block(&segment, 0, Some(salt)) else { panic!("there is one") };
//! assert_eq!(header.summary, summary);
//! assert_eq!(End::take(&header.payload(&segment[offset..])?)?, totals);
//! # Ok::<_, logbuf_format::Error>(())
//! ```
//!
//! | feature | brings | and with it |
//! |---|---|---|
//! | `lz4` | payloads compressed by LZ4 | `lz4_flex`, in safe Rust |
//! | `zstd` | payloads compressed by zstd | `zstd`, which is C |
//!
//! Neither is on by default. Without it, such a payload is an error that says so. To read logs, there is
//! [`logbuf-decode`](https://docs.rs/logbuf-decode).
//!
//! **Invariants.** Whatever bytes it is given, no function of this crate panics, recurses or loops without bound, or
//! allocates more than [`limits`] allow. Every length read is checked against a limit before it is believed.
#![forbid(unsafe_code)]

mod bytes;
mod code;
mod compression;
mod crc;
mod error;
mod fields;
mod level;
mod table;

pub mod block;
pub mod clock;
pub mod compact;
pub mod definition;
pub mod end;
pub mod escape;
pub mod events;
pub mod index;
pub mod limits;
pub mod line;
pub mod loss;
pub mod message;
pub mod packed;
pub mod render;
pub mod scan;
pub mod scope;
pub mod segment;
pub mod site;
pub mod spec;
pub mod template;
pub mod thread;
pub mod timeline;
pub mod types;
pub mod utc;
pub mod value;

pub use error::{Error, Fault, Part};
pub use level::{Level, ParseLevelError};

/// The README, whose examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
