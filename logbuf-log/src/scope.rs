//! The scopes a thread is in: contexts and spans, and what its ring says of them.
//!
//! The thread keeps its paths; the ring gets them when a record needs them. A change marks the thread *unstated* and
//! lets the next record take the long way, where the change is written in front of it. So each event in a ring stands
//! behind the records that say what scopes it is in, whether or not a logger was running when they were entered, and
//! however full the ring was; and an event whose scopes the ring has already costs what it would cost without any.

use logbuf::ClaimError;
use logbuf::queue::spsc::Producer;
use logbuf_format::limits;
use logbuf_format::scope::{Head, Op, Which};
use logbuf_format::site::Kind;

use linkme::distributed_slice;

use crate::encoder::Encoder;
use crate::place::Place;
use crate::record::HEADER;
use crate::registry::REGISTRY;
use crate::site::{Registration, SITES, Site, SiteId};
use crate::value::Values;

/// Bytes of the values of one scope at most. A path is said again in each block, so this bounds what that costs.
pub(crate) const MOST_BYTES: usize = 1024;

/// Scopes of a path that are written: one more than are told apart, which says that there are more.
const WRITTEN: usize = limits::SCOPES + 1;

/// What a thread leaves a scope by.
#[distributed_slice(SITES)]
pub(crate) static LEAVE: Site = Site::of_scope(Place::unswitched("logbuf"), Kind::Leave, &[]);

/// Stands for a context whose values are longer than [`MOST_BYTES`]; its field says how long.
#[distributed_slice(SITES)]
static OVERSIZE: Site =
    Site::of_scope(Place::unswitched("logbuf"), Kind::Context, &["oversize_context"]);

/// The scopes of one thread.
#[derive(Debug)]
pub(crate) struct Scopes {
    pub(crate) contexts: Stack,
    pub(crate) spans: Stack,
}

/// One path of a thread.
#[derive(Debug)]
pub(crate) struct Stack {
    which: Which,
    /// From the outermost to the innermost.
    scopes: Vec<Scope>,
    /// Their values, one behind the other.
    bytes: Vec<u8>,
    /// How many of the outermost the ring has as they are here.
    stated: usize,
    /// How long the path is as the ring has it; at least `stated`.
    length: usize,
    /// Names the next scope that is entered.
    next_key: u64,
}

#[derive(Debug)]
struct Scope {
    /// Names it to whoever entered it.
    key: u64,
    site: SiteId,
    /// The number of a span.
    id: u64,
    /// Where its values end in `bytes`.
    end: usize,
    /// Whether a ring had it before.
    is_known: bool,
}

/// What room of the ring is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// That which is known to be free: a record that it does not suffice for is refused as by a full ring.
    Known,
    /// Whatever there is. Who uses it sees to the ring afterwards.
    Any,
}

/// A thread has left a span.
#[cfg(feature = "tracing")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Exit {
    /// The site of records that say so.
    pub(crate) site: SiteId,
    pub(crate) id: u64,
    pub(crate) ticks: u64,
    /// How many ticks it was in it.
    pub(crate) age: u64,
}

impl Scopes {
    pub(crate) const fn new() -> Self {
        Self { contexts: Stack::new(Which::Context), spans: Stack::new(Which::Span) }
    }

    fn stacks(&self) -> [&Stack; 2] {
        [&self.contexts, &self.spans]
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.stacks().iter().all(|stack| stack.scopes.is_empty())
    }

    /// Whether the ring has the paths as they are.
    pub(crate) fn is_stated(&self) -> bool {
        self.stacks().iter().all(|stack| stack.is_stated())
    }

    /// Writes into the ring what it lacks, in front of a record logged at `ticks`. What was written before an error is
    /// there and need not be written again.
    pub(crate) fn state(
        &mut self,
        ring: &mut Producer,
        room: Room,
        ticks: u64,
    ) -> Result<(), ClaimError> {
        self.contexts.state(ring, room, ticks)?;
        self.spans.state(ring, room, ticks)
    }

    /// The ring knows nothing: it is the first of a thread.
    pub(crate) fn restart(&mut self) {
        for stack in [&mut self.contexts, &mut self.spans] {
            (stack.stated, stack.length) = (0, 0);
        }
    }

