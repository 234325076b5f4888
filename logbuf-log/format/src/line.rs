//! Records as lines for people: what a reader prints, and a writer's console.

use crate::{
    Level, escape, limits,
    render::{self, Room, TooLong},
    scope::Context,
    thread::ThreadName,
    value::Value,
};
use std::{borrow::Cow, fmt::Write};

/// A record, as a line shows it.
pub trait Shown<'a> {
    /// The level.
    fn level(&self) -> Level;

    /// The target.
    fn target(&self) -> &'a str;

    /// What the thread is called.
    fn thread(&self) -> ThreadName<'a>;

    /// Appends the message. Nothing in it is escaped.
    ///
    /// # Errors
    ///
    /// [`TooLong`]; `out` is then as it was.
    fn message(&self, out: &mut String, room: Room) -> Result<(), TooLong>;

    /// Bytes that it may become.
    fn text_limit(&self) -> usize {
        limits::TEXT
    }

    /// The fields beside the message: name and value.
    fn fields(&self) -> impl Iterator<Item = (&'a str, &'a Value<'a>)>;

    /// The spans that it was logged in, from the outermost to the innermost.
    fn spans(&self) -> Vec<Span<'a>>;

    /// The fields of the contexts that it was logged in.
    fn context(&self) -> Context<'a>;

    /// Whether nothing in its message and fields has to be escaped, and it is in no span and no context.
    fn is_plain(&self) -> bool;
}

/// A span, as a line shows it.
#[derive(Clone, Debug)]
pub struct Span<'a> {
    /// Its name; `?` if it is not known, `…` if it stands for all beyond the limit.
    pub name: &'a str,
    /// Its fields: name and value.
    pub fields: Vec<(&'a str, Value<'a>)>,
}

impl Span<'_> {
    /// The name of a span that is not known.
    pub const UNKNOWN: &'static str = "?";

    /// The name of what stands for all spans beyond the limit.
    pub const REST: &'static str = "…";

    /// The field that is shown without its name, as the message of an event is.
    const MESSAGE: &'static str = "message";
}

/// One line for each record: time, level, thread, spans, target, message, fields, context.
///
/// ```text
/// 2026-11-23T14:05:06.123456789Z  INFO [main] app::book: filled BTC-USD 3 @ 52100.50  order_id=7 rtt_ns=1840 {session=7}
/// ```
///
/// Spans stand before the target as `tracing-subscriber` prints them, `outer{id=7}:inner: `; one that is not known is `?`, and `…` stands
/// for those beyond the limit.
///
/// In the braces stand the fields of the contexts that the record was logged in, those of inner contexts in the place of those of the
/// same name around them; a `?` before them says that damage has cost others, or that there are more than a file keeps.
///
/// Control characters, line feeds among them, are escaped as in a Rust string literal, whatever part of the line they
/// stand in: a record is one line, and cannot do anything to a terminal.
#[derive(Clone, Debug, Default)]
pub struct Line {
    raw: bool,
    color: bool,
    origin: Origin,
}

impl Line {
    /// Whether what the program logged stays as it is, whatever is in it; if not, control characters are escaped.
    #[must_use]
    pub fn raw(self, raw: bool) -> Self {
        Self { raw, ..self }
    }

    /// Whether there are colours for a terminal: the level stands out, what frames the message stands back.
    #[must_use]
    pub fn color(self, color: bool) -> Self {
        Self { color, ..self }
    }

