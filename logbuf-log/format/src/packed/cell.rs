//! What is remembered of one value of a site, and what it predicts: the same on both sides.
//!
//! Each kind of value uses the fields in its own way, so that all cells of a site lie side by side.

use super::{
    op::{Op, power},
    varint::{fold, unfold},
};

/// The memory of one value. A block begins with empty ones.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    /// What the value will be: an integer, or the bits of a float. Of strings, where the last one stands.
    pub(super) next: u64,
    /// What an integer is expected to grow by. Of strings, length and mark of the last one.
    pub(super) step: u64,
    /// The step of the last miss: if the next miss has the same, it is what is expected from then on. Of strings, how
    /// many in a row were new.
    pub(super) candidate: u64,
    /// Of decimals, the number in `next`.
    number: i64,
}

/// What a decimal that was not predicted is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Missed {
    /// Its step, folded, plus one.
    Step(u64),
    /// It has no short decimal form: 0, then its bits.
    Bits,
}

impl Cell {
    /// Takes note that a number was as predicted, and returns it.
    #[inline]
    pub(super) fn hit(&mut self, op: Op) -> u64 {
        let value = self.next;
        match op {
            Op::Int { spare } | Op::Bits { spare } => self.hit_step(spare),
            _ => self.hit_decimal(op),
        }
        value
    }

    /// Takes note that an integer was as predicted, or a float that is taken as bits, which have no step.
    #[inline]
    pub(super) fn hit_step(&mut self, spare: u8) {
        self.next = cut(self.next.wrapping_add(self.step), spare);
    }

    /// Takes note that a decimal was as predicted.
    #[inline]
    pub(super) fn hit_decimal(&mut self, op: Op) {
        match op {
            Op::Decimal64(places) => self.advance(|number| Op::bits_of_decimal64(number, places)),
            Op::Decimal32(places) => self.advance(|number| Op::bits_of_decimal32(number, places)),
            Op::Int { .. } | Op::Bits { .. } | Op::Str | Op::Item => {}
        }
    }

    #[inline]
    fn advance(&mut self, bits_of: impl FnOnce(i64) -> u64) {
        self.number = self.number.wrapping_add(self.step as i64);
        self.next = bits_of(self.number);
    }

    /// Takes note of an integer that was not as predicted, and returns what is written: its step, folded.
    #[inline]
    pub(super) fn miss_int(&mut self, value: u64, spare: u8) -> u64 {
        let last = self.next.wrapping_sub(self.step);
        let step = (value.wrapping_sub(last) << spare) as i64 >> spare;
        self.adopt(step as u64);
        self.next = cut(value.wrapping_add(self.step), spare);
        fold(step)
    }

    /// Takes note of an integer that was not as predicted, and returns it.
    #[inline]
    pub(super) fn missed_int(&mut self, folded: u64, spare: u8) -> u64 {
        let step = unfold(folded) as u64;
        let last = self.next.wrapping_sub(self.step);
        let value = cut(last.wrapping_add(step), spare);
        // The step as the writer saw it, also if these bytes are nobody's.
        self.adopt(((step << spare) as i64 >> spare) as u64);
        self.next = cut(value.wrapping_add(self.step), spare);
        value
    }

    /// A step that missed twice in a row is the one to expect: a counter's is found at once and survives a jump, and what
    /// changes now and then is expected to stay.
    #[inline]
    fn adopt(&mut self, step: u64) {
        if step == self.candidate {
            self.step = step;
        }
        self.candidate = step;
    }

    /// Takes note of a float that was not the one before, and returns what is written: in which bits they differ.
    #[inline]
    pub(super) fn miss_bits(&mut self, bits: u64) -> u64 {
        let differ = bits ^ self.next;
        self.next = bits;
        differ
    }

    /// Takes note of a float that differs from the one before in these bits, and returns it.
    #[inline]
    pub(super) fn missed_bits(&mut self, differ: u64, spare: u8) -> u64 {
        self.next = cut(self.next ^ differ, spare);
        self.next
    }

