//! What is done with the events and spans that pass the filter.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Event, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

use super::sites::{CallSite, site_of};
use super::span::{Kept, Latest, Snapshot};
use super::{Spans, bridge, entered, fields};
use crate::scope::Stack;
use crate::{clock, record, thread};

/// Bytes of the fields of one event at most. What is beyond is cut, and the record says so.
const EVENT_BYTES: usize = 32 << 10;

/// The layer behind the filter.
#[derive(Debug)]
pub(super) struct Recorder {
    /// Tells the spans of this layer's registry from those of others: threads change between subscribers.
    instance: u64,
    spans: Spans,
}

impl Recorder {
    pub(super) fn new(spans: Spans) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        // Relaxed: a number of its own is all that is asked for.
        Self { instance: NEXT.fetch_add(1, Ordering::Relaxed), spans }
    }

    /// Whether something that happens to a span of this site is recorded.
    #[inline]
    fn records_life(&self, site: &CallSite) -> bool {
        self.spans == Spans::Life && site.is_on()
    }

    /// Enters a span that the thread knows, and says whether it does: most often.
    #[inline]
    pub(super) fn enter_known(&self, id: &Id) -> bool {
        entered::enter_known(self.instance, id.into_u64())
    }

    /// Leaves the span that was entered last, and says whether it was that: most often.
    #[inline]
    pub(super) fn leave_last(&self, id: &Id) -> bool {
        entered::leave_last(self.instance, id.into_u64(), |site| self.records_life(site))
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
                let Some(data) = Latest::of(&extensions) else { continue };
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

/// Leads the thread back to where it is from where an event says it belongs, also if formatting the event panics.
struct Elsewhere<'a, 'c, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    recorder: &'a Recorder,
    context: &'a Context<'c, S>,
}

impl<S> Drop for Elsewhere<'_, '_, S>
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn drop(&mut self) {
        self.recorder.set_path(self.context.lookup_current());
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

impl<S> tracing_subscriber::Layer<S> for Recorder
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let site = site_of(attributes.metadata());
        let parent = span
            .scope()
            .skip(1)
            .find_map(|outer| Latest::of(&outer.extensions()).map(|data| data.id));
        let data = Snapshot::new(site, attributes, parent.unwrap_or(0), clock::now());
        if self.records_life(site) {
            data.record_open();
        }
        let data = Arc::new(data);
        entered::remember(self.instance, id.into_u64(), &data);
        // Another layer of this kind may have been here. What it made is dropped when nothing is locked.
        let _before = span.extensions_mut().replace(Latest::new(data));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        {
            let site = site_of(span.metadata());
            // Code of the user's runs here, so that nothing is locked.
            let recorded = Kept::new(site, values);
            let mut extensions = span.extensions_mut();
            let Some(data) = extensions.get_mut::<Latest>() else { return };
            if self.records_life(site) {
                data.snapshot().record_amend(&recorded);
            }
            data.amend(&recorded);
        }
        // What the thread is in may be this span.
        self.set_path(context.lookup_current());
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, context: Context<'_, S>) {
        let (Some(span), Some(followed)) = (context.span(id), context.span(follows)) else {
            return;
        };
        let other = Latest::of(&followed.extensions()).map(|data| data.id);
        let extensions = span.extensions();
        if let (Some(data), Some(other)) = (Latest::of(&extensions), other)
            && self.records_life(data.site)
        {
            data.record_follow(other);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let site = site_of(event.metadata());
        let ticks = clock::now();
        let _leads_back;
        if event.is_contextual() {
            self.claim_path(&context);
        } else {
            // For this event alone the thread is where it says.
            self.set_path(context.event_span(event));
            _leads_back = Elsewhere { recorder: self, context: &context };
        }
        if site.is_bridge() {
            bridge::record(event, ticks);
        } else {
            record::record_filled(&site.site.bare, ticks, EVENT_BYTES, |out, most| {
                fields::put_event(site, event, out, most)
            });
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let extensions = span.extensions();
        let Some(data) = Latest::of(&extensions) else { return };
        entered::remember(self.instance, id.into_u64(), data);
        // Most often it is inside what the thread is in, so that the path need not be gone through.
        let is_inside = entered::enter(self.instance, id.into_u64(), data);
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
            Some((entered, _)) if leads_back => entered.leave(),
            _ => false,
        };
        if leads_back && !is_left {
            self.set_path(context.lookup_current());
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let Some(span) = context.span(&id) else { return };
        let extensions = span.extensions();
        if let Some(data) = Latest::of(&extensions)
            && self.records_life(data.site)
        {
            data.record_close();
        }
    }
}
