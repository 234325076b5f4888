//! A site as the packer knows it.

use super::{Entry, LEAD, Layout, Room, Strings, site_code};
use crate::packed::{
    cell::{Cell, Missed, number32, number64},
    op::{MAX_PLACES, Op},
    strings::{Token, hash},
};
use crate::site;
use std::collections::HashMap;

/// Floats without a short decimal form before a value is no longer taken for a decimal, in this block.
const MAX_TRIES: u8 = 16;

/// Strings in a row that were not known before, after which only some are looked up.
const UNLUCKY: u64 = 32;

/// All sites that the packer knows.
#[derive(Debug)]
pub(super) struct Sites {
    sites: Vec<Site>,
    /// For ids below [`DENSE`], the place in `sites` plus one.
    dense: Vec<u32>,
    /// For all others, their place.
    sparse: HashMap<u32, usize>,
    /// Definitions in the block.
    defined: u32,
    /// Definitions in the block and their operations.
    weight: usize,
    mask: u32,
}

/// Ids that are looked up in an array. A program numbers its sites from 0, so that others come from files alone.
const DENSE: u32 = 1 << 16;

/// One site.
#[derive(Debug)]
pub(super) struct Site {
    id: u32,
    /// Its index in the block.
    index: Option<u32>,
    slots: Vec<Slot>,
}

/// One value of a site.
#[derive(Clone, Copy, Debug)]
struct Slot {
    op: Op,
    /// Floats in this block that had no short decimal form.
    tries: u8,
    cell: Cell,
}

impl Sites {
    pub(super) fn new() -> Self {
        Self {
            sites: Vec::new(),
            dense: Vec::new(),
            sparse: HashMap::new(),
            defined: 0,
            weight: 0,
            mask: 0,
        }
    }

    /// Begins a block: no site is in it.
    pub(super) fn clear(&mut self) {
        if self.defined > 0 {
            self.sites.iter_mut().for_each(Site::leave_block);
        }
        (self.defined, self.weight, self.mask) = (0, 0, 0);
    }

    /// The place of the site with this id.
    #[inline]
    pub(super) fn find(&self, id: u32) -> Option<usize> {
        match self.dense.get(id as usize) {
            Some(place) => (*place as usize).checked_sub(1),
            None => self.find_sparse(id),
        }
    }

    fn find_sparse(&self, id: u32) -> Option<usize> {
        self.sparse.get(&id).copied()
    }

    #[inline]
    pub(super) fn get_mut(&mut self, place: usize) -> &mut Site {
        &mut self.sites[place]
    }

    /// Adds a site, or changes its layout. Returns its place.
    pub(super) fn learn(&mut self, id: u32, layout: &Layout) -> usize {
        let site = Site::new(id, layout);
        if let Some(place) = self.find(id) {
            self.sites[place] = site;
            return place;
        }
        let place = self.sites.len();
        self.sites.push(site);
        if id < DENSE {
            let need = id as usize + 1;
            self.dense.resize(self.dense.len().max(need), 0);
            self.dense[id as usize] = place as u32 + 1;
        } else {
            self.sparse.insert(id, place);
        }
        place
    }

    /// Gives a site the next index of the block.
    pub(super) fn enter(&mut self, place: usize) -> (&mut Site, u32) {
        let index = self.defined;
        let site = &mut self.sites[place];
        self.defined += 1;
        self.weight += site.weight();
        self.mask |= site::bit(site.id);
        site.index = Some(index);
        site.slots.iter_mut().for_each(|slot| slot.cell = Cell::default());
        (site, index)
    }

    /// Takes back the index that was given last: the definition was not written after all.
    pub(super) fn leave(&mut self, place: usize, index: u32) {
        let site = &mut self.sites[place];
        self.defined = index;
        self.weight -= site.weight();
        site.leave_block();
    }

    /// Counts a definition of `site`, which will not be referred to again.
    pub(super) fn pass(&mut self, site: &Site) {
        self.defined += 1;
        self.weight += site.weight();
        self.mask |= site::bit(site.id);
    }

    /// Definitions in the block and their operations.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// The bits of the sites in the block.
    pub(super) fn mask(&self) -> u32 {
        self.mask
    }
}

