//! What the guard asks of the writer, and what the writer answers.

use std::mem;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::error::{FlushError, WriteError};
use crate::output::Asked;
use crate::stats::Counters;

/// Shared by the guard and the writer's thread.
#[derive(Debug, Default)]
pub(crate) struct Control {
    state: Mutex<State>,
    /// Something was answered.
    answered: Condvar,
    /// The writer's thread, which parks when there is nothing to do.
    writer: OnceLock<Thread>,
    pub(crate) counters: Counters,
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
    /// The file that is being written.
    path: PathBuf,
    stop: bool,
    ended: bool,
}

/// What the writer has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Demand {
    /// The number of the last flush asked for.
    pub(crate) flush: u64,
    /// Whether it, or one before it, is not dealt with yet.
    pub(crate) flush_due: bool,
    /// What is to be done when everything is written.
    pub(crate) asked: Asked,
    pub(crate) stop: bool,
}

impl Control {
    /// Waits until everything logged before this call is in the file, or cannot be written.
    pub(crate) fn flush(&self) -> Result<(), FlushError> {
        self.ask(Asked { flush: true, ..Asked::default() })
    }

    /// As [`flush`](Self::flush), and until what is asked for was done then.
    pub(crate) fn ask(&self, asked: Asked) -> Result<(), FlushError> {
        let mut state = self.lock();
        state.asked.add(asked);
        state.flushes += 1;
        let mine = state.flushes;
        self.wake();
        while state.flushed < mine {
            if state.ended {
                return Err(FlushError::Stopped);
            }
            state = self.answered.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Asks the writer to write everything and end.
    pub(crate) fn stop(&self) {
        self.lock().stop = true;
        self.wake();
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

    /// What is asked of the writer. Waits for up to `patience` if that is nothing.
    pub(crate) fn demand(&self, patience: Duration) -> Demand {
        let mut state = self.lock();
        if !patience.is_zero() && state.flushes == state.flushed && !state.stop {
            drop(state);
            // Whatever is asked for from here on leaves a token behind that ends the sleep, or does not let it begin.
            thread::park_timeout(patience);
            state = self.lock();
        }
        Demand {
            flush: state.flushes,
            flush_due: state.flushed < state.flushes,
            asked: mem::take(&mut state.asked),
            stop: state.stop,
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

    /// Says that the writer has ended, whatever made it end.
    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.answered.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
