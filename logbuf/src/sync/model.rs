//! What loom explores: its own atomics, and cells that notice when a payload is used by two threads at once.

use loom::cell::UnsafeCell;
use loom::sync::MutexGuard;
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
pub(crate) use loom::sync::{Arc, Condvar, Mutex};
use std::time::Instant;

use crate::word::{GRANULE, HEADER};

/// See the real one. To look twice shows loom nothing new.
pub(crate) const SENDER_SPINS: u32 = 0;

/// See the real one.
pub(crate) const RECEIVER_SPINS: u32 = 0;

/// See the real one. Time does not pass in a model: a wait ends when it is notified.
pub(crate) fn wait_until<'a, T>(
    condition: &Condvar,
    guard: MutexGuard<'a, T>,
    _deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    condition.wait(guard).unwrap()
}

/// 8 bytes of a ring's buffer, as loom sees them.
pub(crate) struct Granule {
    word: AtomicU32,
    watch: UnsafeCell<()>,
    /// Where the payload begins if this granule holds a header.
    bytes: *mut u8,
}

impl Granule {
    /// See the real one. The payload bytes of all granules lie in one buffer, so that a payload is contiguous.
    pub(crate) unsafe fn init(first: *mut Granule, count: usize) {
        let bytes = Box::leak(vec![0_u8; count * GRANULE].into_boxed_slice()).as_mut_ptr();
        for index in 0..count {
            let granule = Granule {
                word: AtomicU32::new(0),
                watch: UnsafeCell::new(()),
                // SAFETY: within the buffer just made.
                bytes: unsafe { bytes.add(index * GRANULE + HEADER) },
            };
            // SAFETY: `index < count`, and the caller vouches for `count` granules.
            let at = unsafe { first.add(index) };
            // SAFETY: as above; the memory holds nothing that wants dropping.
            unsafe { at.write(granule) };
        }
    }

    /// See the real one.
    pub(crate) unsafe fn destroy(first: *mut Granule, count: usize) {
        // SAFETY: `init` made the first granule.
        let payload = unsafe { Granule::payload(first) };
        // SAFETY: `init` placed the first payload this far behind the start of the buffer.
        let bytes = unsafe { payload.sub(HEADER) };
        let buffer = std::ptr::slice_from_raw_parts_mut(bytes, count * GRANULE);
        // SAFETY: the buffer was leaked by `init` with this length.
        drop(unsafe { Box::from_raw(buffer) });
        for index in 0..count {
            // SAFETY: `index < count`.
            let at = unsafe { first.add(index) };
            // SAFETY: made by `init`, and not used again.
            unsafe { at.drop_in_place() };
        }
    }

    /// See the real one.
    pub(crate) unsafe fn step(at: *const Granule, bytes: usize) -> *const Granule {
        // SAFETY: the caller's promise.
        unsafe { at.add(bytes / GRANULE) }
    }

    /// See the real one.
    pub(crate) fn bytes_between(earlier: *const Granule, later: *const Granule) -> usize {
        (later.addr() - earlier.addr()) / size_of::<Granule>() * GRANULE
    }

    /// See the real one.
    pub(crate) fn is_behind(earlier: *const Granule, bytes: usize, later: *const Granule) -> bool {
        earlier.addr() + bytes / GRANULE * size_of::<Granule>() <= later.addr()
    }

    /// See the real one.
    pub(crate) unsafe fn word<'a>(at: *const Granule) -> &'a AtomicU32 {
        // SAFETY: the caller's promise.
        unsafe { &(*at).word }
    }

    /// See the real one.
    pub(crate) unsafe fn payload(at: *const Granule) -> *mut u8 {
        // SAFETY: the caller's promise.
        unsafe { (*at).bytes }
    }

    /// See the real one.
    pub(crate) unsafe fn zero(first: *const Granule, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { Granule::watch_write(first, count) };
        for index in 0..count {
            // SAFETY: `index < count`.
            let at = unsafe { first.add(index) };
            // SAFETY: the caller's promise. Relaxed, because the real one is a plain write.
            unsafe { Granule::word(at) }.store(0, Ordering::Relaxed);
        }
    }

    /// See the real one.
    pub(crate) unsafe fn watch_read(first: *const Granule, count: usize) {
        for index in 0..count {
            // SAFETY: `index < count`.
            let at = unsafe { first.add(index) };
            // SAFETY: a granule lives as long as its ring.
            unsafe { &(*at).watch }.with(|_| ());
        }
    }

    /// See the real one.
    pub(crate) unsafe fn watch_write(first: *const Granule, count: usize) {
        for index in 0..count {
            // SAFETY: `index < count`.
            let at = unsafe { first.add(index) };
            // SAFETY: a granule lives as long as its ring.
            unsafe { &(*at).watch }.with_mut(|_| ());
        }
    }
}
