//! What came of a recovery.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use logbuf::ImageError;
use logbuf_format::timeline::Timeline;

use crate::session::header::Header;
use crate::session::threads::Noted;

/// What came of the recovery of one session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The name of the session.
    pub name: String,
    /// The number of its process; 0 if the session had no header yet.
    pub pid: u32,
    /// The segment that holds what was recovered; `None` if there was nothing.
    pub path: Option<PathBuf>,
    /// Records that were in the rings and in no file.
    pub records: u64,
    /// Of which threads.
    pub threads: Vec<ThreadReport>,
    /// The times of the earliest and the latest of them: nanoseconds since the Unix epoch, UTC.
    pub times: Option<(i64, i64)>,
    /// Records that were counted as lost, by a full ring for one, and of which no file told.
    pub lost: u64,
    /// Records that were begun and not finished when the process died. Their calls had not returned.
    pub uncommitted: u64,
    /// What could not be read.
    pub damage: Vec<Damage>,
    /// The smallest and the largest time stamp.
    pub(super) ticks: Option<(u64, u64)>,
}

/// What was recovered of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadReport {
    /// The number of the thread in the files of its process; 0 stands for all of which nothing is known.
    pub id: u32,
    /// Its name, empty if it has none.
    pub name: String,
    /// How many records.
    pub records: u64,
}

/// A part of a session that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// Nothing can be read: not even whose it was.
    Session {
        /// Why.
        cause: String,
        /// Bytes of its files.
        bytes: u64,
    },
    /// A file is not what its name says, or stops being it. What was before that was read.
    File {
        /// The file.
        name: String,
        /// What is wrong.
        cause: ImageError,
    },
    /// Records are of a length that none has.
    Records {
        /// The file.
        name: String,
        /// How many.
        count: u64,
    },
    /// A file cannot be read.
    Unreadable {
        /// The file.
        name: String,
        /// Why.
        cause: ErrorKind,
    },
    /// Records are of call sites that the session does not know, so that nobody could tell what they say.
    UnknownSite {
        /// The number that the records have for the site.
        site: u32,
        /// How many.
        count: u64,
    },
    /// Records are of further such call sites.
    UnknownSites {
        /// How many records.
        count: u64,
    },
}

/// Unknown sites that are told apart.
const SITES: usize = 32;

/// Records of sites that the session does not know, while they are counted.
#[derive(Debug, Default)]
pub(super) struct UnknownSites {
    sites: BTreeMap<u32, u64>,
    /// Of sites beyond those.
    others: u64,
}

impl UnknownSites {
    /// Counts a record of a site that the session does not know.
    pub(super) fn count(&mut self, site: u32) {
        let has_room = self.sites.len() < SITES;
        match self.sites.get_mut(&site) {
            Some(count) => *count += 1,
            None if has_room => drop(self.sites.insert(site, 1)),
            None => self.others += 1,
        }
    }

    /// What that comes to.
    pub(super) fn damage(self) -> impl Iterator<Item = Damage> {
        let others = (self.others > 0).then_some(Damage::UnknownSites { count: self.others });
        let sites = self.sites.into_iter().map(|(site, count)| Damage::UnknownSite { site, count });
        sites.chain(others)
    }
}

impl Report {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    pub(super) fn describe(&mut self, header: &Header) {
        self.pid = header.pid;
    }

    /// Notes records that were written.
    pub(super) fn count(
        &mut self,
        threads: BTreeMap<u32, u64>,
        names: &BTreeMap<u32, Noted>,
        ticks: (u64, u64),
    ) {
        self.records = threads.values().sum();
        self.ticks = (self.records > 0).then_some(ticks);
        let of = |(id, records)| ThreadReport {
            id,
            name: names.get(&id).map(|thread| thread.entry.name.clone()).unwrap_or_default(),
            records,
        };
        self.threads = threads.into_iter().map(of).collect();
    }

    pub(super) fn place_in_time(&mut self, timeline: &Timeline) {
        self.times =
            self.ticks.map(|(first, last)| (timeline.unix_ns(first), timeline.unix_ns(last)));
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.threads.len();
        let plural = if threads == 1 { "" } else { "s" };
        match (&self.path, self.records) {
            (Some(path), records) => write!(
                f,
                "recovered {records} records of {threads} thread{plural} of process {} into {}",
                self.pid,
                path.display()
            )?,
            (None, _) if self.damage.is_empty() => {
                write!(f, "process {} left nothing that is not in its files", self.pid)?;
            }
            (None, _) => write!(f, "nothing of the session {:?} can be recovered", self.name)?,
        }
        if self.lost > 0 {
            write!(f, "; {} were lost before it died", self.lost)?;
        }
        if self.uncommitted > 0 {
            write!(f, "; {} were not finished when it died", self.uncommitted)?;
        }
        for damage in &self.damage {
            write!(f, "; {damage}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Session { cause, bytes } => {
                write!(f, "its {bytes} bytes cannot be read: {cause}")
            }
            Self::File { name, cause } => write!(f, "the file {name:?} is damaged: {cause}"),
            Self::Records { name, count } => {
                write!(f, "{count} records in the file {name:?} are of a length that none has")
            }
            Self::Unreadable { name, cause } => {
                write!(f, "the file {name:?} cannot be read: {cause}")
            }
            Self::UnknownSite { site, count } => {
                write!(f, "{count} records are of the unknown call site {site:#010x}")
            }
            Self::UnknownSites { count } => {
                write!(f, "{count} records are of further unknown call sites")
            }
        }
    }
}
