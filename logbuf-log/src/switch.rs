//! The switches: one byte for each call site, and the filter they are set by.

use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};

use linkme::distributed_slice;

use crate::filter::Filter;
use crate::fork::OfProcess;
use crate::place::PROBES;
use crate::site::SITES;

#[cfg(all(target_arch = "x86_64", not(miri)))]
#[path = "switch/x86_64.rs"]
mod test;
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
#[path = "switch/other.rs"]
mod test;

pub use test::is_on;

/// The switch of every call site. They are apart from the sites, so that testing disabled sites fills no cache with descriptions.
#[distributed_slice]
pub static FLAGS: [Flag];

/// The filter in force: nothing passes it while no logger runs.
pub(crate) static FILTER: OfProcess<Mutex<Filter>> = OfProcess::new(closed());

/// A filter that nothing passes.
pub(crate) const fn closed() -> Mutex<Filter> {
    Mutex::new(Filter::off())
}

/// Whether a call site records: one byte, tested by each call.
#[derive(Debug)]
pub struct Flag(AtomicU8);

impl Flag {
    /// A switch that is off.
    #[allow(clippy::new_without_default, reason = "statics need a const function")]
    pub const fn new() -> Self {
        Self(AtomicU8::new(0))
    }

    /// Whether the site records.
    #[inline(always)]
    pub fn is_on(&self) -> bool {
        // Relaxed: the flag publishes nothing. A call that sees it late is as good as one made a moment earlier or later.
        self.0.load(Ordering::Relaxed) != 0
    }

    fn set(&self, on: bool) {
        self.0.store(on.into(), Ordering::Relaxed);
    }
}

/// Switches every call site as `filter` says: one store each. The lock is held all the while, so that of two changes at
/// the same time one is in force for all sites.
pub(crate) fn set_filter(filter: Filter) {
    let mut current = FILTER.lock().unwrap_or_else(PoisonError::into_inner);
    // Probes first: as long as `enabled!` says so, calls that are switched off here do record.
    for place in PROBES.iter().chain(SITES.iter().map(|site| &site.place)) {
        place.flag().set(filter.allows(place.level, place.target, place.file, place.line));
    }
    met::set(&filter);
    *current = filter;
    drop(current);
    met::changed();
}

/// Switches of the sites that other facades meet at run time.
#[cfg(any(feature = "log", feature = "tracing"))]
#[path = "switch/met.rs"]
mod met;
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) use met::{add, allows, on_change};

/// There are none.
#[cfg(not(any(feature = "log", feature = "tracing")))]
mod met {
    pub(super) fn set(_: &super::Filter) {}
    pub(super) fn changed() {}
}

/// Switches every call site off, whoever holds the lock.
pub(crate) fn all_off() {
    for place in SITES.iter().map(|site| &site.place).chain(PROBES) {
        place.flag().set(false);
    }
}

/// The filter in force.
pub(crate) fn filter() -> Filter {
    FILTER.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
