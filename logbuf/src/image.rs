//! What is left of a ring whose owner has died.

use std::fmt;
use std::mem::offset_of;

use crate::control::{Control, Head, LAYOUT, MAGIC, Preamble};
use crate::flavour::Reserve;
use crate::queue::mpsc::Mpsc;
use crate::queue::spsc::Spsc;
use crate::storage::Storage;
use crate::word::{GRANULE, Kind, Word, span};

/// The bytes of a ring that was in a [file](Storage::file), read by whoever comes after its owner.
///
/// The bytes have to be read when the owner is gone, or while neither end of the ring moves. Read in the middle of things,
/// they are of different times, which cannot be seen in them: records may be missing or be mixed with later ones.
///
/// It holds the records that were committed and not released: those before are the business of whoever read them. Nothing
/// in the bytes is trusted; whatever they are, this neither panics nor reads outside of them, and says where they stop
/// making sense.
///
/// # Examples
///
/// See [`Storage::file`].
#[derive(Clone, Copy)]
pub struct Image<'a> {
    metadata: &'a [u8],
    label: u64,
    buffer: &'a [u8],
    /// Up to here everything was released, or was about to be.
    start: u64,
    /// Where to stop at the latest: the tail of an MPSC ring, a lap behind the head in an SPSC ring.
    end: u64,
    shared: bool,
}

/// Something found in an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A record that was committed.
    Record {
        /// Where it starts, in bytes since the ring was made.
        position: u64,
        /// Its payload.
        payload: &'a [u8],
    },
    /// Room that was reserved and neither committed nor given up when the owner died. In MPSC rings only.
    Open {
        /// Where it starts, in bytes since the ring was made.
        position: u64,
        /// Its size in the ring.
        bytes: u64,
    },
}

/// Why bytes are not the image of a ring, or stop being one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ImageError {
    /// The image ends too early.
    TooShort {
        /// Its length in bytes.
        len: usize,
        /// The length it should have at least, in bytes.
        expected: usize,
    },
    /// It does not start as a ring does.
    NotARing {
        /// The first 8 bytes.
        found: [u8; 8],
    },
    /// The layout is not one that this version reads.
    UnknownLayout {
        /// Layout of the image.
        found: u32,
        /// Layout that this version reads.
        supported: u32,
    },
    /// The ring is of no known flavour: it was never used, or the control block is damaged.
    UnknownFlavour {
        /// The flavour.
        found: u32,
    },
    /// A number in the control block cannot be.
    BadControl {
        /// Which one.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// A record's header cannot be. What was before it is fine; what is behind it cannot be found.
    BadHeader {
        /// Position of the header, in bytes since the ring was made.
        position: u64,
        /// The header.
        word: u32,
    },
}

impl<'a> Image<'a> {
    /// Checks the control block in `bytes`.
    ///
    /// # Errors
    ///
    /// See [`ImageError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Image<'a>, ImageError> {
        const PREAMBLE: usize = offset_of!(Control, preamble);
        let expected = size_of::<Control>();
        if bytes.len() < expected {
            return Err(ImageError::TooShort { len: bytes.len(), expected });
        }
        let magic = take(bytes, PREAMBLE + offset_of!(Preamble, magic));
        if magic != MAGIC {
            return Err(ImageError::NotARing { found: magic });
        }
        let layout = u32::from_ne_bytes(take(bytes, PREAMBLE + offset_of!(Preamble, layout)));
        if layout != LAYOUT {
            return Err(ImageError::UnknownLayout { found: layout, supported: LAYOUT });
        }
        let flavour = u32::from_ne_bytes(take(bytes, PREAMBLE + offset_of!(Preamble, flavour)));
        let shared = match flavour {
            Spsc::ID => false,
            Mpsc::ID => true,
            found => return Err(ImageError::UnknownFlavour { found }),
        };

