//! The codec *packed*: the records of an EVENTS block, each predicted from those before it.
//!
//! [`Packer`] writes the payload of a block straight from the bytes of records, and [`expand`] turns it back into the
//! very payload that codec raw would have had: what reads records reads both.
//!
//! ```text
//! payload:  length of the raw payload u32 │ extent │ extent │ …
//! extent:   head, as in raw │ record │ record │ …
//! record:   site and length of the time u8 │ [site] │ time step │ misses, a bit for each value │ missed values
//! ```
//!
//! A value that is as predicted costs one bit. [`layout`](Layout) says what the values of a site are made of, `cell` how
//! each kind of value is predicted, `strings` which strings were seen. All of it starts anew with each block.

mod cell;
mod expand;
mod layout;
mod op;
mod pack;
mod strings;
mod varint;

pub use expand::expand;
pub use layout::Layout;
pub use pack::{LEAD, Packer};

/// Bytes of a packed payload before its first extent: the length of the raw payload.
const START: usize = 4;

/// Codes of a site in the low half of a record's first byte. Smaller ones are the site's index in the block.
mod site_code {
    /// The index follows in one byte.
    pub(super) const BYTE: u8 = 13;
    /// The index follows in two bytes.
    pub(super) const WORD: u8 = 14;
    /// The site follows: its number, how many operations it has, and these. It takes the next index.
    pub(super) const NEW: u8 = 15;
}

/// In the high half of a record's first byte: from this code on the time is earlier than that of the record before,
/// by a number of as many bytes as the code is larger.
const EARLIER: u8 = 8;
