//! The fields of an event or a span on their way into a record.

use std::error::Error;
use std::fmt;

use tracing_core::field::{Field, FieldSet, Visit};
use tracing_core::{Event, Metadata};

use super::sites::CallSite;
use crate::dynamic::{Named, Scalar};
use crate::encoder::Encoder;
use crate::signature::Signature;
use crate::site::SiteId;
use crate::thread;
use crate::typed::{TRUNCATED, Typed};

/// Values of one record at most; what is beyond is left out, and the record says so.
const MOST: usize = 64;

/// Stands in [`Entry::index`] for the mark that values are missing.
const MARK: u8 = u8::MAX;

/// A value that was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Which field of the call site it is.
    pub(super) index: u8,
    pub(super) scalar: Scalar,
    /// Where it ends, from the start of the values on.
    pub(super) end: u16,
}

impl Entry {
    /// The mark that values are missing, as it stands behind them.
    pub(super) fn mark(end: u16) -> Self {
        Self { index: MARK, scalar: Scalar::Bool, end }
    }

    pub(super) fn is_mark(&self) -> bool {
        self.index == MARK
    }
}

/// What values were written, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outline {
    entries: [Entry; MOST + 1],
    count: usize,
    /// Tells this list from others of the same call site.
    signature: Signature,
}

impl Outline {
    #[inline]
    pub(super) fn new() -> Self {
        const NONE: Entry = Entry { index: MARK, scalar: Scalar::Bool, end: 0 };
        Self { entries: [NONE; MOST + 1], count: 0, signature: BASIS }
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries[..self.count]
    }

    #[inline]
    fn push(&mut self, entry: Entry) {
        if let Some(place) = self.entries.get_mut(self.count) {
            *place = entry;
            self.count += 1;
            self.signature = mix(self.signature, entry);
        }
    }

    /// What the site is told, whose message is this field.
    #[cold]
    fn describe(&self, fields: &FieldSet, message: u8) -> Vec<Named> {
        let mut values = describe(self.entries(), fields);
        let is_message = |entry: &Entry| entry.index == message && entry.scalar != Scalar::Sources;
        if let Some(at) = self.entries().iter().position(is_message)
            && message != MARK
        {
            values[at] = Named::message(values[at].scalar);
        }
        values
    }
}

/// Where signatures begin.
const BASIS: Signature = 0xCBF2_9CE4_8422_2325;

/// FNV-1a, by 16 bits instead of 8. A value is told from others by its place among the fields and by its type.
#[inline]
fn mix(signature: Signature, entry: Entry) -> Signature {
    const PRIME: u64 = 0x0100_0000_01B3;
    (signature ^ (u64::from(entry.index) << 8 | entry.scalar as u64)).wrapping_mul(PRIME)
}

/// The signature of these values, which `salt` tells from the same ones in another place.
pub(super) fn signature_of(entries: &[Entry], salt: u64) -> Signature {
    entries.iter().fold(BASIS ^ salt, |signature, entry| mix(signature, *entry))
}

/// The values, with the names that the call site gives them.
pub(super) fn describe(entries: &[Entry], fields: &FieldSet) -> Vec<Named> {
    let described = entries.iter().map(|entry| {
        let field = fields.iter().nth(entry.index.into());
        // As `tracing-subscriber` shows the names of fields that are keywords.
        let name = field.as_ref().map_or(TRUNCATED, |field| field.name());
        let name = name.strip_prefix("r#").unwrap_or(name);
        match entry.scalar {
            Scalar::Sources => Named::field(&format!("{name}.sources"), Scalar::Sources),
            scalar => Named::field(name, scalar),
        }
    });
    described.collect()
}

/// Writes what it is shown, and lists it.
pub(super) struct Fields<'f, 'o, 'r> {
    typed: Typed<'o, 'r>,
    outline: &'f mut Outline,
}

impl<'f, 'o, 'r> Fields<'f, 'o, 'r> {
    #[inline]
    pub(super) fn new(out: &'o mut Encoder<'r>, most: usize, outline: &'f mut Outline) -> Self {
        Self { typed: Typed::new(out, most), outline }
    }

