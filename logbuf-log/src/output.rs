//! The files of a logger: one segment after the other, whatever happens to them.
//!
//! The writer puts blocks into [`Output::segment`], calls [`Output::write`], and releases the rings when that has
//! returned `Ok`. Then, with nothing pending, it calls [`Output::tend`], which does what is due: the next segment,
//! a sync. What goes wrong beside the writing is kept for [`Output::take_errors`].
//!
//! **Invariant:** when `write` has returned `Ok`, every block that was put is in a file that has a name.
//!
//! | file | what |
//! |---|---|
//! | `output.rs` | the order of things: write, go on elsewhere, rotate, close |
//! | `output/options.rs` | what the builder says |
//! | `output/destination.rs` | where the next segment is made |
//! | `output/location.rs` | the names of segments |
//! | `output/sink.rs` | what bytes are written to |
//! | `output/rotation.rs` | when a segment is followed by the next |
//! | `output/retention.rs` | which closed segments are kept |
//! | `output/compressor.rs` | how closed segments become smaller |

mod compressor;
mod destination;
mod location;
mod options;
mod retention;
mod rotation;
mod sink;

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind};
use std::mem;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use logbuf_format::block::Compression;
use logbuf_format::clock::Anchor;
use logbuf_format::segment::Meta;

use self::compressor::Compressor;
use self::destination::Destination;
use self::retention::Retention;
use self::rotation::Rotation;
use crate::error::{InitError, Operation, WriteError};
use crate::platform;
use crate::segment::{Segment, Written};
use crate::table::Table;

pub(crate) use destination::Opened;
pub(crate) use location::Location;
pub use options::SyncPolicy;
pub(crate) use options::{Options, Target};
pub use sink::Memory;
pub(crate) use sink::{Presence, Sink, Stream};

/// Failed writes in a row from which a fresh file is tried.
const TRIES: u32 = 3;

/// How long after a rotation that failed the next is tried.
const ROTATION_RETRY: Duration = Duration::from_secs(1);

/// How often it is seen whether segments have become too old, or the disk too full.
const TIDYING: Duration = Duration::from_secs(60);

/// What segments have to list beside what is put into them.
pub(crate) trait Listing {
    /// All sites of the program and all threads: for the start of a segment.
    fn all(&mut self) -> Vec<Table>;

    /// The sites that have recorded, and all threads: for readers that have lost another listing.
    fn in_use(&mut self) -> Vec<Table>;

    /// The anchor in the header of a segment.
    fn first_anchor(&mut self) -> Anchor;

    /// The anchors at the end of a segment.
    fn last_anchors(&mut self) -> Vec<Anchor>;
}

/// The files of a logger.
#[derive(Debug)]
pub(crate) struct Output {
    destination: Destination,
    segment: Segment,
    meta: Meta,
    compression: Compression,
    rotation: Rotation,
    retention: Retention,
    /// If closed segments are compressed.
    compressor: Option<Compressor>,
    /// When it is seen next what need not be kept any longer, if time makes a difference.
    next_tidying: Option<Instant>,
    sync: SyncPolicy,
    /// Writes that failed in a row, and rotations.
    failures: u32,
    rotation_failures: u32,
    /// Earliest time of the next try to rotate.
    next_rotation: Option<Instant>,
    /// What was written since the caller was told.
    written: Written,
    /// Since when there is something that was written and not synced.
    unsynced_since: Option<Instant>,
    /// Why what was written last may not last, if each write is synced.
    sync_failure: Option<WriteError>,
    /// Whether the file was found to have been moved away.
    is_moved: bool,
    errors: Vec<WriteError>,
}

/// What can be asked for at any time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// The next segment.
    pub(crate) rotate: bool,
    /// That what was written lasts.
    pub(crate) sync: bool,
    /// That what was written lasts, if the policy says so for a flush.
    pub(crate) flush: bool,
}

impl Asked {
    /// Adds what is asked for beside.
    pub(crate) fn add(&mut self, other: Self) {
        self.rotate |= other.rotate;
        self.sync |= other.sync;
        self.flush |= other.flush;
    }
}

