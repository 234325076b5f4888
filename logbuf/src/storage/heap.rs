//! Memory from the allocator.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ptr::NonNull;

use crate::control::Control;
use crate::error::StorageError;

/// A block of zeros, aligned as a control block.
pub(super) struct Block {
    base: NonNull<u8>,
    layout: Layout,
}

impl Block {
    /// Allocates `bytes` bytes, more than none.
    pub(super) fn new(bytes: usize) -> Result<Block, StorageError> {
        let out_of_memory = StorageError::OutOfMemory { bytes };
        let Ok(layout) = Layout::from_size_align(bytes, align_of::<Control>()) else {
            return Err(out_of_memory);
        };
        // SAFETY: the layout is not empty.
        let memory = unsafe { alloc_zeroed(layout) };
        let base = NonNull::new(memory).ok_or(out_of_memory)?;
        Ok(Block { base, layout })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with this layout.
        unsafe { dealloc(self.base.as_ptr(), self.layout) };
    }
}
