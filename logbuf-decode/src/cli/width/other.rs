//! Terminals that are not asked for their size.

pub(super) fn columns() -> Option<usize> {
    None
}
