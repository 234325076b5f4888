//! The hot path: from the values of a call to a committed record.

use logbuf::ClaimError;
use logbuf_format::loss::Reason;

use crate::encoder::Encoder;
use crate::full::Patience;
use crate::registry::REGISTRY;
use crate::site::{Registration, Site, SiteId};
use crate::thread::{self, Producing, Refusal};
use crate::timestamp::{Reading, Stamp};
use crate::value::{Value, Values};

/// Bytes of a record in a ring before its values: site and time stamp.
pub(crate) const HEADER: usize = 4 + 8;

/// Bytes in front of the values that are taken with them, for the packer's sake: part of the header.
const LEAD: usize = logbuf_format::packed::LEAD;

/// Bytes in the shared ring between the header and the values, besides scopes: the number of the thread and the length of
/// the scopes.
const SHARED: usize = 4 + 4;

/// What stands for the length of scopes that are not known.
const UNKNOWN: u32 = u32::MAX;

/// How often values that format are measured before the record is given up. Twice is enough for an implementation
/// that writes the same text each time.
const PASSES: usize = 3;

macro_rules! record {
    ($($name:ident($($value:ident: $type:ident),*) = $list:expr;)*) => {$(
        /// Records a call with this many values. Not inlined: one instance serves all calls with values of these types. The
        /// values come first, so that a call whose arguments were its caller's finds them in their registers.
        #[inline(never)]
        pub fn $name<$($type: Value,)* S: Stamp>($($value: $type,)* site: &'static Site, stamp: S) {
            // Of the same shape, so that the jump to it needs no stack frame.
            #[inline(never)]
            fn otherwise<$($type: Value,)* S: Stamp>($($value: $type,)* site: &'static Site, stamp: S) {
                record($list, site, stamp);
            }
            if !record_at_once($list, site, stamp) {
                otherwise($($value,)* site, stamp);
            }
        }
    )*};
}

record! {
    record0() = ();
    record1(a: A) = (a, ());
    record2(a: A, b: B) = (a, (b, ()));
    record3(a: A, b: B, c: C) = (a, (b, (c, ())));
    record4(a: A, b: B, c: C, d: D) = (a, (b, (c, (d, ()))));
    record5(a: A, b: B, c: C, d: D, e: E) = (a, (b, (c, (d, (e, ())))));
}

/// Records a call with more values than fit registers.
#[inline(never)]
pub fn record_many<V: Values, S: Stamp>(values: V, site: &'static Site, stamp: S) {
    if !record_at_once(values, site, stamp) {
        record(values, site, stamp);
    }
}

/// Records in the usual case, and does nothing and says `false` in any other: the types are not those the site was
/// registered with, a record is being written already, it takes more than a compare to find room, or values format.
///
/// It calls nothing, so that it needs no stack frame.
#[inline(always)]
fn record_at_once<V: Values>(values: V, site: &'static Site, stamp: impl Stamp) -> bool {
    if V::FORMATS || !site.has_signature(V::SIGNATURE) {
        return false;
    }
    let reading = stamp.read();
    let Some(mut producing) = Producing::begin() else { return false };
    let len = HEADER + values.encoded_len();
    let Some(mut claim) = producing.producer().try_claim_known(len) else { return false };
    put(&mut Encoder::new(&mut claim), site.id(), reading, values);
    claim.commit();
    true
}

/// Records in any case.
#[inline(never)]
fn record<V: Values>(values: V, site: &'static Site, stamp: impl Stamp) {
    if thread::repeats() {
        return;
    }
    let (id, ticks) = if site.has_signature(V::SIGNATURE) {
        (site.id(), stamp.read().ticks())
    } else {
        identify(
            site,
            Registration { signature: V::SIGNATURE, describe: V::describe, types: &[] },
            stamp,
        )
    };
    match Producing::begin() {
        None => write_shared(site, id, ticks, values),
        Some(producing) if V::FORMATS => write_formatting(producing, site, id, ticks, values),
        Some(producing) => write_measured(producing, site, id, ticks, values),
    }
}

