//! From a packed payload back to the raw one.

mod input;
mod output;

use super::{
    EARLIER, START,
    cell::Cell,
    layout::MAX_OPS,
    op::Op,
    site_code,
    strings::{Entry, MAX_STRINGS, Token},
};
use crate::{
    Error, Fault, Part,
    bytes::{u32_at, u64_at},
    events::HEAD_LEN,
    limits,
};
use input::Input;
use output::{Output, SLACK};

/// Puts the payload that a packed payload would have had in codec raw in the place of what `out` held, whose memory is used again.
///
/// After an error `out` has the extents and records in front of it; its last extent says how many it has.
///
/// # Errors
///
/// Where the payload stops making sense, and why: [`Fault::Incomplete`], [`Fault::Unknown`], [`Fault::Limit`] or
/// [`Fault::Mismatch`]. There are no more than [`limits::PAYLOAD`] bytes, whatever it says.
///
/// # Examples
///
/// See [`Packer`](super::Packer).
pub fn expand(payload: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = Input::new(payload);
    let raw_len = announced(&mut input).inspect_err(|_| out.clear())?;
    // What is there already need not be zero, and is not made so.
    out.resize(raw_len + SLACK, 0);
    let output = Output::new(out);
    let mut expander = Expander {
        input,
        output,
        ticks: 0,
        sites: Vec::new(),
        slots: Vec::new(),
        strings: Vec::new(),
    };
    let result = expander.extents();
    let found = expander.output.finish();
    out.truncate(found);
    result?;
    if found != raw_len {
        let (found, expected) = (found as u64, raw_len as u64);
        let fault = Fault::Mismatch { part: Part::ExpandedPayload, found, expected };
        return Err(Error::at(0, fault));
    }
    Ok(())
}

/// The length of the raw payload, as the packed one begins with.
fn announced(input: &mut Input<'_>) -> Result<usize, Error> {
    let raw_len = u32_at(input.take(Part::Packed, START)?, 0) as usize;
    check(Part::ExpandedPayload, raw_len, limits::PAYLOAD).map_err(|fault| Error::at(0, fault))?;
    Ok(raw_len)
}

struct Expander<'p, 'o> {
    input: Input<'p>,
    output: Output<'o>,
    /// The time of the record before.
    ticks: u64,
    /// By index.
    sites: Vec<Site>,
    /// The values of all sites.
    slots: Vec<Slot>,
    /// By number.
    strings: Vec<Entry>,
}

/// A site of the block.
#[derive(Clone, Copy)]
struct Site {
    id: u32,
    /// Where its values stand among all.
    first: u32,
    count: u32,
}

/// A value of a site.
#[derive(Clone, Copy)]
struct Slot {
    op: Op,
    cell: Cell,
}

impl Expander<'_, '_> {
    fn extents(&mut self) -> Result<(), Error> {
        while !self.input.is_empty() {
            let at = self.input.at();
            let head = self.input.take(Part::Extent, HEAD_LEN)?;
            let (count, len) = (u32_at(head, 24), u32_at(head, 28) as usize);
            let (start, end) = (u64_at(head, 8), u64_at(head, 16));
            if end < start {
                let fault = Fault::Mismatch { part: Part::ExtentEnd, found: end, expected: start };
                return Err(Error::at(at + 16, fault));
            }
            self.output.open(head).map_err(|fault| Error::at(at, fault))?;
            let result = self.records(count, len);
            self.output.seal();
            result?;
        }
        Ok(())
    }

    fn records(&mut self, count: u32, len: usize) -> Result<(), Error> {
        let begin = self.input.at();
        for _ in 0..count {
            let at = self.input.at();
            self.output.begin_record();
            let ended = self.record().and_then(|site| {
                let head = (site, self.ticks);
                self.output.end_record(head).map_err(|fault| Error::at(at, fault))
            });
            if let Err(error) = ended {
                self.output.abort_record();
                return Err(error);
            }
        }
        let found = self.input.at() - begin;
        if found != len {
            let (found, expected) = (found as u64, len as u64);
            return Err(Error::at(begin, Fault::Mismatch { part: Part::Extent, found, expected }));
        }
        Ok(())
    }

    /// Reads a record. Its values are in the output then; returns its site.
    #[inline]
    fn record(&mut self) -> Result<u32, Error> {
        let code = self.input.byte(Part::Packed)?;
        let site = self.site(code & 0xF)?;
        self.time(code >> 4)?;
        let at = self.input.at();
        let mut misses = self.input.word(Part::Packed, (site.count as usize).div_ceil(8))?;
        let range = site.first as usize..(site.first + site.count) as usize;
        for slot in &mut self.slots[range] {
            let mut value = Value {
                input: &mut self.input,
                output: &mut self.output,
                strings: &mut self.strings,
            };
            if misses & 1 == 0 {
                value.hit(slot)?
            } else {
                value.miss(slot)?
            }
            misses >>= 1;
        }
        if misses != 0 {
            return Err(Error::at(at, Fault::Unknown { part: Part::Packed, found: misses }));
        }
        Ok(site.id)
    }

    #[inline]
    fn site(&mut self, code: u8) -> Result<Site, Error> {
        let index = match code {
            site_code::NEW => return self.define(),
            site_code::WORD => self.input.word(Part::PackedSite, 2)?,
            site_code::BYTE => self.input.word(Part::PackedSite, 1)?,
            index => index.into(),
        };
        let unknown = Fault::Unknown { part: Part::PackedSite, found: index };
        self.sites.get(index as usize).copied().ok_or_else(|| Error::at(self.input.at(), unknown))
    }

