//! Ours.

use std::path::Path;
use std::sync::{Arc, Mutex, Weak};
use std::{fs, io};

use ::logbuf_log::{Builder, CrashSafe, Guard, Level, Timestamp, WhenFull, info, trace};

use super::{Call, Order};
use crate::logged::{PATIENCE, totals};

/// A logger down to `debug`, whose rings outlive the process, as by default. A full one is waited for, as with the others; a burst
/// fills none.
pub struct LogbufLog(Arc<Guard>);

/// The same with rings that die with the process. The first logger of a process decides for all, so that this one
/// needs a process of its own.
pub struct Anonymous(LogbufLog);

/// Calls that are given the time.
pub struct AtTimeGiven {
    guard: Arc<Guard>,
    now: Timestamp,
}

/// Call sites at a level that is off.
pub struct Disabled(Arc<Guard>);

/// Where its files are.
const FOLDER: &str = "logbuf";

/// The one logger of this process at the moment. It ends with the last subject that logs through it.
fn logger(folder: &Path, crash_safe: CrashSafe) -> Arc<Guard> {
    static LOGGER: Mutex<Weak<Guard>> = Mutex::new(Weak::new());
    let mut logger = LOGGER.lock().expect("starting a logger does not panic");
    logger.upgrade().unwrap_or_else(|| {
        let guard = Builder::new(folder.join(FOLDER).join("app"))
            .ignore_env()
            .level(Level::Debug)
            .crash_safe(crash_safe)
            .when_full(WhenFull::Block(PATIENCE))
            .start()
            .map(Arc::new)
            .expect("the folder can be written to");
        *logger = Arc::downgrade(&guard);
        guard
    })
}

fn flush(guard: &Guard) {
    guard.flush().expect("the file can be written");
}

impl Call for LogbufLog {
    const NAME: &'static str = "logbuf-log";

    fn start(folder: &Path) -> Self {
        LogbufLog(logger(folder, CrashSafe::Auto))
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!("Iteration: {a} int: {b} double: {c}");
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!("Text: {text}");
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        info!("Order: {order:?}");
    }

    fn settle(&mut self) {
        flush(&self.0);
    }

    fn written(folder: &Path) -> io::Result<u64> {
        fs::read_dir(folder.join(FOLDER))?.try_fold(0, |sum, entry| {
            let entry = entry?;
            let is_link = entry.file_type()?.is_symlink();
            Ok(if is_link { sum } else { sum + totals(&entry.path())?.written })
        })
    }
}

impl Call for Anonymous {
    const NAME: &'static str = "logbuf-log, not crash-safe";

    fn start(folder: &Path) -> Self {
        Anonymous(LogbufLog(logger(folder, CrashSafe::Off)))
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        self.0.numbers(a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        self.0.text(text);
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        self.0.order(order);
    }

    fn settle(&mut self) {
        self.0.settle();
    }
}

impl Call for AtTimeGiven {
    const NAME: &'static str = "logbuf-log, time given";

    fn start(folder: &Path) -> Self {
        AtTimeGiven { guard: logger(folder, CrashSafe::Auto), now: Timestamp::now() }
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!(ts: self.now, "Iteration: {a} int: {b} double: {c}");
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!(ts: self.now, "Text: {text}");
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        info!(ts: self.now, "Order: {order:?}");
    }

    fn settle(&mut self) {
        flush(&self.guard);
        self.now = Timestamp::now();
    }
}

impl Call for Disabled {
    const NAME: &'static str = "logbuf-log, site off";

    fn start(folder: &Path) -> Self {
        Disabled(logger(folder, CrashSafe::Auto))
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        trace!("Iteration: {a} int: {b} double: {c}");
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        trace!("Text: {text}");
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        trace!("Order: {order:?}");
    }

    fn settle(&mut self) {
        flush(&self.0);
    }
}
