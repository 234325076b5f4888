//! A logger for a test, and what it wrote.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use logbuf_decode::{Reader, Record};
use logbuf_format::block::{self, Codec, Kind};
use logbuf_format::packed;
use logbuf_format::scan::{self, Scan};
use logbuf_format::segment::Header;
use logbuf_format::site::Site;
use logbuf_format::value::Value;
use logbuf_log::{Builder, CrashSafe, Guard, Level, Stats};
use tempfile::TempDir;

static TURN: Mutex<()> = Mutex::new(());

/// A running logger. The tests of this binary take turns, because there is one logger to a process.
pub(crate) struct Session {
    guard: Guard,
    folder: TempDir,
    _turn: MutexGuard<'static, ()>,
}

/// What a logger wrote, decoded.
pub(crate) struct Decoded {
    pub(crate) records: Vec<Shown>,
    lost: Vec<(Level, u64)>,
}

/// A record as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) unix_ns: i64,
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) thread: String,
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) message: String,
    /// As in a line of text.
    pub(crate) fields: String,
    /// The fields of its contexts, behind a `?` if they are not all.
    pub(crate) context: String,
}

/// A logger for a process that is to be killed, with its rings in a folder beside its log: nobody is to find them elsewhere.
pub(crate) fn doomed(path: impl AsRef<Path>) -> Builder {
    let path = path.as_ref();
    Builder::new(path).crash_safe(CrashSafe::Dir(path.with_file_name("sessions")))
}

impl Session {
    /// A logger with rings large enough for any test that does not say otherwise.
    pub(crate) fn start() -> Self {
        Self::start_with(|builder| builder)
    }

    pub(crate) fn start_with(configure: impl FnOnce(Builder) -> Builder) -> Self {
        let turn = Self::lock();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let builder = Builder::new(folder.path().join("test")).ring_capacity(16 << 20).ignore_env();
        let guard = configure(builder).start().expect("the logger starts");
        Self { guard, folder, _turn: turn }
    }

    /// Keeps other tests from starting a logger.
    pub(crate) fn lock() -> MutexGuard<'static, ()> {
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    pub(crate) fn flush(&self) {
        self.guard.flush().expect("the file can be written");
    }

    pub(crate) fn stats(&self) -> Stats {
        self.guard.stats()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.guard.path()
    }

    /// Ends the logger. What it wrote is there as long as the folder.
    pub(crate) fn stop(self) -> TempDir {
        self.folder
    }

    /// Ends the logger, and calls `visit` for each record.
    pub(crate) fn visit(self, visit: impl FnMut(&Record<'_>)) -> Vec<(Level, u64)> {
        let path = self.path();
        drop(self.guard);
        let lost = visit_file(&path, visit);
        drop(self.folder);
        lost
    }

    /// Ends the logger, and decodes what it wrote.
    pub(crate) fn decode(self) -> Decoded {
        let mut records = Vec::new();
        let lost = self.visit(|record| records.push(Shown::new(record)));
        Decoded { records, lost }
    }

    /// Ends the logger, which must not have lost anything.
    pub(crate) fn shown(self) -> Vec<Shown> {
        let decoded = self.decode();
        assert_eq!(decoded.lost, []);
        decoded.records
    }

    pub(crate) fn messages(self) -> Vec<String> {
        self.shown().into_iter().map(|shown| shown.message).collect()
    }

    /// Ends the logger; the messages that can be read, and what is said of the others.
    pub(crate) fn messages_and_findings(self) -> (Vec<String>, Vec<String>) {
        let path = self.path();
        drop(self.guard);
        let mut reader = Reader::new();
        reader.add_file(&path);
        let mut messages = Vec::new();
        reader.for_each(|record| messages.push(Shown::new(record).message));
        (messages, reader.findings().iter().map(ToString::to_string).collect())
    }

    /// Ends the logger, and compares the messages one by one.
    pub(crate) fn check_messages(self, expected: &[String]) {
        let shown = self.shown();
        for (shown, expected) in shown.iter().zip(expected) {
            assert_eq!(shown.message, *expected, "{}:{}", shown.file, shown.line);
        }
        assert_eq!(shown.len(), expected.len());
    }
}

/// Says that something cannot be tested here, and why: one line, which no test harness holds back, and which `.ci/run` lists.
pub(crate) fn skip(what: &str, why: impl Display) {
    let why = why.to_string();
    let line = format!("SKIPPED: {what}: {}\n", why.trim().replace('\n', " "));
    std::io::stderr().write_all(line.as_bytes()).expect("standard error is open");
}

/// Reads a file that must be whole, and calls `visit` for each record. Returns the losses it reports.
pub(crate) fn visit_file(path: &Path, mut visit: impl FnMut(&Record<'_>)) -> Vec<(Level, u64)> {
    let mut reader = Reader::new();
    reader.add_file(path);
    reader.for_each(&mut visit);
    let lost = reader.lost().map(|lost| (lost.level, lost.count)).collect();
    let findings: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
    assert_eq!(findings, [""; 0], "{}", path.display());
    lost
}

/// The unsigned values of a record.
pub(crate) fn numbers<const N: usize>(values: &[Value<'_>]) -> [u64; N] {
    let numbers: Vec<_> =
        values.iter().filter_map(|value| value.as_unsigned()?.try_into().ok()).collect();
    numbers.try_into().expect("the record has as many numbers as it was logged with")
}

impl Decoded {
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.records.iter().map(|shown| shown.message.as_str()).collect()
    }

    pub(crate) fn lost_by_level(&self) -> Vec<(Level, u64)> {
        let mut lost = self.lost.clone();
        lost.sort();
        lost.dedup_by(|(level, count), (first, sum)| {
            *sum += if level == first { *count } else { 0 };
            level == first
        });
        lost
    }
}

/// Whether this process was started to run `test` alone. If not, starts one that does, and sees to it that it passes.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn is_on_its_own(test: &str) -> bool {
    const ALONE: &str = "LOGBUF_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let child = std::process::Command::new(std::env::current_exe().expect("this runs"))
        .args(["--exact", test])
        .env(ALONE, "1")
        .output()
        .expect("it can be run again");
    let output = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && output.contains("1 passed"), "{output}");
    false
}

