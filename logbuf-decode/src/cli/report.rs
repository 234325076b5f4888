//! Standard error: what is wrong, one line each, and never a flood.

use crate::cli::status::Status;
use logbuf_decode::{Finding, Level, Lost, Reader, Record, Severity, TooLong, escape, rfc3339};
use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Lines about losses; what is beyond them is summed up.
const LOSSES: usize = 16;

/// Prints what is wrong, and knows the exit status that follows.
#[derive(Debug)]
pub(crate) struct Report {
    status: Status,
    /// Records that are too long to be shown.
    too_long: u64,
    /// Records for which the conditions hold.
    matches: u64,
    is_silent: bool,
}

impl Report {
    pub(crate) fn new() -> Self {
        Self { status: Status::Fine, too_long: 0, matches: 0, is_silent: false }
    }

    /// One that prints nothing.
    pub(crate) fn silent() -> Self {
        Self { is_silent: true, ..Self::new() }
    }

    /// The exit status so far.
    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// Something that makes the command fail.
    pub(crate) fn error(&mut self, message: impl fmt::Display) {
        self.line(Severity::Failure, message);
    }

    /// Something because of which records may be missing.
    pub(crate) fn damage(&mut self, message: impl fmt::Display) {
        self.line(Severity::Damage, message);
    }

    /// Something worth knowing.
    pub(crate) fn note(&mut self, message: impl fmt::Display) {
        self.line(Severity::Note, message);
    }

    /// Takes note of records for which the conditions hold.
    pub(crate) fn matched(&mut self, count: u64) {
        self.matches += count;
    }

    /// How many there were.
    pub(crate) fn matches(&self) -> u64 {
        self.matches
    }

    /// Records that cannot be shown.
    pub(crate) fn unshown(&mut self, unshown: &Unshown) {
        // They differ in nothing that matters; the first tells where to look.
        if self.too_long == 0
            && let Some((file, site, error)) = &unshown.first
        {
            let file = shown(file);
            self.line(
                Severity::Damage,
                format_args!("{file}: record of site {site}: {error}: not shown"),
            );
        }
        self.too_long += unshown.count;
    }

    /// What a reader has found.
    pub(crate) fn findings(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.line(finding.problem.severity(), finding);
        }
    }

    /// What the program logged and the files do not hold.
    pub(crate) fn lost(&mut self, reader: &Reader) {
        let mut losses = BTreeMap::<Key<'_>, Sum>::new();
        for lost in reader.lost().filter(|lost| lost.count > 0) {
            losses.entry(Key::of(&lost)).or_default().add(&lost);
        }
        let mut losses: Vec<_> = losses.into_iter().collect();
        losses.sort_by_key(|(_, sum)| std::cmp::Reverse(sum.count));
        for (key, sum) in losses.iter().take(LOSSES) {
            self.line(Severity::Damage, Loss { key, sum });
        }
        let rest = losses.get(LOSSES..).unwrap_or_default();
        if !rest.is_empty() {
            let count = rest.iter().fold(0_u64, |count, (_, sum)| count.saturating_add(sum.count));
            self.line(
                Severity::Damage,
                format_args!("lost {count} records of {} more threads", rest.len()),
            );
        }
    }

    fn line(&mut self, severity: Severity, message: impl fmt::Display) {
        self.status = self.status.max(severity.into());
        let word = match severity {
            Severity::Note => "note",
            Severity::Damage => "warning",
            Severity::Failure => "error",
        };
        if self.is_silent {
            return;
        }
        // If nobody reads standard error, the exit status is left.
        let _ = writeln!(io::stderr().lock(), "logbuf-decode: {word}: {message}");
    }
}

/// Records that are too long to be shown.
#[derive(Debug, Default)]
pub(crate) struct Unshown {
    count: u64,
    /// File and site of the first, and what is wrong.
    first: Option<(PathBuf, u32, TooLong)>,
}

impl Unshown {
    pub(crate) fn add(&mut self, record: &Record<'_>, error: TooLong) {
        self.count += 1;
        self.first
            .get_or_insert_with(|| (record.segment().path().to_owned(), record.site().id, error));
    }
}

/// Whose records were lost, and why.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    process: &'a str,
    pid: u32,
    thread: String,
    reason: String,
}

impl<'a> Key<'a> {
    fn of(lost: &Lost<'a>) -> Self {
        let meta = lost.segment.header().map(|header| &header.meta);
        Self {
            process: meta.map_or("", |meta| &meta.process),
            pid: meta.map_or(0, |meta| meta.pid),
            thread: lost.thread.to_string(),
            reason: lost.reason.to_string(),
        }
    }
}

/// Losses of one key.
#[derive(Debug, Default)]
struct Sum {
    count: u64,
    bytes: u64,
    levels: BTreeMap<Level, u64>,
    first_unix_ns: Option<i64>,
    last_unix_ns: Option<i64>,
}

impl Sum {
    fn add(&mut self, lost: &Lost<'_>) {
        self.count = self.count.saturating_add(lost.count);
        self.bytes = self.bytes.saturating_add(lost.bytes);
        let level = self.levels.entry(lost.level).or_default();
        *level = level.saturating_add(lost.count);
        let first = self.first_unix_ns.unwrap_or(i64::MAX);
        self.first_unix_ns = Some(first.min(lost.first_unix_ns));
        self.last_unix_ns = self.last_unix_ns.max(Some(lost.last_unix_ns));
    }
}

/// The line about one loss.
struct Loss<'a> {
    key: &'a Key<'a>,
    sum: &'a Sum,
}

impl fmt::Display for Loss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, sum } = self;
        write!(
            f,
            "lost {} records ({} bytes) of thread {}",
            sum.count,
            sum.bytes,
            escape(&key.thread)
        )?;
        if !key.process.is_empty() {
            write!(f, " of {} ({})", escape(key.process), key.pid)?;
        }
        write!(f, ": {}", key.reason)?;
        for (level, count) in &sum.levels {
            write!(f, ", {count} {level}")?;
        }
        let time = |unix_ns: Option<i64>| rfc3339(unix_ns.unwrap_or(0));
        write!(f, ", from {} to {}", time(sum.first_unix_ns), time(sum.last_unix_ns))
    }
}

/// A path as a message shows it.
pub(crate) fn shown(path: &Path) -> String {
    escape(&path.to_string_lossy()).into_owned()
}
