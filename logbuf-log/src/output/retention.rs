//! Which closed segments are kept.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use logbuf_format::segment::MAGIC;

use super::location::Location;
use crate::platform;

/// How many segments are kept, and how long. The live one is never deleted, whatever the limits say, nor is one of another
/// process while that writes it, nor a file that has the name of a segment and is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Retention {
    /// Segments, the live one among them.
    pub(crate) files: Option<usize>,
    /// Bytes in all segments, the live one among them.
    pub(crate) bytes: Option<u64>,
    /// Time since a segment was last written to.
    pub(crate) age: Option<Duration>,
    /// Bytes that are to be free where the segments are.
    pub(crate) free: Option<u64>,
}

/// A segment that is not the live one.
#[derive(Debug, Clone)]
struct Closed {
    path: PathBuf,
    len: u64,
    modified: SystemTime,
}

impl Retention {
    /// Whether everything is kept for ever.
    pub(crate) fn is_unlimited(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something may have to be deleted when no segment was closed.
    pub(crate) fn depends_on_time(&self) -> bool {
        self.age.is_some() || self.free.is_some()
    }

    /// Deletes what is not kept, the oldest first. What cannot be deleted goes to `report`.
    pub(crate) fn apply(
        &self,
        location: &Location,
        live: &Path,
        report: &mut dyn FnMut(PathBuf, io::Error),
    ) {
        let folder = location.folder();
        let closed = match closed(location, live) {
            Ok(closed) => closed,
            Err(error) => return report(folder.to_owned(), error),
        };
        let live_len = fs::metadata(live).map_or(0, |metadata| metadata.len());
        let free = self.free.and_then(|_| platform::free_bytes(folder));
        for closed in self.surplus(&closed, live_len, SystemTime::now(), free) {
            match fs::remove_file(&closed.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    report(closed.path.clone(), error);
                }
                _ => {}
            }
        }
    }

    /// Those of `closed`, which are in their order, that are not kept.
    fn surplus<'a>(
        &self,
        closed: &'a [Closed],
        live_len: u64,
        now: SystemTime,
        free: Option<u64>,
    ) -> impl Iterator<Item = &'a Closed> + use<'a> {
        let by_count = self.files.map_or(0, |files| (closed.len() + 1).saturating_sub(files));
        let total = live_len + closed.iter().map(|closed| closed.len).sum::<u64>();
        let too_many = self.bytes.map_or(0, |bytes| total.saturating_sub(bytes));
        let too_few = self.free.zip(free).map_or(0, |(wanted, free)| wanted.saturating_sub(free));
        let first_kept = by_count.max(count_up_to(closed, too_many.max(too_few)));
        // One from the future is not old.
        let age = move |closed: &Closed| now.duration_since(closed.modified).unwrap_or_default();
        let oldest = self.age.unwrap_or(Duration::MAX);
        let surplus = closed.iter().enumerate();
        surplus.filter(move |(i, closed)| *i < first_kept || age(closed) > oldest).map(|(_, it)| it)
    }
}

/// How many of the first files have `bytes` bytes together.
fn count_up_to(closed: &[Closed], bytes: u64) -> usize {
    let mut left = bytes;
    let enough = closed.iter().take_while(|closed| {
        let is_needed = left > 0;
        left = left.saturating_sub(closed.len);
        is_needed
    });
    enough.count()
}

/// The segments of this logger but for those that are being written, the oldest first.
fn closed(location: &Location, live: &Path) -> io::Result<Vec<Closed>> {
    let mut closed = Vec::new();
    for path in location.segments()? {
        if path == live || !is_ours_to_delete(&path) {
            continue;
        }
        // One that went in the meantime need not be deleted.
        if let Ok(metadata) = fs::metadata(&path)
            && let Ok(modified) = metadata.modified()
        {
            closed.push(Closed { path, len: metadata.len(), modified });
        }
    }
    Ok(closed)
}

/// Whether a file is a segment, or the beginning of one, that nobody is writing.
fn is_ours_to_delete(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut start = Vec::new();
    let is_segment = (&file).take(MAGIC.len() as u64).read_to_end(&mut start).is_ok()
        && MAGIC.starts_with(&start);
    // Writers hold a lock; where there are no locks, there is nothing to tell.
    is_segment && !matches!(file.try_lock(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of ten files of 10 bytes, the youngest written now and each a minute older than the next, go, with 5
    /// bytes in the live one.
    fn surplus(retention: Retention, free: Option<u64>) -> usize {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 30);
        let closed: Vec<_> = (0..10)
            .rev()
            .map(|minutes| Closed {
                path: PathBuf::new(),
                len: 10,
                modified: now - Duration::from_secs(60 * minutes),
            })
            .collect();
        retention.surplus(&closed, 5, now, free).count()
    }

    #[test]
    fn each_limit_deletes_the_oldest() {
        let keep = Retention::default();
        assert_eq!(surplus(keep, Some(0)), 0);
        assert_eq!(surplus(Retention { files: Some(11), ..keep }, None), 0);
        assert_eq!(surplus(Retention { files: Some(4), ..keep }, None), 7);
        assert_eq!(surplus(Retention { files: Some(0), ..keep }, None), 10);
        assert_eq!(surplus(Retention { bytes: Some(105), ..keep }, None), 0);
        assert_eq!(surplus(Retention { bytes: Some(104), ..keep }, None), 1);
        assert_eq!(surplus(Retention { bytes: Some(0), ..keep }, None), 10);
        assert_eq!(surplus(Retention { age: Some(Duration::from_secs(480)), ..keep }, None), 1);
        assert_eq!(surplus(Retention { age: Some(Duration::ZERO), ..keep }, None), 9);
        let free = Retention { free: Some(1000), ..keep };
        assert_eq!(surplus(free, Some(1000)), 0);
        assert_eq!(surplus(free, Some(979)), 3);
        assert_eq!(surplus(free, Some(0)), 10);
        assert_eq!(surplus(free, None), 0);
        let both = Retention { files: Some(9), bytes: Some(85), ..keep };
        assert_eq!(surplus(both, None), 2, "the larger counts");
    }
}