/// Ends the logger: what was lost, and each message behind the spans it was logged in.
#[cfg(feature = "tracing")]
pub(crate) fn spanned(session: Session) -> (Vec<(Level, u64)>, Vec<String>) {
    let mut lines = Vec::new();
    let lost = session.visit(|record| {
        let mut line = String::new();
        for span in record.spans() {
            let fields: Vec<_> =
                span.fields().map(|(name, value)| shown_field(name, &value)).collect();
            let fields =
                if fields.is_empty() { String::new() } else { format!("{{{}}}", fields.join(" ")) };
            line.push_str(&format!("{}{fields}:", span.name()));
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        record.message(&mut line).expect("the message is short");
        lines.push(line);
    });
    (lost, lines)
}

/// A field as in a line of text.
pub(crate) fn shown_field(name: &str, value: &Value<'_>) -> String {
    let mut text = format!("{name}=");
    logbuf_format::render::field(&mut text, value, logbuf_format::render::Room::most(""))
        .expect("the field is of a reasonable length");
    text
}

impl Shown {
    pub(crate) fn new(record: &Record<'_>) -> Self {
        let mut message = String::new();
        record.message(&mut message).expect("the message is of a reasonable length");
        let fields = record.fields().map(|(name, value)| shown_field(name, value));
        Self {
            unix_ns: record.unix_ns(),
            level: record.level(),
            target: record.target().to_owned(),
            thread: record.thread().to_string(),
            file: record.file().to_owned(),
            line: record.line(),
            fields: fields.collect::<Vec<_>>().join(" "),
            context: shown_context(record),
            message,
        }
    }
}

/// Visits the blocks of a whole file, in order, with their payloads in codec raw.
pub(crate) fn for_each_block(bytes: &[u8], mut visit: impl FnMut(&block::Header, &[u8])) {
    let (header, mut at) = Header::take(bytes).expect("the file has a header");
    while let Scan::Found { offset, header } = scan::next_block(bytes, at, Some(header.salt)) {
        let mut payload = header.payload(&bytes[offset..]).expect("the block is whole");
        if header.summary.codec == Codec::PACKED {
            let mut raw = Vec::new();
            packed::expand(&payload, &mut raw).expect("the payload is whole");
            payload = raw.into();
        }
        visit(&header, &payload);
        at = offset + header.block_len();
    }
}

fn shown_context(record: &Record<'_>) -> String {
    let context = record.context();
    let mut parts = Vec::new();
    if !context.is_whole() {
        parts.push("?".to_owned());
    }
    for (name, value) in context.fields() {
        let mut text = format!("{name}=");
        logbuf_format::render::field(&mut text, value, logbuf_format::render::Room::most(""))
            .expect("the field is of a reasonable length");
        parts.push(text);
    }
    parts.join(" ")
}

/// The call sites that a whole file lists, by number; the last entry of each counts.
pub(crate) fn listed_sites(path: &Path) -> Vec<Site> {
    let bytes = std::fs::read(path).expect("the file is there");
    let mut sites = BTreeMap::new();
    for_each_block(&bytes, |header, payload| {
        if header.summary.kind == Kind::SITES {
            for site in Site::table(payload).map(|site| site.expect("the site can be read")) {
                sites.insert(site.id, site);
            }
        }
    });
    sites.into_values().collect()
}
