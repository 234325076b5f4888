//! What a reader has to say about a file beside its records: damage, cuts, missing blocks, and notes.

use logbuf_format::{
    Error, Fault,
    block::{Codec, Compression, Kind},
    escape,
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How many findings of one kind in one file are kept one by one; those that follow are counted.
const KEPT: u64 = 8;

/// Something about a file that its user should know.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The file.
    pub file: Arc<Path>,
    /// Where it stands in the file, in bytes, if it stands anywhere.
    pub offset: Option<u64>,
    /// What it is.
    pub problem: Problem,
    /// How often the same was found.
    pub times: u64,
}

/// How bad a finding is. Ordered: the worst is the largest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing; nothing is missing.
    Note,
    /// Records may be missing.
    Damage,
    /// The file could not be read, or is none of ours.
    Failure,
}

/// What was found.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Problem {
    /// The file cannot be read.
    Io(Arc<io::Error>),
    /// The file holds nothing at all: no record was ever in it that it says anything of.
    Empty,
    /// The file is not a segment, or one of another version.
    Foreign(Error),
    /// The segment header is damaged.
    Header {
        /// What is wrong with it.
        error: Error,
        /// Whether blocks were found behind it, and are read.
        blocks: bool,
    },
    /// Bytes that are no block were passed over.
    Damage {
        /// Where the next block stands, or the end of the file.
        until: u64,
        /// What is wrong at the first byte.
        error: Error,
        /// How many blocks are missing, if a block behind them tells.
        blocks: Option<u64>,
    },
    /// The payload of a block is damaged.
    Block {
        /// What it held.
        kind: Kind,
        /// How many records or entries it held.
        records: u32,
        /// What is wrong with it.
        error: Error,
    },
    /// Blocks of this codec and compression need a newer reader, or another build of this one.
    Unreadable {
        /// The codec.
        codec: Codec,
        /// The compression.
        compression: Compression,
        /// Records in the first such block.
        records: u32,
    },
    /// Block numbers are missing.
    Missing {
        /// The first missing number.
        first: u64,
        /// The number of the block behind the gap.
        next: u64,
    },
    /// A block has a number that was already passed.
    Order {
        /// Its number.
        found: u64,
        /// The number it should have.
        expected: u64,
    },
    /// An entry of a SITES, THREADS, CLOCK, LOSS or END block cannot be read.
    Entry {
        /// The kind of the block.
        kind: Kind,
        /// What is wrong.
        error: Error,
    },
    /// Records inside an otherwise good block cannot be told apart.
    Records {
        /// What is wrong.
        error: Error,
    },
    /// INDEX says of a block something else than its header: what is not read because of that may be missing.
    Index,
    /// The header of a block counts more or fewer events than are in it.
    Events {
        /// Events that were found.
        found: u64,
        /// Events according to the header.
        expected: u64,
    },
    /// Padding is not zero: a byte there was changed. Nothing is missing.
    Padding,
    /// A block holds time stamps outside the range its header gives: its records may be out of order.
    Range,
    /// Records of a site that no SITES block describes.
    UnknownSite {
        /// The number of the site.
        site: u32,
    },
    /// Records of a site whose template or values cannot be read.
    Unrenderable {
        /// The number of the site.
        site: u32,
        /// What is wrong, in the words of the part that read it.
        cause: Arc<str>,
    },
    /// Records of a thread that no THREADS block describes. They are shown under its number.
    UnknownThread {
        /// The number of the thread.
        thread: u32,
    },
    /// More of one kind of entry than a reader is ready to hold.
    TooMany {
        /// The kind of the blocks.
        kind: Kind,
        /// How many are held, or how many bytes of them.
        limit: u64,
    },
    /// The file ends inside a block: it is being written this moment, or its writer was killed.
    Cut(Error),
    /// The file ends behind a whole block, without END: it is being written, or its writer was killed.
    Open,
    /// The file is a copy of a segment that is read already, and is left out.
    Copy {
        /// The file that is read.
        of: PathBuf,
    },
    /// Bytes stand behind the END block.
    Trailing {
        /// How many.
        bytes: u64,
    },
    /// Something that begins like a segment, but is none, stands behind the END block.
    Behind {
        /// How many bytes there are from here on.
        bytes: u64,
        /// What is wrong with it.
        error: Error,
    },
    /// The END block counts more or fewer events than the blocks hold.
    Count {
        /// Events in the blocks.
        found: u64,
        /// Events according to END.
        expected: u64,
    },
    /// The END block counts more or fewer losses than the LOSS blocks.
    LossCount {
        /// Losses according to the LOSS blocks.
        found: u64,
        /// Losses according to END.
        expected: u64,
    },
    /// The wall clock was set while the segment was written.
    ClockStep {
        /// By how much, in nanoseconds: negative if it was set back.
        by_ns: i64,
    },
    /// More findings of a kind than are kept one by one.
    More(&'static str),
}

