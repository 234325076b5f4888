//! The call sites of `tracing` that were met.

use std::ptr;

use logbuf_format::Level;
use logbuf_format::site::Kind;
use tracing_core::field::FieldSet;
use tracing_core::{LevelFilter, Metadata};

use super::fields::{Entry, describe, signature_of};
use crate::chain::Chain;
use crate::dynamic::{DynamicSite, Named};
use crate::signature;
use crate::site::SiteId;

/// A call site of `tracing`.
#[derive(Debug)]
pub(super) struct CallSite {
    /// The address of its metadata, which is a static.
    metadata: usize,
    pub(super) site: DynamicSite,
    /// Which of its fields is the message.
    pub(super) message: Option<usize>,
    fields: &'static FieldSet,
    /// Whether it stands for all calls of `log` of one level, which `tracing-log` hands on.
    is_bridge: bool,
}

/// Name of the field that becomes the message of an event.
const MESSAGE: &str = "message";

/// Lists of call sites, a power of two: enough for programs with thousands of calls.
const LISTS: usize = 1024;

/// All that were met, by the address of their metadata.
static SITES: [Chain<CallSite>; LISTS] = [const { Chain::new() }; LISTS];

/// The list of what is at this address (multiplicative hashing, Knuth, The Art of Computer Programming, 6.4).
#[inline]
fn list(address: usize) -> &'static Chain<CallSite> {
    let hash = (address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    &SITES[(hash >> (u64::BITS - LISTS.trailing_zeros())) as usize]
}

/// The call site with this metadata, if it was met.
pub(super) fn known(metadata: &Metadata<'_>) -> Option<&'static CallSite> {
    let address = ptr::from_ref(metadata).addr();
    list(address).find(|site| site.metadata == address)
}

/// The call site with this metadata.
#[inline]
pub(super) fn site_of(metadata: &'static Metadata<'static>) -> &'static CallSite {
    known(metadata).unwrap_or_else(|| meet(metadata))
}

#[cold]
fn meet(metadata: &'static Metadata<'static>) -> &'static CallSite {
    let address = ptr::from_ref(metadata).addr();
    let is_this = |site: &CallSite| site.metadata == address;
    list(address)
        .find_or_add(is_this, usize::MAX, || CallSite::new(address, metadata))
        .expect("there is no limit: a program has as many as it has")
}

impl CallSite {
    fn new(address: usize, metadata: &'static Metadata<'static>) -> Self {
        let kind = if metadata.is_span() { Kind::Span } else { Kind::Event };
        let at = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or(0));
        // A template has its braces doubled.
        let name = metadata.name().replace('{', "{{").replace('}', "}}");
        let name = if kind == Kind::Span { String::leak(name) } else { "" };
        let level = level_of(*metadata.level());
        Self {
            metadata: address,
            site: DynamicSite::new(level, metadata.target(), at, kind, name),
            fields: metadata.fields(),
            message: message_of(metadata),
            is_bridge: super::bridge::is_bridge(metadata),
        }
    }

    /// Whether it records.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.site.is_on()
    }

    #[inline]
    pub(super) fn is_bridge(&self) -> bool {
        self.is_bridge
    }

    /// The number of records that say what happens to a span by one number: that it is left or closed, or follows another.
    pub(super) fn happenings(&self) -> SiteId {
        self.site.fixed(HAPPENING, || vec![Named::head()])
    }

    /// The number of records of a span with these values behind those of `first`. `None` if there are too many
    /// combinations of types.
    pub(super) fn shape(&self, entries: &[Entry], salt: u64, first: &[Named]) -> Option<SiteId> {
        self.site.shape(signature_of(entries, salt), || {
            first.iter().cloned().chain(describe(entries, self.fields)).collect()
        })
    }
}

/// The signature of records that hold one number alone.
const HAPPENING: u64 = signature::of("happening");

/// Which field of an event is its message.
pub(super) fn message_of(metadata: &Metadata<'_>) -> Option<usize> {
    metadata.fields().field(MESSAGE).map(|field| field.index())
}

pub(super) fn level_of(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::TRACE => Level::Trace,
    }
}

pub(super) fn level_filter(level: Option<Level>) -> LevelFilter {
    match level {
        None => LevelFilter::OFF,
        Some(Level::Error) => LevelFilter::ERROR,
        Some(Level::Warn) => LevelFilter::WARN,
        Some(Level::Info) => LevelFilter::INFO,
        Some(Level::Debug) => LevelFilter::DEBUG,
        Some(Level::Trace) => LevelFilter::TRACE,
    }
}