impl Site {
    pub(super) fn new(id: u32, layout: &Layout) -> Self {
        let slot = |op: &Op| Slot { op: *op, tries: 0, cell: Cell::default() };
        Self { id, index: None, slots: layout.ops.iter().map(slot).collect() }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// The definition and its operations.
    pub(super) fn weight(&self) -> usize {
        1 + self.slots.len()
    }

    /// Whether the block has its definition, as it is now.
    #[inline]
    pub(super) fn is_in_block(&self) -> bool {
        self.index.is_some()
    }

    /// Makes its next record bring a definition.
    pub(super) fn leave_block(&mut self) {
        self.index = None;
        self.slots.iter_mut().for_each(|slot| slot.tries = 0);
    }

    /// Appends what the code that is returned leaves open of the site's index.
    #[inline]
    pub(super) fn put_index(&self, room: &mut Room<'_>) -> u8 {
        match self.index.unwrap_or(0) {
            index if index < u32::from(site_code::BYTE) => index as u8,
            index => put_large_index(index, room),
        }
    }

    /// Appends the site's id and its operations.
    pub(super) fn put_definition(&self, room: &mut Room<'_>) {
        room.put(self.id.into(), 4);
        room.put(self.slots.len() as u64, 1);
        self.slots.iter().for_each(|slot| room.put(slot.op.code().into(), 1));
    }

    /// Appends the values of a record. Says whether they are what the site's operations describe; if not, what was appended
    /// is to be taken back, and with it the site's definition.
    #[inline]
    pub(super) fn put_values(
        &mut self,
        record: &[u8],
        room: &mut Room<'_>,
        strings: &mut Strings,
    ) -> bool {
        let misses_at = room.at;
        let misses_len = self.slots.len().div_ceil(8);
        room.at += misses_len;
        let mut values = Values { record, at: 0, room, strings, is_stale: false };
        let mut misses = 0_u64;
        let mut bit = 1_u64;
        for slot in &mut self.slots {
            match values.put(slot) {
                Some(true) => {}
                Some(false) => misses |= bit,
                None => return false,
            }
            bit = bit.rotate_left(1);
        }
        let is_whole = values.at + LEAD == record.len();
        if values.is_stale {
            self.index = None;
        }
        put_misses(room, misses_at, misses_len, misses);
        is_whole
    }
}

#[inline]
fn put_misses(room: &mut Room<'_>, at: usize, len: usize, misses: u64) {
    match len {
        0 => {}
        1 => room.bytes[at] = misses as u8,
        _ => room.bytes[at..at + len].copy_from_slice(&misses.to_le_bytes()[..len]),
    }
}

#[cold]
fn put_large_index(index: u32, room: &mut Room<'_>) -> u8 {
    match u8::try_from(index) {
        Ok(index) => {
            room.put(index.into(), 1);
            site_code::BYTE
        }
        Err(_) => {
            room.put(index.into(), 2);
            site_code::WORD
        }
    }
}

/// The values of one record on their way.
struct Values<'v, 'r> {
    record: &'v [u8],
    /// Where the next value stands among the values.
    at: usize,
    room: &'v mut Room<'r>,
    strings: &'v mut Strings,
    /// Whether an operation was changed, so that the next record needs a new definition.
    is_stale: bool,
}

impl Values<'_, '_> {
    /// Appends the next value, if it is not as predicted. Says whether it was; `None` if there is no such value.
    #[inline(always)]
    fn put(&mut self, slot: &mut Slot) -> Option<bool> {
        let cell = &mut slot.cell;
        let is_hit = match slot.op {
            Op::Int { spare } => {
                let value = self.word(spare)?;
                let is_hit = value == cell.next;
                if is_hit {
                    cell.hit_int(spare);
                } else {
                    self.room.put_number(cell.miss_int(value, spare));
                }
                is_hit
            }
            Op::Decimal64(places) => {
                let bits = self.word(0)?;
                let is_hit = bits == cell.next;
                if is_hit {
                    cell.hit_decimal(|number| Op::bits_of_decimal64(number, places));
                } else {
                    self.miss_decimal64(slot, bits, places);
                }
                is_hit
            }
            Op::Str => self.put_str(cell)?,
            Op::Bits { spare } => {
                let bits = self.word(spare)?;
                let is_hit = bits == cell.next;
                if !is_hit {
                    self.miss_bits(slot, bits, spare);
                }
                is_hit
            }
            Op::Decimal32(places) => {
                let bits = self.word(32)?;
                let is_hit = bits == cell.next;
                if is_hit {
                    cell.hit_decimal(|number| Op::bits_of_decimal32(number, places));
                } else {
                    self.miss_decimal32(slot, bits, places);
                }
                is_hit
            }
            Op::Item => self.put_item(cell)?,
        };
        Some(is_hit)
    }

    /// The next value, a number of `8 - spare / 8` bytes: the end of the 8 bytes that end with it.
    #[inline(always)]
    fn word(&mut self, spare: u8) -> Option<u64> {
        self.at += 8 - usize::from(spare / 8);
        let word = self.record.get(self.at..)?.first_chunk()?;
        Some(u64::from_le_bytes(*word) >> spare)
    }