    /// Appends the line of a record, behind the time that `push_time` appends, with a line feed.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if the record, small in the file, is larger than any record may become as text. `out` is then as it
    /// was.
    pub fn push<'a>(
        &mut self,
        record: &impl Shown<'a>,
        push_time: impl FnOnce(&mut String),
        out: &mut String,
    ) -> Result<(), TooLong> {
        let start = out.len();
        let room = Room::behind(out, record.text_limit());
        let result = if self.color {
            self.colored(record, push_time, out, room)
        } else {
            self.plain(record, push_time, out, room)
        };
        match result {
            Ok(()) => out.push('\n'),
            Err(TooLong { .. }) => out.truncate(start),
        }
        result
    }

    fn plain<'a>(
        &mut self,
        record: &impl Shown<'a>,
        push_time: impl FnOnce(&mut String),
        out: &mut String,
        room: Room,
    ) -> Result<(), TooLong> {
        push_time(out);
        let (origin, target_at) = self.origin.text(record, self.raw);
        if record.is_plain() {
            // Most records of a program that logs numbers: no spans, no context, nothing to escape.
            out.push_str(origin);
            record.message(out, room)?;
            return push_fields(record, out, room).map(|_gap| ());
        }
        let (before, target) = origin.split_at(target_at);
        out.push_str(before);
        let start = out.len();
        push_spans(&record.spans(), out, room)?;
        if !self.raw {
            escape_from(start, out);
        }
        out.push_str(target);
        let start = out.len();
        record.message(out, room)?;
        let gap = push_fields(record, out, room)?;
        self.context(record, gap, out, room)?;
        self.escape_from(start, out);
        Ok(())
    }

    fn colored<'a>(
        &mut self,
        record: &impl Shown<'a>,
        push_time: impl FnOnce(&mut String),
        out: &mut String,
        room: Room,
    ) -> Result<(), TooLong> {
        out.push_str(color::DIM);
        push_time(out);
        out.push_str(color::RESET);
        out.push_str(color::of(record.level()));
        level(record.level(), out);
        out.push_str(color::RESET);
        out.push_str(color::DIM);
        let start = out.len();
        thread(record, out);
        push_spans(&record.spans(), out, room)?;
        target(record, out);
        self.escape_from(start, out);
        out.push_str(color::RESET);
        let start = out.len();
        record.message(out, room)?;
        self.escape_from(start, out);
        let mut gap = "  ";
        for (name, value) in record.fields() {
            out.push_str(gap);
            out.push_str(color::FIELD);
            self.part(out, |out| out.push_str(name));
            out.push_str(color::RESET);
            out.push('=');
            let start = out.len();
            render::field(out, value, room)?;
            self.escape_from(start, out);
            gap = " ";
        }
        let start = out.len();
        self.context(record, gap, out, room)?;
        if out.len() > start {
            self.escape_from(start, out);
            out.insert_str(start, color::DIM);
            out.push_str(color::RESET);
        }
        Ok(())
    }

    /// The fields of the contexts in braces, if there are any.
    fn context<'a>(
        &self,
        record: &impl Shown<'a>,
        gap: &str,
        out: &mut String,
        room: Room,
    ) -> Result<(), TooLong> {
        let context = record.context();
        if context.is_empty() {
            return Ok(());
        }
        out.push_str(gap);
        out.push('{');
        push_context(&context, out, room)?;
        out.push('}');
        Ok(())
    }

    /// Appends what `write` does, escaped.
    fn part(&self, out: &mut String, write: impl FnOnce(&mut String)) {
        let start = out.len();
        write(out);
        self.escape_from(start, out);
    }

    /// Escapes what stands from `start` on.
    #[inline]
    fn escape_from(&self, start: usize, out: &mut String) {
        if !self.raw {
            escape_from(start, out);
        }
    }
}

/// Appends the fields; what stands between them and what follows.
#[inline]
fn push_fields<'a>(
    record: &impl Shown<'a>,
    out: &mut String,
    room: Room,
) -> Result<&'static str, TooLong> {
    let mut is_first = true;
    for (name, value) in record.fields() {
        // Of known length each, they are not copied by a call.
        if is_first {
            out.push_str("  ");
        } else {
            out.push(' ');
        }
        out.push_str(name);
        out.push('=');
        render::field(out, value, room)?;
        is_first = false;
    }
    Ok(if is_first { "  " } else { " " })
}