    /// The thread is in a forked child, where spans of its parent are not known: their sites are those of another registry.
    pub(crate) fn forget_spans(&mut self) {
        self.spans.scopes.clear();
        self.spans.bytes.clear();
        (self.spans.stated, self.spans.length) = (0, 0);
    }

    /// Bytes that [`put`](Self::put) needs.
    pub(crate) fn len(&self) -> usize {
        let len = |stack: &Stack| {
            let written = stack.scopes.len().min(WRITTEN);
            written * (4 + 4 + Head::LEN) + stack.range(written.saturating_sub(1)).end
        };
        self.stacks().into_iter().map(len).sum()
    }

    /// Writes both paths whole: for each scope its site, the length of its values with their head, and these.
    pub(crate) fn put(&self, out: &mut Encoder<'_>) {
        for stack in self.stacks() {
            for depth in 0..stack.scopes.len().min(WRITTEN) {
                let (site, head, values) = stack.record(depth, Op::Restate);
                out.put(&site.to_le_bytes());
                out.put_count(Head::LEN + values.len());
                out.put(&head.bytes());
                out.put(values);
            }
        }
    }
}

/// The scopes that [`Scopes::put`] wrote into `bytes`: site, and values with their head.
pub(crate) fn split(mut bytes: &[u8]) -> impl Iterator<Item = (SiteId, &[u8])> {
    std::iter::from_fn(move || {
        let (site, rest) = bytes.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let (values, rest) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        bytes = rest;
        Some((SiteId::from_le_bytes(*site), values))
    })
}

impl Stack {
    const fn new(which: Which) -> Self {
        Self { which, scopes: Vec::new(), bytes: Vec::new(), stated: 0, length: 0, next_key: 1 }
    }

    fn is_stated(&self) -> bool {
        let written = self.scopes.len().min(WRITTEN);
        self.stated == written && self.length == written
    }

    /// Puts a scope with these values behind the others, and returns the key to leave it by: never 0.
    pub(crate) fn enter(&mut self, site: SiteId, id: u64, values: &[u8]) -> u64 {
        let key = self.next_key;
        self.next_key += 1;
        self.bytes.extend_from_slice(values);
        let end = self.bytes.len();
        self.scopes.push(Scope { key, site, id, end, is_known: false });
        key
    }

    /// Takes a scope off the path, wherever it stands.
    pub(crate) fn leave(&mut self, key: u64) {
        // Almost always the last.
        let Some(depth) = self.scopes.iter().rposition(|scope| scope.key == key) else { return };
        let range = self.range(depth);
        self.bytes.drain(range.clone());
        self.scopes.remove(depth);
        for scope in &mut self.scopes[depth..] {
            scope.end -= range.len();
        }
        self.stated = self.stated.min(depth);
    }

    /// Whether the scope with so many around it is this one, with these values.
    #[cfg(feature = "tracing")]
    pub(crate) fn is_at(&self, depth: usize, site: SiteId, id: u64, values: &[u8]) -> bool {
        self.scopes.get(depth).is_some_and(|scope| (scope.site, scope.id) == (site, id))
            && self.bytes[self.range(depth)] == *values
    }

    /// Leaves all but the outermost `depth` scopes.
    #[cfg(feature = "tracing")]
    pub(crate) fn cut(&mut self, depth: usize) {
        self.bytes.truncate(self.range(depth).start);
        self.scopes.truncate(depth);
        self.stated = self.stated.min(depth);
    }

    /// The number of the innermost span; 0 if there is none.
    #[cfg(feature = "tracing")]
    pub(crate) fn innermost(&self) -> u64 {
        self.scopes.last().map_or(0, |scope| scope.id)
    }

    /// Enters a span. Of one that is too deep to be written its values are not kept.
    #[cfg(feature = "tracing")]
    pub(crate) fn enter_span(&mut self, site: SiteId, id: u64, values: &[u8]) {
        let values = if self.scopes.len() < WRITTEN { values } else { &[] };
        self.enter(site, id, values);
    }