    /// Writes a value by `put`, if there is room for it in the record and in the list.
    #[inline(always)]
    fn put(&mut self, field: &Field, scalar: Scalar, put: impl FnOnce(&mut Typed<'o, 'r>) -> bool) {
        let index = field.index();
        if self.outline.count >= MOST || index >= MARK.into() {
            self.typed.leave_out();
        } else if put(&mut self.typed) {
            let end = self.typed.len() as u16;
            self.outline.push(Entry { index: index as u8, scalar, end });
        }
    }

    /// Writes and lists the mark if a value is missing.
    #[inline]
    pub(super) fn finish(self) {
        let end = self.typed.len() as u16 + 1;
        if self.typed.finish() {
            self.outline.push(Entry::mark(end));
        }
    }
}

impl Visit for Fields<'_, '_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Scalar::F64, |typed| typed.put(value.to_le_bytes()));
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Scalar::I64, |typed| typed.put(value.to_le_bytes()));
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Scalar::U64, |typed| typed.put(value.to_le_bytes()));
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Scalar::I128, |typed| typed.put(value.to_le_bytes()));
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Scalar::U128, |typed| typed.put(value.to_le_bytes()));
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Scalar::Bool, |typed| typed.put([value.into()]));
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, Scalar::Str, |typed| typed.put_str(value));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put(field, Scalar::Text, |typed| typed.put_text(format_args!("{value}")));
        if let Some(source) = value.source() {
            self.put(field, Scalar::Sources, |typed| {
                typed.put_text(format_args!("{}", Sources(source)))
            });
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put(field, Scalar::Text, |typed| typed.put_text(format_args!("{value:?}")));
    }
}

/// An error and those behind it, as a list.
struct Sources<'a>(&'a (dyn Error + 'static));

impl fmt::Display for Sources<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut list = f.debug_list();
        let mut next = Some(self.0);
        while let Some(error) = next {
            list.entry(&format_args!("{error}"));
            next = error.source();
        }
        list.finish()
    }
}

/// Writes the fields of an event, of `most` bytes at most, and says what site the record is of.
pub(super) fn put_event(
    site: &CallSite,
    event: &Event<'_>,
    out: &mut Encoder<'_>,
    most: usize,
) -> SiteId {
    let start = out.wanted();
    let mut outline = Outline::new();
    let mut fields = Fields::new(out, most, &mut outline);
    event.record(&mut fields);
    fields.finish();
    let message = site.message.and_then(|at| u8::try_from(at).ok()).unwrap_or(MARK);
    let describe = || outline.describe(event.metadata().fields(), message);
    site.site.shape(outline.signature, describe).unwrap_or_else(|| {
        // What is logged by what is formatted was logged the first time.
        thread::repeat(|| put_rest(event, start, out, most));
        site.site.rest()
    })
}

/// Writes the message of an event, and all other fields as one text.
#[cold]
fn put_rest(event: &Event<'_>, start: usize, out: &mut Encoder<'_>, most: usize) {
    out.cut_back(start);
    let mut typed = Typed::new(out, most);
    let shown = |is_message| Shown { event, is_message };
    // There is room for both, or for their lengths.
    let _is_put = typed.put_text(format_args!("{}", shown(true)));
    if !typed.put_text(format_args!("{}", shown(false))) {
        out.cut_back(start);
        out.put(&[0; 8]);
    }
}

/// The message of an event, or its other fields, as text.
struct Shown<'a> {
    event: &'a Event<'a>,
    is_message: bool,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut pairs = Pairs {
            metadata: self.event.metadata(),
            is_message: self.is_message,
            is_first: true,
            text: f,
            result: Ok(()),
        };
        self.event.record(&mut pairs);
        pairs.result
    }
}

struct Pairs<'a, 'f> {
    metadata: &'static Metadata<'static>,
    is_message: bool,
    is_first: bool,
    text: &'a mut fmt::Formatter<'f>,
    result: fmt::Result,
}

impl Visit for Pairs<'_, '_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        match self.is_message {
            true => self.record_debug(field, &format_args!("{value}")),
            false => self.record_debug(field, &value),
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let is_message = super::sites::message_of(self.metadata) == Some(field.index());
        if is_message != self.is_message || self.result.is_err() {
            return;
        }
        let gap = if std::mem::replace(&mut self.is_first, false) { "" } else { " " };
        self.result = match is_message {
            true => write!(self.text, "{value:?}"),
            false => write!(self.text, "{gap}{}={value:?}", field.name()),
        };
    }
}
