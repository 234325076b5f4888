//! How long the text of a record may become.

use super::TooLong;
use crate::limits;

/// What each record of a block may become as text, beside what its own bytes allow.
///
/// A record of a few bytes can ask for megabytes: a width is two bytes of a template, a name is written once and printed with each
/// value, and a block of two hundred bytes expands to a quarter of a million records. So a block has room for so much text
/// ([`limits::BLOCK_TEXT`]), its records have equal shares of it, and each has more in proportion to what it holds
/// ([`limits::TEXT_PER_BYTE`]). What that allows does not depend on which records are looked at, or in which order.
///
/// # Examples
///
/// ```
/// use logbuf_format::render::Share;
///
/// // As many records of 16 bytes as a block may hold, the fewest that a writer puts in a full one, and one alone.
/// assert_eq!(Share::of(262_144).bytes(16), 1024 + 256);
/// assert_eq!(Share::of(4_096).bytes(16), 65_536 + 256);
/// assert_eq!(Share::of(1).bytes(16), logbuf_format::limits::TEXT);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share(usize);

impl Share {
    /// That of one of so many records.
    pub fn of(records: usize) -> Self {
        Self(limits::BLOCK_TEXT / records.max(1))
    }

    /// Text that a record of so many bytes may become, in bytes.
    #[inline]
    pub fn bytes(self, record: usize) -> usize {
        (self.0 + limits::TEXT_PER_BYTE * record).min(limits::TEXT)
    }
}

impl Default for Share {
    /// That of a record alone.
    fn default() -> Self {
        Self::of(1)
    }
}

/// Where the text of a record has to end in the string that it is appended to. A value that begins before may end behind it; what it is
/// padded with may not.
///
/// # Examples
///
/// ```
/// use logbuf_format::{render::{self, Room, TooLong}, value::{Str, Value}};
///
/// let mut line = String::from("symbol=");
/// let room = Room::behind(&line, 5);
/// assert_eq!(render::field(&mut line, &Value::Str(Str::new("BTC-USD")), room), Ok(()));
/// assert_eq!(line, "symbol=\"BTC-USD\"");
/// assert_eq!(render::field(&mut line, &Value::U8(3), room), Err(TooLong { limit: 5 }));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The length that the string may have.
    end: usize,
    /// How much that was from the start.
    limit: usize,
}

impl Room {
    /// So many bytes behind what is in `out`.
    pub fn behind(out: &str, bytes: usize) -> Self {
        Self { end: out.len().saturating_add(bytes), limit: bytes }
    }

    /// As much as any record may have, behind what is in `out`.
    pub fn most(out: &str) -> Self {
        Self::behind(out, limits::TEXT)
    }

    /// What is left of it behind `out`, in another string.
    #[must_use]
    pub fn rest(self, out: &str, other: &str) -> Self {
        Self { end: other.len().saturating_add(self.left(out)), ..self }
    }

    /// Bytes that may still be appended to `out`.
    #[inline]
    pub fn left(self, out: &str) -> usize {
        self.end.saturating_sub(out.len())
    }

    /// Whether `out` is not longer than it may be once `more` bytes are appended.
    ///
    /// # Errors
    ///
    /// [`TooLong`] if it is.
    #[inline]
    pub fn check(self, out: &str, more: usize) -> Result<(), TooLong> {
        if out.len() + more > self.end { Err(self.too_long()) } else { Ok(()) }
    }

    /// The error of a text that is longer.
    pub fn too_long(self) -> TooLong {
        TooLong { limit: self.limit }
    }
}
