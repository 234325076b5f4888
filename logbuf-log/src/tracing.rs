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
//! were busy and idle, and `logbuf-decode export --format chrome` draws them.
//!
//! **What differs from the formatter.** A field that is recorded again takes the place of the value before. A thread that is in a span
//! sees what another thread records on it when it enters it again. Nesting deeper than 64 is marked, and not told apart.

mod bridge;
mod entered;
mod fields;
mod sites;
mod span;

use std::sync::atomic::{AtomicU64, Ordering};

use tracing_core::callsite;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, LevelFilter, Metadata, Subscriber};
use tracing_subscriber::filter::Filtered;
use tracing_subscriber::layer::{Context, Filter, Layer as _};
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use self::entered::Entered;
use self::sites::{CallSite, known, level_of, site_of};
use self::span::SpanData;
use crate::clock;
use crate::record;
use crate::scope::Stack;
use crate::{switch, thread};

/// Bytes of the fields of one event at most. What is beyond is cut, and the record says so.
const EVENT_BYTES: usize = 32 << 10;

/// Records events and spans into the logger that is running.
///
/// It composes with other layers, which see what they would see without it: its filter is the logger's own (`RUST_LOG`,
/// [`Guard::set_filter`](crate::Guard::set_filter)), and a call that it switches off costs what `tracing` makes it cost. A span that is
/// made while no logger runs is not known to it.
#[derive(Debug)]
pub struct Layer {
    /// Tells the spans of this layer's registry from those of others: threads change between subscribers.
    instance: u64,
    spans: Spans,
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
pub struct Directives(());

impl Layer {
    /// A layer for the logger of this process.
    pub fn new<S>() -> Filtered<Self, Directives, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        Self::with_spans(Spans::default())
    }

    /// A layer that has less of spans in the file, or more.
    pub fn with_spans<S>(spans: Spans) -> Filtered<Self, Directives, S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        static HOOK: std::sync::Once = std::sync::Once::new();
        HOOK.call_once(|| switch::on_change(callsite::rebuild_interest_cache));
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: a number of its own is all that is asked for.
        let instance = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { instance, spans }.with_filter(Directives(()))
    }

    /// Whether something that happens to a span of this site is recorded.
    fn records_life(&self, site: &CallSite) -> bool {
        self.spans == Spans::Life && site.is_on()
    }

    /// Sees to it that the thread's path is that of this layer's registry.
    #[inline]
    fn claim_path<S>(&self, context: &Context<'_, S>)
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        if entered::owner() != self.instance {
            self.set_path(context.lookup_current());
        }
    }

    /// Puts the thread into `span` and those around it, and out of all others.
    #[cold]
    fn set_path<S>(&self, span: Option<SpanRef<'_, S>>)
    where
        S: for<'a> LookupSpan<'a>,
    {
        entered::set_owner(self.instance);
        let path = Path::to(span);
        let _unknown_at_the_end_of_the_thread = thread::change_scopes(|scopes| {
            let stack: &mut Stack = &mut scopes.spans;
            let mut depth = 0;
            for span in path.outermost_first() {
                let extensions = span.extensions();
                let Some(data) = SpanData::of(&extensions) else { continue };
                if !stack.is_at(depth, data.fields.site, data.id, &data.fields.bytes) {
                    stack.cut(depth);
                    stack.enter_span(data.fields.site, data.id, &data.fields.bytes);
                }
                depth += 1;
            }
            stack.cut(depth);
        });
    }
}

/// Spans, each inside the next.
struct Path<'a, S: LookupSpan<'a>> {
    /// The innermost ones: in most programs all there are, so that nothing is allocated.
    first: [Option<SpanRef<'a, S>>; 8],
    rest: Vec<SpanRef<'a, S>>,
}

impl<'a, S: LookupSpan<'a>> Path<'a, S> {
    fn to(span: Option<SpanRef<'a, S>>) -> Self {
        let mut path = Self { first: [const { None }; 8], rest: Vec::new() };
        let mut next = span;
        for place in &mut path.first {
            let Some(span) = next else { break };
            next = span.parent();
            *place = Some(span);
        }
        while let Some(span) = next {
            next = span.parent();
            path.rest.push(span);
        }
        path
    }

