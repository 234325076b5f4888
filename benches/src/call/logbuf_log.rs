//! Ours.

use std::path::Path;
use std::sync::OnceLock;

use ::logbuf_log::{Builder, CrashSafe, Guard, Level, Timestamp, info, trace};

use super::{Call, Order};

/// A logger with its defaults, down to `debug`: its rings outlive the process.
pub struct LogbufLog(&'static Guard);

/// The same with rings that die with the process. The first logger of a process decides for all, so that this one
/// needs a process of its own.
pub struct Anonymous(LogbufLog);

/// Calls that are given the time.
pub struct AtTimeGiven {
    guard: &'static Guard,
    now: Timestamp,
}

/// Call sites at a level that is off.
pub struct Disabled;

/// The one logger of this process.
fn logger(folder: &Path, crash_safe: CrashSafe) -> &'static Guard {
    static LOGGER: OnceLock<Guard> = OnceLock::new();
    LOGGER.get_or_init(|| {
        Builder::new(folder.join("logbuf/app"))
            .level(Level::Debug)
            .crash_safe(crash_safe)
            .start()
            .expect("the folder can be written to")
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
        flush(self.0);
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
        flush(self.guard);
        self.now = Timestamp::now();
    }
}

impl Call for Disabled {
    const NAME: &'static str = "logbuf-log, site off";

    fn start(folder: &Path) -> Self {
        logger(folder, CrashSafe::Auto);
        Disabled
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

    fn settle(&mut self) {}
}
