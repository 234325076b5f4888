//! The strings of a block: those that come again are written as numbers.

/// Strings of a block that can be referred to: the first so many.
pub(super) const MAX_STRINGS: usize = 65_535;

/// How a missed string is written: this bit is set if it is new and follows, and clear above the number of one
/// that is known.
const NEW: u64 = 1;

/// A string of the block: where its bytes stand in the payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where they start.
    pub(super) start: u32,
    /// How many there are; bit 31 is a mark that belongs to the string.
    pub(super) prefix: u32,
}

/// What stands for a string that was not predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// It is known by this number.
    Known(usize),
    /// It follows, and has this length and mark.
    New { prefix: u32 },
}

impl Entry {
    /// Bit 31 of the prefix.
    const MARK: u32 = 1 << 31;

    /// Bytes of the string.
    #[inline]
    pub(super) fn len(self) -> usize {
        (self.prefix & !Self::MARK) as usize
    }

    /// Its bytes, which are in `payload`.
    #[inline]
    pub(super) fn bytes(self, payload: &[u8]) -> &[u8] {
        &payload[self.start as usize..][..self.len()]
    }
}

impl Token {
    /// The number that is written.
    #[inline]
    pub(super) fn encode(self) -> u64 {
        match self {
            Self::Known(number) => (number as u64) << 1,
            Self::New { prefix } => u64::from(prefix.rotate_left(1)) << 1 | NEW,
        }
    }

    /// What a number stands for, if it is one that is written.
    #[inline]
    pub(super) fn decode(coded: u64) -> Option<Self> {
        let rest = coded >> 1;
        if coded & NEW == 0 {
            return Some(Self::Known(usize::try_from(rest).ok()?));
        }
        Some(Self::New { prefix: u32::try_from(rest).ok()?.rotate_right(1) })
    }
}

/// The strings of the block that is being packed.
#[derive(Debug)]
pub(super) struct Strings {
    /// By number.
    entries: Vec<Entry>,
    /// For each hash the number of the last string that has it, plus one.
    by_hash: Box<[u16; BUCKETS]>,
}

const BUCKETS: usize = 1 << 11;

impl Strings {
    pub(super) fn new() -> Self {
        Self { entries: Vec::new(), by_hash: Box::new([0; BUCKETS]) }
    }

    /// Forgets all.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.by_hash.fill(0);
    }

    /// How many can be referred to.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The string with this number.
    pub(super) fn get(&self, number: usize) -> Entry {
        self.entries[number]
    }

    /// Forgets all but the first `len`. Their hashes stay, and are found to lead to other strings, or to none.
    pub(super) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// The string with these bytes, among those that were [entered](Self::enter) with their hash.
    pub(super) fn find(
        &self,
        bytes: &[u8],
        prefix: u32,
        hash: usize,
        payload: &[u8],
    ) -> Option<usize> {
        let number = usize::from(self.by_hash[hash]).checked_sub(1)?;
        let entry = self.entries.get(number)?;
        (entry.prefix == prefix && entry.bytes(payload) == bytes).then_some(number)
    }

    /// Adds a string that was written; with its hash, if it is to be found again.
    pub(super) fn enter(&mut self, entry: Entry, hash: Option<usize>) {
        if self.entries.len() < MAX_STRINGS {
            self.entries.push(entry);
            if let Some(hash) = hash {
                self.by_hash[hash] = self.entries.len() as u16;
            }
        }
    }
}

/// A hash of a string: of its length and of up to 24 of its bytes, which tell most strings of a program apart.
pub(super) fn hash(bytes: &[u8]) -> usize {
    let (start, middle, end) = match bytes.len() {
        8.. => {
            let word =
                |at: usize| bytes[at..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
            (word(0), word((bytes.len() - 8) / 2), word(bytes.len() - 8))
        }
        len @ 4..8 => {
            let word =
                |at: usize| bytes[at..].first_chunk().map_or(0, |word| u32::from_le_bytes(*word));
            (word(0).into(), 0, word(len - 4).into())
        }
        0 => (0, 0, 0),
        len => (bytes[0].into(), bytes[len / 2].into(), bytes[len - 1].into()),
    };
    // The multiplier of Fibonacci hashing, 2⁶⁴ divided by the golden ratio.
    let mix =
        |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    let hash = mix(mix(mix(bytes.len() as u64, start), middle), end);
    hash.wrapping_mul(0x9E37_79B9_7F4A_7C15) as usize >> (usize::BITS - BUCKETS.ilog2())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_numbers_and_short_ones_are_small() {
        for token in [
            Token::Known(0),
            Token::Known(65_534),
            Token::New { prefix: 0 },
            Token::New { prefix: 31 },
            Token::New { prefix: 31 | 1 << 31 },
            Token::New { prefix: u32::MAX },
        ] {
            assert_eq!(Token::decode(token.encode()), Some(token));
        }
        assert!(Token::New { prefix: 31 }.encode() < 128);
        assert_eq!(Token::decode(1 << 40 | NEW), None);
    }

    #[test]
    fn strings_are_found_by_what_they_are() {
        let payload = b"abcdef";
        let mut strings = Strings::new();
        let abc = Entry { start: 0, prefix: 3 };
        strings.enter(abc, Some(hash(b"abc")));
        assert_eq!(strings.find(b"abc", 3, hash(b"abc"), payload), Some(0));
        assert_eq!(strings.find(b"abc", 3 | 1 << 31, hash(b"abc"), payload), None, "marked");
        assert_eq!(
            strings.find(b"abd", 3, hash(b"abc"), payload),
            None,
            "another of the same hash"
        );
        strings.truncate(0);
        assert_eq!(strings.find(b"abc", 3, hash(b"abc"), payload), None);
    }
}
