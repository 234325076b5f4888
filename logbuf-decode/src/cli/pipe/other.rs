//! Pipes whose room cannot be changed.

pub(super) fn widen() {}
