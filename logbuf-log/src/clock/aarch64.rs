//! The virtual counter of the generic timer.

use core::arch::asm;

use logbuf_format::segment::Clock;

pub(super) const KIND: Clock = Clock::CNTVCT;

/// Reads the counter. No barrier: the reading may move a few instructions, which is less than a barrier would cost.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    let ticks: u64;
    // SAFETY: user space may read `CNTVCT_EL0` on the systems Rust supports, and reading it touches no memory.
    unsafe { asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags)) };
    ticks
}

/// As [`ticks`], the lower half first.
#[inline(always)]
pub(crate) fn halves() -> (u32, u32) {
    let ticks = ticks();
    (ticks as u32, (ticks >> 32) as u32)
}

/// The architecture promises a system-wide counter of one rate (Arm ARM, D12.1).
pub(super) fn is_steady() -> bool {
    true
}