impl Output {
    /// Makes the first segment and writes its beginning.
    pub(crate) fn start(
        options: Options,
        meta: Meta,
        listing: &mut dyn Listing,
    ) -> Result<Self, InitError> {
        let needs_segments = options.needs_segments();
        let mut destination = options.target.into_destination()?;
        if needs_segments && destination.location().is_none() {
            return Err(InitError::OneFile);
        }
        let (segment, written) = begin(&mut destination, &meta, options.live, listing, &[])?;
        let mut output = Self {
            destination,
            segment,
            meta,
            compression: options.live,
            rotation: Rotation::new(options.rotate_at, options.rotate_every),
            retention: options.retention,
            compressor: None,
            next_tidying: None,
            sync: options.sync,
            failures: 0,
            rotation_failures: 0,
            next_rotation: None,
            written,
            unsynced_since: None,
            sync_failure: None,
            is_moved: false,
            errors: Vec::new(),
        };
        output.began();
        output.look_at_what_was_left(options.compress)?;
        Ok(output)
    }

    /// The segment that blocks are put into.
    pub(crate) fn segment(&mut self) -> &mut Segment {
        &mut self.segment
    }

    /// The file that is being written, or what stands for it.
    pub(crate) fn path(&self) -> &Path {
        self.segment.path()
    }

    /// Writes that failed in a row. While there are any, nothing may be put.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// What went wrong since the last call, and did not keep anything from being written.
    pub(crate) fn take_errors(&mut self) -> Vec<WriteError> {
        mem::take(&mut self.errors)
    }

    /// Writes what was put. If the segment was deleted, or cannot be written any more, a fresh one is begun and holds what
    /// was put.
    pub(crate) fn write(&mut self, listing: &mut dyn Listing) -> Result<Written, WriteError> {
        let is_empty = self.segment.pending().is_empty();
        match self.segment.write() {
            Ok(()) if is_empty => {}
            Ok(()) => match self.segment.presence() {
                Presence::Here => self.settle(),
                Presence::Moved => {
                    self.settle();
                    self.is_moved = true;
                }
                Presence::Gone => {
                    let source = io::Error::new(ErrorKind::NotFound, "it was deleted");
                    let error = self.failed(source);
                    if self.failures == 1 {
                        self.errors.push(error);
                    }
                    self.go_on_elsewhere(listing)?;
                }
            },
            Err(source) => {
                let is_full = is_full(&source);
                let is_stuck = self.failures >= TRIES && !is_full;
                let error = self.failed(source);
                if is_full && self.retention.free.is_some() {
                    // The next try finds what this makes free.
                    self.tidy();
                }
                if !is_stuck {
                    return Err(error);
                }
                // What was written whole is safe where it is.
                self.settle();
                if self.go_on_elsewhere(listing).is_err() {
                    return Err(error);
                }
                self.errors.push(error);
            }
        }
        self.failures = 0;
        if self.unsynced_since.is_some() && self.sync == SyncPolicy::EachWrite {
            let failure = self.try_sync().err();
            self.sync_failure = self.sync_failure.take().or(failure);
        }
        Ok(mem::take(&mut self.written))
    }

    /// Does what is due and what is asked for, with nothing pending. An error is that of something that was asked for.
    pub(crate) fn tend(
        &mut self,
        asked: Asked,
        listing: &mut dyn Listing,
    ) -> Result<Written, WriteError> {
        let mut result = self.sync_failure.take().map_or(Ok(()), Err);
        if asked.rotate || self.is_rotation_due() {
            result = result.and(self.rotate(listing));
        }
        let syncs_flushes = matches!(self.sync, SyncPolicy::Interval(_) | SyncPolicy::EachWrite);
        if asked.sync || asked.flush && syncs_flushes || self.is_sync_due() {
            result = result.and(self.try_sync());
        }
        if self.is_tidying_due() {
            self.tidy();
        }
        match result {
            Err(error) if asked != Asked::default() => return Err(error),
            Err(error) => self.errors.push(error),
            Ok(()) => {}
        }
        Ok(mem::take(&mut self.written))
    }

    /// Whether there is something to [do](Self::tend) that nobody need ask for.
    pub(crate) fn is_due(&self) -> bool {
        self.is_rotation_due() || self.is_sync_due() || self.is_tidying_due()
    }

