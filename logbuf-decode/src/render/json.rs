//! Lines for programs.

use crate::{callsite::is_plain_text, record::Record, render::Render, scope::Scope, time::Clock};
use jiff::tz::TimeZone;
use logbuf_format::{
    Level, escape,
    render::{self, Room, TooLong},
    thread::ThreadName,
    types::Type,
    value::{Map, Str, Struct, Value},
};
use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use std::{borrow::Cow, fmt::Write, io};

/// One JSON object for each record, on one line.
///
/// ```text
/// {"ts":"2026-11-23T14:05:06.123456789Z","ts_ns":1795442706123456789,"level":"INFO","target":"app::book","file":"src/book.rs","line":42,"thread":"main","message":"filled BTC-USD 3 @ 52100.50","fields":{"order_id":7,"rtt_ns":1840}}
/// ```
///
/// Keys are only ever added, at whatever place; `docs/JSON.md` describes them. Fields keep their types: integers of all widths and finite floats are
/// numbers, which may be longer than a reader's own, and so are durations and times, in nanoseconds; NaN and the infinities are the strings `"NaN"`, `"inf"` and
/// `"-inf"`; `()` is `null`; a `char` is a string; a string that was cut to fit its record ends in `…`. Control characters
/// are escaped, those that JSON does not ask for included.
#[derive(Clone, Debug)]
pub struct Json {
    clock: Clock,
    origin: Origin,
    message: String,
    value: Vec<u8>,
}

impl Json {
    /// Objects with the keys of this version.
    pub fn new() -> Self {
        Self {
            clock: Clock::new(TimeZone::UTC),
            origin: Origin::default(),
            message: String::new(),
            value: Vec::new(),
        }
    }

    fn object(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let room = record.room(out);
        out.push_str("{\"ts\":\"");
        self.clock.push(record.unix_ns(), out);
        out.push_str("\",\"ts_ns\":");
        out.push_str(itoa::Buffer::new().format(record.unix_ns()));
        out.push_str(self.origin.text(record));
        if record.is_plain() {
            out.push('"');
            record.message_in(out, room)?;
            out.push('"');
        } else {
            self.message.clear();
            record.message(&mut self.message)?;
            push_string(&self.message, out);
        }
        out.push_str(",\"fields\":{");
        let mut gap = "";
        for (name, value) in record.fields() {
            out.push_str(gap);
            push_string(name, out);
            out.push(':');
            self.value(value, out, room)?;
            gap = ",";
        }
        out.push('}');
        if record.is_dumped() {
            out.push_str(",\"dumped\":true");
        }
        if let Some(spans) = spans(record, room.rest(out, ""))? {
            out.push_str(",\"spans\":");
            out.push_str(&spans);
        }
        let context = record.context();
        if !context.is_empty() {
            out.push_str(",\"context\":");
            out.push_str(&object(&Pairs(context.fields()), room.rest(out, ""))?);
        }
        if !context.is_whole() {
            out.push_str(",\"context_whole\":false");
        }
        out.push_str("}\n");
        Ok(())
    }

    /// Appends a value with its type.
    #[inline]
    fn value(&mut self, value: &Value<'_>, out: &mut String, room: Room) -> Result<(), TooLong> {
        let mut integer = itoa::Buffer::new();
        match *value {
            Value::U8(value) => out.push_str(integer.format(value)),
            Value::U16(value) => out.push_str(integer.format(value)),
            Value::U32(value) => out.push_str(integer.format(value)),
            Value::U64(value) => out.push_str(integer.format(value)),
            Value::I8(value) => out.push_str(integer.format(value)),
            Value::I16(value) => out.push_str(integer.format(value)),
            Value::I32(value) => out.push_str(integer.format(value)),
            Value::I64(value) => out.push_str(integer.format(value)),
            Value::Str(Str { text, cut: false }) | Value::Text(Str { text, cut: false }) => {
                push_string(text, out);
            }
            other => return push_value(other, &mut self.value, out, room),
        }
        Ok(())
    }
}

impl Default for Json {
    fn default() -> Self {
        Self::new()
    }
}

impl Render for Json {
    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let start = out.len();
        self.object(record, out).inspect_err(|_| out.truncate(start))
    }
}

/// What the last record says of where it comes from, as it is shown: the next record most often has the same.
#[derive(Clone, Debug, Default)]
struct Origin {
    level: Option<Level>,
    target: String,
    file: String,
    line: u32,
    thread: String,
    /// Whether `thread` is a name, and not a number.
    has_name: bool,
    text: String,
}

