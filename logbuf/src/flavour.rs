//! What tells SPSC and MPSC apart.

use crate::error::ClaimError;
use crate::ring::Ring;
use crate::slot::Slot;

/// A kind of ring: [`Spsc`](crate::queue::spsc::Spsc) or [`Mpsc`](crate::queue::mpsc::Mpsc).
///
/// The two differ in how a producer reserves room and in who empties headers, and in nothing else. A value of the type is
/// what one producer keeps to itself.
#[expect(private_bounds, reason = "sealed: only this crate can implement it")]
pub trait Flavour: Reserve {}

/// How a producer reserves room and publishes it.
pub(crate) trait Reserve: Sized {
    /// What the control block calls this flavour.
    const ID: u32;

    /// Whether the consumer has to zero room before it gives it back, so that a header of 0 means "not ready" when it is
    /// claimed again. An SPSC producer writes that 0 itself, behind each record; several producers cannot.
    const CONSUMER_ZEROES: bool;

    /// What the first producer of a new ring starts with.
    fn first(ring: &Ring) -> Self;

    /// Reserves room for a payload of `len` bytes.
    fn reserve(&mut self, ring: Option<&Ring>, len: usize) -> Result<Reserved, ClaimError>;

    /// Reserves room for a payload of `min` to `max` bytes, as much as there is.
    fn reserve_up_to(
        &mut self,
        ring: Option<&Ring>,
        min: usize,
        max: usize,
    ) -> Result<Reserved, ClaimError>;

    /// Makes the first `len` bytes of the payload, 1 to all, a record.
    ///
    /// # Safety
    ///
    /// `reserved` was reserved by this producer, and was not published or abandoned since; nobody uses the payload any
    /// more.
    unsafe fn publish(&mut self, reserved: Reserved, len: usize);

    /// Gives the room up.
    ///
    /// # Safety
    ///
    /// As [`Reserve::publish`].
    unsafe fn abandon(&mut self, reserved: Reserved);

    /// Position up to which room was reserved.
    fn position(&self, ring: &Ring) -> u64;
}

/// Room that a producer has reserved: `span(len)` bytes from `at`, which nobody else writes.
#[derive(Clone, Copy)]
pub(crate) struct Reserved {
    pub(crate) at: Slot,
    pub(crate) len: usize,
}
