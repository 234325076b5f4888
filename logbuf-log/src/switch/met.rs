//! Switches of the sites that other facades meet at run time.

use std::sync::{Mutex, PoisonError};

use logbuf_format::Level;

use super::{FILTER, Filter};
use crate::place::Place;

static MET: Mutex<Vec<Place>> = Mutex::new(Vec::new());

/// What else there is to do when the filter has changed.
static ON_CHANGE: Mutex<Vec<fn()>> = Mutex::new(Vec::new());

/// Adds a place, and switches it as the filter in force says.
pub(crate) fn add(place: Place) {
    // Held all the while, as by a change of the filter.
    let filter = FILTER.lock().unwrap_or_else(PoisonError::into_inner);
    MET.lock().unwrap_or_else(PoisonError::into_inner).push(place);
    place.flag().set(filter.allows(place.level, place.target, place.file, place.line));
}

/// Whether the filter in force lets a call record that has no switch.
pub(crate) fn allows(level: Level, target: &str, file: &str, line: u32) -> bool {
    FILTER.lock().unwrap_or_else(PoisonError::into_inner).allows(level, target, file, line)
}

/// Has `f` called after each change, without a lock held.
pub(crate) fn on_change(f: fn()) {
    ON_CHANGE.lock().unwrap_or_else(PoisonError::into_inner).push(f);
}

pub(super) fn set(filter: &Filter) {
    for place in &*MET.lock().unwrap_or_else(PoisonError::into_inner) {
        place.flag().set(filter.allows(place.level, place.target, place.file, place.line));
    }
}

pub(super) fn changed() {
    let all = ON_CHANGE.lock().unwrap_or_else(PoisonError::into_inner).clone();
    all.iter().for_each(|f| f());
}
