//! What is kept of a span while it is open.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use logbuf_format::scope::{Head, Op, Which};
use tracing_core::field::Visit;
use tracing_core::span::{Attributes, Record};
use tracing_subscriber::registry::Extensions;

use super::fields::{Entry, Fields, Outline};
use super::sites::CallSite;
use crate::clock;
use crate::dynamic::Named;
use crate::encoder::Encoder;
use crate::fork::Generation;
use crate::record;
use crate::scope::MOST_BYTES;
use crate::signature;
use crate::site::SiteId;

/// Tells the sites of records that a span is made from those of its fields alone.
const OPEN: u64 = signature::of("open");

/// Stands for the values of a span whose call site had values of too many combinations of types.
const TOO_MANY: &str = "not kept: too many combinations of types";

/// What the registry keeps of a span: the latest of its snapshots. When it lets go of that, because the span is closed or because
/// there is a later one, the snapshot says so to whoever else has it.
#[derive(Debug)]
pub(super) struct Latest(Arc<Snapshot>);

/// A span as it is between two changes: what records of it are made of. Nothing of it ever changes, so that threads may keep it.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Not used again in this process.
    pub(super) id: u64,
    /// The number of the span around it; 0 if there is none.
    pub(super) parent: u64,
    pub(super) site: &'static CallSite,
    pub(super) fields: Kept,
    /// The site of records that say what happens to it by one number.
    pub(super) happenings: SiteId,
    /// When it was made.
    ticks: u64,
    /// The process it was made in.
    generation: Generation,
    /// Whether the registry has let go of it.
    is_past: AtomicBool,
}

/// Values as they go into the ring, and what they are.
#[derive(Debug)]
pub(super) struct Kept {
    /// The site of records that hold them.
    pub(super) site: SiteId,
    pub(super) bytes: Vec<u8>,
    entries: Vec<Entry>,
}

/// What shows its values to a visitor.
pub(super) trait Visited {
    fn show(&self, visitor: &mut dyn Visit);
}

impl Visited for Attributes<'_> {
    fn show(&self, visitor: &mut dyn Visit) {
        self.record(visitor);
    }
}

impl Visited for Record<'_> {
    fn show(&self, visitor: &mut dyn Visit) {
        self.record(visitor);
    }
}

impl Kept {
    /// The values that `visited` shows, as far as a scope has room for them.
    pub(super) fn new(site: &CallSite, visited: &impl Visited) -> Self {
        let mut room = [0; MOST_BYTES];
        let mut out = Encoder::new(&mut room);
        let mut outline = Outline::new();
        let mut fields = Fields::new(&mut out, MOST_BYTES, &mut outline);
        visited.show(&mut fields);
        fields.finish();
        let len = out.wanted();
        Self::of(site, room[..len].to_vec(), outline.entries().to_vec())
    }

    fn of(site: &CallSite, mut bytes: Vec<u8>, mut entries: Vec<Entry>) -> Self {
        let mut room = [0; 4 + TOO_MANY.len()];
        let id = site.shape(&entries, 0, &[]).unwrap_or_else(|| {
            // What is kept of it is that it has fields.
            let mut out = Encoder::new(&mut room);
            out.put_bytes(TOO_MANY.as_bytes());
            (bytes, entries) = (room[..4 + TOO_MANY.len()].to_vec(), Vec::new());
            site.site.rest()
        });
        Self { site: id, bytes, entries }
    }

    /// The values, each with what it is.
    fn values(&self) -> impl Iterator<Item = (Entry, &[u8])> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let end = usize::from(entry.end);
            let value = self.bytes.get(start..end).unwrap_or_default();
            start = end;
            (*entry, value)
        })
    }
}

