//! The header of a record: one `u32` that says how long it is and whether it may be read.

/// Records start at multiples of this many bytes.
pub(crate) const GRANULE: usize = 8;

/// Bytes of a header.
pub(crate) const HEADER: usize = 4;

/// Largest length that a header can hold. Twice a ring's longest record, and more than any skip.
pub(crate) const MAX_LEN: usize = (CLAIMED - 1) as usize;

const SKIP: u32 = 1 << 31;
const CLAIMED: u32 = 1 << 30;

/// A header, as it stands in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u32);

/// What a header says to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing was claimed here yet, or the claim is still open.
    Pending,
    /// A record with a payload of so many bytes.
    Record(usize),
    /// So many bytes without a record, this header included.
    Skip(usize),
}

impl Word {
    /// Nothing here yet.
    pub(crate) const EMPTY: Word = Word(0);

    /// A committed record with a payload of `len` bytes, 1 to [`MAX_LEN`].
    #[inline]
    pub(crate) const fn record(len: usize) -> Word {
        debug_assert!(len != 0 && len <= MAX_LEN);
        Word(len as u32)
    }

    /// An open claim of `len` bytes.
    #[inline]
    pub(crate) const fn claimed(len: usize) -> Word {
        debug_assert!(len != 0 && len <= MAX_LEN);
        Word(CLAIMED | len as u32)
    }

    /// The length of the claim, if this is an open claim.
    pub(crate) const fn claimed_len(self) -> Option<usize> {
        match self.0 ^ CLAIMED {
            len if len != 0 && len <= MAX_LEN as u32 => Some(len as usize),
            _ => None,
        }
    }

    /// `bytes` bytes without a record, this header included.
    #[inline]
    pub(crate) const fn skip(bytes: usize) -> Word {
        debug_assert!(bytes.is_multiple_of(GRANULE) && bytes != 0 && bytes <= MAX_LEN);
        Word(SKIP | bytes as u32)
    }

    #[inline]
    pub(crate) const fn kind(self) -> Kind {
        // One compare tells a record from everything else: the empty word wraps around to the largest number.
        if self.0.wrapping_sub(1) < CLAIMED - 1 {
            Kind::Record(self.0 as usize)
        } else if self.0 & SKIP != 0 {
            Kind::Skip((self.0 & (CLAIMED - 1)) as usize)
        } else {
            Kind::Pending
        }
    }
}

/// Bytes of ring that a record with a payload of `len` bytes takes.
#[inline]
pub(crate) const fn span(len: usize) -> usize {
    (len + HEADER + GRANULE - 1) & !(GRANULE - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_kind() {
        assert_eq!(Word::EMPTY.kind(), Kind::Pending);
        assert_eq!(Word::claimed(7).kind(), Kind::Pending);
        assert_eq!(Word::record(1).kind(), Kind::Record(1));
        assert_eq!(Word::record(MAX_LEN).kind(), Kind::Record(MAX_LEN));
        assert_eq!(Word::skip(8).kind(), Kind::Skip(8));
        assert_eq!(Word::skip(MAX_LEN - 7).kind(), Kind::Skip(MAX_LEN - 7));
    }

    #[test]
    fn spans_are_whole_granules() {
        for (len, bytes) in [(1, 8), (4, 8), (5, 16), (12, 16), (13, 24), (36, 40)] {
            assert_eq!(span(len), bytes, "{len}");
        }
    }
}