impl Origin {
    /// From the comma behind the time to the colon before the message.
    #[inline]
    fn text(&mut self, record: &Record<'_>) -> &str {
        let is_same = self.level == Some(record.level())
            && self.line == record.line()
            && self.target == record.target()
            && self.file == record.file()
            && self.has_name
            && matches!(record.thread(), ThreadName::Name(name) if name == self.thread);
        if !is_same {
            self.set(record);
        }
        &self.text
    }

    #[cold]
    fn set(&mut self, record: &Record<'_>) {
        self.level = Some(record.level());
        self.line = record.line();
        record.target().clone_into(&mut self.target);
        record.file().clone_into(&mut self.file);
        self.has_name = matches!(record.thread(), ThreadName::Name(_));
        self.thread = record.thread().to_string();
        self.text.clear();
        let text = &mut self.text;
        // Writing to a string does not fail.
        let _ = write!(text, ",\"level\":\"{}\",\"target\":", record.level());
        push_string(&self.target, text);
        text.push_str(",\"file\":");
        push_string(&self.file, text);
        let _ = write!(text, ",\"line\":{},\"thread\":", self.line);
        push_string(&self.thread, text);
        text.push_str(",\"message\":");
    }
}

/// Appends a string with its quotes.
#[inline]
pub(super) fn push_string(text: &str, out: &mut String) {
    if is_plain_text(text) {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        let quoted = serde_json::to_string(text).expect("a string is JSON");
        push_escaped(&quoted, out);
    }
}

/// Appends any value; `buffer` is room for it.
fn push_value(
    value: Value<'_>,
    buffer: &mut Vec<u8>,
    out: &mut String,
    room: Room,
) -> Result<(), TooLong> {
    buffer.clear();
    serialize(&Typed(value), buffer, room.rest(out, ""))?;
    push_escaped(std::str::from_utf8(buffer).expect("JSON is UTF-8"), out);
    Ok(())
}

/// Appends an object without line feeds, with the controls escaped that JSON would let through: DEL, C1, and those that
/// reorder text. They stand in strings only, and all have four hexadecimal digits.
fn push_escaped(object: &str, out: &mut String) {
    if let Cow::Borrowed(_) = escape::controls(object) {
        out.push_str(object);
        return;
    }
    for c in object.chars() {
        match escape::controls(c.encode_utf8(&mut [0; 4])) {
            Cow::Borrowed(_) => out.push(c),
            // Writing to a string does not fail.
            Cow::Owned(_) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
}

/// The fields of a record as an object.
pub(super) fn fields(record: &Record<'_>) -> Result<String, TooLong> {
    object(&Fields(record), record.room(""))
}

/// Appends a value as JSON, if there is room for it.
fn serialize(value: &impl Serialize, buffer: &mut Vec<u8>, room: Room) -> Result<(), TooLong> {
    let limited = Limited { buffer, left: room.left("") };
    // What can fail is that, and the text of a value for the same reason.
    serde_json::to_writer(limited, value).map_err(|_| room.too_long())
}

/// A buffer that takes so many bytes more.
struct Limited<'b> {
    buffer: &'b mut Vec<u8>,
    left: usize,
}

impl io::Write for Limited<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::StorageFull)?;
        self.buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn object(fields: &impl Serialize, room: Room) -> Result<String, TooLong> {
    let mut object = Vec::new();
    serialize(fields, &mut object, room)?;
    let object = std::str::from_utf8(&object).expect("JSON is UTF-8");
    let mut escaped = String::with_capacity(object.len());
    push_escaped(object, &mut escaped);
    Ok(escaped)
}

/// The fields of a scope as an object, where there is this room.
pub(super) fn scope(scope: &Scope<'_>, room: Room) -> Result<String, TooLong> {
    object(&Pairs(&scope.fields().collect::<Vec<_>>()), room)
}

/// The fields of the contexts of a record as an object.
pub(super) fn context(record: &Record<'_>) -> Result<String, TooLong> {
    object(&Pairs(record.context().fields()), record.room(""))
}

/// The spans of a record as an array, if it is in any, where there is this room.
pub(super) fn spans(record: &Record<'_>, room: Room) -> Result<Option<String>, TooLong> {
    let spans: Vec<_> = record.spans().into_iter().map(InSpan).collect();
    if spans.is_empty() { Ok(None) } else { object(&spans, room).map(Some) }
}

struct Fields<'a>(&'a Record<'a>);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.0.fields().map(|(name, value)| (name, Typed(*value)));
        serializer.collect_map(fields)
    }
}

/// Named values as an object.
struct Pairs<'a>(&'a [(&'a str, Value<'a>)]);

impl Serialize for Pairs<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, Typed(*value))))
    }
}

/// A span as an object; `null` if nothing is known of it.
struct InSpan<'a>(Scope<'a>);

