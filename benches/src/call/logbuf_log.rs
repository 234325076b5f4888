//! Ours.

use std::path::Path;

use ::logbuf_log::{Builder, Guard, Level, info, trace};

use super::Call;

/// A logger with its defaults, down to `debug`.
pub struct LogbufLog {
    guard: Guard,
}

impl Call for LogbufLog {
    const NAME: &'static str = "logbuf-log";

    fn start(folder: &Path) -> Self {
        let guard = Builder::new(folder.join("logbuf/app"))
            .level(Level::Debug)
            .start()
            .expect("the folder can be written to");
        LogbufLog { guard }
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!("Iteration: {a} int: {b} double: {c}");
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!("Text: {text}");
    }

    fn settle(&mut self) {
        self.guard.flush().expect("the file can be written");
    }
}

/// The same call sites at a level that is off.
pub struct Disabled;

impl Call for Disabled {
    const NAME: &'static str = "logbuf-log, site off";

    fn start(_folder: &Path) -> Self {
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

    fn settle(&mut self) {}
}
