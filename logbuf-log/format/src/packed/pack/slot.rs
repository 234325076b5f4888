//! One value of a site: its memory, and how it is appended.

use super::{Entry, Room, Strings};
use crate::packed::{
    cell::{Cell, Missed, number32, number64},
    op::{MAX_PLACES, Op},
    strings::{Token, hash},
};

/// Floats without a short decimal form before a value is no longer taken for a decimal, in this block.
const MAX_TRIES: u8 = 16;

/// Strings in a row that were not known before, after which only some are looked up.
const UNLUCKY: u64 = 32;

/// One value of a site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    cell: Cell,
    op: Op,
    /// Bytes of a number; 0 for a string.
    width: u8,
    /// Where a number ends among the values, if there are only numbers before it.
    end: u16,
    /// Bits that 64 have more than the number.
    spare: u8,
    /// Floats in this block that had no short decimal form.
    tries: u8,
}

impl Slot {
    /// A slot behind others, which end at `at` if all of them are numbers; so does `at` afterwards.
    pub(super) fn new(op: Op, at: &mut Option<u16>) -> Self {
        let (width, spare) = op.spare().map_or((0, 0), |spare| (8 - spare / 8, spare));
        *at = at.filter(|_| width > 0).map(|at| at + u16::from(width));
        let end = at.unwrap_or(u16::MAX);
        Self { cell: Cell::default(), op, width, end, spare, tries: 0 }
    }

    /// Forgets the values of a block. What was learnt about the operation stays.
    pub(super) fn forget(&mut self) {
        self.cell = Cell::default();
    }

    /// Begins to count anew which floats are no decimals.
    pub(super) fn forget_tries(&mut self) {
        self.tries = 0;
    }

    /// The byte that stands for its operation.
    pub(super) fn code(&self) -> u8 {
        self.op.code()
    }

    /// Bytes of its value, if that is a number; of a string 0.
    #[inline]
    pub(super) fn width(&self) -> usize {
        self.width.into()
    }

    #[inline]
    pub(super) fn is_number(&self) -> bool {
        self.width > 0
    }

    /// Where it ends among the values of a record of numbers alone.
    #[inline]
    pub(super) fn end(&self) -> usize {
        self.end.into()
    }

    /// Whether the number at the end of `word` is as predicted; takes note of it then.
    #[inline]
    pub(super) fn hits(&mut self, word: u64) -> bool {
        let spare = self.spare & 63;
        if word >> spare != self.cell.next {
            return false;
        }
        match self.op {
            Op::Int { .. } | Op::Bits { .. } => self.cell.hit_step(spare),
            _ => self.cell.hit_decimal(self.op),
        }
        true
    }

    /// Appends a number, the end of `word`, if it is not as predicted. Says whether it was.
    #[inline(always)]
    pub(super) fn put_number(&mut self, word: u64, room: &mut Room<'_>) -> bool {
        if self.hits(word) {
            return true;
        }
        let value = word >> (self.spare & 63);
        match self.op {
            Op::Int { spare } => room.put_number(self.cell.miss_int(value, spare)),
            _ => self.miss_float(value, room),
        }
        false
    }

    /// Appends a float that is not as predicted.
    #[inline(never)]
    fn miss_float(&mut self, bits: u64, room: &mut Room<'_>) {
        match self.op {
            Op::Decimal64(places) => {
                let bits_of = |number| Op::bits_of_decimal64(number, places);
                match self.cell.miss_decimal(number64(bits, places), bits_of) {
                    Missed::Step(step) => self.put_step(step, room),
                    Missed::Bits => {
                        room.put_number(0);
                        room.put(bits, 8);
                        let number = |places| number64(bits, places);
                        self.try_more(places, Op::Decimal64, number, room);
                    }
                }
            }
            Op::Decimal32(places) => {
                let bits_of = |number| Op::bits_of_decimal32(number, places);
                match self.cell.miss_decimal(number32(bits, places), bits_of) {
                    Missed::Step(step) => self.put_step(step, room),
                    Missed::Bits => {
                        room.put_number(0);
                        room.put(bits, 4);
                        let number = |places| number32(bits, places);
                        self.try_more(places, Op::Decimal32, number, room);
                    }
                }
            }
            _ => self.miss_bits(bits, room),
        }
    }