impl Problem {
    /// How bad it is.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Io(_) | Self::Foreign(_) => Severity::Failure,
            Self::Empty | Self::Open | Self::Copy { .. } | Self::ClockStep { .. } => Severity::Note,
            _ => Severity::Damage,
        }
    }

    /// A word for problems of this kind, in the plural.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Io(_) => "read errors",
            Self::Empty => "empty files",
            Self::Foreign(_) => "foreign files",
            Self::Header { .. } => "damaged headers",
            Self::Damage { .. } => "damaged ranges",
            Self::Block { .. } => "damaged blocks",
            Self::Unreadable { .. } => "unreadable blocks",
            Self::Missing { .. } => "gaps in the block numbers",
            Self::Order { .. } => "blocks out of order",
            Self::Entry { .. } => "damaged entries",
            Self::Records { .. } => "blocks with damaged records",
            Self::Index => "blocks of which INDEX is wrong",
            Self::Events { .. } => "blocks with wrong counts",
            Self::Padding => "damaged paddings",
            Self::Range => "blocks with wrong time ranges",
            Self::UnknownSite { .. } => "records of unknown sites",
            Self::Unrenderable { .. } => "records that cannot be rendered",
            Self::UnknownThread { .. } => "records of unknown threads",
            Self::TooMany { .. } => "limits passed",
            Self::Cut(_) => "cuts",
            Self::Open => "open segments",
            Self::Copy { .. } => "copies",
            Self::Trailing { .. } => "trailing bytes",
            Self::Behind { .. } => "damaged segments behind others",
            Self::Count { .. } => "wrong event counts",
            Self::LossCount { .. } => "wrong loss counts",
            Self::ClockStep { .. } => "clock steps",
            Self::More(kind) => kind,
        }
    }

    /// Whether `other` is the same problem again, wherever it stands.
    fn repeats(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::UnknownSite { site: a }, Self::UnknownSite { site: b })
            | (Self::Unrenderable { site: a, .. }, Self::Unrenderable { site: b, .. })
            | (Self::UnknownThread { thread: a }, Self::UnknownThread { thread: b }) => a == b,
            (Self::TooMany { kind: a, .. }, Self::TooMany { kind: b, .. }) => a == b,
            (
                Self::Unreadable { codec: a, compression: x, .. },
                Self::Unreadable { codec: b, compression: y, .. },
            ) => a == b && x == y,
            _ => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", escape::controls(&self.file.to_string_lossy()))?;
        if let Some(offset) = self.offset {
            write!(f, "byte {offset}: ")?;
        }
        self.problem.fmt(f)?;
        match self.times {
            1 => Ok(()),
            times => write!(f, " ({times} times)"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Empty => f.write_str(
                "the file is empty: its writer has just started, or was killed before its first write",
            ),
            Self::Foreign(error) => foreign(&error.fault, f),
            Self::Header { error, blocks: true } => write!(
                f,
                "{}; the process and host of the segment are unknown, its records are read",
                error.fault
            ),
            Self::Header { error, blocks: false } => {
                write!(f, "{}; no block was found behind it", error.fault)
            }
            Self::Damage { until, error, blocks } => {
                write!(f, "{}; passed over everything up to byte {until}", error.fault)?;
                match blocks {
                    Some(1) => f.write_str(": 1 block is missing"),
                    Some(blocks) => write!(f, ": {blocks} blocks are missing"),
                    None => Ok(()),
                }
            }
            Self::Block { kind, records, error } => {
                let noun = if *kind == Kind::EVENTS { "records" } else { "entries" };
                write!(f, "{} ({kind} block); its {records} {noun} are missing", error.fault)
            }
            Self::Unreadable { codec, compression, records } => write!(
                f,
                "block of codec {codec}, compression {compression}: this reader cannot expand it; use a newer \
                 logbuf-decode ({records} records are missing)"
            ),
            Self::Missing { first, next } if next - first == 1 => {
                write!(f, "block {first} is missing: found block {next}")
            }
            Self::Missing { first, next } => {
                write!(f, "blocks {first} to {} are missing: found block {next}", next - 1)
            }
            Self::Order { found, expected } => {
                write!(f, "block number: found {found}, expected {expected}")
            }
            Self::Entry { kind, error } => write!(f, "{kind} block: {}", error.fault),
            Self::Records { error } => {
                write!(f, "{}; the records behind it in the block are missing", error.fault)
            }
            Self::Index => f.write_str(
                "INDEX says something else of this block than its header: `logbuf-decode verify` does without INDEX",
            ),
            Self::Events { found, expected } => {
                write!(f, "found {found} records, expected {expected} (header of the block)")
            }
            Self::Padding => f.write_str("padding is damaged: expected zeros; no record is in it"),
            Self::Range => f.write_str(
                "a record lies outside the time range of its block: it may be out of order",
            ),
            Self::UnknownSite { site } => {
                write!(f, "record of site {site}, which no SITES block describes: not shown")
            }
            Self::Unrenderable { site, cause } => {
                write!(f, "record of site {site}: {cause}: not shown")
            }
            Self::UnknownThread { thread } => {
                write!(f, "record of thread {thread}, which no THREADS block describes")
            }
            Self::TooMany { kind, limit } => {
                write!(f, "{kind} blocks: beyond the limit of {limit}; the rest is passed over")
            }
            Self::Cut(error) => write!(
                f,
                "cut: {}; it is being written this moment, or its writer was killed",
                error.fault
            ),
            Self::Open => f.write_str(
                "no END block: the segment is still being written, or its writer was killed",
            ),
            Self::Copy { of } => {
                let of = of.display().to_string();
                write!(f, "a copy of {}, which is read already: left out", escape::controls(&of))
            }
            Self::Trailing { bytes } => {
                write!(f, "expected the end of the file behind the END block, found {bytes} bytes")
            }
            Self::Behind { bytes, error } => write!(
                f,
                "the segment that starts here, behind another, cannot be read: {}; {bytes} bytes are passed over",
                error.fault
            ),
            Self::Count { found, expected } => {
                write!(f, "found {found} records, expected {expected} (END block)")
            }
            Self::LossCount { found, expected } => {
                write!(f, "found {found} lost records, expected {expected} (END block)")
            }
            Self::ClockStep { by_ns } => {
                let seconds = *by_ns as f64 / 1e9;
                match by_ns {
                    ..0 => write!(
                        f,
                        "the wall clock was set by {seconds:+.3} s here; the times of later records run on ahead of it"
                    ),
                    _ => write!(f, "the wall clock was set by {seconds:+.3} s here"),
                }
            }
            Self::More(kind) => write!(f, "more {kind}"),
        }
    }
}