impl Latest {
    pub(super) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self(snapshot)
    }

    /// What is known of a span, if it was made in this process: a forked child knows nothing of those of its parent.
    pub(super) fn of<'a>(extensions: &'a Extensions<'_>) -> Option<&'a Arc<Snapshot>> {
        extensions
            .get::<Self>()
            .map(|latest| &latest.0)
            .filter(|span| !span.generation.is_inherited())
    }

    /// Takes in values that were recorded later.
    pub(super) fn amend(&mut self, later: &Kept) {
        *self = Self(Arc::new(self.0.amended(later)));
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.0
    }
}

impl Drop for Latest {
    fn drop(&mut self) {
        // Relaxed: see `Snapshot::is_latest`.
        self.0.is_past.store(true, Ordering::Relaxed);
    }
}

impl Snapshot {
    pub(super) fn new(
        site: &'static CallSite,
        attributes: &Attributes<'_>,
        parent: u64,
        ticks: u64,
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: a number of its own is all that is asked for.
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            id,
            parent,
            site,
            fields: Kept::new(site, attributes),
            happenings: site.happenings(),
            ticks,
            generation: Generation::current(),
            is_past: AtomicBool::new(false),
        }
    }

    /// Whether the registry has it still, and this process has the registry.
    ///
    /// A registry gives the number of a closed span to another one, and whoever kept a snapshot by that number asks here. It lets go of what it
    /// keeps of a span before it gives its number away, and that before anybody can enter the other span by it: so whoever enters
    /// that one has the store of `Latest::drop` before his load, and a load that comes after a store in that order does not read what was
    /// there before it, whatever its ordering. The same holds for who enters a span after it was changed. Nothing else
    /// is read because of what the load says: a snapshot is as it was made, and came to its thread by a lock.
    #[inline]
    pub(super) fn is_latest(&self) -> bool {
        !self.is_past.load(Ordering::Relaxed) && !self.generation.is_inherited()
    }

    /// The span after these values were recorded. Those of the same name go.
    fn amended(&self, later: &Kept) -> Self {
        let is_recorded = |entry: &Entry| later.entries.iter().any(|new| new.index == entry.index);
        let (mut bytes, mut entries) = (Vec::new(), Vec::new());
        let kept = self.fields.values().filter(|(entry, _)| !is_recorded(entry));
        for (entry, value) in kept.chain(later.values()) {
            if bytes.len() + value.len() < MOST_BYTES {
                bytes.extend_from_slice(value);
                entries.push(Entry { end: bytes.len() as u16, ..entry });
            } else if !entries.iter().any(Entry::is_mark) {
                // A byte is left for it.
                bytes.push(1);
                entries.push(Entry::mark(bytes.len() as u16));
                break;
            }
        }
        let Self { id, parent, site, happenings, ticks, generation, .. } = *self;
        let fields = Kept::of(site, bytes, entries);
        Self {
            id,
            parent,
            site,
            fields,
            happenings,
            ticks,
            generation,
            is_past: AtomicBool::new(false),
        }
    }

    pub(super) fn record_open(&self) {
        let Kept { bytes, entries, .. } = &self.fields;
        let values = [&self.parent.to_le_bytes(), &**bytes].concat();
        if let Some(site) = self.site.shape(entries, OPEN, &[Named::head()]) {
            self.record(site, Op::Open, self.ticks, &values);
        }
    }

    pub(super) fn record_amend(&self, later: &Kept) {
        self.record(later.site, Op::Amend, clock::now(), &later.bytes);
    }

    pub(super) fn record_follow(&self, other: u64) {
        self.record(self.happenings, Op::Follow, clock::now(), &other.to_le_bytes());
    }

    pub(super) fn record_close(&self) {
        let now = clock::now();
        let age = now.saturating_sub(self.ticks);
        self.record(self.happenings, Op::Close, now, &age.to_le_bytes());
    }

    fn record(&self, site: SiteId, op: Op, ticks: u64, values: &[u8]) {
        let head = Head { which: Which::Span, op, depth: 0, id: self.id };
        record::record_scope(&self.site.site.bare, site, ticks, head, values);
    }
}
