//! Time on processors.

#[cfg(target_os = "linux")]
mod platform {
    use std::time::Duration;

    use rustix::time::{ClockId, clock_gettime};

    /// Processor time of all threads of this process so far.
    pub fn process_time() -> Duration {
        read(ClockId::ProcessCPUTime)
    }

    /// Processor time of the calling thread so far.
    pub fn thread_time() -> Duration {
        read(ClockId::ThreadCPUTime)
    }

    fn read(clock: ClockId) -> Duration {
        let time = clock_gettime(clock);
        Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::time::Duration;

    /// Not known here.
    pub fn process_time() -> Duration {
        Duration::ZERO
    }

    /// Not known here.
    pub fn thread_time() -> Duration {
        Duration::ZERO
    }
}

pub use platform::{process_time, thread_time};
