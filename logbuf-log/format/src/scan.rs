//! Resynchronisation: finding the next block after damage.

use crate::block::{HEADER_LEN, Header, MAGIC};

/// What a search came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scan {
    /// The next valid header, and where it stands in the window.
    Found {
        /// Its offset in the window.
        offset: usize,
        /// The header.
        header: Header,
    },
    /// There is none in the window.
    Nothing {
        /// The first offset that was not searched for want of bytes: a later window has to start here, or earlier.
        searched: usize,
    },
}

/// Finds the first valid block header in `window` that starts at `from` or after it, at a multiple of 8.
///
/// `window` must start at a multiple of 8 in its segment. `salt` is that of the segment; if it is not known
/// (`None`), a header counts only if its payload is in the window too and not damaged, as the specification asks. If
/// the window ends within such a payload the search ends at its header; where the file ends too, the header is not one,
/// and the search goes on 8 bytes behind it.
///
/// # Examples
///
/// ```
/// use logbuf_format::{block::{self, Codec, Kind, Summary}, scan::{self, Scan}};
///
/// let mut bytes = b"damage -".to_vec();
/// let block = block::open(&mut bytes);
/// let summary = Summary {
///     kind: Kind::CLOCK, codec: Codec::RAW, levels: 0, salt: 7, number: 3, records: 0, first: 0, last: 0,
///     sites: 0,
/// };
/// block.seal(&mut bytes, summary)?;
/// assert!(matches!(scan::next_block(&bytes, 0, Some(7)), Scan::Found { offset: 8, .. }));
/// # Ok::<_, logbuf_format::Error>(())
/// ```
pub fn next_block(window: &[u8], from: usize, salt: Option<u64>) -> Scan {
    let mut offset = from.next_multiple_of(8);
    while let Some(bytes) = window.get(offset..)
        && bytes.len() >= HEADER_LEN
    {
        if bytes.starts_with(&MAGIC)
            && let Ok(header) = Header::take(bytes, salt)
        {
            match salt {
                Some(_) => return Scan::Found { offset, header },
                None => match header.payload(bytes) {
                    Ok(_) => return Scan::Found { offset, header },
                    // Its payload may be whole in a larger window.
                    Err(error) if error.is_incomplete() => {
                        return Scan::Nothing { searched: offset };
                    }
                    Err(_) => {}
                },
            }
        }
        offset += 8;
    }
    Scan::Nothing { searched: offset }
}