    /// Leaves the innermost span if it is this one, and says whether it was.
    #[cfg(feature = "tracing")]
    pub(crate) fn leave_span(&mut self, id: u64) -> bool {
        let is_innermost = self.innermost() == id;
        if is_innermost {
            self.cut(self.scopes.len() - 1);
        }
        is_innermost
    }

    /// Writes that a span was left, after which the ring has no more of the path than there is here.
    #[cfg(feature = "tracing")]
    pub(crate) fn exit(
        &mut self,
        ring: &mut Producer,
        room: Room,
        exit: &Exit,
    ) -> Result<(), ClaimError> {
        let depth = self.scopes.len().min(WRITTEN);
        let head = Head { which: self.which, op: Op::Exit, depth: depth as u8, id: exit.id };
        write(ring, room, exit.site, exit.ticks, head, &exit.age.to_le_bytes())?;
        self.length = self.length.min(depth);
        Ok(())
    }

    /// Where the values of a scope stand; nowhere if there is none at this depth.
    fn range(&self, depth: usize) -> core::ops::Range<usize> {
        let start = depth.checked_sub(1).map_or(0, |outer| self.scopes[outer].end);
        start..self.scopes.get(depth).map_or(start, |scope| scope.end)
    }

    fn record(&self, depth: usize, op: Op) -> (SiteId, Head, &[u8]) {
        let Scope { site, id, .. } = self.scopes[depth];
        let head = Head { which: self.which, op, depth: depth as u8, id };
        (site, head, &self.bytes[self.range(depth)])
    }

    fn state(&mut self, ring: &mut Producer, room: Room, ticks: u64) -> Result<(), ClaimError> {
        let written = self.scopes.len().min(WRITTEN);
        while self.stated < written {
            let op = if self.scopes[self.stated].is_known { Op::Restate } else { Op::Enter };
            let (site, head, values) = self.record(self.stated, op);
            match write(ring, room, site, ticks, head, values) {
                Err(ClaimError::TooLong { .. }) => {
                    let len = (values.len() as u64).to_le_bytes();
                    write(ring, room, oversize(), ticks, head, &len)?;
                }
                result => result?,
            }
            self.scopes[self.stated].is_known = true;
            self.stated += 1;
            // Whatever the ring had at this depth and deeper is cut.
            self.length = self.stated;
        }
        if self.length > self.stated {
            let head = Head { which: self.which, op: Op::Leave, depth: self.stated as u8, id: 0 };
            write(ring, room, leave_site(), ticks, head, &[])?;
            self.length = self.stated;
        }
        Ok(())
    }
}

/// Writes a record of a scope.
fn write(
    ring: &mut Producer,
    room: Room,
    site: SiteId,
    ticks: u64,
    head: Head,
    values: &[u8],
) -> Result<(), ClaimError> {
    let len = HEADER + Head::LEN + values.len();
    let mut claim = match room {
        Room::Known => ring.try_claim_known(len).ok_or(ClaimError::Full)?,
        Room::Any => ring.try_claim(len)?,
    };
    let mut out = Encoder::new(&mut claim);
    out.put(&site.to_le_bytes());
    out.put(&ticks.to_le_bytes());
    out.put(&head.bytes());
    out.put(values);
    claim.commit();
    Ok(())
}

/// The number of a site that holds `V`.
pub(crate) fn site_id<V: Values>(site: &'static Site) -> SiteId {
    if site.has_signature(V::SIGNATURE) {
        return site.id();
    }
    REGISTRY
        .identify(site, Registration { signature: V::SIGNATURE, describe: V::describe, types: &[] })
}

pub(crate) fn leave_site() -> SiteId {
    site_id::<()>(&LEAVE)
}

/// The site of a context that is too long, whose one value is a `u64`.
pub(crate) fn oversize() -> SiteId {
    site_id::<(u64, ())>(&OVERSIZE)
}

#[cfg(test)]
mod tests {
    use logbuf::queue::spsc;

    use super::*;

    /// What a ring holds: op or path, depth, values.
    fn written(ring: &mut spsc::Consumer) -> Vec<(u8, u8, Vec<u8>)> {
        ring.batch(usize::MAX)
            .iter()
            .map(|record| {
                let values = crate::record::split(record).values();
                (values[0], values[1], values[Head::LEN..].to_vec())
            })
            .collect()
    }

