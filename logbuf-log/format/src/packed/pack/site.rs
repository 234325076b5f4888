//! A site as the packer knows it.

use super::{Head, LEAD, Layout, Room, Strings, slot::Slot};

/// One site.
#[derive(Debug)]
pub(super) struct Site {
    id: u32,
    /// The head of its records, while the block has its definition as it is now.
    head: Option<Head>,
    slots: Vec<Slot>,
    /// Bytes of its records, with those in front, if it has numbers alone; otherwise 0.
    record_len: u16,
}

impl Site {
    pub(super) fn new(id: u32, layout: &Layout) -> Self {
        let mut at = Some(0);
        let slots: Vec<_> = layout.ops.iter().map(|op| Slot::new(*op, &mut at)).collect();
        // At most 64 numbers of 8 bytes.
        let record_len = at.map_or(0, |len| LEAD as u16 + len);
        Self { id, head: None, slots, record_len }
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// The definition and its operations.
    pub(super) fn weight(&self) -> usize {
        1 + self.slots.len()
    }

    /// The head of its records, if the block has its definition as it is now.
    #[inline]
    pub(super) fn head(&self) -> Option<Head> {
        self.head
    }

    /// Has this index from now on, and forgets all values.
    pub(super) fn enter_block(&mut self, index: u32) {
        self.head = Some(Head::new(index, self.misses_len(), self.record_len));
        self.slots.iter_mut().for_each(Slot::forget);
    }

    /// Makes its next record bring a definition.
    pub(super) fn leave_block(&mut self) {
        self.head = None;
        self.slots.iter_mut().for_each(Slot::forget_tries);
    }

    /// Bytes of the bits that say which values are not as predicted.
    #[inline]
    pub(super) fn misses_len(&self) -> usize {
        self.slots.len().div_ceil(8)
    }

    /// Appends the site's id and its operations.
    pub(super) fn put_definition(&self, room: &mut Room<'_>) {
        room.put(self.id.into(), 4);
        room.put(self.slots.len() as u64, 1);
        self.slots.iter().for_each(|slot| room.put(slot.code().into(), 1));
    }

    /// How many values it has.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Passes over the values of a record of numbers alone, up to the first that is not as predicted. Returns how many it passed.
    #[inline]
    pub(super) fn count_hits(&mut self, record: &[u8]) -> usize {
        let mut rest = self.slots.iter_mut();
        while let Some(slot) = rest.next() {
            match word_at(record, slot.end()) {
                Some(word) if slot.hits(word) => {}
                _ => {
                    let left = rest.len() + 1;
                    return self.slots.len() - left;
                }
            }
        }
        self.slots.len()
    }

    /// Appends the values of a record. As [`put_values`](Self::put_values), of which it is the call.
    #[inline(never)]
    pub(super) fn put_all_values(
        &mut self,
        record: &[u8],
        room: &mut Room<'_>,
        strings: &mut Strings,
    ) -> bool {
        self.put_values(0, record, room, strings)
    }

    /// Appends the values of a record behind the first `hits`, which are numbers as predicted. The bytes of misses before `room`
    /// are zeros yet. Says whether the values are what the site's operations describe; if not, what was appended is to be taken
    /// back, and with it the site's definition.
    #[inline(always)]
    pub(super) fn put_values(
        &mut self,
        hits: usize,
        record: &[u8],
        room: &mut Room<'_>,
        strings: &mut Strings,
    ) -> bool {
        let misses_at = room.at - self.misses_len();
        let mut misses = 0_u64;
        let mut at = self.slots[..hits].last().map_or(0, Slot::end);
        for (slot, bit) in self.slots[hits..].iter_mut().zip(hits..) {
            let is_hit = if slot.is_number() {
                at += slot.width();
                let Some(word) = word_at(record, at) else { return false };
                slot.put_number(word, room)
            } else {
                let Some(rest) = record.get(LEAD + at..) else { return false };
                let Some((len, is_hit)) = slot.put_string(rest, room, strings) else {
                    return false;
                };
                at += len;
                is_hit
            };
            misses |= u64::from(!is_hit) << bit;
        }
        match self.misses_len() {
            0 => {}
            1 => room.bytes[misses_at] = misses as u8,
            len => room.bytes[misses_at..][..len].copy_from_slice(&misses.to_le_bytes()[..len]),
        }
        if room.is_stale {
            self.head = None;
        }
        at + LEAD == record.len()
    }
}

/// The 8 bytes of a record that end at this place among its values.
#[inline]
fn word_at(record: &[u8], end: usize) -> Option<u64> {
    // The values are behind as many.
    const { assert!(LEAD == 8) };
    let word = record.get(end..end + 8)?;
    word.first_chunk().map(|word| u64::from_le_bytes(*word))
}
