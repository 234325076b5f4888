//! Which records are wanted.

use logbuf_format::thread::ThreadName;
use logbuf_format::{Level, block, site::Site};
use std::{fmt, ops::Range};

/// What a [`Reader`](crate::Reader) hands out. Everything, unless told otherwise.
///
/// Blocks that hold nothing that is wanted are not read at all: a short time of a long file costs little. Damage in them
/// is then not found either.
///
/// # Examples
///
/// ```
/// use logbuf_decode::{Filter, Level, Reader};
///
/// let filter = Filter::new()
///     .level(Level::Warn)
///     .time(1_795_442_706_000_000_000..1_795_442_707_000_000_000)
///     .site(|site| site.target.starts_with("gateway"));
/// let reader = Reader::new().filter(filter);
/// # drop(reader);
/// ```
pub struct Filter {
    level: Level,
    /// Nanoseconds since the Unix epoch; the end is not included.
    time: Range<i64>,
    site: Box<dyn Fn(&Site) -> bool + Send + Sync>,
    thread: Box<dyn Fn(ThreadName<'_>) -> bool + Send + Sync>,
    happenings: bool,
}

/// Whether a time is within `wanted`.
#[inline]
pub(crate) fn is_within(unix_ns: i64, wanted: &Range<i64>) -> bool {
    unix_ns >= wanted.start && is_before(unix_ns, wanted.end)
}

/// Whether a time is before `end`. The last that there is stands for no end: times beyond it are cut to it.
#[inline]
pub(crate) fn is_before(unix_ns: i64, end: i64) -> bool {
    unix_ns < end || end == i64::MAX
}

impl Filter {
    /// A filter that lets everything through.
    pub fn new() -> Self {
        Self {
            level: Level::Trace,
            time: i64::MIN..i64::MAX,
            site: Box::new(|_| true),
            thread: Box::new(|_| true),
            happenings: false,
        }
    }

    /// Also what happens to spans: records that are no events, and tell by [`Record::happening`](crate::Record::happening) what
    /// they are.
    #[must_use]
    pub fn with_happenings(self) -> Self {
        Self { happenings: true, ..self }
    }

    /// Only records of this level and more severe ones.
    #[must_use]
    pub fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Only records within this time: nanoseconds since the Unix epoch, UTC. The end is not included, but for [`i64::MAX`], which
    /// stands for none.
    #[must_use]
    pub fn time(self, unix_ns: Range<i64>) -> Self {
        Self { time: unix_ns, ..self }
    }

    /// Only records of the sites for which `wanted` holds. It is asked once for each site, not for each record.
    #[must_use]
    pub fn site(self, wanted: impl Fn(&Site) -> bool + Send + Sync + 'static) -> Self {
        Self { site: Box::new(wanted), ..self }
    }

    /// Only records of the threads for which `wanted` holds. It is asked once for each thread that a file describes.
    #[must_use]
    pub fn thread(self, wanted: impl Fn(ThreadName<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self { thread: Box::new(wanted), ..self }
    }

    /// The time that records must be within.
    pub(crate) fn within(&self) -> Range<i64> {
        self.time.clone()
    }

    /// Whether a block with these level bits may hold records that are wanted. A mask of none tells nothing.
    pub(crate) fn wants_levels(&self, levels: u8) -> bool {
        let wanted = Level::ALL.iter().filter(|level| **level <= self.level);
        let mask = wanted.fold(0, |mask, level| mask | level.bit());
        // Some level is inside; a header that names none tells nothing. The bit of what was dumped is that of no level.
        let named = levels & !block::DUMPED;
        // Nor does it tell of spans.
        named == 0 || named & mask != 0 || self.happenings
    }

    pub(crate) fn wants_happenings(&self) -> bool {
        self.happenings
    }

    pub(crate) fn wants_site(&self, site: &Site) -> bool {
        site.level <= self.level && (self.site)(site)
    }

    pub(crate) fn wants_thread(&self, thread: ThreadName<'_>) -> bool {
        (self.thread)(thread)
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("level", &self.level)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
