//! The cursor through which values reach a claim.

use core::fmt;

/// Bit 31 of the length of a text: it is not whole.
const CUT: u32 = 1 << 31;

/// Writes values one behind the other into a claimed record.
///
/// Writing past the end of the claim writes nothing and is counted, so that one pass over the values tells the size
/// they need, and a value whose length changed between measuring and writing can harm its own record alone.
#[derive(Debug)]
pub struct Encoder<'a> {
    room: &'a mut [u8],
    /// Bytes asked for so far, whether or not they fitted.
    wanted: usize,
}

impl<'a> Encoder<'a> {
    /// An encoder over `room`; what does not fit is counted, not written.
    #[inline(always)]
    pub(crate) fn new(room: &'a mut [u8]) -> Self {
        Self { room, wanted: 0 }
    }

    /// Bytes that all values written so far need, which may be more than there is room for.
    #[inline(always)]
    pub(crate) fn wanted(&self) -> usize {
        self.wanted
    }

    /// Appends `bytes` as they are.
    #[inline(always)]
    pub fn put(&mut self, bytes: &[u8]) {
        if let Some(place) = self.room.get_mut(self.wanted..self.wanted.wrapping_add(bytes.len())) {
            place.copy_from_slice(bytes);
        }
        self.wanted = self.wanted.saturating_add(bytes.len());
    }

    /// Appends the length of `bytes` as a `u32`, then the bytes.
    #[inline(always)]
    pub fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_count(bytes.len());
        self.put(bytes);
    }

    /// Appends a number of bytes or items.
    #[inline(always)]
    pub fn put_count(&mut self, count: usize) {
        // More than these fit no record, but for items without bytes: then the count is one that no reader believes (FORMAT.md).
        self.put(&u32::try_from(count).unwrap_or(u32::MAX).to_le_bytes());
    }

    /// Appends what `arguments` format to, preceded by its length in bytes as a `u32`.
    pub fn put_formatted(&mut self, arguments: fmt::Arguments<'_>) {
        self.put_formatted_up_to(usize::MAX, arguments);
    }

    /// The same, but cuts the text where it would go beyond `end` bytes of all values: what is behind that is not even counted.
    pub(crate) fn put_formatted_up_to(&mut self, end: usize, arguments: fmt::Arguments<'_>) {
        let at = self.wanted;
        self.put(&[0; 4]);
        let mut text = Text { encoder: self, end, kept: 0, cut: false, over: false };
        // An error can only come from a `Debug` or `Display` implementation that gives up; what it wrote before is kept.
        let failed = fmt::write(&mut text, arguments).is_err();
        let len = text.kept as u32 | if failed || text.cut { CUT } else { 0 };
        self.replace(at, &len.to_le_bytes());
    }

    /// Puts `bytes` in the place of those that were put at `at`.
    #[inline]
    pub(crate) fn replace(&mut self, at: usize, bytes: &[u8]) {
        if let Some(place) = self.room.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Takes back what was put behind the first `len` bytes.
    #[cfg(any(feature = "log", feature = "tracing"))]
    pub(crate) fn cut_back(&mut self, len: usize) {
        self.wanted = self.wanted.min(len);
    }

    /// Appends what `write` writes, preceded by its length in bytes as a `u32`; if it fails, nothing but a mark.
    #[cfg(feature = "serde")]
    pub(crate) fn put_whole(&mut self, write: impl FnOnce(&mut Self) -> bool) {
        let at = self.wanted;
        self.put(&[0; 4]);
        let len = if write(self) { (self.wanted - at - 4) as u32 } else { CUT };
        if len == CUT {
            self.wanted = at + 4;
        }
        self.replace(at, &len.to_le_bytes());
    }
}

/// Formats into an encoder. What does not fit is counted, and the text ends at the last character that does.
struct Text<'e, 'a> {
    encoder: &'e mut Encoder<'a>,
    /// Where it ends at the latest, whatever room there is.
    end: usize,
    /// Bytes of text in the room.
    kept: usize,
    cut: bool,
    /// Whether the end was reached.
    over: bool,
}

impl fmt::Write for Text<'_, '_> {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Encoder { room, wanted } = &mut *self.encoder;
        let after = wanted.saturating_add(text.len());
        if !self.cut
            && after <= self.end
            && let Some(place) = room.get_mut(*wanted..after)
        {
            place.copy_from_slice(text.as_bytes());
            self.kept += text.len();
            *wanted = after;
        } else {
            self.write_in_part(text);
        }
        Ok(())
    }
}

impl Text<'_, '_> {
    /// Writes what there is room for, and counts what is before the end.
    #[cold]
    fn write_in_part(&mut self, text: &str) {
        let Encoder { room, wanted } = &mut *self.encoder;
        let within = if self.over { 0 } else { self.end.saturating_sub(*wanted) };
        let counted = &text[..text.floor_char_boundary(within)];
        self.over |= counted.len() < text.len();
        if !self.cut {
            let fits = counted.floor_char_boundary(room.len().saturating_sub(*wanted));
            if let Some(place) = room.get_mut(*wanted..*wanted + fits) {
                place.copy_from_slice(&counted.as_bytes()[..fits]);
                self.kept += fits;
            }
            self.cut = fits < text.len();
        }
        *wanted = wanted.saturating_add(counted.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_counted_and_not_written() {
        let mut room = [0xAA; 6];
        let mut encoder = Encoder::new(&mut room);
        encoder.put(&[1, 2, 3, 4]);
        encoder.put(&[5, 6, 7, 8]);
        assert_eq!(encoder.wanted(), 8);
        assert_eq!(room, [1, 2, 3, 4, 0xAA, 0xAA]);
    }

    #[test]
    fn formatted_text_ends_where_the_room_does_and_is_marked() {
        let mut room = [0xAA; 8];
        let mut encoder = Encoder::new(&mut room);
        encoder.put_formatted(format_args!("{}{}{}", "aä", "öü", "z"));
        assert_eq!(encoder.wanted(), 4 + 8, "all of it is counted");
        assert_eq!(&room, b"\x03\0\0\x80a\xc3\xa4\xAA");
    }

    #[test]
    fn formatted_text_is_not_counted_beyond_its_end() {
        let mut room = [0xAA; 10];
        let mut encoder = Encoder::new(&mut room);
        encoder.put_formatted_up_to(7, format_args!("{}{}{}", "aä", "öü", "z"));
        assert_eq!(encoder.wanted(), 7);
        assert_eq!(&room[..8], b"\x03\0\0\x80a\xc3\xa4\xAA");
        let mut encoder = Encoder::new(&mut []);
        encoder.put_formatted_up_to(9, format_args!("{}{}", "aä", "öü"));
        assert_eq!(encoder.wanted(), 9, "also where there is no room");
    }

    #[test]
    fn formatted_text_is_preceded_by_its_length() {
        let mut room = [0; 7];
        let mut encoder = Encoder::new(&mut room);
        encoder.put_formatted(format_args!("{:>3}", 7));
        assert_eq!(encoder.wanted(), 7);
        assert_eq!(&room, b"\x03\0\0\0  7");
    }

    #[test]
    fn text_of_an_implementation_that_gives_up_is_marked() {
        struct GivesUp;
        impl fmt::Display for GivesUp {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }
        let mut room = [0; 8];
        Encoder::new(&mut room).put_formatted(format_args!("{GivesUp}"));
        assert_eq!(&room, b"\x04\0\0\x80half");
    }
}