    /// Puts the end of the segment, which is not written by that.
    pub(crate) fn put_end(&mut self, listing: &mut dyn Listing) {
        self.segment.put_listing(&listing.in_use());
        self.segment.put_end(&listing.last_anchors());
    }

    /// Cleans up behind loggers before, and has the segments compressed that they closed, if that is wanted.
    fn look_at_what_was_left(&mut self, compress: bool) -> Result<(), InitError> {
        let Some(location) = self.destination.location() else { return Ok(()) };
        let errors = &mut self.errors;
        compressor::remove_leftovers(location, &mut |path, source| {
            errors.push(WriteError::new(Operation::Delete, path, source));
        });
        if compress {
            self.compressor = Some(Compressor::start(location, self.segment.path())?);
        }
        Ok(())
    }

    /// Ends with the last segment, which was closed and written. It stays uncompressed, because that can wait and the end of a
    /// process should not.
    pub(crate) fn close(&mut self) {
        if self.compressor.take().is_some() {
            // What it was at could not be deleted.
            self.tidy();
        }
        if self.sync != SyncPolicy::Never {
            self.sync_now();
        }
    }

    /// Ends with a segment that cannot be written. What was written of blocks that are not whole goes.
    pub(crate) fn abandon(&mut self) {
        self.settle();
        // If that fails, too, a reader finds a block that is cut.
        let _stays = self.segment.cut();
    }

    fn is_rotation_due(&self) -> bool {
        (self.is_moved || self.rotation.is_due(self.segment.len()) && !self.segment.is_empty())
            && self.next_rotation.is_none_or(|next| Instant::now() >= next)
    }

    fn is_tidying_due(&self) -> bool {
        self.next_tidying.is_some_and(|next| Instant::now() >= next)
    }

    fn is_sync_due(&self) -> bool {
        match (self.sync, self.unsynced_since) {
            (SyncPolicy::Interval(interval), Some(since)) => since.elapsed() >= interval,
            _ => false,
        }
    }

    /// Begins the next segment and closes the one before. If there can be none, this one goes on.
    fn rotate(&mut self, listing: &mut dyn Listing) -> Result<(), WriteError> {
        if self.destination.location().is_none() && self.segment.presence() == Presence::Here {
            return Ok(());
        }
        let (next, written) =
            match begin(&mut self.destination, &self.meta, self.compression, listing, &[]) {
                Ok(begun) => begun,
                Err(error) => {
                    self.rotation_failures += 1;
                    self.next_rotation = Some(Instant::now() + ROTATION_RETRY);
                    return Err(error.into_write_error(self.rotation_failures));
                }
            };
        self.close_segment(listing);
        self.written += written;
        let closed = self.segment.path().to_owned();
        // Its lock goes with it.
        self.segment = next;
        self.began();
        if let Some(compressor) = &self.compressor {
            compressor.add(closed);
        }
        Ok(())
    }

    /// Closes a segment that is followed by another. One that cannot be closed stays as it is after a crash: whole but
    /// for its end.
    fn close_segment(&mut self, listing: &mut dyn Listing) {
        self.put_end(listing);
        match self.segment.write() {
            Ok(()) => {
                self.settle();
                if self.sync != SyncPolicy::Never {
                    self.sync_now();
                }
            }
            Err(source) => {
                self.settle();
                self.note(Operation::Close, source);
                if let Err(source) = self.segment.cut() {
                    self.note(Operation::Close, source);
                }
            }
        }
    }

    /// Begins a fresh segment with what was put into this one and is not settled.
    fn go_on_elsewhere(&mut self, listing: &mut dyn Listing) -> Result<(), WriteError> {
        let pending = self.segment.pending();
        let (next, written) =
            begin(&mut self.destination, &self.meta, self.compression, listing, pending)
                .map_err(|error| error.into_write_error(self.failures))?;
        if let Err(source) = self.segment.cut() {
            self.note(Operation::Close, source);
        }
        self.written += written;
        self.segment = next;
        self.began();
        Ok(())
    }

