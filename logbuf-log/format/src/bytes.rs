//! Leaf arithmetic on little-endian bytes and 8-byte alignment.

/// The alignment of headers and raw records, in bytes.
pub(crate) const ALIGN: usize = 8;

/// `len` rounded up to the alignment.
#[inline]
pub(crate) const fn padded(len: usize) -> usize {
    const { assert!(ALIGN.is_power_of_two()) };
    (len + (ALIGN - 1)) & !(ALIGN - 1)
}

/// Appends zero bytes until `out` is as long as the alignment wants it.
pub(crate) fn pad(out: &mut Vec<u8>) {
    out.resize(padded(out.len()), 0);
}

/// The `N` bytes at `at`. The caller has checked that they are there.
#[inline]
pub(crate) fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(&bytes[at..at + N]);
    array
}

#[inline]
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}

#[inline]
pub(crate) fn i64_at(bytes: &[u8], at: usize) -> i64 {
    i64::from_le_bytes(array(bytes, at))
}
