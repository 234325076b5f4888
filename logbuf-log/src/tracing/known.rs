//! The spans that a thread has entered lately.

use std::sync::Arc;

use super::span::Snapshot;

/// Spans that are known at once, a power of two. They, and their values, stay in memory until others take their places, also after
/// they were closed: this bounds how much that is.
const PLACES: usize = 16;

/// Snapshots of spans by what their registries call them, each in the one place where it may be.
pub(super) struct Known([Option<Place>; PLACES]);

/// A span that is known.
pub(super) struct Place {
    /// The layer whose registry calls it so: others have the same numbers.
    owner: u64,
    span: u64,
    snapshot: Arc<Snapshot>,
}

impl Known {
    pub(super) const fn new() -> Self {
        Self([const { None }; PLACES])
    }

    /// Spans that are open at once have numbers that follow each other.
    #[inline]
    fn place(owner: u64, span: u64) -> usize {
        (owner.wrapping_add(span) % PLACES as u64) as usize
    }

    /// What is known of a span, if that is how it is now.
    #[inline]
    pub(super) fn find(&self, owner: u64, span: u64) -> Option<&Snapshot> {
        self.0[Self::place(owner, span)]
            .as_ref()
            .filter(|place| {
                (place.span, place.owner) == (span, owner) && place.snapshot.is_latest()
            })
            .map(|place| &*place.snapshot)
    }

    /// Keeps what is known of a span, and returns what had to go.
    #[must_use = "dropping it may run code of the user's: their allocator"]
    pub(super) fn keep(
        &mut self,
        owner: u64,
        span: u64,
        snapshot: &Arc<Snapshot>,
    ) -> Option<Place> {
        let place = Place { owner, span, snapshot: Arc::clone(snapshot) };
        self.0[Self::place(owner, span)].replace(place)
    }
}
