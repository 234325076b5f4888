//! Runs programs under logbuf and under the formatter of `tracing-subscriber` at once, and compares what each of their threads
//! logged, event for event.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use logbuf_decode::{Reader, Render, Text};
use logbuf_log::tracing::Layer;
use logbuf_log::{Builder, Guard};
use tempfile::TempDir;
use tracing_subscriber::prelude::*;

/// What each thread logged, line by line, by the kernel's number of the thread.
type Lines = BTreeMap<u64, Vec<String>>;

/// There is one logger to a process.
static TURN: Mutex<()> = Mutex::new(());

/// What the formatter wrote.
static FORMATTED: Mutex<Lines> = Mutex::new(BTreeMap::new());

/// A logger, and a formatter beside it, for all threads of the process and for whatever logs by `tracing` or by `log`.
#[derive(Debug)]
pub struct Comparison {
    guard: Guard,
    _folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl Comparison {
    /// Starts both, when those before have ended.
    ///
    /// # Panics
    ///
    /// If the logger cannot be started.
    pub fn start() -> Self {
        static SET: Once = Once::new();
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let builder = Builder::new(folder.path().join("client")).ring_capacity(16 << 20);
        let guard =
            builder.ignore_env().level(logbuf_log::Level::Trace).start().expect("it starts");
        SET.call_once(|| {
            let formatter = tracing_subscriber::fmt::layer()
                .with_ansi(false)
                .without_time()
                .with_writer(|| Formatted);
            // Has `log` log by `tracing`, too.
            tracing_subscriber::registry().with(Layer::new()).with(formatter).init();
        });
        FORMATTED.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Self { guard, _folder: folder, _turn: turn }
    }

    /// Ends the logger, and compares. Returns all lines, those of each thread in order.
    ///
    /// # Panics
    ///
    /// If a thread has logged something else than the formatter wrote of it: another level, target, message, span or field, or
    /// another order.
    pub fn finish(self) -> Vec<String> {
        let path = self.guard.path();
        drop(self.guard);
        let mut found = Lines::new();
        let mut reader = Reader::new();
        reader.add_file(&path);
        let mut text = Text::new().raw();
        reader.for_each(|record| {
            let thread = record.segment().thread(record.thread_id()).expect("it is described");
            let mut line = String::new();
            text.record(record, &mut line).expect("the record is short");
            // Time and thread are not in what the formatter writes here.
            let (_time, line) = line.split_once(' ').expect("it begins with the time");
            let line = line.replacen(&format!("[{}] ", record.thread()), "", 1);
            found.entry(thread.os_id).or_default().push(normal(&line));
        });
        let findings: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
        assert_eq!(findings, [""; 0]);
        assert_eq!(reader.lost().count(), 0, "records were lost");
        let expected = std::mem::take(&mut *FORMATTED.lock().expect("no writer panics"));
        let threads: Vec<_> = expected.keys().collect();
        assert_eq!(found.keys().collect::<Vec<_>>(), threads, "the threads that logged");
        for (thread, expected) in &expected {
            let found = &found[thread];
            for (place, (found, expected)) in found.iter().zip(expected).enumerate() {
                assert_eq!(found, expected, "event {place} of thread {thread}");
            }
            assert_eq!(found.len(), expected.len(), "events of thread {thread}");
        }
        expected.into_values().flatten().collect()
    }
}

/// A line as both write it: logbuf sets fields off by two spaces.
fn normal(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Keeps what the formatter writes: one event at a time.
struct Formatted;

impl Write for Formatted {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let thread = rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs().into();
        let line = normal(&String::from_utf8_lossy(event));
        let mut lines = FORMATTED.lock().unwrap_or_else(PoisonError::into_inner);
        lines.entry(thread).or_default().push(line);
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
