//! The hot path: from the values of a call to a committed record.

use logbuf::ClaimError;
use logbuf_format::loss::Reason;
#[cfg(feature = "tracing")]
use logbuf_format::scope::{Head, Op, Which};
use logbuf_format::site::Kind;

use crate::encoder::Encoder;
use crate::full::Patience;
use crate::registry::REGISTRY;
#[cfg(feature = "tracing")]
use crate::scope::Exit;
use crate::scope::Room;
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
        Some(producing) if V::FORMATS => {
            let filling =
                Filling { len: HEADER + values.encoded_len(), passes: 0, most: UNLIMITED };
            write_filled(producing, site, ticks, filling, |out: &mut Encoder<'_>, _| {
                values.put(out);
                id
            });
        }
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
    // Most often it came here because the thread's scopes are others than before, and there is room for these and for the record.
    if site.kind == Kind::Event
        && producing.state_scopes(Room::Known, ticks).is_ok()
        && let Some(mut claim) = producing.producer().try_claim_known(len)
    {
        put(&mut Encoder::new(&mut claim), id, ticks.into(), values);
        return claim.commit();
    }
    let mut patience = Patience::default();
    loop {
        let stated = match site.kind {
            Kind::Event => producing.state_scopes(Room::Any, ticks),
            _ => Ok(()),
        };
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

/// What a record is filled by: writes its values, of which so many bytes may be, and says what site it is of.
///
/// It may run code of the user's, and more than once: where there was too little room, it fills the next.
pub(crate) trait Fill: FnMut(&mut Encoder<'_>, usize) -> SiteId {}

impl<F: FnMut(&mut Encoder<'_>, usize) -> SiteId> Fill for F {}

/// Records what `fill` writes: at most `most` bytes of values, or fewer if the ring takes no more.
#[cfg(any(feature = "log", feature = "tracing"))]
pub(crate) fn record_filled(site: &'static Site, ticks: u64, most: usize, mut fill: impl Fill) {
    if thread::repeats() {
        return;
    }
    let Some(mut producing) = Producing::begin() else {
        return share_filled(site, ticks, most, &mut fill);
    };
    let mut passes = 0;
    let mut len = ROOM.min(HEADER + most);
    // The usual cases, as in `record_at_once`: nothing is asked of anybody. Where what the ring lacks has no room, nor has the record.
    let _has_room = producing.state_scopes(Room::Known, ticks);
    if let Some(mut claim) = producing.producer().try_claim_known_up_to(len, HEADER + most) {
        let mut encoder = Encoder::new(&mut claim);
        put_filled(&mut encoder, site, ticks, most, &mut fill);
        let wanted = encoder.wanted();
        if wanted <= claim.len() {
            return claim.commit_len(wanted);
        }
        drop(claim);
        (passes, len) = (1, wanted);
    }
    write_filled(producing, site, ticks, Filling { len, passes, most }, fill);
}

/// What is known of a record that is to be filled.
struct Filling {
    /// Bytes that it needs, as far as that was found out.
    len: usize,
    /// How often it was filled.
    passes: usize,
    /// Bytes of values at most; [`UNLIMITED`] if nothing is cut.
    most: usize,
}

/// No value is cut.
const UNLIMITED: usize = usize::MAX;

/// Bytes that are claimed at least for values that are cut where they are too long.
#[cfg(any(feature = "log", feature = "tracing"))]
const ROOM: usize = 512;

/// Writes values that format themselves: into what room there is, and if that was too little, once more into as much as
/// the first pass needed.
fn write_filled(
    mut producing: Producing,
    site: &'static Site,
    ticks: u64,
    Filling { mut len, mut passes, mut most }: Filling,
    mut fill: impl Fill,
) {
    let mut patience = Patience::default();
    loop {
        let stated = producing.state_scopes(Room::Any, ticks);
        let producer = producing.producer();
        let room = most.saturating_add(HEADER);
        let refused = match stated.and_then(|()| producer.try_claim_up_to(len, room)) {
            Ok(mut claim) => {
                let mut encoder = Encoder::new(&mut claim);
                if passes == 0 {
                    put_filled(&mut encoder, site, ticks, most, &mut fill);
                } else {
                    thread::repeat(|| put_filled(&mut encoder, site, ticks, most, &mut fill));
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
            // Less is kept of it.
            Err(ClaimError::TooLong { max, .. })
                if most != UNLIMITED && HEADER < max && max < len =>
            {
                (most, len) = (max - HEADER, max);
                continue;
            }
            Err(error) => Some(error),
        };
        let Some(error) = refused else { return producing.settle(&patience) };
        match producing.refused(error, site, (len, ticks), &mut patience) {
            Refusal::Retry => {}
            Refusal::Share => return share_filled(site, ticks, most, &mut fill),
            Refusal::Lost => return,
        }
    }
}

/// Writes a whole record.
#[inline]
fn put_filled(
    out: &mut Encoder<'_>,
    site: &'static Site,
    ticks: u64,
    most: usize,
    fill: &mut impl Fill,
) {
    out.put(&[0; 4]);
    out.put(&ticks.to_le_bytes());
    let id = guarded(site, ticks, || fill(out, most));
    out.replace(0, &id.to_le_bytes());
}

/// Calls `fill`; if that panics, which is the caller's to deal with, the record is counted as lost.
#[inline]
fn guarded<R>(site: &'static Site, ticks: u64, fill: impl FnOnce() -> R) -> R {
    struct Panicked(&'static Site, u64);
    impl Drop for Panicked {
        fn drop(&mut self) {
            thread::lose(self.0.place.level, Reason::PANICKED, 0, self.1);
        }
    }
    let panicked = Panicked(site, ticks);
    let result = fill();
    std::mem::forget(panicked);
    result
}

/// Records what happens to a span, which is no event: whatever scopes the thread is in, they need not be said in front of it.
#[cfg(feature = "tracing")]
pub(crate) fn record_scope(site: &'static Site, id: SiteId, ticks: u64, head: Head, values: &[u8]) {
    if thread::repeats() {
        return;
    }
    let staged = Staged { head: head.bytes(), values };
    match Producing::begin() {
        None => write_shared(site, id, ticks, staged),
        Some(producing) => write_measured(producing, site, id, ticks, staged),
    }
}

/// Takes a span off the path if it is the innermost, and says whether it was; and records that the thread has left it.
#[cfg(feature = "tracing")]
pub(crate) fn record_exit(site: &'static Site, exit: &Exit) -> bool {
    if thread::repeats() {
        let is_left = thread::change_scopes(|scopes| scopes.spans.leave_span(exit.id));
        return is_left.unwrap_or(false);
    }
    let values = exit.age.to_le_bytes();
    // In the shared ring it moves no path that anybody goes on with.
    let head = Head { which: Which::Span, op: Op::Exit, depth: 0, id: exit.id };
    let staged = Staged { head: head.bytes(), values: &values };
    let Some(mut producing) = Producing::begin() else {
        let is_left = thread::change_scopes(|scopes| scopes.spans.leave_span(exit.id));
        write_shared(site, exit.site, exit.ticks, staged);
        return is_left.unwrap_or(false);
    };
    let mut is_left = false;
    if producing.exit_span(Room::Known, exit, &mut is_left).is_ok() {
        return is_left;
    }
    let mut patience = Patience::default();
    loop {
        let Err(error) = producing.exit_span(Room::Any, exit, &mut is_left) else {
            producing.settle(&patience);
            return is_left;
        };
        let len = HEADER + staged.encoded_len();
        match producing.refused(error, site, (len, exit.ticks), &mut patience) {
            Refusal::Retry => {}
            Refusal::Share => {
                write_shared(site, exit.site, exit.ticks, staged);
                return is_left;
            }
            Refusal::Lost => return is_left,
        }
    }
}

/// The values of a record of a scope, as one list.
#[cfg(feature = "tracing")]
#[derive(Clone, Copy)]
struct Staged<'a> {
    head: [u8; Head::LEN],
    values: &'a [u8],
}

/// What they are is said where the site is made.
#[cfg(feature = "tracing")]
impl Values for Staged<'_> {
    const SIGNATURE: crate::signature::Signature = crate::signature::of("Staged");
    const FORMATS: bool = false;
    fn describe(_: &mut crate::description::Description) {}
    fn encoded_len(self) -> usize {
        self.head.len() + self.values.len()
    }
    fn put(self, out: &mut Encoder<'_>) {
        out.put(&self.head);
        out.put(self.values);
    }
}

/// Writes into the ring that all threads share, because this one is writing a record already (a signal handler, or an
/// implementation of `Debug` that logs), or cannot have a ring (it is ending, or memory is short).
#[cold]
#[inline(never)]
fn write_shared<V: Values>(site: &'static Site, id: SiteId, ticks: u64, values: V) {
    if V::FORMATS {
        let mut fill = |out: &mut Encoder<'_>, _: usize| {
            values.put(out);
            id
        };
        share_filled(site, ticks, UNLIMITED, &mut fill);
    } else {
        share(site, ticks, values.encoded_len(), |out| {
            values.put(out);
            id
        });
    }
}

/// As [`write_shared`], for what has to be written to learn how long it is. Code of the user's that writes more the second
/// time is cut there, and so costs its own record only.
#[cold]
#[inline(never)]
fn share_filled(site: &'static Site, ticks: u64, most: usize, fill: &mut impl Fill) {
    let mut encoder = Encoder::new(&mut []);
    guarded(site, ticks, || fill(&mut encoder, most));
    let len = encoder.wanted();
    share(site, ticks, len, |out| thread::repeat(|| guarded(site, ticks, || fill(out, most))));
}

/// Writes `len` bytes of values into the shared ring, behind what says whose they are.
fn share(
    site: &'static Site,
    ticks: u64,
    len: usize,
    put: impl FnOnce(&mut Encoder<'_>) -> SiteId,
) {
    let scopes =
        if thread::is_adrift() { None } else { thread::with_scopes(|scopes| scopes.len()) };
    let len = HEADER + SHARED + scopes.unwrap_or(0) + len;
    let claimed = REGISTRY.shared().map_or(Err(ClaimError::Detached), |mut producer| {
        let mut claim = producer.try_claim(len)?;
        let mut encoder = Encoder::new(&mut claim);
        encoder.put(&[0; 4]);
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
        let id = put(&mut encoder);
        encoder.replace(0, &id.to_le_bytes());
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