    /// Takes note of a decimal that was not as predicted. `number` is the decimal as a number, if it is one.
    #[inline]
    pub(super) fn miss_decimal(
        &mut self,
        number: Option<i64>,
        bits_of: impl FnOnce(i64) -> u64,
    ) -> Missed {
        let Some(number) = number else { return Missed::Bits };
        let step = number.wrapping_sub(self.last_number());
        self.expect(number, step, bits_of);
        Missed::Step(fold(step).wrapping_add(1))
    }

    /// Takes note of a decimal that differs from the last by this step, folded, and returns its bits.
    #[inline]
    pub(super) fn missed_decimal(&mut self, folded: u64, bits_of: impl Fn(i64) -> u64) -> u64 {
        let step = unfold(folded);
        let number = self.last_number().wrapping_add(step);
        self.expect(number, step, &bits_of);
        bits_of(number)
    }

    #[inline]
    fn last_number(&self) -> i64 {
        self.number.wrapping_sub(self.step as i64)
    }

    #[inline]
    fn expect(&mut self, number: i64, step: i64, bits_of: impl FnOnce(i64) -> u64) {
        self.adopt(step as u64);
        self.number = number.wrapping_add(self.step as i64);
        self.next = bits_of(self.number);
    }
}

/// `value` without its `spare` highest bits.
#[inline]
fn cut(value: u64, spare: u8) -> u64 {
    value << spare >> spare
}

/// The float of these bits as a whole number of 10⁻ⁿ, n being `places`, if it is one that [`Op::bits_of_decimal64`] takes
/// back to the same bits.
#[inline]
pub(super) fn number64(bits: u64, places: u8) -> Option<i64> {
    let number = nearest(f64::from_bits(bits) * power(places))?;
    (Op::bits_of_decimal64(number, places) == bits).then_some(number)
}

/// The same of an `f32`.
#[inline]
pub(super) fn number32(bits: u64, places: u8) -> Option<i64> {
    let number = nearest(f64::from(f32::from_bits(bits as u32)) * power(places))?;
    (Op::bits_of_decimal32(number, places) == bits).then_some(number)
}

/// The whole number nearest to `value`, if it is small enough for its step not to need all bits.
#[inline]
fn nearest(value: f64) -> Option<i64> {
    const LIMIT: f64 = (1_u64 << 51) as f64;
    // Adding it leaves no room for a fraction, and the sum's low bits are the whole number.
    const ROUND: f64 = 3.0 * LIMIT;
    let number = (value + ROUND).to_bits().wrapping_sub(ROUND.to_bits()) as i64;
    (value.abs() < LIMIT).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_expected_when_it_missed_twice_and_survives_a_jump() {
        let mut cell = Cell::default();
        let values = [7_u64, 8, 9, 10, 20, 21, 22];
        let hits: Vec<_> = values
            .into_iter()
            .map(|value| {
                let hit = cell.next == value;
                if hit {
                    cell.hit(Op::int(8));
                } else {
                    cell.miss_int(value, 0);
                }
                hit
            })
            .collect();
        assert_eq!(hits, [false, false, false, true, false, true, true]);
    }

    #[test]
    fn integers_wrap_at_their_own_width() {
        let mut cell = Cell::default();
        assert_eq!(cell.miss_int(0xFFFF, 48), fold(-1));
        assert_eq!(cell.miss_int(1, 48), fold(2));
    }

    #[test]
    fn floats_that_are_short_decimals_are_numbers() {
        for (value, places, number) in
            [(52_100.5_f64, 1, 521_005), (0.1, 1, 1), (-1.25, 2, -125), (1e9, 0, 1_000_000_000)]
        {
            assert_eq!(number64(value.to_bits(), places), Some(number), "{value}");
        }
        for value in [-0.0, 1.0 / 3.0, 0.1 + 0.2, f64::NAN, f64::INFINITY, 1e300, f64::MIN_POSITIVE]
        {
            assert_eq!(number64(value.to_bits(), 9), None, "{value}");
        }
        assert_eq!(number32(52.17_f32.to_bits().into(), 2), Some(5_217));
        assert_eq!(number32(f32::NAN.to_bits().into(), 2), None);
    }
}
