//! No files without names.

use std::{fs::File, io, path::Path};

pub(super) fn unnamed(_folder: &Path) -> Option<io::Result<File>> {
    None
}

pub(super) fn link(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
