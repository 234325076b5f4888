//! What the standard library knows, where we have no file of the system's own.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::output::Presence;

/// A number of our own: one more for each thread that asks.
pub(crate) fn thread_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The name the environment gives the host, or empty.
pub(crate) fn host_name() -> String {
    ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|key| std::env::var(key).ok()).unwrap_or_default()
}

/// The file name of the executable, or empty.
pub(crate) fn process_name() -> String {
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

/// Not known here.
pub(crate) fn build_id() -> String {
    String::new()
}

/// Not known here: the file counts as there.
pub(crate) fn presence(_file: &File, _path: &Path) -> Presence {
    Presence::Here
}

/// The standard library has no way to.
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// There is no link where links are not for everybody to make.
pub(crate) fn link(_target: &OsStr, _link: &Path) -> io::Result<()> {
    Ok(())
}

/// Not known here.
pub(crate) fn pin_to(_cpu: usize) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known here.
pub(crate) fn set_nice(_nice: i8) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known here.
pub(crate) fn set_real_time(_priority: u8) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Not known here: the guard has to be dropped before the process exits.
pub(crate) fn at_exit(_function: extern "C" fn()) -> bool {
    false
}

/// Not known here.
pub(crate) fn free_bytes(_folder: &Path) -> Option<u64> {
    None
}

/// Where there is `fork`, children do not log.
pub(crate) fn at_fork(_function: extern "C" fn()) {}

/// Rust's runtime has the signal of a broken pipe ignored; there is nothing to do if the program leaves it at that.
pub(crate) fn block_pipe_signal() {}
