//! Records as lines, as the writer takes them.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::ops::Range;
use std::sync::Arc;

use logbuf_format::Level;
use logbuf_format::line::{Line, Shown, Span};
use logbuf_format::message::Message;
use logbuf_format::render::{Room, TooLong};
use logbuf_format::scope::{Context, Which};
use logbuf_format::site::{Kind, Role, Site};
use logbuf_format::thread::{Thread, ThreadName};
use logbuf_format::timeline::Timeline;
use logbuf_format::utc::Times;
use logbuf_format::value::{self, Value};
use logbuf_format::{clock::Anchor, limits};

use super::{Console, Screen};
use crate::dictionary::Dictionary;
use crate::paths::{Paths, Restated};
use crate::record::Taken;
use crate::registry::REGISTRY;
use crate::thread;

/// Bytes of text that are kept to be put in order, about.
const ENOUGH: usize = 64 << 10;

/// Threads whose names are kept.
const THREADS: usize = 1024;

/// The number of a scope's site, and the scope's values with their head.
type Scope<'a> = (u32, &'a [u8]);

/// Renders what the console shows. Lines of one sweep of the rings are put in the order of their times, so that lines are out of
/// order by less than the writer sleeps.
#[derive(Debug)]
pub(crate) struct Tee {
    level: Level,
    screen: Arc<Screen>,
    line: Line,
    times: Times,
    /// The clocks when they were read last.
    timeline: Timeline,
    /// By the number that files know them by.
    sites: HashMap<u32, CallSite>,
    threads: BTreeMap<u32, Thread>,
    /// Lines that wait for the end of the sweep, and for each its time stamp and where it stands.
    text: String,
    lines: Vec<(u64, Range<usize>)>,
}

/// `None` if nothing is known of the scope.
fn find<'a>(scope: Option<&'a Restated>, dictionary: &mut Dictionary) -> Option<Scope<'a>> {
    let scope = scope?;
    let entry = dictionary.entry(scope.site?)?;
    Some((entry.number, scope.values()))
}

/// A site, ready to render its records.
#[derive(Debug)]
struct CallSite {
    site: Site,
    /// `None` if it is no message, which the site of a context is not.
    message: Option<Message>,
    /// The name of a span.
    name: String,
}

impl Tee {
    /// Starts the thread that shows lines.
    pub(crate) fn start(console: Console) -> io::Result<Self> {
        let mut tee = Self {
            level: console.level,
            screen: Screen::start(console.stream)?,
            line: Line::default().color(console.is_colored()),
            times: Times::default(),
            timeline: Timeline::new(0),
            sites: HashMap::new(),
            threads: BTreeMap::new(),
            text: String::new(),
            lines: Vec::new(),
        };
        tee.meet(&REGISTRY.stand_in);
        Ok(tee)
    }

    /// Where lines go.
    pub(crate) fn screen(&self) -> &Arc<Screen> {
        &self.screen
    }

    /// Whether records of this level are shown.
    #[inline]
    pub(crate) fn shows(&self, level: Level) -> bool {
        level <= self.level
    }

    /// Takes the time from these readings of the clocks from now on.
    pub(crate) fn set_time(&mut self, anchor: Anchor, ticks_per_second: u64) {
        if self.timeline.anchors() != [anchor] {
            self.timeline = Timeline::new(ticks_per_second);
            self.timeline.add(anchor);
        }
    }

    /// Learns the name of a thread.
    pub(crate) fn meet(&mut self, thread: &thread::Thread) {
        let thread::Thread { id, os_id, name, .. } = thread;
        self.threads.insert(*id, Thread { id: *id, os_id: *os_id, name: name.clone() });
        if self.threads.len() > THREADS {
            // Numbers are given in order: this one is likely to have ended.
            self.threads.pop_first();
        }
    }

    /// Renders an event of the site with this number, logged by `thread` in the scopes that `paths` says.
    pub(crate) fn show(
        &mut self,
        number: u32,
        record: Taken<'_>,
        (thread, paths): (u32, &Paths),
        dictionary: &mut Dictionary,
    ) {
        self.learn(number, dictionary);
        if !self.threads.contains_key(&thread)
            && let Some(thread) = REGISTRY.waiting(thread)
        {
            // It got its ring a moment ago, and logged through the shared one.
            self.meet(&thread);
        }
        let [contexts, spans] = [Which::Context, Which::Span].map(|which| {
            let scopes = paths.scopes(which).map(|scope| find(scope, dictionary));
            scopes.collect::<Vec<_>>()
        });
        for &(site, _) in contexts.iter().chain(&spans).flatten() {
            self.learn(site, dictionary);
        }
        let start = self.text.len();
        if self.render(number, record, thread, [&contexts, &spans]).is_some() {
            self.lines.push((record.ticks, start..self.text.len()));
        } else {
            self.screen.leave_out();
        }
        if self.text.len() >= ENOUGH {
            self.hand_over();
        }
    }

