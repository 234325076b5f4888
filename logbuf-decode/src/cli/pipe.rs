//! Room in the pipe that standard output is.

#[cfg(target_os = "linux")]
#[path = "pipe/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "pipe/other.rs"]
mod platform;

/// Bytes that a pipe should hold: as many as Linux permits anyone (`/proc/sys/fs/pipe-max-size`, unless it was changed).
#[cfg(target_os = "linux")]
const ROOM: usize = 1 << 20;

/// Makes standard output hold more, if it is a pipe with less room: whoever reads from it and this program then wait for
/// each other less often. Where that is not possible, nothing changes.
pub(crate) fn widen() {
    platform::widen();
}
