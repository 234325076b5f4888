//! Payloads that are tables: entries one behind the other, either length-prefixed or of one size.

use crate::{Error, Fault, Part, bytes::u32_at, limits};

/// Bytes of the length before an entry.
const PREFIX: usize = 4;

/// Appends one length-prefixed entry, whose bytes `fill` appends.
///
/// # Errors
///
/// [`Fault::Limit`] if the entry is longer than [`limits::ENTRY`]; `out` is then as it was.
pub(crate) fn put(out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) -> Result<(), Error> {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    fill(out);
    let len = out.len() - start - PREFIX;
    if len > limits::ENTRY {
        out.truncate(start);
        return Err(too_long(start, len));
    }
    out[start..start + PREFIX].copy_from_slice(&(len as u32).to_le_bytes());
    Ok(())
}

/// The length-prefixed entries of `payload`, each taken apart by `take`.
///
/// A bad entry is an error in its place and costs no other. A length that cannot be believed ends the table.
pub(crate) fn prefixed<'a, T>(
    payload: &'a [u8],
    take: impl Fn(&'a [u8]) -> Result<T, Error>,
) -> impl Iterator<Item = Result<T, Error>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at == payload.len() {
            return None;
        }
        let start = at + PREFIX;
        match entry(payload, at) {
            Ok(bytes) => {
                at = start + bytes.len();
                Some(take(bytes).map_err(|error| error.after(start as u64)))
            }
            Err(error) => {
                at = payload.len();
                Some(Err(error))
            }
        }
    })
}

/// The entries of `SIZE` bytes of `payload`, each taken apart by `take`. A remainder is an error at the end.
pub(crate) fn fixed<'a, const SIZE: usize, T>(
    payload: &'a [u8],
    part: Part,
    take: impl Fn(&'a [u8; SIZE]) -> Result<T, Error>,
) -> impl Iterator<Item = Result<T, Error>> {
    let (entries, rest) = payload.as_chunks::<SIZE>();
    let cut = (!rest.is_empty()).then(|| {
        let fault = Fault::Incomplete { part, have: rest.len() as u64, need: SIZE as u64 };
        Err(Error::at(payload.len() - rest.len(), fault))
    });
    let located =
        move |(index, entry)| take(entry).map_err(|error| error.after((index * SIZE) as u64));
    entries.iter().enumerate().map(located).chain(cut)
}

/// The bytes of the entry whose length stands at `at`.
fn entry(payload: &[u8], at: usize) -> Result<&[u8], Error> {
    let have = payload.len() - at;
    if have < PREFIX {
        return Err(cut(at, have, PREFIX));
    }
    let len = u32_at(payload, at) as usize;
    if len > limits::ENTRY {
        return Err(too_long(at, len));
    }
    let start = at + PREFIX;
    payload.get(start..start + len).ok_or_else(|| cut(at, have, PREFIX + len))
}

fn cut(at: usize, have: usize, need: usize) -> Error {
    Error::at(at, Fault::Incomplete { part: Part::Entry, have: have as u64, need: need as u64 })
}

fn too_long(at: usize, len: usize) -> Error {
    Error::at(
        at,
        Fault::Limit { part: Part::Entry, found: len as u64, limit: limits::ENTRY as u64 },
    )
}