impl Serialize for InSpan<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.site().is_none() {
            return serializer.serialize_unit();
        }
        let fields: Vec<_> = self.0.fields().collect();
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("name", self.0.name())?;
        map.serialize_entry("fields", &Pairs(&fields))?;
        map.end()
    }
}

/// A value with its type.
struct Typed<'a>(Value<'a>);

impl Serialize for Typed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(value),
            Value::Char(value) => serializer.serialize_char(value),
            Value::U8(value) => serializer.serialize_u8(value),
            Value::U16(value) => serializer.serialize_u16(value),
            Value::U32(value) => serializer.serialize_u32(value),
            Value::U64(value) => serializer.serialize_u64(value),
            Value::U128(value) => serializer.serialize_u128(value),
            Value::I8(value) => serializer.serialize_i8(value),
            Value::I16(value) => serializer.serialize_i16(value),
            Value::I32(value) => serializer.serialize_i32(value),
            Value::I64(value) => serializer.serialize_i64(value),
            Value::I128(value) => serializer.serialize_i128(value),
            Value::F32(value) if value.is_finite() => serializer.serialize_f32(value),
            Value::F64(value) if value.is_finite() => serializer.serialize_f64(value),
            Value::F32(value) => serializer.collect_str(&value),
            Value::F64(value) => serializer.collect_str(&value),
            Value::Str(Str { text, cut: false }) | Value::Text(Str { text, cut: false }) => {
                serializer.serialize_str(text)
            }
            Value::Str(Str { text, cut: true }) | Value::Text(Str { text, cut: true }) => {
                serializer.collect_str(&format_args!("{text}…"))
            }
            Value::Seq(items) | Value::Set(items) => {
                serializer.collect_seq(items.iter().map(Typed))
            }
            Value::Tuple(items) => serializer.collect_seq(items.iter().map(Typed)),
            Value::Map(map) => serialize_map(&map, serializer),
            Value::Unit | Value::Option(None) | Value::Postcard(None) => {
                serializer.serialize_unit()
            }
            Value::Option(Some(inner)) | Value::Postcard(Some(inner)) => {
                Typed(inner.get()).serialize(serializer)
            }
            Value::Result(Ok(inner)) => serializer.collect_map([("Ok", Typed(inner.get()))]),
            Value::Result(Err(inner)) => serializer.collect_map([("Err", Typed(inner.get()))]),
            Value::Struct(value) if value.is_enum() && value.is_empty() => {
                serializer.serialize_str(value.name())
            }
            Value::Struct(value) if value.is_enum() => {
                serializer.collect_map([(value.name(), Members(value))])
            }
            Value::Struct(value) => Members(value).serialize(serializer),
            Value::Duration(value) => serializer.serialize_u128(value.as_nanos()),
            Value::SystemTime(value) => {
                let ns = i128::from(value.seconds) * 1_000_000_000 + i128::from(value.nanoseconds);
                serializer.serialize_i128(ns)
            }
            Value::Ip(value) => serializer.collect_str(&value),
            Value::Socket(value) => serializer.collect_str(&value),
            Value::OsStr(value) => {
                let (text, end) =
                    (String::from_utf8_lossy(value.bytes), if value.cut { "…" } else { "" });
                serializer.collect_str(&format_args!("{text}{end}"))
            }
            // A value that is kept secret, and whatever a later version of the format adds: as text.
            other => {
                let mut text = String::new();
                let room = Room::most(&text);
                render::field(&mut text, &other, room).map_err(S::Error::custom)?;
                serializer.serialize_str(&text)
            }
        }
    }
}

/// An object if the keys are what names are made of, otherwise an array of pairs.
fn serialize_map<S: Serializer>(map: &Map<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match map.key() {
        Type::Str | Type::Text => {
            serializer.collect_map(map.iter().map(|(key, value)| match key {
                Value::Str(key) | Value::Text(key) => (key.text, Typed(value)),
                // Not met: all keys are of one type.
                _ => ("", Typed(value)),
            }))
        }
        _ => serializer.collect_seq(map.iter().map(|(key, value)| (Typed(key), Typed(value)))),
    }
}

/// What a struct holds, or a variant of an enum.
struct Members<'a>(Struct<'a>);

impl Serialize for Members<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = self.0.iter().map(|(name, value)| (name, Typed(value)));
        match self.0.len() {
            0 => serializer.serialize_unit(),
            _ if self.0.has_names() => serializer.collect_map(members),
            1 => match members.next() {
                Some((_, member)) => member.serialize(serializer),
                None => serializer.serialize_unit(),
            },
            _ => serializer.collect_seq(members.map(|(_, member)| member)),
        }
    }
}
