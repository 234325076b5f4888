//! What can be wrong with bytes, and where.

use crate::block::Compression;
use std::fmt;

/// A fault, and the offset at which it was found.
///
/// The offset counts bytes from the start of the slice that the failing function was given. A caller that knows where
/// that slice stands in the file adds the distance with [`Error::after`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where, in bytes.
    pub offset: u64,
    /// What.
    pub fault: Fault,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The bytes end before the thing does. Not damage by itself: a reader that follows a file waits for more.
    Incomplete {
        /// What was being read.
        part: Part,
        /// Bytes there are.
        have: u64,
        /// Bytes it takes, as far as is known.
        need: u64,
    },
    /// The bytes do not start as a segment does.
    NotSegment {
        /// What stands where the magic should, zero-filled if there are fewer bytes.
        found: [u8; 8],
    },
    /// The bytes do not start as a block does.
    NotBlock {
        /// What stands where the magic should.
        found: [u8; 4],
    },
    /// The segment was written in another version of the format.
    Version {
        /// The version of the segment.
        found: u16,
        /// The newest version this reader knows.
        supported: u16,
    },
    /// A checksum does not match.
    Checksum {
        /// What it is the checksum of.
        part: Part,
        /// The checksum of what was read.
        found: u32,
        /// The checksum that was written.
        expected: u32,
    },
    /// The block belongs to another segment.
    Salt {
        /// The block's salt.
        found: u64,
        /// The segment's salt.
        expected: u64,
    },
    /// A length or a count is beyond its limit.
    Limit {
        /// What is too long or too many.
        part: Part,
        /// The length or count.
        found: u64,
        /// The largest allowed, from [`limits`](crate::limits).
        limit: u64,
    },
    /// Two numbers that should agree do not.
    Mismatch {
        /// What they count.
        part: Part,
        /// What was found.
        found: u64,
        /// What it should be.
        expected: u64,
    },
    /// A code this reader does not know: the writer is newer, or the bytes are damaged.
    Unknown {
        /// What the code stands for.
        part: Part,
        /// The code.
        found: u64,
    },
    /// A `postcard` value cannot be read.
    Malformed {
        /// Which field.
        part: Part,
        /// What `postcard` says.
        cause: postcard::Error,
    },
    /// Types nest deeper than [`limits::DEPTH`](crate::limits::DEPTH).
    TooDeep {
        /// The limit.
        limit: u64,
    },
    /// A type refers to a definition that the site does not have.
    Undefined {
        /// How many it has.
        definitions: u64,
    },
    /// A compressed payload is malformed, or longer than it says.
    Compressed {
        /// How it is compressed.
        compression: Compression,
    },
    /// A string is not UTF-8.
    Utf8 {
        /// What the string is.
        part: Part,
    },
}

/// The thing a [`Fault`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the term of the specification")]
pub enum Part {
    SegmentHeader,
    SegmentMeta,
    BlockHeader,
    StoredPayload,
    ExpandedPayload,
    Codec,
    Compression,
    Entry,
    Site,
    Level,
    Values,
    Role,
    Kind,
    Scope,
    Type,
    Thread,
    Anchor,
    Extent,
    ExtentEnd,
    ExtentRecords,
    Record,
    Loss,
    End,
    Value,
    Bool,
    Char,
    Items,
    Definitions,
    Shape,
    Variant,
    Nesting,
    Nanoseconds,
    Number,
    Packed,
    PackedSite,
    Layout,
    String,
    IndexEntry,
}

impl Error {
    /// `fault`, found at `offset`.
    pub const fn at(offset: usize, fault: Fault) -> Self {
        Self { offset: offset as u64, fault }
    }

    /// The same fault as seen from `distance` bytes earlier.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_format::{Error, Fault};
    ///
    /// let inner = Error::at(3, Fault::TooDeep { limit: 64 });
    /// assert_eq!(inner.after(100).offset, 103);
    /// ```
    #[must_use]
    pub fn after(self, distance: u64) -> Self {
        Self { offset: self.offset.saturating_add(distance), ..self }
    }

    /// Whether more bytes could cure it.
    pub const fn is_incomplete(&self) -> bool {
        matches!(self.fault, Fault::Incomplete { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at byte {}: {}", self.offset, self.fault)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete { part, have, need } => {
                write!(f, "{part} is cut: {have} of {need} bytes are there")
            }
            Self::NotSegment { found } => {
                write!(f, "not a logbuf segment: it starts with \"{}\"", found.escape_ascii())
            }
            Self::NotBlock { found } => {
                write!(f, "expected a block (\"LBLK\"), found \"{}\"", found.escape_ascii())
            }
            Self::Version { found, supported } if found > supported => write!(
                f,
                "format version {found}, but versions up to {supported} are supported: use a newer logbuf"
            ),
            Self::Version { found, supported } => {
                write!(
                    f,
                    "format version {found} does not exist; versions 1 to {supported} are supported"
                )
            }
            Self::Checksum { part, found, expected } => {
                write!(f, "{part} is damaged: its CRC is {found:#010x}, expected {expected:#010x}")
            }
            Self::Salt { found, expected } => {
                write!(
                    f,
                    "block of another segment: its salt is {found:#018x}, expected {expected:#018x}"
                )
            }
            Self::Limit { part, found, limit } => {
                write!(f, "{part}: {found} is beyond the limit of {limit}")
            }
            Self::Mismatch { part, found, expected } => {
                write!(f, "{part}: found {found}, expected {expected}")
            }
            Self::Unknown { part, found } => {
                write!(f, "{part} {found} is not known to this version of logbuf")
            }
            Self::Malformed { part, cause } => write!(f, "{part} cannot be read: {cause}"),
            Self::TooDeep { limit } => write!(f, "types nest deeper than {limit}"),
            Self::Undefined { definitions } => {
                write!(f, "a type refers beyond the {definitions} definitions of its site")
            }
            Self::Compressed { compression } => {
                write!(
                    f,
                    "block payload cannot be expanded: it is no {compression}, or more than it says"
                )
            }
            Self::Utf8 { part } => write!(f, "{part} is not UTF-8"),
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SegmentHeader => "segment header",
            Self::SegmentMeta => "segment metadata",
            Self::BlockHeader => "block header",
            Self::StoredPayload => "block payload",
            Self::ExpandedPayload => "expanded block payload",
            Self::Codec => "codec",
            Self::Compression => "compression",
            Self::Entry => "table entry",
            Self::Site => "site",
            Self::Level => "level",
            Self::Values => "values of a site",
            Self::Role => "role of a value",
            Self::Kind => "kind of a site",
            Self::Scope => "head of a scope's record",
            Self::Type => "type",
            Self::Thread => "thread",
            Self::Anchor => "clock anchor",
            Self::Extent => "extent",
            Self::ExtentEnd => "end of an extent",
            Self::ExtentRecords => "records of an extent",
            Self::Record => "record",
            Self::Loss => "loss entry",
            Self::End => "end entry",
            Self::Value => "value",
            Self::Bool => "bool",
            Self::Char => "char",
            Self::Items => "values inside values",
            Self::Definitions => "definitions of a site",
            Self::Shape => "shape of a definition",
            Self::Variant => "variant",
            Self::Nesting => "nesting of a value",
            Self::Nanoseconds => "nanoseconds of a second",
            Self::Number => "postcard number",
            Self::Packed => "packed record",
            Self::PackedSite => "site of a packed record",
            Self::Layout => "layout of a site",
            Self::String => "string of a block",
            Self::IndexEntry => "index entry",
        })
    }
}
