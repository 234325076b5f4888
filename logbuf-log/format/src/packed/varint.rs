//! Numbers of one to nine bytes whose first byte tells how many: as many as it has zeros at its low end, plus one.

/// Most bytes that a number takes.
pub(super) const MAX: usize = 9;

/// The first 8 bytes of `value` and how many bytes it takes. If those are 9, the value follows the first byte as it is.
#[inline]
pub(super) fn encode(value: u64) -> (u64, usize) {
    // Seven bits for each byte; a value of no bits takes one byte too.
    let bits = 64 - (value | 1).leading_zeros() as usize;
    // `bits.div_ceil(7)`, for up to 64 bits.
    let len = bits * 9 / 64 + 1;
    if len < MAX { (value << len | 1 << (len - 1), len) } else { (0, MAX) }
}

/// How many bytes a number takes, by its first byte.
#[inline]
pub(super) fn len(first: u8) -> usize {
    first.trailing_zeros() as usize + 1
}

/// The value of a number of `len` bytes less than 9, which are the first of `word`.
#[inline]
pub(super) fn decode(word: u64, len: usize) -> u64 {
    (word & u64::MAX >> (64 - 8 * len)) >> len
}

/// Folds a signed number, so that small negative ones stay short.
#[inline]
pub(super) fn fold(step: i64) -> u64 {
    (step << 1 ^ step >> 63) as u64
}

/// The signed number behind a folded one.
#[inline]
pub(super) fn unfold(folded: u64) -> i64 {
    (folded >> 1) as i64 ^ -((folded & 1) as i64)
}

/// How many bytes hold `value`: none for 0.
#[inline]
pub(super) fn bytes_of(value: u64) -> usize {
    (64 - value.leading_zeros() as usize).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_lengths() {
        for shift in 0..64 {
            for value in [1_u64 << shift, (1 << shift) - 1, u64::MAX >> shift] {
                let (word, encoded) = encode(value);
                assert_eq!(len(word as u8), encoded, "{value}");
                if encoded < MAX {
                    assert!(value < 1 << (7 * encoded), "{value} in {encoded} bytes");
                    assert_eq!(
                        decode(
                            word | u64::MAX.checked_shl(8 * encoded as u32).unwrap_or(0),
                            encoded
                        ),
                        value
                    );
                } else {
                    assert!(value >= 1 << 56);
                }
            }
        }
        assert_eq!(len(0), MAX);
        assert_eq!([127, 128].map(|value| encode(value).1), [1, 2]);
    }

    #[test]
    fn folded_numbers() {
        assert_eq!([0, -1, 1, -2].map(fold), [0, 1, 2, 3]);
        for step in [0, 1, -1, i64::MIN, i64::MAX] {
            assert_eq!(unfold(fold(step)), step);
        }
    }

    #[test]
    fn bytes() {
        assert_eq!([0, 1, 255, 256, u64::MAX].map(bytes_of), [0, 1, 1, 2, 8]);
    }
}
