//! Atomics, cells and threads, so that loom can replace them. The only file that says `cfg(loom)`.
//!
//! A [`Granule`] is the unit of a ring's buffer: 8 bytes, of which the first 4 may be a header. With loom it is a larger
//! object, which holds one of loom's atomics, watches for races on the payload, and knows where its payload bytes lie in
//! a buffer of their own; all pointer arithmetic is therefore done in granules.

#[cfg(loom)]
mod model;
#[cfg(not(loom))]
mod real;

#[cfg(loom)]
pub(crate) use model::*;
#[cfg(not(loom))]
pub(crate) use real::*;

#[cfg(all(loom, test))]
#[path = "models.rs"]
mod models;
