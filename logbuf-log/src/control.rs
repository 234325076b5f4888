//! What the guard asks of the writer, and what the writer answers.

use core::sync::atomic::{AtomicBool, Ordering};
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crate::console::Screen;
use crate::error::{FlushError, WriteError};
use crate::fork::Generation;
use crate::output::Asked;
use crate::stats::Counters;

/// Shared by the guard and the writer.
#[derive(Debug, Default)]
pub(crate) struct Control {
    state: Mutex<State>,
    /// Whether something is asked for and not dealt with, so that the writer need not lock to learn that nothing is.
    is_asked: AtomicBool,
    /// Something was answered.
    answered: Condvar,
    /// The writer's thread, which parks when there is nothing to do.
    writer: OnceLock<Thread>,
    pub(crate) counters: Counters,
    /// The console, if records are shown on one.
    pub(crate) screen: Option<Arc<Screen>>,
    /// The process it was made in.
    pub(crate) generation: Generation,
}

#[derive(Debug, Default)]
struct State {
    /// Flushes asked for so far.
    flushes: u64,
    /// Flushes among them that were dealt with.
    flushed: u64,
    /// How the last of those went.
    failure: Option<FlushError>,
    /// What was asked for beside writing since the last look.
    asked: Asked,
    /// Why a dump was asked for since the last look.
    dump: Option<String>,
    /// The file that is being written.
    path: PathBuf,
    stop: Option<Stop>,
    /// Set once the writer has ended: how many records it left in memory, if it could count them.
    ended: Option<Option<u64>>,
}

/// How often writing is tried in a row when the logger ends and has no time set for it, before what is left is given up.
const LAST_TRIES: u32 = 5;

/// How the writer is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stop {
    /// When to give up writing if it fails.
    pub(crate) deadline: Option<Instant>,
}

impl Stop {
    /// Whether the time to try is over.
    pub(crate) fn is_over(self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Whether a writer that failed so often in a row gives up: when its time is over, if it was given any.
    pub(crate) fn gives_up(self, failures: u32) -> bool {
        self.deadline.map_or(failures >= LAST_TRIES, |deadline| Instant::now() >= deadline)
    }
}

/// What the writer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Demand {
    /// The number of the last flush asked for.
    pub(crate) flush: u64,
    /// Whether it, or one before it, is not dealt with yet.
    pub(crate) flush_due: bool,
    /// What is to be done when everything is written.
    pub(crate) asked: Asked,
    pub(crate) stop: Option<Stop>,
}

impl Control {
    /// What is asked of a writer that shows records on this console.
    pub(crate) fn new(screen: Option<Arc<Screen>>) -> Self {
        Self { screen, ..Self::default() }
    }

    /// Waits until the console shows what the writer has taken, as far as that is worth waiting for.
    pub(crate) fn settle_console(&self, deadline: Option<Instant>) {
        if let Some(screen) = &self.screen {
            screen.settle(deadline);
        }
    }

    /// Asks that everything is written, and that `asked` is done then, and wakes the writer. Returns the number of this
    /// flush.
    pub(crate) fn ask(&self, asked: Asked) -> u64 {
        let mut state = self.lock();
        state.asked.add(asked);
        state.flushes += 1;
        let mine = state.flushes;
        self.wake_for(state);
        mine
    }

    /// Says that what a flight recorder holds is to be written with the next flush, which has to be [asked](Self::ask) for.
    pub(crate) fn set_dump(&self, reason: &str) {
        self.lock().dump.get_or_insert_with(|| reason.to_owned());
    }

    /// Why a dump was asked for since the last call. What was logged before that is in the rings.
    pub(crate) fn take_dump(&self) -> Option<String> {
        self.lock().dump.take()
    }

    /// Whether flush number `mine` is dealt with.
    pub(crate) fn is_answered(&self, mine: u64) -> bool {
        self.lock().flushed >= mine
    }

