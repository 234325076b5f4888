//! How far something long has come, shown on a terminal and nowhere else.

use indicatif::{ProgressBar, ProgressStyle};
use logbuf_decode::Reader;
use std::{
    io::{self, Read, Seek, SeekFrom},
    time::Duration,
};

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(200);

/// A bar on standard error, if that is a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    from_unix_ns: i64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} %, {eta} to go")
            .expect("the template is well-formed");
        // Indicatif draws nothing where there is no terminal.
        Self { bar: ProgressBar::new(0).with_style(style), from_unix_ns: 0 }
    }

    /// Starts over for so many things.
    pub(crate) fn start(&self, length: u64) {
        self.bar.reset();
        self.bar.set_length(length);
        self.bar.enable_steady_tick(PERIOD);
    }

    /// Starts over for all that the reader holds, by time.
    pub(crate) fn start_with(&mut self, reader: &mut Reader) {
        let (oldest, newest) = (reader.oldest().unwrap_or(0), reader.newest().unwrap_or(0));
        self.from_unix_ns = oldest;
        self.start(newest.abs_diff(oldest));
    }

    /// What came before this time is done.
    pub(crate) fn reach(&self, unix_ns: i64) {
        self.bar.set_position(unix_ns.abs_diff(self.from_unix_ns));
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

/// Bytes whose reading is shown.
#[derive(Debug)]
pub(crate) struct Counted<R> {
    reader: R,
    progress: Progress,
}

impl<R> Counted<R> {
    pub(crate) fn new(reader: R, progress: &Progress) -> Self {
        Self { reader, progress: progress.clone() }
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(bytes)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

impl<R: Seek> Seek for Counted<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
