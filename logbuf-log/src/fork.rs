//! Forked children: they inherit memory and nothing that would make it work.
//!
//! A child has a copy of everything, the rings of its parent (shared memory!), and one thread: the one that forked. The writer is not
//! there, locks may be held by threads that are not, and whatever is written to a ring or released there is the parent's. So a
//! handler runs in the child before `fork` returns: it switches all calls off, and puts everything into the state in which a
//! process starts, letting go of nothing. A child that starts a logger then has rings and a session of its own.

use core::cell::UnsafeCell;
use core::ops::Deref;
use core::sync::atomic::{AtomicU32, Ordering};
use std::sync::Once;

use crate::{exit, guard, notice, platform, recover, registry, session, switch, thread};

/// How many forks lie between the first process and this one.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// What belongs to one process: a forked child starts anew.
pub(crate) struct OfProcess<T>(UnsafeCell<T>);

// SAFETY: shared access is all there is, but for `renew`, whose caller is alone.
unsafe impl<T: Sync> Sync for OfProcess<T> {}

impl<T> OfProcess<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(UnsafeCell::new(value))
    }

    /// Starts anew with `value`. What was there before is forgotten, not dropped: it is the parent's.
    ///
    /// # Safety
    ///
    /// No other thread exists, and the calling one holds no reference to the value.
    unsafe fn renew(&self, value: T) {
        // SAFETY: the caller vouches for there being no reference to it.
        unsafe { self.0.get().write(value) };
    }
}

impl<T> Deref for OfProcess<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: it is written to by `renew` alone, while nobody else has access.
        unsafe { &*self.0.get() }
    }
}

/// Which process this is, among those that forked from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Generation(u32);

impl Generation {
    pub(crate) fn current() -> Self {
        Self(GENERATION.load(Ordering::Relaxed))
    }

    /// How many forks lie before it.
    #[cfg(any(feature = "log", feature = "tracing"))]
    pub(crate) fn number(self) -> u32 {
        self.0
    }

    /// Whether something made by this generation came here by a fork.
    pub(crate) fn is_inherited(self) -> bool {
        self != Self::current()
    }
}

impl Default for Generation {
    fn default() -> Self {
        Self::current()
    }
}

/// Sees to the children of this process from now on.
pub(crate) fn watch() {
    static WATCHED: Once = Once::new();
    // Where the system knows no such thing there is no `fork` either.
    WATCHED.call_once(|| platform::at_fork(start_anew));
}

/// Runs in each child, on its one thread, before `fork` returns there.
extern "C" fn start_anew() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
    switch::all_off();
    thread::forget_ring();
    session::forget();
    guard::forget();
    // SAFETY: the child has this thread only, which is in `fork` and so in none of these. A handler of a signal that forks while the
    // thread is inside one of them has left the language's guarantees behind (POSIX allows such a child few calls).
    unsafe { registry::REGISTRY.renew(registry::Registry::new()) };
    // SAFETY: as above.
    unsafe { switch::FILTER.renew(switch::closed()) };
    // SAFETY: as above.
    unsafe { notice::WAITING.renew(notice::none()) };
    // SAFETY: as above.
    unsafe { exit::ARMED.renew(exit::disarmed()) };
    // SAFETY: as above.
    unsafe { recover::TURN.renew(recover::free()) };
}
