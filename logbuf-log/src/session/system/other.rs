//! Where rings that outlive the process are not supported: the same names, and nothing behind them.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

pub(crate) fn default_base() -> Option<PathBuf> {
    None
}

pub(crate) fn user() -> u32 {
    0
}

pub(crate) fn owner(_metadata: &Metadata) -> u32 {
    0
}

pub(crate) fn identity(_metadata: &Metadata) -> (u64, u64) {
    (0, 0)
}

pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    fs::create_dir(path)
}

pub(crate) fn check_private(_path: &Path, _owner: u32) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).open(path)
}

pub(crate) fn open_plain(path: &Path, write: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(write).open(path)
}

pub(crate) fn remove_folder(_path: &Path, _is_first: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn try_lock(_file: &File) -> io::Result<bool> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn rename_new(_from: &Path, _to: &Path) -> io::Result<()> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn map_words(_path: &Path, _count: usize) -> io::Result<&'static [AtomicU64]> {
    Err(ErrorKind::Unsupported.into())
}

pub(crate) fn boot_id() -> [u8; 16] {
    [0; 16]
}

pub(crate) fn process_start(_pid: u32) -> Option<u64> {
    None
}

pub(crate) fn has_mapped(_pid: u32, _folder: &Path) -> bool {
    false
}
