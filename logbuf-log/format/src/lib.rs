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
