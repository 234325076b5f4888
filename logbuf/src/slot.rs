//! A place in a ring's buffer where a record starts or may start.

use crate::sync::{Granule, Ordering};
use crate::word::{GRANULE, Word, span};

/// A pointer to the granule of a header. Null in a detached producer only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(*const Granule);

impl Slot {
    /// The place of a ring that does not exist.
    pub(crate) const NOWHERE: Slot = Slot(std::ptr::null());

    /// The first granule of a buffer.
    pub(crate) const fn first(buffer: *const Granule) -> Slot {
        Slot(buffer)
    }

    /// Bytes of ring between `earlier` and this place, both of the same buffer or both nowhere.
    #[inline(always)]
    pub(crate) fn bytes_after(self, earlier: Slot) -> usize {
        debug_assert!(earlier.0.addr() <= self.0.addr());
        Granule::bytes_between(earlier.0, self.0)
    }

    /// Whether this place lies at least `bytes` bytes of ring, a multiple of 8 and not 0, behind `start`: both of the same
    /// buffer or both nowhere. Never if it lies before `start`.
    #[inline(always)]
    pub(crate) fn is_after(self, start: Slot, bytes: usize) -> bool {
        debug_assert!(start.0.addr() <= self.0.addr());
        Granule::is_behind(start.0, bytes, self.0)
    }

    /// The place `bytes`, a multiple of 8, further on.
    ///
    /// # Safety
    ///
    /// That place lies in the same buffer, or right behind it.
    #[inline(always)]
    pub(crate) unsafe fn add(self, bytes: usize) -> Slot {
        // SAFETY: the caller's promise.
        Slot(unsafe { Granule::step(self.0, bytes) })
    }

    /// The header as it stands.
    ///
    /// # Safety
    ///
    /// The place lies in the buffer of a live ring, and nobody holds a payload over it.
    #[inline(always)]
    pub(crate) unsafe fn load(self, order: Ordering) -> Word {
        // SAFETY: the caller's promise.
        Word(unsafe { Granule::word(self.0) }.load(order))
    }

    /// Replaces the header.
    ///
    /// # Safety
    ///
    /// As [`Slot::load`], and the caller is the one thread that may write this header now.
    #[inline(always)]
    pub(crate) unsafe fn store(self, word: Word, order: Ordering) {
        // SAFETY: the caller's promise.
        unsafe { Granule::word(self.0) }.store(word.0, order);
    }

    /// The payload of a record that starts here, for reading.
    ///
    /// # Safety
    ///
    /// For the whole of `'a`, `span(len)` bytes from here lie in the buffer of a live ring and nobody writes them.
    #[inline(always)]
    pub(crate) unsafe fn payload<'a>(self, len: usize) -> &'a [u8] {
        // SAFETY: the span lies in the buffer.
        unsafe { Granule::watch_read(self.0, span(len) / GRANULE) };
        // SAFETY: the first granule lies in the buffer.
        let bytes = unsafe { Granule::payload(self.0) };
        // SAFETY: storage is initialised when it is made, and the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts(bytes, len) }
    }

    /// The payload of a record that starts here, for writing.
    ///
    /// # Safety
    ///
    /// For the whole of `'a`, `span(len)` bytes from here lie in the buffer of a live ring and nobody else has access to
    /// the payload in them.
    #[inline(always)]
    pub(crate) unsafe fn payload_mut<'a>(self, len: usize) -> &'a mut [u8] {
        // SAFETY: the span lies in the buffer.
        unsafe { Granule::watch_write(self.0, span(len) / GRANULE) };
        // SAFETY: the first granule lies in the buffer.
        let bytes = unsafe { Granule::payload(self.0) };
        // SAFETY: storage is initialised when it is made, and the caller vouches for the rest.
        unsafe { std::slice::from_raw_parts_mut(bytes, len) }
    }

    /// Sets `bytes` bytes from here to zero.
    ///
    /// # Safety
    ///
    /// They lie in the buffer of a live ring, and nobody else has access to them.
    #[inline]
    pub(crate) unsafe fn zero(self, bytes: usize) {
        // SAFETY: the caller's promise.
        unsafe { Granule::zero(self.0, bytes / GRANULE) }
    }
}