    /// Waits until flush number `mine` is dealt with, or `deadline`.
    pub(crate) fn await_flush(
        &self,
        mine: u64,
        deadline: Option<Instant>,
    ) -> Result<(), FlushError> {
        let state = self
            .wait(self.lock(), deadline, |state| state.flushed >= mine || state.ended.is_some());
        match &*state {
            State { flushed, failure, .. } if *flushed >= mine => {
                failure.clone().map_or(Ok(()), Err)
            }
            State { ended: Some(_), .. } => Err(FlushError::Stopped),
            _ => Err(FlushError::TimedOut),
        }
    }

    /// Asks the writer to write everything and end. The first to ask says how.
    pub(crate) fn stop(&self, stop: Stop) {
        let mut state = self.lock();
        state.stop.get_or_insert(stop);
        self.wake_for(state);
    }

    /// Waits until the writer has ended, or `deadline`. If it has, returns how many records it left in memory, if it knows.
    pub(crate) fn await_end(&self, deadline: Option<Instant>) -> Option<Option<u64>> {
        self.wait(self.lock(), deadline, |state| state.ended.is_some()).ended
    }

    /// If the writer has ended, how many records it left in memory, if it knows.
    pub(crate) fn ended(&self) -> Option<Option<u64>> {
        self.lock().ended
    }

    fn wake_for(&self, state: MutexGuard<'_, State>) {
        // Release, with the acquisition in `demand`; the lock that follows there makes this certain, not only visible.
        self.is_asked.store(true, Ordering::Release);
        drop(state);
        self.wake();
    }

    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        deadline: Option<Instant>,
        is_over: impl Fn(&State) -> bool,
    ) -> MutexGuard<'a, State> {
        while !is_over(&state) {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            state = match left {
                Some(Duration::ZERO) => return state,
                Some(left) => {
                    let waited = self.answered.wait_timeout(state, left);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.answered.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
        state
    }

    /// Wakes the writer if it sleeps.
    pub(crate) fn wake(&self) {
        if let Some(writer) = self.writer.get() {
            writer.unpark();
        }
    }

    /// Says that the calling thread is the writer's. Its first [`demand`](Self::demand) sees what was asked before.
    pub(crate) fn begin(&self) {
        self.writer.get_or_init(thread::current);
    }

    /// What is asked of the writer.
    pub(crate) fn demand(&self) -> Demand {
        if !self.is_asked.load(Ordering::Acquire) {
            return Demand::default();
        }
        let mut state = self.lock();
        Demand {
            flush: state.flushes,
            flush_due: state.flushed < state.flushes,
            asked: mem::take(&mut state.asked),
            stop: state.stop,
        }
    }

    /// Sleeps for up to `time`, unless something is asked for; the writer's thread alone calls this.
    pub(crate) fn sleep(&self, time: Duration) {
        if !self.is_asked.load(Ordering::Acquire) {
            // Whatever is asked for from here on leaves a token behind that ends the sleep, or does not let it begin.
            thread::park_timeout(time);
        }
    }

    /// Sleeps until `instant`, or the deadline of a stop.
    pub(crate) fn sleep_until(&self, instant: Instant) {
        loop {
            let deadline = self.lock().stop.and_then(|stop| stop.deadline);
            let until = deadline.map_or(instant, |deadline| deadline.min(instant));
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::park_timeout(left);
        }
    }

    /// Answers every flush up to number `flush`.
    pub(crate) fn answer(&self, flush: u64, failure: Option<&WriteError>) {
        let mut state = self.lock();
        state.flushed = flush;
        state.failure = failure.map(|error| FlushError::Write {
            kind: error.source.kind(),
            message: error.to_string(),
        });
        // Relaxed: under the lock that whoever asks holds, too.
        self.is_asked
            .store(state.flushed < state.flushes || state.stop.is_some(), Ordering::Relaxed);
        self.answered.notify_all();
    }

    /// The file that is being written.
    pub(crate) fn path(&self) -> PathBuf {
        self.lock().path.clone()
    }

    /// Says which file is being written.
    pub(crate) fn set_path(&self, path: &Path) {
        let mut state = self.lock();
        if state.path != path {
            path.clone_into(&mut state.path);
        }
    }

    /// Says that the writer has ended, and how many records it left in memory, if it knows. What is said first counts.
    pub(crate) fn end(&self, left: Option<u64>) {
        self.lock().ended.get_or_insert(left);
        self.answered.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