    #[cold]
    fn define(&mut self) -> Result<Site, Error> {
        let at = self.input.at();
        let id = self.input.word(Part::PackedSite, 4)? as u32;
        let count = usize::from(self.input.byte(Part::Layout)?);
        check(Part::Layout, count, MAX_OPS).map_err(|fault| Error::at(at + 4, fault))?;
        let weight = self.sites.len() + self.slots.len() + 1 + count;
        check(Part::Layout, weight, limits::LAYOUTS).map_err(|fault| Error::at(at, fault))?;
        let first = self.slots.len();
        for (i, code) in self.input.take(Part::Layout, count)?.iter().enumerate() {
            let unknown = Fault::Unknown { part: Part::Layout, found: (*code).into() };
            let op = Op::from_code(*code).ok_or_else(|| Error::at(at + 5 + i, unknown))?;
            self.slots.push(Slot { op, cell: Cell::default() });
        }
        let site = Site { id, first: first as u32, count: count as u32 };
        self.sites.push(site);
        Ok(site)
    }

    #[inline]
    fn time(&mut self, code: u8) -> Result<(), Error> {
        let (len, earlier) = if code <= EARLIER { (code, false) } else { (code - EARLIER, true) };
        let distance = self.input.word(Part::Packed, len.into())?;
        self.ticks = match earlier {
            false => self.ticks.wrapping_add(distance),
            true => self.ticks.wrapping_sub(distance),
        };
        Ok(())
    }
}

/// The next value of a record, on its way.
struct Value<'v, 'p, 'o> {
    input: &'v mut Input<'p>,
    output: &'v mut Output<'o>,
    strings: &'v mut Vec<Entry>,
}

impl Value<'_, '_, '_> {
    /// Puts a value that is as predicted.
    #[inline]
    fn hit(&mut self, slot: &mut Slot) -> Result<(), Error> {
        let cell = &mut slot.cell;
        match slot.op {
            Op::Int { spare } | Op::Bits { spare } => self.put_word(cell.hit(slot.op), spare),
            Op::Decimal64(_) => self.put_word(cell.hit(slot.op), 0),
            Op::Decimal32(_) => self.put_word(cell.hit(slot.op), 32),
            Op::Str | Op::Item => {
                let entry = Entry { start: cell.next as u32, prefix: cell.step as u32 };
                self.put_string(slot.op, entry)
            }
        }
    }

    /// Puts a value that is not.
    #[inline]
    fn miss(&mut self, slot: &mut Slot) -> Result<(), Error> {
        let at = self.input.at();
        let coded = self.input.number(Part::Packed)?;
        let cell = &mut slot.cell;
        match slot.op {
            Op::Int { spare } => self.put_word(cell.missed_int(coded, spare), spare),
            Op::Bits { spare } => self.put_word(cell.missed_bits(coded, spare), spare),
            Op::Decimal64(places) => {
                let bits = match coded.checked_sub(1) {
                    Some(step) => {
                        cell.missed_decimal(step, |number| Op::bits_of_decimal64(number, places))
                    }
                    None => self.input.word(Part::Packed, 8)?,
                };
                self.put_word(bits, 0)
            }
            Op::Decimal32(places) => {
                let bits = match coded.checked_sub(1) {
                    Some(step) => {
                        cell.missed_decimal(step, |number| Op::bits_of_decimal32(number, places))
                    }
                    None => self.input.word(Part::Packed, 4)?,
                };
                self.put_word(bits, 32)
            }
            Op::Str | Op::Item => {
                let entry = self.string(coded, at)?;
                (cell.next, cell.step) = (entry.start.into(), entry.prefix.into());
                self.put_string(slot.op, entry)
            }
        }
    }

    /// The string that a number stands for.
    #[inline]
    fn string(&mut self, coded: u64, at: usize) -> Result<Entry, Error> {
        let unknown = || Error::at(at, Fault::Unknown { part: Part::String, found: coded });
        match Token::decode(coded).ok_or_else(unknown)? {
            Token::Known(number) => self.strings.get(number).copied().ok_or_else(unknown),
            Token::New { prefix } => {
                let entry = Entry { start: self.input.at() as u32, prefix };
                self.input.take(Part::String, entry.len())?;
                if self.strings.len() < MAX_STRINGS {
                    self.strings.push(entry);
                }
                Ok(entry)
            }
        }
    }

    #[inline]
    fn put_string(&mut self, op: Op, entry: Entry) -> Result<(), Error> {
        if op == Op::Str {
            self.put_word(entry.prefix.into(), 32)?;
        }
        let bytes = self.input.again(entry);
        self.output.put_bytes(bytes).map_err(|fault| Error::at(self.input.at(), fault))
    }

    #[inline]
    fn put_word(&mut self, word: u64, spare: u8) -> Result<(), Error> {
        let width = 8 - usize::from(spare / 8);
        self.output.put(word, width).map_err(|fault| Error::at(self.input.at(), fault))
    }
}

fn check(part: Part, found: usize, limit: usize) -> Result<(), Fault> {
    let (found, limit) = (found as u64, limit as u64);
    if found <= limit { Ok(()) } else { Err(Fault::Limit { part, found, limit }) }
}
