//! Limits that are checked before a length is believed. They are part of the format: a writer keeps within them.

/// Metadata of a segment, in bytes.
pub const META: usize = 64 * 1024;

/// One entry of the SITES or THREADS table, in bytes.
pub const ENTRY: usize = 64 * 1024;

/// Payload of a block, as stored and as expanded, in bytes.
pub const PAYLOAD: usize = 4 * 1024 * 1024;

/// One record, from its length field to the end of its values, in bytes, without padding.
pub const RECORD: usize = 1024 * 1024;

/// How deep types nest. A scalar has depth 1, a sequence of scalars 2; a named type counts as a scalar.
pub const DEPTH: usize = 64;

/// How deep values nest, those of types that contain themselves included.
pub const NESTING: usize = 256;

/// Scopes of one path of a thread that are told apart; of more than these, no more is known than that there are.
pub const SCOPES: usize = 64;

/// Values of one site.
pub const VALUES: usize = 255;

/// The fixed part of a segment header, in bytes, in whatever later addition to version 1.
pub const FIXED: usize = 4096;

/// By how much the values inside other values of one record may outnumber its bytes. Most take a byte or more; this
/// bounds the work for those that take none.
pub const ITEMS: usize = 64 * 1024;

/// Sites of one packed block, and the operations of their layouts, all together.
pub const LAYOUTS: usize = 64 * 1024;

/// Text that one record is rendered to, in bytes.
pub const TEXT: usize = 64 * 1024 * 1024;

/// Text that the records of one block are rendered to, in bytes, in equal shares: see [`Share`](crate::render::Share). It is 64 times
/// what a block may hold.
pub const BLOCK_TEXT: usize = 64 * PAYLOAD;

/// Bytes of text that a record may be rendered to for each of its own, beside its share.
pub const TEXT_PER_BYTE: usize = 16;
