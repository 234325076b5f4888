//! Limits that are checked before a length is believed. They are part of the format: a writer keeps within them.

/// Metadata of a segment, in bytes.
pub const META: usize = 64 * 1024;

/// One entry of the SITES or THREADS table, in bytes.
pub const ENTRY: usize = 64 * 1024;

/// Payload of a block, as stored and as expanded, in bytes.
pub const PAYLOAD: usize = 4 * 1024 * 1024;

/// One record, from its length field to the end of its values, in bytes, without padding.
pub const RECORD: usize = 1024 * 1024;

/// How deep types nest. A scalar has depth 1, a sequence of scalars 2.
pub const DEPTH: usize = 64;

/// Values of one site.
pub const VALUES: usize = 255;

/// The fixed part of a segment header, in bytes, in whatever later addition to version 1.
pub const FIXED: usize = 4096;

/// Items in all sequences of one record, those in sequences of sequences included.
pub const ITEMS: usize = 1024 * 1024;

/// Text that one record is rendered to, in bytes.
pub const TEXT: usize = 64 * 1024 * 1024;
