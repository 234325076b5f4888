//! Where a receiver waits until there is something to read.

use std::time::Instant;

use crate::sync::{AtomicBool, Condvar, Mutex, Ordering, fence, wait_until};

/// A place for one thread to wait.
///
/// Waiting and notifying are two halves of one handshake (Dekker's): the waiter says that it is about to sleep and then
/// looks for work; the notifier has made work and then looks whether somebody is about to sleep. With a sequentially
/// consistent fence between the two steps on each side, at least one of them sees the other.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Whether somebody sleeps or is about to.
    waiting: AtomicBool,
    /// Set by the notifier for the waiter that it wakes, under the lock, so that no wake-up falls between the waiter's
    /// last look and its sleep.
    woken: Mutex<bool>,
    wakeup: Condvar,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate { waiting: AtomicBool::new(false), woken: Mutex::new(false), wakeup: Condvar::new() }
    }

    /// Wakes the waiter, if there is one. Whatever it is to find must have been made before.
    #[inline]
    pub(crate) fn notify(&self) {
        // See the type: orders what was committed before the load.
        fence(Ordering::SeqCst);
        // Relaxed: the fence has done the ordering.
        if self.waiting.load(Ordering::Relaxed) {
            self.wake();
        }
    }

    #[cold]
    fn wake(&self) {
        // The lock cannot be poisoned: nothing panics while it is held.
        let mut woken = self.woken.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        *woken = true;
        self.wakeup.notify_one();
    }

    /// Sleeps until notified or until the deadline, unless `ready` says that there is no need to. May return early.
    pub(crate) fn wait(&self, deadline: Option<Instant>, ready: impl FnOnce() -> bool) {
        // Relaxed: the fence orders it before the look.
        self.waiting.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !ready() {
            let mut woken = self.woken.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            if !*woken {
                woken = wait_until(&self.wakeup, woken, deadline);
            }
            *woken = false;
        }
        // Relaxed: a notifier that still sees the old value wakes nobody, which is harmless.
        self.waiting.store(false, Ordering::Relaxed);
    }
}
