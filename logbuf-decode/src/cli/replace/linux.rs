//! Files without names, on Linux.

use rustix::{
    fs::{AtFlags, CWD, Mode, OFlags, linkat, open},
    io::Errno,
};
use std::{fs::File, io, os::fd::AsRawFd, path::Path};

/// Where the kernel shows what this process has open.
const DESCRIPTORS: &str = "/proc/self/fd";

/// A file without a name, as readable as the umask permits; nothing where there are none, or where they could get no name.
pub(super) fn unnamed(folder: &Path) -> Option<io::Result<File>> {
    if !Path::new(DESCRIPTORS).exists() {
        return None;
    }
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match open(folder, flags, Mode::from_raw_mode(0o666)) {
        Ok(file) => Some(Ok(file.into())),
        // The file system has none, or the kernel takes it for a folder.
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::INVAL) => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// Gives the file a name that nothing has.
pub(super) fn link(file: &File, path: &Path) -> io::Result<()> {
    let descriptor = format!("{DESCRIPTORS}/{}", file.as_raw_fd());
    linkat(CWD, descriptor, CWD, path, AtFlags::SYMLINK_FOLLOW).map_err(io::Error::from)
}
