//! Events and spans of `tracing`, in the same rings and files as the records of this crate's macros (feature `tracing`).
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! # let folder = tempfile::tempdir()?;
//! let guard = logbuf_log::Builder::new(folder.path().join("app")).start()?;
//! let subscriber = tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new());
//! tracing::subscriber::with_default(subscriber, || {
//!     let _span = tracing::info_span!("request", id = 7).entered();
//!     tracing::info!(bytes = 512, "answered");
//! });
//! # drop(guard);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod fields;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};

use logbuf_format::Level;
use logbuf_format::site::Kind;
use tracing_core::callsite::{self, Identifier};
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Interest, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use self::fields::Fields;
use crate::clock;
use crate::dynamic::DynamicSite;
use crate::record;
use crate::scope::{MOST_BYTES, Stack};
use crate::site::SiteId;
use crate::{switch, thread};

/// Bytes of the fields of one event at most. What is beyond is cut, and the record says so.
const EVENT_BYTES: usize = 32 << 10;

/// Records events and spans into the logger that is running.
///
/// It composes with other layers, which see what they would see without it: its filter is the logger's own (`RUST_LOG`,
/// [`Guard::set_filter`](crate::Guard::set_filter)), and a call that it switches off costs what `tracing` makes it cost. A span that is
/// made while no logger runs is not known to it.
#[derive(Debug)]
pub struct Layer(());

/// The filter of the logger, for the calls of `tracing`.
#[derive(Debug)]
pub struct Directives(());

/// What is kept of a span: its values as they go into the ring.
struct SpanData {
    /// Not used again in this process.
    id: u64,
    site: SiteId,
    fields: Fields,
}

impl Layer {
    /// A layer for the logger of this process.
    pub fn new<S>() -> Filtered<Self, Directives, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Self(()).with_filter(Directives(()))
    }
}

impl<S> Filter<S> for Directives {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        known(&metadata.callsite()).is_none_or(DynamicSite::is_on)
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        if site_of(metadata).is_on() { Interest::always() } else { Interest::never() }
    }
}

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        static NEXT_ID: AtomicU64 = AtomicU64::new(1);
        let Some(span) = context.span(id) else { return };
        let mut fields = Fields::new(MOST_BYTES);
        attributes.record(&mut fields);
        let Some(site) = fields.site(site_of(attributes.metadata())) else { return };
        // Relaxed: a number of its own is all that is asked for.
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
        span.extensions_mut().insert(SpanData { id, site: site.id, fields });
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        {
            let mut extensions = span.extensions_mut();
            let Some(data) = extensions.get_mut::<SpanData>() else { return };
            values.record(&mut data.fields);
            if let Some(site) = data.fields.site(site_of(span.metadata())) {
                data.site = site.id;
            }
        }
        // What the thread is in may be this span.
        set_path(context.lookup_current());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::new(EVENT_BYTES);
        event.record(&mut fields);
        let Some(shape) = fields.site(site_of(event.metadata())) else { return };
        if event.is_contextual() {
            return record::record_bytes(shape, clock::now(), fields.bytes());
        }
        // For this event alone the thread is where it says.
        set_path(context.event_span(event));
        record::record_bytes(shape, clock::now(), fields.bytes());
        set_path(context.lookup_current());
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        set_path(context.span(id));
    }

    fn on_exit(&self, _: &Id, context: Context<'_, S>) {
        set_path(context.lookup_current());
    }
}

/// Puts the thread into `span` and those around it, and out of all others.
fn set_path<S>(span: Option<SpanRef<'_, S>>)
where
    S: for<'a> LookupSpan<'a>,
{
    // From the innermost to the outermost.
    let path: Vec<SpanRef<'_, S>> = span.iter().flat_map(SpanRef::scope).collect();
    let _unknown_at_the_end_of_the_thread = thread::change_scopes(|scopes| {
        let stack: &mut Stack = &mut scopes.spans;
        let mut depth = 0;
        for span in path.iter().rev() {
            let extensions = span.extensions();
            let Some(data) = extensions.get::<SpanData>() else { continue };
            if !stack.is_at(depth, data.site, data.id, data.fields.bytes()) {
                stack.cut(depth);
                stack.enter(data.site, data.id, data.fields.bytes());
            }
            depth += 1;
        }
        stack.cut(depth);
    });
}

/// All call sites that were met.
static SITES: RwLock<Option<HashMap<Identifier, &'static DynamicSite>>> = RwLock::new(None);

fn known(id: &Identifier) -> Option<&'static DynamicSite> {
    let sites = SITES.read().unwrap_or_else(PoisonError::into_inner);
    sites.as_ref()?.get(id).copied()
}

fn site_of(metadata: &'static Metadata<'static>) -> &'static DynamicSite {
    static HOOKED: OnceLock<()> = OnceLock::new();
    known(&metadata.callsite()).unwrap_or_else(|| {
        HOOKED.get_or_init(|| switch::on_change(callsite::rebuild_interest_cache));
        let mut sites = SITES.write().unwrap_or_else(PoisonError::into_inner);
        sites.get_or_insert_default().entry(metadata.callsite()).or_insert_with(|| {
            let kind = if metadata.is_span() { Kind::Span } else { Kind::Event };
            let at = (metadata.file().unwrap_or_default(), metadata.line().unwrap_or(0));
            // A template has its braces doubled.
            let name = metadata.name().replace('{', "{{").replace('}', "}}");
            let name = if kind == Kind::Span { String::leak(name) } else { "" };
            DynamicSite::new(level_of(*metadata.level()), metadata.target(), at, kind, name)
        })
    })
}

fn level_of(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warn,
        tracing_core::Level::INFO => Level::Info,
        tracing_core::Level::DEBUG => Level::Debug,
        tracing_core::Level::TRACE => Level::Trace,
    }
}
