//! Memory of processes.

use std::fs;

/// The most memory that a process had resident so far, in bytes: the one of this number, or the calling one. `None` if it has ended, and
/// where the system does not say.
pub fn peak(process: Option<u32>) -> Option<u64> {
    let process = process.map_or("self".to_owned(), |id| id.to_string());
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kilobytes| kilobytes << 10)
}
