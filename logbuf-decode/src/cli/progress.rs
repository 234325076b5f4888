//! How far something long has come, shown on a terminal and nowhere else.

use indicatif::{ProgressBar, ProgressStyle};
use logbuf_decode::{Reader, Segment};
use std::time::Duration;

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(200);

/// A bar on standard error, if that is a terminal. What is soon over does not show one.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template(
            "{bar:40} {percent:>3} %  {human_pos} of {human_len}, {eta} to go",
        )
        .expect("the template is well-formed");
        Self { bar: ProgressBar::hidden().with_style(style) }
    }

    /// Starts over for the records of a reader.
    pub(crate) fn start(&mut self, reader: &Reader) {
        self.start_with(reader.segments().iter().map(Segment::records).sum());
    }

    /// Starts over for so many things.
    pub(crate) fn start_with(&mut self, length: u64) {
        // Indicatif draws nothing where there is no terminal.
        self.bar = ProgressBar::new(length).with_style(self.bar.style());
        self.bar.enable_steady_tick(PERIOD);
    }

    /// So much more is done.
    pub(crate) fn add(&self, done: u64) {
        self.bar.inc(done);
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
