//! A record, as a reader gives it.

use crate::{
    callsite::CallSite,
    happening::Happening,
    run::Position,
    scope::{Leaves, NONE, Nodes, Scope},
    segment::Segment,
};
use logbuf_format::{
    Level,
    line::{Shown, Span},
    render::{Room, TooLong},
    scope::Context,
    site::{Kind, Role, Site},
    thread::{Thread, ThreadName},
    value::Value,
};

/// A record: what one call logged. It borrows from the [`Reader`](crate::Reader) that hands it out.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    pub(crate) segment: &'a Segment,
    pub(crate) call_site: &'a CallSite,
    pub(crate) place: Position,
    pub(crate) thread: Option<&'a Thread>,
    pub(crate) values: &'a [Value<'a>],
    pub(crate) scopes: &'a Nodes,
    /// Bytes that it may become as text.
    pub(crate) text_limit: usize,
}

impl<'a> Record<'a> {
    /// The time: nanoseconds since the Unix epoch, UTC.
    pub fn unix_ns(&self) -> i64 {
        self.place.unix_ns
    }

    /// The time stamp as it stands in the file.
    pub fn ticks(&self) -> u64 {
        self.place.entry.ticks
    }

    /// Whether a flight recorder held the record in memory until something made it of interest.
    pub fn is_dumped(&self) -> bool {
        self.place.is_dumped
    }

    /// What happened to a span, if the record says that and is no event: see [`Filter::with_happenings`](crate::Filter::with_happenings).
    /// The name of the span is its message.
    #[inline]
    pub fn happening(&self) -> Option<Happening> {
        match self.call_site.site.kind {
            Kind::Span => Happening::new(self.segment, self.ticks(), self.values),
            _ => None,
        }
    }

    /// The level.
    pub fn level(&self) -> Level {
        self.call_site.site.level
    }

    /// The target: by default the path of the module.
    pub fn target(&self) -> &'a str {
        &self.call_site.site.target
    }

    /// The source file of the call, empty if unknown.
    pub fn file(&self) -> &'a str {
        &self.call_site.site.file
    }

    /// The line of the call, 0 if unknown.
    pub fn line(&self) -> u32 {
        self.call_site.site.line
    }

    /// The call site.
    pub fn site(&self) -> &'a Site {
        &self.call_site.site
    }

    /// The segment the record stands in.
    pub fn segment(&self) -> &'a Segment {
        self.segment
    }

    /// The name of the thread; its `Display` is what is shown for it.
    pub fn thread(&self) -> ThreadName<'a> {
        ThreadName::new(self.place.entry.thread, self.thread)
    }

    /// The number of the thread in the segment.
    pub fn thread_id(&self) -> u32 {
        self.place.entry.thread
    }

    /// Bytes that the record takes in a file that is neither packed nor compressed.
    pub fn size(&self) -> usize {
        self.place.entry.size()
    }

    /// The value of the field or the argument of this name, the first of them.
    pub fn value(&self, name: &str) -> Option<&'a Value<'a>> {
        let index = self.site().values.iter().position(|slot| slot.name == name)?;
        self.values.get(index)
    }

    /// The value of the field or the argument of this name, or, if the record has none, of the innermost context or else the innermost span that
    /// has a field of this name.
    pub fn find(&self, name: &str) -> Option<Value<'a>> {
        self.value(name).copied().or_else(|| self.inherited(name))
    }

    fn inherited(&self, name: &str) -> Option<Value<'a>> {
        let in_context = || {
            let context = self.context();
            context.fields().iter().find(|(field, _)| *field == name).map(|(_, value)| *value)
        };
        let in_span = |span: &Scope<'a>| {
            span.fields().find(|(field, _)| *field == name).map(|(_, value)| value)
        };
        in_context().or_else(|| self.spans().iter().rev().find_map(in_span))
    }

    /// The values, in the order of the [`Site::values`]: arguments of the message and fields.
    pub fn values(&self) -> &'a [Value<'a>] {
        self.values
    }

    /// The fields beside the message: name and value.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        let slots = &self.call_site.site.values;
        slots
            .iter()
            .zip(self.values)
            .filter(|(slot, _)| slot.role == Role::Field)
            .map(|(slot, value)| (slot.name.as_str(), value))
    }

    /// Whether nothing in its message, fields and contexts has to be escaped, in text or in JSON.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        self.call_site.is_plain && self.place.entry.scopes == Leaves::NONE
    }

    /// The contexts that it was logged in, from the outermost to the innermost.
    pub fn contexts(&self) -> Vec<Scope<'a>> {
        self.scopes.path(self.segment, self.place.entry.scopes.context, self.text_limit)
    }

    /// The spans that it was logged in, from the outermost to the innermost.
    pub fn spans(&self) -> Vec<Scope<'a>> {
        match self.place.entry.scopes.span {
            NONE => Vec::new(),
            leaf => self.scopes.path(self.segment, leaf, self.text_limit),
        }
    }

    /// The fields of the contexts that it was logged in.
    #[inline]
    pub fn context(&self) -> Context<'a> {
        match self.place.entry.scopes.context {
            NONE => Context::none(),
            _ => Context::new(
                self.contexts().iter().map(|context| context.site().map(|_| context.fields())),
            ),
        }
    }

    /// Appends the message: what `format!` would have made of the arguments. Nothing in it is escaped.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the record would become more text than [`Share`](logbuf_format::render::Share) allows it; `out` is then as it was.
    pub fn message(&self, out: &mut String) -> Result<(), TooLong> {
        self.message_in(out, self.room(out))
    }

    /// Room for all of its text behind `out`.
    pub(crate) fn room(&self, out: &str) -> Room {
        Room::behind(out, self.text_limit)
    }

    /// Appends the message where there is this room.
    #[inline]
    pub(crate) fn message_in(&self, out: &mut String, room: Room) -> Result<(), TooLong> {
        match &self.call_site.message {
            Ok(message) => message.render(self.values, out, room),
            // A reader gives no records of such a site.
            Err(_) => Ok(()),
        }
    }
}

impl<'a> Shown<'a> for Record<'a> {
    fn level(&self) -> Level {
        Record::level(self)
    }

    fn target(&self) -> &'a str {
        Record::target(self)
    }

    fn thread(&self) -> ThreadName<'a> {
        Record::thread(self)
    }

    fn message(&self, out: &mut String, room: Room) -> Result<(), TooLong> {
        self.message_in(out, room)
    }

    fn text_limit(&self) -> usize {
        self.text_limit
    }

    fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        Record::fields(self)
    }

    #[inline]
    fn spans(&self) -> Vec<Span<'a>> {
        let spans = Record::spans(self);
        let shown = spans.iter().map(|span| {
            let name = match span.site() {
                Some(_) => span.name(),
                None if span.is_rest() => Span::REST,
                None => Span::UNKNOWN,
            };
            Span { name, fields: span.fields().collect() }
        });
        shown.collect()
    }

    #[inline]
    fn context(&self) -> Context<'a> {
        Record::context(self)
    }

    fn is_plain(&self) -> bool {
        Record::is_plain(self)
    }
}
