//! What a record of a site is made of, one operation for each value that is predicted by itself.

/// How one value is predicted and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// An integer of `8 - spare / 8` bytes: the last one plus a step.
    Int {
        /// Bits that 64 have more than the integer.
        spare: u8,
    },
    /// A float of 4 or 8 bytes that has no short decimal form: the last one.
    Bits {
        /// Bits that 64 have more than the float.
        spare: u8,
    },
    /// An `f64` that is mostly a whole number of 10⁻ⁿ: predicted as that whole number is.
    Decimal64(u8),
    /// The same of an `f32`.
    Decimal32(u8),
    /// Bytes behind a `u32` length whose bit 31 is a mark of their own: the last ones.
    Str,
    /// Bytes whose length the record does not tell: the last ones.
    Item,
}

/// Most decimal places that a float is tried with.
pub(super) const MAX_PLACES: u8 = 9;

const BITS: u8 = 0x10;
const DECIMAL_64: u8 = 0x20;
const DECIMAL_32: u8 = 0x30;
const STR: u8 = 0x40;
const ITEM: u8 = 0x41;

impl Op {
    /// An integer of this many bytes: 1, 2, 4 or 8.
    pub(super) const fn int(width: u8) -> Self {
        Self::Int { spare: 64 - 8 * width }
    }

    /// A float of this many bytes, 4 or 8, as bits.
    pub(super) const fn bits(width: u8) -> Self {
        Self::Bits { spare: 64 - 8 * width }
    }

    /// Bits that 64 have more than the value, if that is a number.
    pub(super) fn spare(self) -> Option<u8> {
        match self {
            Self::Int { spare } | Self::Bits { spare } => Some(spare),
            Self::Decimal64(_) => Some(0),
            Self::Decimal32(_) => Some(32),
            Self::Str | Self::Item => None,
        }
    }

    /// The byte that stands for it in a block.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Int { spare } => 8 - spare / 8,
            Self::Bits { spare } => BITS + 8 - spare / 8,
            Self::Decimal64(places) => DECIMAL_64 + places,
            Self::Decimal32(places) => DECIMAL_32 + places,
            Self::Str => STR,
            Self::Item => ITEM,
        }
    }

    /// The operation that a byte stands for.
    pub(super) fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 | 2 | 4 | 8 => Self::int(code),
            0x14 | 0x18 => Self::bits(code - BITS),
            DECIMAL_64..=0x29 => Self::Decimal64(code - DECIMAL_64),
            DECIMAL_32..=0x39 => Self::Decimal32(code - DECIMAL_32),
            STR => Self::Str,
            ITEM => Self::Item,
            _ => return None,
        })
    }

    /// The bits of a float that is `number` times 10⁻ⁿ, n being `places`.
    #[inline]
    pub(super) fn bits_of_decimal64(number: i64, places: u8) -> u64 {
        (number as f64 / power(places)).to_bits()
    }

    /// The same of an `f32`.
    #[inline]
    pub(super) fn bits_of_decimal32(number: i64, places: u8) -> u64 {
        u64::from(((number as f64 / power(places)) as f32).to_bits())
    }
}

/// Ten to the power of `places`.
#[inline]
pub(super) fn power(places: u8) -> f64 {
    const POWERS: [f64; 16] =
        [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];
    POWERS[usize::from(places & 15)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_for_operations() {
        let known = (0..=u8::MAX).filter_map(|code| Some((code, Op::from_code(code)?)));
        let known: Vec<_> = known.collect();
        assert_eq!(known.len(), 4 + 2 + 10 + 10 + 2);
        for (code, op) in known {
            assert_eq!(op.code(), code);
        }
        assert_eq!(Op::Decimal64(MAX_PLACES).code(), 0x29);
    }
}
