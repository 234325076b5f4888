//! Values of other facades on their way into a record.

use core::fmt;

use crate::encoder::Encoder;

/// Bit 31 of the length of a text: it is not whole.
const CUT: u32 = 1 << 31;

/// Name of the field that says that others are missing.
pub(crate) const TRUNCATED: &str = "truncated";

/// Writes values one behind the other, as far as a record may be long. What has no room is left out, and a string that has room
/// in part is cut.
#[derive(Debug)]
pub(crate) struct Typed<'o, 'r> {
    out: &'o mut Encoder<'r>,
    #[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "for `len`"))]
    start: usize,
    /// Where the values end at the latest. Behind it is room for the mark that some are missing.
    end: usize,
    is_truncated: bool,
}

impl<'o, 'r> Typed<'o, 'r> {
    /// Room for values of `most` bytes.
    #[inline]
    pub(crate) fn new(out: &'o mut Encoder<'r>, most: usize) -> Self {
        let start = out.wanted();
        Self { out, start, end: start + most.saturating_sub(1), is_truncated: false }
    }

    /// Bytes of all values so far.
    #[inline]
    #[cfg_attr(not(feature = "tracing"), allow(dead_code, reason = "spans alone ask"))]
    pub(crate) fn len(&self) -> usize {
        self.out.wanted() - self.start
    }

    /// Writes a number. Says whether there was room.
    #[inline]
    pub(crate) fn put<const N: usize>(&mut self, bytes: [u8; N]) -> bool {
        let fits = self.fits(N);
        if fits {
            self.out.put(&bytes);
        }
        fits
    }

    /// Writes a string. Says whether there was room for a part of it.
    #[inline]
    pub(crate) fn put_str(&mut self, text: &str) -> bool {
        if !self.fits(4) {
            return false;
        }
        let room = self.end - self.out.wanted() - 4;
        let kept = if text.len() <= room { text } else { &text[..text.floor_char_boundary(room)] };
        let cut = if kept.len() < text.len() { CUT } else { 0 };
        self.out.put(&(kept.len() as u32 | cut).to_le_bytes());
        self.out.put(kept.as_bytes());
        true
    }

    /// Writes what `text` formats to. Says whether there was room for a part of it.
    pub(crate) fn put_text(&mut self, text: fmt::Arguments<'_>) -> bool {
        if let Some(text) = text.as_str() {
            return self.put_str(text);
        }
        let fits = self.fits(4);
        if fits {
            self.out.put_formatted_up_to(self.end, text);
        }
        fits
    }

    /// Whether a value is missing.
    #[inline]
    pub(crate) fn is_truncated(&self) -> bool {
        self.is_truncated
    }

    /// Notes that a value is missing.
    pub(crate) fn leave_out(&mut self) {
        self.is_truncated = true;
    }

    /// Writes the mark if a value is missing, and says so.
    #[inline]
    pub(crate) fn finish(self) -> bool {
        if self.is_truncated {
            self.out.put(&[1]);
        }
        self.is_truncated
    }

    #[inline]
    fn fits(&mut self, len: usize) -> bool {
        let fits = self.out.wanted() + len <= self.end;
        self.is_truncated |= !fits;
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_is_left_out_and_marked() {
        let mut room = [0; 32];
        let mut out = Encoder::new(&mut room);
        out.put(&[9]);
        let mut typed = Typed::new(&mut out, 16);
        assert!(typed.put([1; 8]));
        assert!(typed.put_str("aäö"), "a part of it");
        assert_eq!(typed.len(), 15);
        assert!(!typed.put([1; 1]));
        assert!(!typed.put_text(format_args!("{}", 1)));
        assert!(typed.finish());
        assert_eq!(out.wanted(), 17);
        assert_eq!(&room[9..17], b"\x03\0\0\x80a\xc3\xa4\x01");
    }

    #[test]
    fn text_is_cut_at_the_end_whatever_room_there_is() {
        for len in [4, 64] {
            let mut room = vec![0; len];
            let mut out = Encoder::new(&mut room);
            let mut typed = Typed::new(&mut out, 11);
            assert!(typed.put_text(format_args!("{}{}", "12345", "67890")));
            assert!(!typed.finish());
            assert_eq!(out.wanted(), 10);
        }
    }
}