    #[inline(never)]
    fn miss_bits(&mut self, slot: &mut Slot, bits: u64, spare: u8) {
        self.room.put_number(slot.cell.miss_bits(bits));
        // Is it a decimal after all? From the next record on, then.
        if slot.tries < MAX_TRIES {
            let op = match spare {
                0 => places(0, |places| number64(bits, places)).map(Op::Decimal64),
                _ => places(0, |places| number32(bits, places)).map(Op::Decimal32),
            };
            slot.tries += 1;
            slot.op = op.unwrap_or(slot.op);
            self.is_stale |= op.is_some();
        }
    }

    #[inline(never)]
    fn miss_decimal64(&mut self, slot: &mut Slot, bits: u64, places: u8) {
        let bits_of = |number| Op::bits_of_decimal64(number, places);
        match slot.cell.miss_decimal(number64(bits, places), bits_of) {
            Missed::Step(step) => self.put_step(slot, step),
            Missed::Bits => {
                self.room.put_number(0);
                self.room.put(bits, 8);
                self.try_more(slot, places, 8, Op::Decimal64, |places| number64(bits, places));
            }
        }
    }

    #[inline(never)]
    fn miss_decimal32(&mut self, slot: &mut Slot, bits: u64, places: u8) {
        let bits_of = |number| Op::bits_of_decimal32(number, places);
        match slot.cell.miss_decimal(number32(bits, places), bits_of) {
            Missed::Step(step) => self.put_step(slot, step),
            Missed::Bits => {
                self.room.put_number(0);
                self.room.put(bits, 4);
                self.try_more(slot, places, 4, Op::Decimal32, |places| number32(bits, places));
            }
        }
    }

    #[inline]
    fn put_step(&mut self, slot: &mut Slot, step: u64) {
        self.room.put_number(step);
        slot.tries = 0;
    }

    /// After a float that is no decimal of so many places: perhaps it is one of more, or none of them are.
    #[cold]
    fn try_more(
        &mut self,
        slot: &mut Slot,
        tried: u8,
        width: u8,
        op: impl FnOnce(u8) -> Op,
        number: impl Fn(u8) -> Option<i64>,
    ) {
        slot.tries += 1;
        if let Some(places) = places(tried + 1, number) {
            slot.op = op(places);
            self.is_stale = true;
        } else if slot.tries >= MAX_TRIES {
            slot.op = Op::bits(width);
            self.is_stale = true;
        }
    }

    #[inline(never)]
    fn put_str(&mut self, cell: &mut Cell) -> Option<bool> {
        let rest = self.record.get(LEAD + self.at..)?;
        let (prefix, rest) = rest.split_first_chunk()?;
        let prefix = u32::from_le_bytes(*prefix);
        let bytes = rest.get(..Entry { start: 0, prefix }.len())?;
        self.at += 4 + bytes.len();
        Some(self.put_string(cell, prefix, bytes))
    }

    #[inline(never)]
    fn put_item(&mut self, cell: &mut Cell) -> Option<bool> {
        let bytes = self.record.get(LEAD + self.at..)?;
        self.at += bytes.len();
        Some(self.put_string(cell, bytes.len() as u32, bytes))
    }

    /// Appends a string, unless it is the one that was at this place before.
    #[inline]
    fn put_string(&mut self, cell: &mut Cell, prefix: u32, bytes: &[u8]) -> bool {
        let last = Entry { start: cell.next as u32, prefix: cell.step as u32 };
        if last.prefix == prefix && last.bytes(self.room.bytes) == bytes {
            return true;
        }
        // Where no string comes again a look at all of them would be a waste.
        let is_looked_up = cell.candidate < UNLUCKY || cell.candidate.is_multiple_of(UNLUCKY);
        let hash = is_looked_up.then(|| hash(bytes));
        let known = hash.and_then(|hash| {
            let number = self.strings.find(bytes, prefix, hash, self.room.bytes)?;
            Some((number, self.strings.get(number)))
        });
        let entry = if let Some((number, entry)) = known {
            cell.candidate = 0;
            self.room.put_number(Token::Known(number).encode());
            entry
        } else {
            cell.candidate += 1;
            self.room.put_number(Token::New { prefix }.encode());
            let entry = Entry { start: self.room.at as u32, prefix };
            self.room.put_bytes(bytes);
            self.strings.enter(entry, hash);
            entry
        };
        (cell.next, cell.step) = (entry.start.into(), entry.prefix.into());
        false
    }
}

/// The fewest decimal places, from `from` on, with which a float is a whole number.
fn places(from: u8, number: impl Fn(u8) -> Option<i64>) -> Option<u8> {
    (from..=MAX_PLACES).find(|places| number(*places).is_some())
}
