//! Numbers as `postcard` writes them: seven bits a byte, the lowest first, the high bit set in all but the last byte;
//! signed ones folded, so that small negative ones stay short.

/// The number at the start of `bytes`, of a type with `bits` bits, and how many bytes it takes.
///
/// `None` if there are not enough bytes, [`Err`] if it is larger than the type.
pub(super) fn take(bytes: &[u8], bits: u32) -> Option<Result<(u128, usize), TooLarge>> {
    let mut value = 0_u128;
    let mut shift = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let part = u128::from(byte & 0x7F);
        // Bits that the type does not have, or a byte of nothing beyond its last.
        if shift >= bits || part >> (bits - shift).min(7) != 0 {
            return Some(Err(TooLarge));
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Some(Ok((value, index + 1)));
        }
        shift += 7;
    }
    None
}

/// More bits than the type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The signed number behind a folded one.
pub(super) fn unfold(folded: u128) -> i128 {
    (folded >> 1) as i128 ^ -((folded & 1) as i128)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_all_lengths() {
        assert_eq!(take(&[0x7F, 9], 16), Some(Ok((127, 1))));
        assert_eq!(take(&[0x80, 1], 16), Some(Ok((128, 2))));
        assert_eq!(take(&[0xFF, 0xFF, 0x03], 16), Some(Ok((65_535, 3))));
        assert_eq!(take(&[0xFF, 0xFF, 0x04], 16), Some(Err(TooLarge)));
        assert_eq!(take(&[0x80, 0x80, 0x80, 0], 16), Some(Err(TooLarge)));
        assert_eq!(take(&[0x80], 16), None);
        assert_eq!(take(&[], 16), None);
        let mut max = [0xFF; 19];
        max[18] = 0x03;
        assert_eq!(take(&max, 128), Some(Ok((u128::MAX, 19))));
        max[18] = 0x04;
        assert_eq!(take(&max, 128), Some(Err(TooLarge)));
    }

    #[test]
    fn folded_numbers() {
        assert_eq!([0, 1, 2, 3].map(unfold), [0, -1, 1, -2]);
        assert_eq!(unfold(u128::MAX), i128::MIN);
        assert_eq!(unfold(u128::MAX - 1), i128::MAX);
    }
}
