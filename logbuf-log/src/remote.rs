//! What reaches the writer from outside: the guard, the hooks for exit and panic.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::control::{Control, Stop};
use crate::error::FlushError;
use crate::filter::Filter;
use crate::output::Asked;
use crate::registry::REGISTRY;
use crate::writer::{Turn, Writer};
use crate::{limit, switch, thread};

/// A writer that has no thread: whoever needs something of it, moves it.
pub(crate) type Polled = Arc<Mutex<Writer>>;

/// A way to the writer.
#[derive(Clone)]
pub(crate) struct Remote {
    pub(crate) control: Arc<Control>,
    /// The writer itself, if it has no thread.
    pub(crate) polled: Option<Polled>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote").field("path", &self.control.path()).finish_non_exhaustive()
    }
}

/// How long to wait between two looks at a lock that somebody holds for one turn of the writer.
const NAP: Duration = Duration::from_micros(50);

impl Remote {
    /// Whether the writer is in another process, which forked this one.
    pub(crate) fn is_inherited(&self) -> bool {
        self.control.generation.is_inherited()
    }

    /// Returns when everything logged before is in the file, or cannot be written, or at `deadline`.
    pub(crate) fn flush(&self, deadline: Option<Instant>) -> Result<(), FlushError> {
        self.ask(Asked { flush: true, ..Asked::default() }, deadline)
    }

    /// As [`flush`](Self::flush), with what a flight recorder holds.
    pub(crate) fn dump(&self, reason: &str, deadline: Option<Instant>) -> Result<(), FlushError> {
        self.control.set_dump(reason);
        self.flush(deadline)
    }

    /// As [`flush`](Self::flush), and until what is asked for was done then.
    pub(crate) fn ask(&self, asked: Asked, deadline: Option<Instant>) -> Result<(), FlushError> {
        if self.polled.is_none() && thread::is_writer() {
            return Err(FlushError::OwnThread);
        }
        if self.is_inherited() {
            return Err(FlushError::Stopped);
        }
        let mine = self.control.ask(asked);
        if let Some(polled) = &self.polled {
            let mut writer = lock(polled, deadline)?;
            // One whole sweep answers; a write that fails answers, too. While a failed write is not due again,
            // nothing is answered.
            while !self.control.is_answered(mine) {
                match writer.turn(usize::MAX) {
                    Turn::Failing { retry_at } => {
                        self.control.sleep_until(earlier(retry_at, deadline))
                    }
                    Turn::Worked | Turn::Idle | Turn::Ended => {}
                }
                if writer.has_ended() || is_over(deadline) {
                    break;
                }
            }
        }
        let answer = self.control.await_flush(mine, deadline);
        self.control.settle_console(deadline);
        answer
    }

    /// Switches the call sites off, has everything written that was logged before, and the file closed. If that is done by
    /// `deadline`, returns how many records were left in memory, if that is known.
    pub(crate) fn end(&self, deadline: Option<Instant>) -> Option<Option<u64>> {
        if self.is_inherited() {
            return Some(None);
        }
        if let Some(left) = self.control.ended() {
            // Another logger may be running by now.
            return Some(left);
        }
        switch::set_filter(Filter::off());
        if limit::is_any_pending() {
            // Makes room in the ring. If it cannot be written, the records below wait with the others, or are counted.
            let _room = self.flush(deadline);
            limit::report_pending();
        }
        REGISTRY.set_writer(None);
        // The writer gives up earlier, so that it can say what it leaves before nobody listens any more.
        self.control.stop(Stop { deadline: deadline.map(before) });
        if let Some(polled) = &self.polled {
            let mut writer = lock(polled, deadline).ok()?;
            loop {
                match writer.turn(usize::MAX) {
                    Turn::Ended => break,
                    Turn::Failing { retry_at } => {
                        let until = earlier(retry_at, deadline);
                        sleep(until.saturating_duration_since(Instant::now()));
                    }
                    Turn::Worked | Turn::Idle => {}
                }
            }
        }
        let left = self.control.await_end(deadline);
        self.control.settle_console(deadline);
        left
    }
}

/// Locks a writer that others lock for a turn at a time.
fn lock(polled: &Polled, deadline: Option<Instant>) -> Result<MutexGuard<'_, Writer>, FlushError> {
    loop {
        match polled.try_lock() {
            Ok(writer) => return Ok(writer),
            // A turn panicked. The writer is not to be used again.
            Err(TryLockError::Poisoned(_)) => return Err(FlushError::Stopped),
            // It may be this thread that holds the lock, in a function of the user's that the writer called.
            Err(TryLockError::WouldBlock) if thread::is_writer() => {
                return Err(FlushError::OwnThread);
            }
            Err(TryLockError::WouldBlock) if is_over(deadline) => return Err(FlushError::TimedOut),
            Err(TryLockError::WouldBlock) if deadline.is_some() => sleep(NAP),
            Err(TryLockError::WouldBlock) => drop(polled.lock().map_err(PoisonError::into_inner)),
        }
    }
}

/// Three quarters of the way from now to `deadline`.
fn before(deadline: Instant) -> Instant {
    deadline - deadline.saturating_duration_since(Instant::now()) / 4
}

fn is_over(deadline: Option<Instant>) -> bool {
    deadline.is_some_and(|deadline| Instant::now() >= deadline)
}

fn earlier(instant: Instant, deadline: Option<Instant>) -> Instant {
    deadline.map_or(instant, |deadline| deadline.min(instant))
}
