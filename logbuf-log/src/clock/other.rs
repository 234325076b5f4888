//! Where there is no counter we know how to read, the monotonic clock takes its place.

pub(super) use super::monotonic::KIND;
pub(crate) use super::monotonic::ticks;

/// As [`ticks`], the lower half first.
#[inline(always)]
pub(crate) fn halves() -> (u32, u32) {
    let ticks = ticks();
    (ticks as u32, (ticks >> 32) as u32)
}

/// It is what the operating system calls monotonic.
pub(super) fn is_steady() -> bool {
    true
}
