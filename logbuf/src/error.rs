//! What can go wrong, with the numbers.

use std::{fmt, io};

/// Why room in a ring could not be claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ClaimError {
    /// There is not enough room now. There will be when the consumer has given some back.
    Full,
    /// A record of this length never fits the ring.
    TooLong {
        /// Length asked for, in bytes.
        len: usize,
        /// The longest payload that fits, in bytes.
        max: usize,
    },
    /// A record holds at least one byte.
    ZeroLength,
    /// The producer belongs to no ring: see [`spsc::Producer::detached`](crate::queue::spsc::Producer::detached).
    Detached,
}

impl fmt::Display for ClaimError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ClaimError::Full => write!(f, "the ring is full"),
            ClaimError::TooLong { len, max } => {
                write!(
                    f,
                    "a record of {len} bytes is longer than the {max} bytes that fit the ring"
                )
            }
            ClaimError::ZeroLength => write!(f, "a record holds at least one byte"),
            ClaimError::Detached => write!(f, "the producer belongs to no ring"),
        }
    }
}

impl std::error::Error for ClaimError {}

/// Why memory for a ring could not be had.
#[derive(Debug)]
#[non_exhaustive]
pub enum StorageError {
    /// A ring of no bytes holds no record.
    ZeroCapacity,
    /// The capacity is beyond what a record header can describe.
    CapacityTooLarge {
        /// Capacity asked for, in bytes.
        requested: usize,
        /// The largest capacity, in bytes.
        max: usize,
    },
    /// The allocator refused.
    OutOfMemory {
        /// Size of the allocation, in bytes.
        bytes: usize,
    },
    /// The metadata does not fit in front of the buffer.
    MetadataTooLong {
        /// Length of the metadata, in bytes.
        len: usize,
        /// The most that fits, in bytes.
        max: usize,
    },
    /// The system refused.
    System {
        /// What it was asked for: `create`, `fallocate`, `mmap`, `prefault`, `mlock`, or by an owner `rename`.
        call: &'static str,
        /// Size of the memory, in bytes.
        bytes: usize,
        /// Its answer.
        error: io::Error,
    },
    /// This platform has no such storage.
    Unsupported {
        /// What was asked for.
        storage: &'static str,
    },
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StorageError::ZeroCapacity => write!(f, "a ring needs a capacity of at least one byte"),
            StorageError::CapacityTooLarge { requested, max } => {
                write!(f, "a capacity of {requested} bytes is beyond the limit of {max} bytes")
            }
            StorageError::OutOfMemory { bytes } => {
                write!(f, "no memory for a ring of {bytes} bytes")
            }
            StorageError::MetadataTooLong { len, max } => {
                write!(f, "metadata of {len} bytes is longer than the {max} bytes that fit")
            }
            StorageError::System { call, bytes, error } => {
                write!(f, "cannot {call} {bytes} bytes for a ring: {error}")
            }
            StorageError::Unsupported { storage } => {
                write!(f, "no support for {storage} on this platform")
            }
        }
    }
}

impl std::error::Error for StorageError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            StorageError::System { error, .. } => Some(error),
            _ => None,
        }
    }
}
