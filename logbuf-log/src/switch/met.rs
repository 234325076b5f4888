//! Switches of the sites that other facades meet at run time.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::{FILTER, Filter};
use crate::place::Place;

static MET: Mutex<Vec<&'static Place>> = Mutex::new(Vec::new());

/// What else there is to do when the filter has changed.
static ON_CHANGE: OnceLock<fn()> = OnceLock::new();

/// Adds a place, and switches it as the filter in force says.
pub(crate) fn add(place: &'static Place) {
    // Held all the while, as by a change of the filter.
    let filter = FILTER.lock().unwrap_or_else(PoisonError::into_inner);
    MET.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    place.flag().set(filter.allows(place.level, place.target, place.file, place.line));
}

/// Has `f` called after each change, without a lock held. The first counts.
pub(crate) fn on_change(f: fn()) {
    let _first = ON_CHANGE.set(f);
}

pub(super) fn set(filter: &Filter) {
    for place in &*MET.lock().unwrap_or_else(PoisonError::into_inner) {
        place.flag().set(filter.allows(place.level, place.target, place.file, place.line));
    }
}

pub(super) fn changed() {
    if let Some(f) = ON_CHANGE.get() {
        f();
    }
}
