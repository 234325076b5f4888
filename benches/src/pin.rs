//! Threads on cores of their own.

#[cfg(target_os = "linux")]
mod platform {
    use rustix::thread::{CpuSet, sched_setaffinity};

    /// Keeps the calling thread on the core `index`, counted modulo the cores there are. Where that is not allowed, the
    /// thread stays free.
    pub fn to_core(index: usize) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let mut set = CpuSet::new();
        set.set(index % cores);
        // A bench on a thread that is not pinned is a noisier bench, and the table shows the spread.
        let _ = sched_setaffinity(None, &set);
    }

    /// Lets the calling thread run on every core again.
    pub fn to_all_cores() {
        let mut set = CpuSet::new();
        (0..CpuSet::MAX_CPU).for_each(|core| set.set(core));
        let _ = sched_setaffinity(None, &set);
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    /// Leaves the calling thread where it is.
    pub fn to_core(_index: usize) {}

    /// Leaves the calling thread where it is.
    pub fn to_all_cores() {}
}

pub use platform::{to_all_cores, to_core};