    /// Has the lines shown that were rendered.
    pub(crate) fn hand_over(&mut self) {
        if self.lines.is_empty() {
            return;
        }
        let count = self.lines.len() as u64;
        if self.lines.is_sorted_by_key(|(ticks, _)| *ticks) {
            self.screen.push(&self.text, count);
        } else {
            self.lines.sort_by_key(|(ticks, _)| *ticks);
            let lines = self.lines.iter().map(|(_, range)| &self.text[range.clone()]);
            self.screen.push(&lines.collect::<String>(), count);
        }
        self.lines.clear();
        self.text.clear();
        // One record can be long.
        self.text.shrink_to(2 * ENOUGH);
    }

    fn learn(&mut self, number: u32, dictionary: &Dictionary) {
        if let (false, Some(site)) = (self.sites.contains_key(&number), dictionary.describe(number))
        {
            self.sites.insert(number, CallSite::new(site));
        }
    }

    fn render(
        &mut self,
        number: u32,
        record: Taken<'_>,
        thread: u32,
        [contexts, spans]: [&[Option<Scope<'_>>]; 2],
    ) -> Option<()> {
        // A site that was found once is described, and its values are what it says.
        let call_site = self.sites.get(&number)?;
        let event = Event {
            call_site,
            values: &call_site.values(record.values())?,
            thread: ThreadName::new(thread, self.threads.get(&thread)),
            contexts,
            spans,
            sites: &self.sites,
        };
        let unix_ns = self.timeline.unix_ns(record.ticks);
        let times = &mut self.times;
        self.line.push(&event, |out| times.push(unix_ns, out), &mut self.text).ok()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        self.hand_over();
        self.screen.close();
    }
}

impl CallSite {
    fn new(site: Site) -> Self {
        let message = Message::new(&site.template, &site.values).ok();
        let mut name = String::new();
        if let (Kind::Span, Some(message)) = (site.kind, &message) {
            // It has no placeholder, and so needs no values.
            let room = Room::most(&name);
            let _kept_short = message.render(&[], &mut name, room);
        }
        Self { site, message, name }
    }

    /// The values of a record, heads among them.
    fn values<'a>(&'a self, bytes: &'a [u8]) -> Option<Vec<Value<'a>>> {
        let mut values = Vec::new();
        value::take_all(&self.site.values, &self.site.definitions, bytes, &mut values).ok()?;
        Some(values)
    }

    fn names(&self) -> impl Iterator<Item = (&str, bool)> {
        self.site.values.iter().map(|slot| (slot.name.as_str(), slot.role == Role::Field))
    }
}

/// An event on its way to the console.
struct Event<'a> {
    call_site: &'a CallSite,
    values: &'a [Value<'a>],
    thread: ThreadName<'a>,
    contexts: &'a [Option<Scope<'a>>],
    spans: &'a [Option<Scope<'a>>],
    sites: &'a HashMap<u32, CallSite>,
}

impl<'a> Event<'a> {
    /// The site of a scope, and its fields.
    fn known(
        &self,
        (number, bytes): Scope<'a>,
    ) -> Option<(&'a CallSite, Vec<(&'a str, Value<'a>)>)> {
        let call_site = self.sites.get(&number)?;
        let named = call_site.names().zip(call_site.values(bytes)?);
        let fields = named.filter(|((_, is_field), _)| *is_field);
        Some((call_site, fields.map(|((name, _), value)| (name, value)).collect()))
    }
}

impl<'a> Shown<'a> for Event<'a> {
    fn level(&self) -> Level {
        self.call_site.site.level
    }

    fn target(&self) -> &'a str {
        &self.call_site.site.target
    }

    fn thread(&self) -> ThreadName<'a> {
        self.thread
    }

    fn message(&self, out: &mut String, room: Room) -> Result<(), TooLong> {
        let message = self.call_site.message.as_ref();
        message.map_or(Ok(()), |message| message.render(self.values, out, room))
    }

    fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)> {
        let named = self.call_site.names().zip(self.values);
        named.filter(|((_, is_field), _)| *is_field).map(|((name, _), value)| (name, value))
    }

    fn spans(&self) -> Vec<Span<'a>> {
        let spans = self.spans.iter().enumerate().map(|(depth, span)| {
            if depth >= limits::SCOPES {
                return Span { name: Span::REST, fields: Vec::new() };
            }
            match span.and_then(|span| self.known(span)) {
                Some((call_site, fields)) => Span { name: &call_site.name, fields },
                None => Span { name: Span::UNKNOWN, fields: Vec::new() },
            }
        });
        spans.collect()
    }

    fn context(&self) -> Context<'a> {
        let contexts = self.contexts.iter().enumerate();
        Context::new(contexts.map(|(depth, context)| {
            let known = context.filter(|_| depth < limits::SCOPES)?;
            self.known(known).map(|(_, fields)| fields)
        }))
    }

    fn is_plain(&self) -> bool {
        false
    }
}