    /// From the outermost to the innermost.
    fn outermost_first(&self) -> impl Iterator<Item = &SpanRef<'a, S>> {
        self.rest.iter().rev().chain(self.first.iter().rev().flatten())
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

impl<S> tracing_subscriber::Layer<S> for Layer
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let site = site_of(attributes.metadata());
        let parent = span
            .scope()
            .skip(1)
            .find_map(|outer| SpanData::of(&outer.extensions()).map(|data| data.id));
        let data = SpanData::new(site, attributes, parent.unwrap_or(0), clock::now());
        if self.records_life(site) {
            data.record_open();
        }
        // Another layer of this kind may have been here.
        span.extensions_mut().replace(data);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        {
            let site = site_of(span.metadata());
            // Code of the user's runs here, so that nothing is locked.
            let recorded = span::Kept::new(site, values);
            let mut extensions = span.extensions_mut();
            let Some(data) = extensions.get_mut::<SpanData>() else { return };
            if self.records_life(site) {
                data.record_amend(&recorded);
            }
            data.amend(recorded);
        }
        // What the thread is in may be this span.
        self.set_path(context.lookup_current());
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let (Some(span), Some(followed)) = (context.span(id), context.span(follows)) else {
            return;
        };
        let other = SpanData::of(&followed.extensions()).map(|data| data.id);
        let extensions = span.extensions();
        if let (Some(data), Some(other)) = (SpanData::of(&extensions), other)
            && self.records_life(data.site)
        {
            data.record_follow(other);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let site = site_of(event.metadata());
        let ticks = clock::now();
        let is_here = event.is_contextual();
        if is_here {
            self.claim_path(&context);
        } else {
            // For this event alone the thread is where it says.
            self.set_path(context.event_span(event));
        }
        if site.is_bridge() {
            bridge::record(event, ticks);
        } else {
            record::record_filled(&site.site.bare, ticks, EVENT_BYTES, |out, most| {
                fields::put_event(site, event, out, most)
            });
        }
        if !is_here {
            self.set_path(context.lookup_current());
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let extensions = span.extensions();
        let Some(data) = SpanData::of(&extensions) else { return };
        // Most often it is inside what the thread is in, so that the path need not be gone through.
        let is_inside = entered::owner() == self.instance
            && thread::change_scopes(|scopes| {
                let is_inside = scopes.spans.innermost() == data.parent;
                if is_inside {
                    scopes.spans.enter_span(data.fields.site, data.id, &data.fields.bytes);
                }
                is_inside
            })
            .unwrap_or(false);
        entered::push(Entered {
            span: id.into_u64(),
            owner: self.instance,
            id: data.id,
            site: data.site,
            happenings: data.happenings,
            is_inside,
            is_again: false,
            since: clock::now(),
        });
        drop(extensions);
        if !is_inside {
            self.set_path(context.lookup_current());
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let exited = entered::pop(self.instance, id.into_u64());
        // Most often the thread is where it was before it entered the span, so that the path need not be gone through.
        let leads_back = exited.as_ref().is_some_and(|(entered, is_last)| {
            entered.is_inside && *is_last && entered::owner() == self.instance
        });
        if !leads_back {
            self.set_path(context.lookup_current());
        }
        let is_left = match exited {
            Some((entered, _)) if !entered.is_again && self.records_life(entered.site) => {
                entered.exit(clock::now())
            }
            Some((entered, _)) if leads_back => {
                thread::change_scopes(|scopes| scopes.spans.leave_span(entered.id)).unwrap_or(false)
            }
            _ => false,
        };
        if leads_back && !is_left {
            self.set_path(context.lookup_current());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        if let Some(data) = SpanData::of(&extensions)
            && self.records_life(data.site)
        {
            data.record_close();
        }
    }
}