        let number = |offset| u64::from_ne_bytes(take(bytes, offset));
        let field = |name, offset, fits: &dyn Fn(u64) -> bool| match number(offset) {
            value if fits(value) => Ok(value),
            value => Err(ImageError::BadControl { field: name, value }),
        };
        let capacities = Storage::MIN_CAPACITY as u64..=Storage::MAX_CAPACITY as u64;
        let capacity = field("capacity", PREAMBLE + offset_of!(Preamble, capacity), &|value| {
            value.is_power_of_two() && capacities.contains(&value)
        })?;
        let buffer_offset =
            field("buffer offset", PREAMBLE + offset_of!(Preamble, buffer_offset), &|value| {
                (expected as u64..=1 << 20).contains(&value)
            })? as usize;
        let metadata_len =
            field("metadata length", PREAMBLE + offset_of!(Preamble, metadata_len), &|value| {
                value <= (buffer_offset - expected) as u64
            })? as usize;
        let is_position = |value: u64| value.is_multiple_of(GRANULE as u64) && value < u64::MAX / 2;
        let head_offset = offset_of!(Control, head);
        let head = field("head", head_offset + offset_of!(Head, released), &is_position)?;
        let lap_later = head + capacity;
        let (start, end) = if shared {
            let end = field("tail", offset_of!(Control, tail), &|value| {
                is_position(value) && (head..=lap_later).contains(&value)
            })?;
            let zeroing = field("zeroing", head_offset + offset_of!(Head, zeroing), &|value| {
                is_position(value) && value <= end
            })?;
            (head.max(zeroing), end)
        } else {
            (head, lap_later)
        };
        let buffer_end = buffer_offset + capacity as usize;
        let buffer = bytes
            .get(buffer_offset..buffer_end)
            .ok_or(ImageError::TooShort { len: bytes.len(), expected: buffer_end })?;
        // Not behind the buffer, which is there.
        let metadata = &bytes[expected..expected + metadata_len];
        let label = number(PREAMBLE + offset_of!(Preamble, label));
        Ok(Image { metadata, label, buffer, start, end, shared })
    }

    /// What the owner gave to [`Storage::file`].
    pub fn metadata(&self) -> &'a [u8] {
        self.metadata
    }

    /// The owner's word: see [`Consumer::set_label`](crate::Consumer::set_label).
    pub fn label(&self) -> u64 {
        self.label
    }

    /// Whether the ring is one for several producers.
    pub fn is_shared(&self) -> bool {
        self.shared
    }

    /// Size of the ring in bytes.
    pub fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Position up to which room was released, in bytes since the ring was made.
    pub fn head_position(&self) -> u64 {
        self.start
    }

    /// Iterates over what was committed and not released, in order. Ends after the first error.
    pub fn entries(&self) -> Entries<'a> {
        Entries { image: *self, position: self.start, failed: false }
    }

    /// The header at `position`.
    fn word(&self, position: u64) -> Word {
        Word(u32::from_ne_bytes(take(self.buffer, self.offset(position))))
    }

    fn offset(&self, position: u64) -> usize {
        position as usize & (self.buffer.len() - 1)
    }

    /// Whether `bytes` bytes from `position` lie in one lap and before the end.
    fn holds(&self, position: u64, bytes: usize) -> bool {
        let left = (self.buffer.len() - self.offset(position)) as u64;
        bytes as u64 <= left.min(self.end - position)
    }

    /// Where the next header that was written stands, behind room from `from` on, an empty header, that was reserved and
    /// not even marked. The consumer left zeros there, and whoever reserved it wrote nothing, so that it is the next word
    /// that is not zero.
    fn behind_unmarked(&self, from: u64) -> u64 {
        (from + GRANULE as u64..self.end)
            .step_by(GRANULE)
            .find(|&position| self.word(position) != Word::EMPTY)
            .unwrap_or(self.end)
    }
}

impl fmt::Debug for Image<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("capacity", &self.capacity())
            .field("head", &self.start)
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// What is in an image, in order. Made by [`Image::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    image: Image<'a>,
    position: u64,
    failed: bool,
}

impl Entries<'_> {
    /// Position behind what was handed out, in bytes since the ring was made.
    pub fn position(&self) -> u64 {
        self.position
    }

    fn fail<T>(&mut self, word: Word) -> Option<Result<T, ImageError>> {
        self.failed = true;
        Some(Err(ImageError::BadHeader { position: self.position, word: word.0 }))
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, ImageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let image = self.image;
        while !self.failed && self.position < image.end {
            let position = self.position;
            let word = image.word(position);
            match word.kind() {
                Kind::Record(len) if image.holds(position, span(len)) => {
                    self.position += span(len) as u64;
                    let start = image.offset(position) + size_of::<Word>();
                    return Some(Ok(Entry::Record {
                        position,
                        payload: &image.buffer[start..start + len],
                    }));
                }
                Kind::Skip(bytes)
                    if bytes != 0
                        && bytes.is_multiple_of(GRANULE)
                        && image.holds(position, bytes) =>
                {
                    self.position += bytes as u64;
                }
                Kind::Pending if !image.shared && word == Word::EMPTY => return None,
                Kind::Pending if image.shared => {
                    let next = match word.claimed_len() {
                        Some(len) if image.holds(position, span(len)) => {
                            position + span(len) as u64
                        }
                        None if word == Word::EMPTY => image.behind_unmarked(position),
                        _ => return self.fail(word),
                    };
                    self.position = next;
                    return Some(Ok(Entry::Open { position, bytes: next - position }));
                }
                _ => return self.fail(word),
            }
        }
        None
    }
}

impl std::iter::FusedIterator for Entries<'_> {}

/// The `N` bytes at `offset`, which the caller has seen to be there.
fn take<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[offset + index])
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImageError::TooShort { len, expected } => {
                write!(
                    f,
                    "a ring's image of {len} bytes is shorter than the {expected} bytes expected"
                )
            }
            ImageError::NotARing { found } => write!(f, "not a ring: it starts with {found:02x?}"),
            ImageError::UnknownLayout { found, supported } => {
                write!(f, "a ring of layout {found}; this version reads layout {supported}")
            }
            ImageError::UnknownFlavour { found } => write!(f, "a ring of unknown flavour {found}"),
            ImageError::BadControl { field, value } => write!(f, "a ring whose {field} is {value}"),
            ImageError::BadHeader { position, word } => {
                write!(f, "a ring with the header {word:#010x} at position {position}")
            }
        }
    }
}

impl std::error::Error for ImageError {}
