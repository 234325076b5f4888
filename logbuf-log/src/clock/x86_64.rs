//! The time stamp counter.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, _rdtsc};

use logbuf_format::segment::Clock;

pub(super) const KIND: Clock = Clock::TSC;

/// Reads the counter. Not serialising: the reading may move a few instructions, which is less than a fence would cost.
#[inline(always)]
pub(crate) fn ticks() -> u64 {
    // SAFETY: `rdtsc` is part of x86-64 and touches no memory.
    unsafe { _rdtsc() }
}

/// Reads the counter into two registers, the lower half first. As [`ticks`], without the two instructions that put the halves
/// together: a record stores them one behind the other.
#[inline(always)]
pub(crate) fn halves() -> (u32, u32) {
    let (low, high);
    // SAFETY: `rdtsc` is part of x86-64, touches no memory, and writes these two registers alone.
    unsafe {
        asm!("rdtsc", out("eax") low, out("edx") high, options(nomem, nostack, preserves_flags));
    }
    (low, high)
}

/// Whether the processor promises an invariant counter: bit 8 of EDX of CPUID leaf 8000_0007h (AMD64 manual, volume 3,
/// appendix E; Intel manual, volume 3, "Invariant TSC").
pub(super) fn is_steady() -> bool {
    const ADVANCED_POWER: u32 = 0x8000_0007;
    __cpuid(0x8000_0000).eax >= ADVANCED_POWER && __cpuid(ADVANCED_POWER).edx & (1 << 8) != 0
}
