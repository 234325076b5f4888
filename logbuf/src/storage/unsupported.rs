//! Memory from the kernel, where this crate does not know how to ask for it.

use std::path::Path;
use std::ptr::NonNull;

use super::{PageKind, Pages};
use crate::error::StorageError;

/// A mapping, of which there are none.
pub(super) enum Mapping {}

impl Mapping {
    pub(super) fn anonymous(
        _bytes: usize,
        _pages: Pages,
    ) -> Result<(Mapping, PageKind), StorageError> {
        Err(StorageError::Unsupported { storage: "an anonymous mapping" })
    }

    /// # Safety
    ///
    /// None: it fails.
    pub(super) unsafe fn file(_path: &Path, _bytes: usize) -> Result<Mapping, StorageError> {
        Err(StorageError::Unsupported { storage: "a mapped file" })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        match *self {}
    }
}
