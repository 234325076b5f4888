//! Call sites: the static behind each macro call.

use core::ptr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::OnceLock;

use linkme::distributed_slice;
use logbuf_format::site::{Kind, Role};
use logbuf_format::types::Type;

use crate::description::Description;
use crate::full::WhenFull;
use crate::place::Place;
use crate::signature::Signature;
use crate::static_level::is_compiled_in;

/// Every call site of the program, put side by side by the linker.
#[distributed_slice]
pub static SITES: [Site];

/// The types of a call's values.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Registration {
    pub(crate) signature: Signature,
    /// Describes the types, in order.
    pub(crate) describe: fn(&mut Description),
    /// Those that are known at run time alone, behind the others.
    pub(crate) types: &'static [Type],
}

impl Registration {
    /// The types, in order.
    pub(crate) fn description(&self) -> Description {
        let mut description = Description::default();
        (self.describe)(&mut description);
        self.types.iter().for_each(|ty| description.push(ty.clone()));
        description
    }
}

/// Number by which records in a ring refer to a site: for a static, the low half of its address; for a site that was
/// made at run time, its index in the registry times two plus one. Statics are aligned, so the two cannot meet.
pub(crate) type SiteId = u32;

/// What is known about a call when it is compiled, and the types of its values once it has recorded.
#[derive(Debug)]
#[repr(align(8))]
pub struct Site {
    /// Of the values that a call may write under `id()` without further ado; 0 until the first record.
    signature: AtomicU64,
    /// What the values of the first record were.
    registration: OnceLock<Registration>,
    /// Whether the catalogue of the session has it.
    catalogued: AtomicBool,
    pub(crate) place: Place,
    /// What its records are.
    pub(crate) kind: Kind,
    /// In canonical form.
    pub(crate) template: &'static str,
    /// Name of each value, or empty.
    pub(crate) names: &'static [&'static str],
    /// How many of the values are arguments of the template; the others are fields.
    arguments: usize,
    /// What each value is there for, where `arguments` does not say.
    roles: &'static [Role],
    /// What its calls do when a ring is full, if not what the logger says.
    pub(crate) when_full: Option<WhenFull>,
}

impl Site {
    /// Describes a call.
    pub const fn new(
        place: Place,
        template: &'static str,
        names: &'static [&'static str],
        arguments: usize,
    ) -> Self {
        Self {
            signature: AtomicU64::new(0),
            registration: OnceLock::new(),
            catalogued: AtomicBool::new(false),
            place,
            kind: Kind::Event,
            template,
            names,
            arguments,
            roles: &[],
            when_full: None,
        }
    }

    /// The same with a rule of its own for full rings.
    #[must_use]
    pub const fn with_when_full(mut self, when_full: WhenFull) -> Self {
        self.when_full = Some(when_full);
        self
    }

    /// Describes a `context!`, whose fields have these names.
    pub const fn context(place: Place, names: &'static [&'static str]) -> Self {
        Self::of_scope(place, Kind::Context, names)
    }

    /// Describes what changes the scopes of a thread: a record has a head, and then these fields.
    pub(crate) const fn of_scope(place: Place, kind: Kind, names: &'static [&'static str]) -> Self {
        let mut site = Self::new(place, "", names, 0);
        site.kind = kind;
        site
    }

    /// Describes a call of another facade, whose values have these roles.
    #[cfg(any(feature = "log", feature = "tracing"))]
    pub(crate) const fn dynamic(
        place: Place,
        kind: Kind,
        template: &'static str,
        names: &'static [&'static str],
        roles: &'static [Role],
    ) -> Self {
        let mut site = Self::new(place, template, names, 0);
        site.kind = kind;
        site.roles = roles;
        site
    }

    /// What the value at `index` is there for.
    pub(crate) fn role(&self, index: usize) -> Role {
        let by_count = if index < self.arguments { Role::Argument } else { Role::Field };
        self.roles.get(index).copied().unwrap_or(by_count)
    }

    /// Whether values with `signature` are what the site was registered with.
    #[inline(always)]
    pub(crate) fn has_signature(&self, signature: Signature) -> bool {
        // Acquire, with the release in `open`: the site was registered before. With the release of the record's length
        // by this thread, and its acquisition by the writer, the writer finds the registration of every site it meets.
        self.signature.load(Ordering::Acquire) == signature
    }

    /// The number that stands for this site, with the types it was registered with, in a ring.
    #[inline(always)]
    pub(crate) fn id(&'static self) -> SiteId {
        ptr::from_ref(self).addr() as SiteId
    }

    /// Ties the site to the types of its first record, and returns what it is tied to.
    pub(crate) fn register(&self, registration: Registration) -> &Registration {
        self.registration.get_or_init(|| registration)
    }

    /// Lets calls with the registered types write records at once.
    pub(crate) fn open(&self, registration: &Registration) {
        // Release: see `has_signature`.
        self.signature.store(registration.signature, Ordering::Release);
    }

    /// Lets every call ask the registry, which reads the clock for it.
    pub(crate) fn close(&self) {
        // Relaxed: no signature is 0, and nothing is read on the strength of this.
        self.signature.store(0, Ordering::Relaxed);
    }

    /// Whether the catalogue of the session has the site, so that records may refer to it.
    pub(crate) fn is_catalogued(&self) -> bool {
        // Acquire, with the release below: so does what the catalogue holds.
        self.catalogued.load(Ordering::Acquire)
    }

    /// Says whether it has.
    pub(crate) fn set_catalogued(&self, catalogued: bool) {
        self.catalogued.store(catalogued, Ordering::Release);
    }

    /// Whether its level is compiled in. Scopes are, whatever the level of the events in them.
    pub(crate) fn may_record(&self) -> bool {
        self.kind != Kind::Event || is_compiled_in(self.place.level)
    }

    /// The types it was registered with, if it has recorded.
    pub(crate) fn registration(&self) -> Option<&Registration> {
        self.registration.get()
    }
}

/// The index in [`SITES`] of the static that `id` stands for, if there is one.
pub(crate) fn index_of(id: SiteId) -> Option<usize> {
    let base = SITES.as_ptr().addr() as SiteId;
    let offset = id.wrapping_sub(base) as usize;
    let index = offset / size_of::<Site>();
    (offset.is_multiple_of(size_of::<Site>()) && index < SITES.len()).then_some(index)
}

// Ids of statics are even because of this.
const _: () = assert!(align_of::<Site>() >= 8);
