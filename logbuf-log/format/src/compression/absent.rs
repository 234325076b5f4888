//! A compression whose feature is off.

use super::Expand;

pub(super) const EXPAND: Option<Expand> = None;

pub(super) fn compress(_: &[u8], _: &mut [u8]) -> Option<usize> {
    None
}
