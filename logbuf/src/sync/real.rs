//! What the rings run on: the standard library.

use std::cell::UnsafeCell;
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
pub(crate) use std::sync::{Arc, Condvar, Mutex};
use std::sync::{MutexGuard, PoisonError};
use std::time::Instant;

/// How often a sender looks for room again before it gives up: some ten microseconds.
pub(crate) const SENDER_SPINS: u32 = 32;

/// How often a receiver looks again before it parks: a microsecond or two, so that a burst does not cost a system call per
/// record.
pub(crate) const RECEIVER_SPINS: u32 = 10;

/// Waits for the condition to be signalled, until the deadline if there is one. May return early.
pub(crate) fn wait_until<'a, T>(
    condition: &Condvar,
    guard: MutexGuard<'a, T>,
    deadline: Option<Instant>,
) -> MutexGuard<'a, T> {
    let Some(deadline) = deadline else {
        return condition.wait(guard).unwrap_or_else(PoisonError::into_inner);
    };
    let left = deadline.saturating_duration_since(Instant::now());
    condition.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0
}

// What `control` draws.
const _: () = assert!(size_of::<crate::control::Control>() == 512);

/// 8 bytes of a ring's buffer. All zeros is a valid granule.
#[repr(C, align(8))]
pub(crate) struct Granule {
    word: AtomicU32,
    rest: UnsafeCell<[u8; 4]>,
}

impl Granule {
    /// Makes `count` granules.
    ///
    /// # Safety
    ///
    /// `first` points to `count` granules of zeroed memory that nobody else uses.
    pub(crate) unsafe fn init(_first: *mut Granule, _count: usize) {}

    /// Undoes [`Granule::init`].
    ///
    /// # Safety
    ///
    /// `first` and `count` are those given to `init`, and nobody uses the granules any more.
    pub(crate) unsafe fn destroy(_first: *mut Granule, _count: usize) {}

    /// The granule `bytes` bytes of ring, a multiple of 8, behind `at`.
    ///
    /// # Safety
    ///
    /// It is in the same buffer as `at`, or right behind it.
    #[inline(always)]
    pub(crate) unsafe fn step(at: *const Granule, bytes: usize) -> *const Granule {
        // SAFETY: the caller's promise. In bytes, because a division would cost an instruction that rounds.
        unsafe { at.byte_add(bytes) }
    }

    /// Bytes of ring between two granules of one buffer.
    #[inline(always)]
    pub(crate) fn bytes_between(earlier: *const Granule, later: *const Granule) -> usize {
        later.addr().wrapping_sub(earlier.addr())
    }

    /// Whether `later` is at least `bytes` bytes of ring behind `earlier`.
    #[inline(always)]
    pub(crate) fn is_behind(earlier: *const Granule, bytes: usize, later: *const Granule) -> bool {
        // A sum, because a difference would be large, not negative, if the two were the wrong way round. In 64 bits, where it
        // cannot overflow: an address is less than 2⁶³, and a span less than 2³¹.
        earlier.addr() as u64 + bytes as u64 <= later.addr() as u64
    }

    /// The header.
    ///
    /// # Safety
    ///
    /// `at` points to a granule that lives for `'a`, and its first 4 bytes are not part of a payload that anybody has
    /// access to.
    #[inline(always)]
    pub(crate) unsafe fn word<'a>(at: *const Granule) -> &'a AtomicU32 {
        // SAFETY: the header is the first field (`repr(C)`), and the caller vouches for its life and its use.
        unsafe { &*at.cast::<AtomicU32>() }
    }

    /// The first byte of a payload whose header is in `at`. It has the provenance of the whole buffer.
    ///
    /// # Safety
    ///
    /// `at` points to a granule.
    #[inline(always)]
    pub(crate) unsafe fn payload(at: *const Granule) -> *mut u8 {
        // SAFETY: a granule is 8 bytes, so byte 4 lies within it.
        unsafe { at.cast_mut().cast::<u8>().add(size_of::<AtomicU32>()) }
    }

    /// Sets `count` granules to zero.
    ///
    /// # Safety
    ///
    /// `first` points to `count` granules that nobody else has access to.
    #[inline]
    pub(crate) unsafe fn zero(first: *const Granule, count: usize) {
        // SAFETY: exclusive access is the caller's promise; zeros are valid granules.
        unsafe { first.cast_mut().write_bytes(0, count) }
    }

    /// Tells the model that the caller reads `count` granules from now on.
    ///
    /// # Safety
    ///
    /// `first` points to `count` granules.
    #[inline(always)]
    pub(crate) unsafe fn watch_read(_first: *const Granule, _count: usize) {}

    /// Tells the model that the caller writes `count` granules from now on.
    ///
    /// # Safety
    ///
    /// `first` points to `count` granules.
    #[inline(always)]
    pub(crate) unsafe fn watch_write(_first: *const Granule, _count: usize) {}
}