    /// Takes note that the segment is a new one.
    fn began(&mut self) {
        self.rotation.restart();
        self.is_moved = false;
        self.rotation_failures = 0;
        self.next_rotation = None;
        self.unsynced_since = Some(Instant::now());
        self.tidy();
        let Some(location) = self.destination.location() else { return };
        let Some(name) = self.segment.path().file_name() else { return };
        if let Err(source) = platform::link(name, &location.current()) {
            let path = location.current();
            self.errors.push(WriteError::new(Operation::Link, path, source));
        }
    }

    /// Deletes the segments that need not be kept.
    fn tidy(&mut self) {
        let is_repeated = self.retention.depends_on_time() || self.compressor.is_some();
        self.next_tidying = is_repeated.then(|| Instant::now() + TIDYING);
        let Some(location) = self.destination.location() else { return };
        if !self.retention.is_unlimited() {
            let errors = &mut self.errors;
            self.retention.apply(location, self.segment.path(), &mut |path, source| {
                errors.push(WriteError::new(Operation::Delete, path, source));
            });
        }
    }

    fn settle(&mut self) {
        self.written += self.segment.settle();
        self.unsynced_since.get_or_insert_with(Instant::now);
    }

    fn sync_now(&mut self) {
        if let Err(error) = self.try_sync() {
            self.errors.push(error);
        }
    }

    /// A sync that failed is not tried again: the system may have dropped what it could not write, and would say that all
    /// is well.
    fn try_sync(&mut self) -> Result<(), WriteError> {
        self.unsynced_since = None;
        self.segment.sync().map_err(|source| {
            WriteError::new(Operation::Sync, self.segment.path().to_owned(), source)
        })
    }

    fn failed(&mut self, source: io::Error) -> WriteError {
        self.failures += 1;
        let attempt = self.failures;
        let path = self.segment.path().to_owned();
        WriteError { attempt, ..WriteError::new(Operation::Write, path, source) }
    }

    fn note(&mut self, operation: Operation, source: io::Error) {
        let path = self.segment.path().to_owned();
        self.errors.push(WriteError::new(operation, path, source));
    }
}

/// Makes the next segment and writes its beginning, with `blocks` behind it that were put into another.
fn begin(
    destination: &mut Destination,
    meta: &Meta,
    compression: Compression,
    listing: &mut dyn Listing,
    blocks: &[u8],
) -> Result<(Segment, Written), BeginError> {
    let opened = destination.open().map_err(BeginError::Open)?;
    let path = opened.path.clone();
    let anchor = listing.first_anchor();
    let mut segment = Segment::begin(opened, anchor, meta.clone(), random(), compression)
        .map_err(BeginError::Description)?;
    segment.put_table(&Table::clock(&[anchor]));
    segment.put_listing(&listing.all());
    segment.put_again(blocks);
    if let Err(source) = segment.write() {
        // Nothing of it is of use to a reader. If it stays, it is read as a segment that was cut.
        let _stays = match destination.location() {
            Some(_) => fs::remove_file(&path),
            None => segment.cut(),
        };
        return Err(BeginError::Write { path, source });
    }
    let written = segment.settle();
    Ok((segment, written))
}

/// Why a segment could not be begun.
#[derive(Debug)]
enum BeginError {
    Open(destination::OpenError),
    Description(logbuf_format::Error),
    Write { path: PathBuf, source: io::Error },
}

impl BeginError {
    fn into_write_error(self, attempt: u32) -> WriteError {
        let (path, source) = match self {
            Self::Open(error) => (error.path, error.source),
            Self::Description(error) => (PathBuf::new(), io::Error::other(error)),
            Self::Write { path, source } => (path, source),
        };
        WriteError { attempt, ..WriteError::new(Operation::Begin, path, source) }
    }
}

impl From<BeginError> for InitError {
    fn from(error: BeginError) -> Self {
        match error {
            BeginError::Open(error) => error.into(),
            BeginError::Description(source) => Self::Description { source },
            BeginError::Write { path, source } => Self::WriteFile { path, source },
        }
    }
}

/// Whether there is no room on the disk, which a fresh file would not change.
fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}

/// A number no other segment has, but by chance: the keys of the standard library's hash maps come from the system's
/// source of randomness.
fn random() -> u64 {
    RandomState::new().hash_one(SystemTime::now())
}