    #[test]
    fn what_the_ring_lacks_is_written_once() {
        let (mut producer, mut consumer) = spsc::new(4096);
        let mut stack = Stack::new(Which::Context);
        let outer = stack.enter(2, 0, b"a");
        let middle = stack.enter(4, 0, b"bb");
        assert!(!stack.is_stated());
        stack.state(&mut producer, Room::Any, 1).expect("there is room");
        stack.state(&mut producer, Room::Any, 1).expect("there is room");
        assert!(stack.is_stated());
        assert_eq!(written(&mut consumer), [(0, 0, b"a".to_vec()), (0, 1, b"bb".to_vec())]);
        // Entered and left without a record in between: the ring never hears of it.
        let inner = stack.enter(6, 0, b"ccc");
        stack.leave(inner);
        assert!(stack.is_stated());
        // Out of order: what was inside comes again, at the depth it has now.
        let inner = stack.enter(6, 0, b"ccc");
        stack.state(&mut producer, Room::Any, 2).expect("there is room");
        stack.leave(outer);
        stack.state(&mut producer, Room::Any, 3).expect("there is room");
        let expected = [(0, 2, b"ccc".to_vec()), (1, 0, b"bb".to_vec()), (1, 1, b"ccc".to_vec())];
        assert_eq!(written(&mut consumer), expected);
        stack.leave(inner);
        stack.leave(middle);
        stack.leave(middle);
        stack.state(&mut producer, Room::Any, 4).expect("there is room");
        assert_eq!(written(&mut consumer), [(1, 0, vec![])]);
        assert!(stack.is_stated() && stack.bytes.is_empty());
    }

    #[test]
    fn what_a_full_ring_refuses_is_written_later() {
        let (mut producer, mut consumer) = spsc::new(256);
        let mut stack = Stack::new(Which::Context);
        (0..8).for_each(|i| _ = stack.enter(2, 0, &[i; 16]));
        assert_eq!(stack.state(&mut producer, Room::Any, 1), Err(ClaimError::Full));
        let mut depths: Vec<_> =
            written(&mut consumer).iter().map(|(_, depth, _)| *depth).collect();
        assert!(!depths.is_empty() && depths.len() < 8);
        while stack.state(&mut producer, Room::Any, 2).is_err() {
            depths.extend(written(&mut consumer).iter().map(|(_, depth, _)| *depth));
        }
        depths.extend(written(&mut consumer).iter().map(|(_, depth, _)| *depth));
        assert_eq!(depths, (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_path_beyond_the_limit_is_written_up_to_one_more() {
        let (mut producer, mut consumer) = spsc::new(1 << 16);
        let mut stack = Stack::new(Which::Context);
        let keys: Vec<_> = (0..limits::SCOPES + 6).map(|_| stack.enter(2, 0, &[])).collect();
        stack.state(&mut producer, Room::Any, 1).expect("there is room");
        assert_eq!(written(&mut consumer).len(), limits::SCOPES + 1);
        for key in &keys[limits::SCOPES + 1..] {
            stack.leave(*key);
            assert!(stack.is_stated());
        }
        stack.leave(keys[limits::SCOPES]);
        stack.state(&mut producer, Room::Any, 2).expect("there is room");
        assert_eq!(written(&mut consumer), [(1, limits::SCOPES as u8, vec![])]);
    }

    #[test]
    fn paths_are_written_whole_and_read_back() {
        let mut scopes = Scopes::new();
        assert_eq!(scopes.len(), 0);
        scopes.contexts.enter(2, 0, b"abc");
        scopes.contexts.enter(4, 0, b"");
        scopes.spans.enter(6, 9, b"de");
        let mut bytes = vec![0; scopes.len()];
        let mut out = Encoder::new(&mut bytes);
        scopes.put(&mut out);
        assert_eq!(out.wanted(), scopes.len());
        let read: Vec<_> =
            split(&bytes).map(|(site, values)| (site, values[1], &values[10..])).collect();
        assert_eq!(read, [(2, 0, &b"abc"[..]), (4, 1, b""), (6, 0, b"de")]);
    }
}
