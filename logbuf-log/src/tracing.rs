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
//!
//! An event is a record as those of the macros are: numbers and strings go into the ring as they are, what has `Debug` or
//! `Display` alone is formatted straight into it, and nothing is allocated. A message or a string that is too long is cut, and what
//! has no room at all is left out and told by the field `truncated`. The decoder shows events in their spans as the full
//! format of `tracing-subscriber` does.
//!
//! A span is made, entered, left and closed in the file as well ([`Spans`]), from which `logbuf-decode stats` tells how long spans
//! were busy and idle, and `logbuf-decode export --to chrome` draws them.
//!
//! **What differs from the formatter.** A field that is recorded again takes the place of the value before. A thread that is in a span
//! sees what another thread records on it when it enters it again. Nesting deeper than 64 is marked, and not told apart.

mod bridge;
mod entered;
mod fields;
mod known;
mod recorder;
mod sites;
mod span;

use std::any::TypeId;
use std::fmt;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Dispatch, Event, LevelFilter, Metadata, Subscriber, callsite};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer as _};
use tracing_subscriber::registry::LookupSpan;

use self::recorder::Recorder;
use self::sites::{known, level_of, site_of};
use crate::switch;

/// Records events and spans into the logger that is running.
///
/// It composes with other layers, which see what they would see without it: its filter is the logger's own (`RUST_LOG`,
/// [`Guard::set_filter`](crate::Guard::set_filter)), and a call that it switches off costs what `tracing` makes it cost. A span that is
/// made while no logger runs is not known to it.
///
/// What is to be changed while the program runs is the filter, by [`Guard::set_filter`](crate::Guard::set_filter), or by a
/// `reload::Layer` around a filter for this layer (`Layer::new().with_filter(filter)`). A `reload::Layer` around the layer itself can
/// only keep it or take it out: `tracing-subscriber` gives filters their numbers when a subscriber is built, and a layer that is put in later
/// has none, which is asserted in debug builds, and left to chance in others.
///
/// Each thread keeps what it needs of the 16 spans that it made or entered last, at most 1 KiB of values for each of them, also after they
/// were closed.
pub struct Layer<S> {
    /// What composes with the filters of other layers. It asks the registry whether a span is ours, each time that one is entered or left;
    /// where the thread knows, it is not asked.
    filtered: Filtered<Recorder, Directives, S>,
}

/// What of spans is in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Spans {
    /// Their whole life: when each was made, changed, entered, left and closed. A span that is entered and left costs one
    /// record, whether or not an event is logged in it.
    #[default]
    Life,
    /// The spans that events are in, and nothing of a span without events.
    Context,
}

/// The filter of the logger, for the calls of `tracing`.
#[derive(Debug)]
struct Directives;

impl<S> Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    /// A layer for the logger of this process.
    pub fn new() -> Self {
        Self::with_spans(Spans::default())
    }

    /// A layer that has less of spans in the file, or more.
    pub fn with_spans(spans: Spans) -> Self {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| switch::on_change(callsite::rebuild_interest_cache));
        Self { filtered: Recorder::new(spans).with_filter(Directives) }
    }
}

impl<S> Default for Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<S> fmt::Debug for Layer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Layer").field(self.filtered.inner()).finish()
    }
}

impl<S> Filter<S> for Directives {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        match known(metadata) {
            Some(site) => site.is_on(),
            // Of a record of `log`, which has no call site of its own.
            None => switch::allows(
                level_of(*metadata.level()),
                metadata.target(),
                metadata.file().unwrap_or_default(),
                metadata.line().unwrap_or(0),
            ),
        }
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let site = site_of(metadata);
        if site.is_bridge() {
            Interest::sometimes()
        } else if site.is_on() {
            Interest::always()
        } else {
            Interest::never()
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(sites::level_filter(switch::filter().most_verbose()))
    }
}

/// All is left to the filtered layer but what can be done without its filter: a thread knows spans only that passed it.
impl<S> tracing_subscriber::Layer<S> for Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a> + 'static,
{
    fn on_register_dispatch(&self, subscriber: &Dispatch) {
        self.filtered.on_register_dispatch(subscriber);
    }

    fn on_layer(&mut self, subscriber: &mut S) {
        self.filtered.on_layer(subscriber);
    }

    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.filtered.register_callsite(metadata)
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        self.filtered.enabled(metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.filtered.max_level_hint()
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.filtered.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.filtered.on_record(id, values, context);
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        self.filtered.on_follows_from(id, follows, context);
    }

    #[inline]
    fn event_enabled(&self, event: &Event<'_>, context: Context<'_, S>) -> bool {
        self.filtered.event_enabled(event, context)
    }

    #[inline]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        self.filtered.on_event(event, context);
    }

    #[inline]
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if !self.filtered.inner().enter_known(id) {
            self.filtered.on_enter(id, context);
        }
    }

    #[inline]
    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if !self.filtered.inner().leave_last(id) {
            self.filtered.on_exit(id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        self.filtered.on_close(id, context);
    }

    fn on_id_change(&self, old: &Id, new: &Id, context: Context<'_, S>) {
        self.filtered.on_id_change(old, new, context);
    }

    unsafe fn downcast_raw(&self, id: TypeId) -> Option<*const ()> {
        if id == TypeId::of::<Self>() {
            return Some(std::ptr::from_ref(self).cast());
        }
        // SAFETY: the caller uses the pointer as one to a value of the type that it asked for, as it would if it had asked there.
        unsafe { self.filtered.downcast_raw(id) }
    }
}
