//! The fields of an event or a span, as the bytes of a record.

use std::error::Error;
use std::fmt::{self, Write};

use logbuf_format::types::Type;
use tracing_core::field::{Field, Visit};

use crate::dynamic::{DynamicSite, Named, Shape};

/// Bit 31 of the length of a text: it is not whole.
const CUT: u32 = 1 << 31;

/// Name of the field that says that others are missing.
const TRUNCATED: &str = "truncated";

/// Name of the field that becomes the message of an event.
const MESSAGE: &str = "message";

/// Values, one behind the other, and what they are called. They are put together here and not in the ring, because the code of
/// the user's that formats them may log itself.
pub(super) struct Fields {
    bytes: Vec<u8>,
    values: Vec<Named>,
    has_message: bool,
    is_truncated: bool,
    limit: usize,
}

impl Fields {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(128),
            values: Vec::with_capacity(8),
            has_message: false,
            is_truncated: false,
            limit,
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The site of a record with these values. `None` if the call had values of too many combinations of types.
    pub(super) fn site(&mut self, site: &'static DynamicSite) -> Option<Shape> {
        if self.is_truncated && self.values.last().is_none_or(|value| value.name != TRUNCATED) {
            self.bytes.push(1);
            self.values.push(Named { name: TRUNCATED, ty: Type::Bool });
        }
        site.shape(&self.values, self.has_message)
    }

    fn put(&mut self, field: &Field, ty: Type, bytes: &[u8]) {
        if self.bytes.len() + bytes.len() > self.limit {
            self.is_truncated = true;
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.values.push(Named { name: field.name(), ty });
    }

    /// A text that `write` writes, cut where the room ends.
    fn put_text(&mut self, field: &Field, ty: Type, text: fmt::Arguments<'_>) {
        let start = self.bytes.len();
        if start + 4 > self.limit {
            self.is_truncated = true;
            return;
        }
        self.bytes.extend_from_slice(&[0; 4]);
        let mut out = Text { bytes: &mut self.bytes, limit: self.limit, is_cut: false };
        // An implementation that gives up leaves what it wrote before.
        let failed = out.write_fmt(text).is_err();
        let is_cut = out.is_cut || failed;
        let len = (self.bytes.len() - start - 4) as u32 | if is_cut { CUT } else { 0 };
        self.bytes[start..start + 4].copy_from_slice(&len.to_le_bytes());
        let named = Named { name: field.name(), ty };
        if field.name() == MESSAGE && !self.has_message {
            // The message is the first value, wherever the call gave it.
            self.bytes.rotate_right_from(start);
            self.values.insert(0, named);
            self.has_message = true;
        } else {
            self.values.push(named);
        }
    }
}

/// Moves the end of a vector to its front.
trait RotateFrom {
    fn rotate_right_from(&mut self, start: usize);
}

impl RotateFrom for Vec<u8> {
    fn rotate_right_from(&mut self, start: usize) {
        let tail = self.len() - start;
        self.rotate_right(tail);
    }
}

/// Takes text up to a limit.
struct Text<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
    is_cut: bool,
}

impl Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if !self.is_cut {
            let room = self.limit.saturating_sub(self.bytes.len());
            let kept = &text[..text.floor_char_boundary(room)];
            self.bytes.extend_from_slice(kept.as_bytes());
            self.is_cut = kept.len() < text.len();
        }
        Ok(())
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, Type::F64, &value.to_le_bytes());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, Type::I64, &value.to_le_bytes());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, Type::U64, &value.to_le_bytes());
    }
    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, Type::I128, &value.to_le_bytes());
    }
    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, Type::U128, &value.to_le_bytes());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, Type::Bool, &[value.into()]);
    }
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, Type::Str, format_args!("{value}"));
    }
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.put_text(field, Type::Text, format_args!("{value}"));
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, Type::Text, format_args!("{value:?}"));
    }
}