/// Appends spans, each with its fields and a colon, and a space behind them.
///
/// # Errors
///
/// [`TooLong`].
pub fn push_spans(spans: &[Span<'_>], out: &mut String, room: Room) -> Result<(), TooLong> {
    for Span { name, fields } in spans {
        out.push_str(name);
        let mut gap = "{";
        for (name, value) in fields {
            out.push_str(gap);
            if *name == Span::MESSAGE {
                render::unquoted(out, value, room)?;
            } else {
                out.push_str(name);
                out.push('=');
                render::field(out, value, room)?;
            }
            gap = " ";
        }
        out.push_str(if gap == "{" { ":" } else { "}:" });
    }
    if !spans.is_empty() {
        out.push(' ');
    }
    Ok(())
}

/// Appends the fields of contexts, behind a `?` if they are not all.
///
/// # Errors
///
/// [`TooLong`].
pub fn push_context(context: &Context<'_>, out: &mut String, room: Room) -> Result<(), TooLong> {
    let mut gap = "";
    if !context.is_whole() {
        out.push('?');
        gap = " ";
    }
    for (name, value) in context.fields() {
        out.push_str(gap);
        out.push_str(name);
        out.push('=');
        render::field(out, value, room)?;
        gap = " ";
    }
    Ok(())
}

/// Escapes the control characters that stand from `start` on.
#[inline]
pub fn escape_from(start: usize, out: &mut String) {
    if let Cow::Owned(escaped) = escape::controls(&out[start..]) {
        out.truncate(start);
        out.push_str(&escaped);
    }
}

/// Level, thread and target of the last record, as they are shown: the next record most often has the same.
#[derive(Clone, Debug, Default)]
struct Origin {
    level: Option<Level>,
    thread: String,
    /// Whether `thread` is a name, and not a number.
    has_name: bool,
    target: String,
    text: String,
    /// Where the target starts in `text`.
    target_at: usize,
}

impl Origin {
    #[inline]
    fn text<'a>(&mut self, record: &impl Shown<'a>, raw: bool) -> (&str, usize) {
        let is_same = self.level == Some(record.level())
            && self.target == record.target()
            && self.has_name
            && matches!(record.thread(), ThreadName::Name(name) if name == self.thread);
        if !is_same {
            self.set(record, raw);
        }
        (&self.text, self.target_at)
    }

    #[cold]
    fn set<'a>(&mut self, record: &impl Shown<'a>, raw: bool) {
        self.level = Some(record.level());
        self.has_name = matches!(record.thread(), ThreadName::Name(_));
        self.thread = record.thread().to_string();
        record.target().clone_into(&mut self.target);
        self.text.clear();
        level(record.level(), &mut self.text);
        thread(record, &mut self.text);
        if !raw {
            escape_from(0, &mut self.text);
        }
        self.target_at = self.text.len();
        target(record, &mut self.text);
        if !raw {
            escape_from(self.target_at, &mut self.text);
        }
    }
}

/// The level, right-aligned to the longest.
fn level(level: Level, out: &mut String) {
    let name = level.name();
    out.push_str(if name.len() < 5 { "  " } else { " " });
    out.push_str(name);
}

/// The thread.
fn thread<'a>(record: &impl Shown<'a>, out: &mut String) {
    // Writing to a string does not fail.
    let _ = write!(out, " [{}] ", record.thread());
}

/// The target.
fn target<'a>(record: &impl Shown<'a>, out: &mut String) {
    out.push_str(record.target());
    out.push_str(": ");
}

/// What a terminal is told. (ECMA-48, "select graphic rendition".)
mod color {
    use crate::Level;

    pub(super) const RESET: &str = "\x1b[0m";
    pub(super) const DIM: &str = "\x1b[2m";
    pub(super) const FIELD: &str = "\x1b[36m";

    pub(super) const fn of(level: Level) -> &'static str {
        match level {
            Level::Error => "\x1b[1;31m",
            Level::Warn => "\x1b[1;33m",
            Level::Info => "\x1b[32m",
            Level::Debug => "\x1b[34m",
            Level::Trace => "\x1b[35m",
        }
    }
}
