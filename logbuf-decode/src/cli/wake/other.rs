//! Where nobody tells of changes.

use std::{path::PathBuf, thread, time::Duration};

/// One looks again and again.
#[derive(Debug)]
pub(super) struct Wake;

impl Wake {
    pub(super) fn new(_folders: impl Iterator<Item = PathBuf>) -> Self {
        Self
    }

    pub(super) fn is_told(&self) -> bool {
        false
    }

    pub(super) fn wait(&self, longest: Duration) {
        thread::sleep(longest);
    }
}