/// The first call of a site, a call with other types than those of the first, or any where the counter is not steady.
#[cold]
#[inline(never)]
fn identify(site: &'static Site, registration: Registration, stamp: impl Stamp) -> (SiteId, u64) {
    (REGISTRY.identify(site, registration), stamp.read_in_use())
}

/// Writes values whose size is known beforehand.
fn write_measured<V: Values>(
    mut producing: Producing,
    site: &'static Site,
    id: SiteId,
    ticks: u64,
    values: V,
) {
    let len = HEADER + values.encoded_len();
    let mut patience = Patience::default();
    loop {
        let stated = producing.state_scopes(ticks);
        let refused = match stated.and_then(|()| producing.producer().try_claim(len)) {
            Ok(mut claim) => {
                put(&mut Encoder::new(&mut claim), id, ticks.into(), values);
                claim.commit();
                None
            }
            Err(error) => Some(error),
        };
        let Some(error) = refused else { return producing.settle(&patience) };
        match producing.refused(error, site, (len, ticks), &mut patience) {
            Refusal::Retry => {}
            Refusal::Share => return write_shared(site, id, ticks, values),
            Refusal::Lost => return,
        }
    }
}

/// Writes values that format themselves: into what room there is, and if that was too little, once more into as much as
/// the first pass needed.
fn write_formatting<V: Values>(
    mut producing: Producing,
    site: &'static Site,
    id: SiteId,
    ticks: u64,
    values: V,
) {
    let mut len = HEADER + values.encoded_len();
    let mut passes = 0;
    let mut patience = Patience::default();
    loop {
        let stated = producing.state_scopes(ticks);
        let producer = producing.producer();
        let refused = match stated.and_then(|()| producer.try_claim_up_to(len, usize::MAX)) {
            Ok(mut claim) => {
                let mut encoder = Encoder::new(&mut claim);
                if passes == 0 {
                    put(&mut encoder, id, ticks.into(), values);
                } else {
                    thread::repeat(|| put(&mut encoder, id, ticks.into(), values));
                }
                let wanted = encoder.wanted();
                if wanted <= claim.len() {
                    claim.commit_len(wanted);
                    None
                } else {
                    drop(claim);
                    passes += 1;
                    if passes < PASSES {
                        len = wanted;
                        continue;
                    }
                    Some(ClaimError::TooLong { len: wanted, max: len })
                }
            }
            Err(error) => Some(error),
        };
        let Some(error) = refused else { return producing.settle(&patience) };
        match producing.refused(error, site, (len, ticks), &mut patience) {
            Refusal::Retry => {}
            Refusal::Share => return write_shared(site, id, ticks, values),
            Refusal::Lost => return,
        }
    }
}

/// Records values that were put together before.
#[cfg(feature = "tracing")]
pub(crate) fn record_bytes(shape: crate::dynamic::Shape, ticks: u64, bytes: &[u8]) {
    let crate::dynamic::Shape { site, id } = shape;
    if thread::repeats() {
        return;
    }
    match Producing::begin() {
        None => write_shared(site, id, ticks, Staged(bytes)),
        Some(producing) => write_measured(producing, site, id, ticks, Staged(bytes)),
    }
}

/// Values that were put together before, as one list.
#[cfg(feature = "tracing")]
#[derive(Clone, Copy)]
struct Staged<'a>(&'a [u8]);

/// What they are is said where the site is made.
#[cfg(feature = "tracing")]
impl Values for Staged<'_> {
    const SIGNATURE: crate::signature::Signature = crate::signature::of("Staged");
    const FORMATS: bool = false;
    fn describe(_: &mut crate::description::Description) {}
    fn encoded_len(self) -> usize {
        self.0.len()
    }
    fn put(self, out: &mut Encoder<'_>) {
        out.put(self.0);
    }
}