/// Why a file is not one of ours, with what to do about it.
fn foreign(fault: &Fault, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match fault {
        Fault::NotSegment { found } => write!(
            f,
            "not a logbuf file: expected \"\\x89LOGBUF\\n\", found \"{}\"",
            found.escape_ascii()
        ),
        fault => write!(f, "{fault}"),
    }
}

/// Findings in the order in which they were made, of which repeated ones are counted.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    found: Vec<Finding>,
}

impl Findings {
    /// Adds a finding, unless there are many of its kind in its file already: then they are counted.
    pub(crate) fn add(
        &mut self,
        file: &Arc<Path>,
        offset: impl Into<Option<u64>>,
        problem: Problem,
    ) {
        self.add_times(file, offset.into(), problem, 1);
    }

    /// Adds what was found elsewhere.
    pub(crate) fn append(&mut self, other: Self) {
        for Finding { file, offset, problem, times } in other.found {
            self.add_times(&file, offset, problem, times);
        }
    }

    fn add_times(&mut self, file: &Arc<Path>, offset: Option<u64>, problem: Problem, times: u64) {
        let same_file = |finding: &&mut Finding| Arc::ptr_eq(&finding.file, file);
        let mut of_kind = 0;
        for finding in self.found.iter_mut().filter(same_file) {
            if finding.problem.repeats(&problem) {
                finding.times += times;
                return;
            }
            if finding.problem.kind() == problem.kind() {
                of_kind += 1;
                if of_kind > KEPT {
                    finding.times += times;
                    return;
                }
            }
        }
        let problem = if of_kind == KEPT { Problem::More(problem.kind()) } else { problem };
        self.found.push(Finding { file: Arc::clone(file), offset, problem, times });
    }

    /// Hands over what was found since the last call.
    pub(crate) fn take(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.found)
    }
}