    fn miss_bits(&mut self, bits: u64, room: &mut Room<'_>) {
        room.put_number(self.cell.miss_bits(bits));
        // Is it a decimal after all? From the next record on, then.
        if self.tries < MAX_TRIES {
            let op = match self.spare {
                0 => places(0, |places| number64(bits, places)).map(Op::Decimal64),
                _ => places(0, |places| number32(bits, places)).map(Op::Decimal32),
            };
            self.tries += 1;
            self.op = op.unwrap_or(self.op);
            room.is_stale |= op.is_some();
        }
    }

    #[inline]
    fn put_step(&mut self, step: u64, room: &mut Room<'_>) {
        room.put_number(step);
        self.tries = 0;
    }

    /// After a float that is no decimal of so many places: perhaps it is one of more, or none of them are.
    #[cold]
    fn try_more(
        &mut self,
        tried: u8,
        op: impl FnOnce(u8) -> Op,
        number: impl Fn(u8) -> Option<i64>,
        room: &mut Room<'_>,
    ) {
        self.tries += 1;
        if let Some(places) = places(tried + 1, number) {
            self.op = op(places);
            room.is_stale = true;
        } else if self.tries >= MAX_TRIES {
            self.op = Op::bits(self.width);
            room.is_stale = true;
        }
    }

    /// Appends the string at the front of `rest`, if it is not as predicted. Returns its length in a record, and whether it
    /// was; `None` if there is no such string.
    #[inline(never)]
    pub(super) fn put_string(
        &mut self,
        rest: &[u8],
        room: &mut Room<'_>,
        strings: &mut Strings,
    ) -> Option<(usize, bool)> {
        let (prefix, bytes, len) = match self.op {
            Op::Str => {
                let (prefix, rest) = rest.split_first_chunk()?;
                let prefix = u32::from_le_bytes(*prefix);
                let bytes = rest.get(..Entry { start: 0, prefix }.len())?;
                (prefix, bytes, 4 + bytes.len())
            }
            _ => (rest.len() as u32, rest, rest.len()),
        };
        let last = Entry { start: self.cell.next as u32, prefix: self.cell.step as u32 };
        if last.prefix == prefix && last.bytes(room.bytes) == bytes {
            return Some((len, true));
        }
        self.miss_string(prefix, bytes, room, strings);
        Some((len, false))
    }

    /// Appends a string that is not the one that was at this place before.
    #[inline]
    fn miss_string(
        &mut self,
        prefix: u32,
        bytes: &[u8],
        room: &mut Room<'_>,
        strings: &mut Strings,
    ) {
        let cell = &mut self.cell;
        // Where no string comes again a look at all of them would be a waste.
        let is_looked_up = cell.candidate < UNLUCKY || cell.candidate.is_multiple_of(UNLUCKY);
        let hash = is_looked_up.then(|| hash(bytes));
        let known = hash.and_then(|hash| {
            let number = strings.find(bytes, prefix, hash, room.bytes)?;
            Some((number, strings.get(number)))
        });
        let entry = if let Some((number, entry)) = known {
            cell.candidate = 0;
            room.put_number(Token::Known(number).encode());
            entry
        } else {
            cell.candidate += 1;
            room.put_number(Token::New { prefix }.encode());
            let entry = Entry { start: room.at as u32, prefix };
            room.put_bytes(bytes);
            strings.enter(entry, hash);
            entry
        };
        (cell.next, cell.step) = (entry.start.into(), entry.prefix.into());
    }
}

/// The fewest decimal places, from `from` on, with which a float is a whole number.
fn places(from: u8, number: impl Fn(u8) -> Option<i64>) -> Option<u8> {
    (from..=MAX_PLACES).find(|places| number(*places).is_some())
}