/// Writes into the ring that all threads share, because this one is writing a record already (a signal handler, or an
/// implementation of `Debug` that logs), or cannot have a ring (it is ending, or memory is short).
#[cold]
#[inline(never)]
fn write_shared<V: Values>(site: &'static Site, id: SiteId, ticks: u64, values: V) {
    let values_len = if V::FORMATS { formatted_len(values) } else { values.encoded_len() };
    let scopes =
        if thread::is_adrift() { None } else { thread::with_scopes(|scopes| scopes.len()) };
    let len = HEADER + SHARED + scopes.unwrap_or(0) + values_len;
    let claimed = REGISTRY.shared().map_or(Err(ClaimError::Detached), |mut producer| {
        let mut claim = producer.try_claim(len)?;
        let mut encoder = Encoder::new(&mut claim);
        encoder.put(&id.to_le_bytes());
        encoder.put(&ticks.to_le_bytes());
        encoder.put(&thread::id().to_le_bytes());
        match scopes {
            Some(len) => {
                encoder.put_count(len);
                // What interrupts this leaves the scopes as it finds them, so that they are as long as they were.
                let _put = thread::with_scopes(|scopes| scopes.put(&mut encoder));
            }
            None => encoder.put(&UNKNOWN.to_le_bytes()),
        }
        thread::repeat(|| values.put(&mut encoder));
        claim.commit();
        Ok(())
    });
    let reason = match claimed {
        Ok(()) => return,
        Err(ClaimError::TooLong { .. }) => Reason::TOO_LONG,
        Err(_) => Reason::RING_FULL,
    };
    thread::lose(site.place.level, reason, len, ticks);
}

/// Formats into nothing, to learn the length. An implementation that writes more the second time is cut there, and so
/// costs its own record only.
fn formatted_len<V: Values>(values: V) -> usize {
    let mut encoder = Encoder::new(&mut []);
    values.put(&mut encoder);
    encoder.wanted()
}

#[inline(always)]
fn put<V: Values>(out: &mut Encoder<'_>, id: SiteId, reading: Reading, values: V) {
    out.put(&id.to_le_bytes());
    reading.put(out);
    values.put(out);
}

/// A record of a ring, taken apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Taken<'a> {
    pub(crate) site: SiteId,
    pub(crate) ticks: u64,
    /// The values, and the [`LEAD`] bytes in front of them.
    pub(crate) led: &'a [u8],
}

impl<'a> Taken<'a> {
    /// The values.
    pub(crate) fn values(&self) -> &'a [u8] {
        &self.led[LEAD..]
    }
}

/// Takes a record apart.
#[inline]
pub(crate) fn split(record: &[u8]) -> Taken<'_> {
    let (site, rest) =
        record.split_first_chunk().expect("every record in a ring was written by `put`");
    let ticks = rest.first_chunk().expect("every record in a ring was written by `put`");
    Taken {
        site: SiteId::from_le_bytes(*site),
        ticks: u64::from_le_bytes(*ticks),
        led: &record[HEADER - LEAD..],
    }
}

/// A record in the shared ring.
pub(crate) struct SharedRecord<'a> {
    /// The number of its thread.
    pub(crate) thread: u32,
    /// What [`Scopes::put`](crate::scope::Scopes::put) wrote; `None` if the scopes of the thread are not known.
    pub(crate) scopes: Option<&'a [u8]>,
    pub(crate) record: Taken<'a>,
}

/// As [`split`], for a record in the shared ring; `None` if it was not written by `write_shared`.
pub(crate) fn split_shared(record: &[u8]) -> Option<SharedRecord<'_>> {
    if record.len() < HEADER + SHARED {
        return None;
    }
    let taken = split(record);
    let (thread, rest) = taken.values().split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let len = Some(u32::from_le_bytes(*len)).filter(|len| *len != UNKNOWN);
    let scopes_len = len.unwrap_or(0) as usize;
    let scopes = rest.get(..scopes_len)?;
    Some(SharedRecord {
        thread: u32::from_le_bytes(*thread),
        scopes: len.map(|_| scopes),
        record: Taken { led: &taken.led[SHARED + scopes_len..], ..taken },
    })
}
