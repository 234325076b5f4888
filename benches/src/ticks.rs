//! The counter that the calls are measured with, and what its ticks are in nanoseconds.

use std::time::{Duration, Instant};

#[cfg(target_arch = "x86_64")]
mod counter {
    /// Reads the time stamp counter.
    #[inline(always)]
    pub fn ticks() -> u64 {
        // SAFETY: `rdtsc` is part of x86-64 and touches no memory.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod counter {
    /// Reads the monotonic clock, in nanoseconds.
    #[inline(always)]
    pub fn ticks() -> u64 {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64
    }
}

pub use counter::ticks;

/// Nanoseconds of one tick.
pub fn nanoseconds_per_tick() -> f64 {
    let (start, from) = (Instant::now(), ticks());
    while start.elapsed() < Duration::from_millis(50) {}
    let (elapsed, to) = (start.elapsed(), ticks());
    elapsed.as_nanos() as f64 / (to - from) as f64
}
