//! The end of the process: what is done when it exits, or panics, while a logger is running.

use std::panic;
use std::process;
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::time::{Duration, Instant};

use crate::fork::OfProcess;
use crate::remote::Remote;
use crate::{platform, session, thread};

/// How long an exit waits for the writer, at most.
const EXIT_BOUND: Duration = Duration::from_secs(5);

/// How long a panic waits for the writer, at most, before the hook that was there before and after it.
const PANIC_BOUND: Duration = Duration::from_secs(1);

/// The logger that is running.
pub(crate) static ARMED: OfProcess<Mutex<Option<Armed>>> = OfProcess::new(disarmed());

/// No logger.
pub(crate) const fn disarmed() -> Mutex<Option<Armed>> {
    Mutex::new(None)
}

pub(crate) struct Armed {
    remote: Remote,
    /// Whether it is to be ended with the process, and flushed by a panic.
    is_hooked: bool,
    /// A forked child inherits the hooks, but not the writer.
    pid: u32,
}

/// A logger is running, which `remote` reaches.
pub(crate) fn set_running(remote: Remote) {
    *lock() = Some(Armed { remote, is_hooked: false, pid: process::id() });
}

/// A way to the logger that is running in this process.
#[cfg(feature = "log")]
pub(crate) fn running() -> Option<Remote> {
    let armed = lock();
    armed.as_ref().filter(|armed| armed.pid == process::id()).map(|armed| armed.remote.clone())
}

/// Has what is logged to the running logger written when the process exits or panics. The hooks are installed once, and stay:
/// another hook may have been put on top.
pub(crate) fn arm() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // Where the system knows no such thing, the guard has to be dropped: the documentation says so.
        let _known = platform::at_exit(on_exit);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Twice: the hook before may never return, and it may log.
            let place = info.location().map(|place| format!(" at {place}"));
            dump(&format!("a panic{}", place.unwrap_or_default()));
            before(info);
            dump("a panic");
        }));
    });
    if let Some(armed) = &mut *lock() {
        armed.is_hooked = true;
    }
}

/// The logger that `remote` reaches ends by itself.
pub(crate) fn disarm(remote: &Remote) {
    // Another logger may be running by now.
    lock().take_if(|armed| Arc::ptr_eq(&armed.remote.control, &remote.control));
}

/// Runs among the process's exit handlers. If it is the writer's own thread that exits (in a function of the user's that the
/// writer called), what is left stays in the rings.
extern "C" fn on_exit() {
    let armed = lock().take_if(|armed| armed.is_hooked);
    if let Some(Armed { remote, pid, .. }) = armed
        && pid == process::id()
        && !thread::is_writer()
    {
        let _left_if_time_is_over = remote.end(Some(Instant::now() + EXIT_BOUND));
    }
    // It has a handler of its own, which may have come too early.
    session::end_at_exit();
}

/// Flushes, with what a flight recorder holds.
fn dump(reason: &str) {
    let remote = match &*lock() {
        Some(Armed { remote, is_hooked: true, pid }) if *pid == process::id() => remote.clone(),
        _ => return,
    };
    // Whoever panics cannot do anything about a flush that fails, and `on_error` was told.
    let _flushed = remote.dump(reason, Some(Instant::now() + PANIC_BOUND));
}

fn lock() -> std::sync::MutexGuard<'static, Option<Armed>> {
    ARMED.lock().unwrap_or_else(PoisonError::into_inner)
}
