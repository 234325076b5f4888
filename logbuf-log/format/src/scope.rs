//! Scopes: contexts and spans, in which a thread is while it logs.
//!
//! A thread has two **paths** from the outermost scope to the innermost, one of contexts and one of spans. Records of sites
//! of another [`Kind`] than event change them, in order with the thread's events; so an event's context is what the
//! records before it made of the paths, at no cost to the event. What such a record does stands in its **head**, in front
//! of its other values; each head names a depth, so that a record that is missing leaves a visible hole and no wrong path.

use crate::{Error, Fault, Part, bytes::array, limits, site::Kind, types::Type, value::Value};
use std::collections::HashMap;

/// Fields of contexts that are searched one by one.
const FEW: usize = 16;

/// One of the two paths of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Which {
    /// Contexts: what `context!` enters.
    Context,
    /// Spans, as in `tracing`.
    Span,
}

/// What a record does with its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Op {
    /// The thread enters the scope: the path is cut to the depth, and the scope put behind it.
    Enter,
    /// As enter, of a scope that the thread has been in before: said again for readers, not a fact of its own.
    Restate,
    /// The span is made. Its first value is the id of the span around it, or 0. Moves no path.
    Open,
    /// The span gets further values. Moves no path.
    Amend,
    /// The span is gone. Its one value is how many ticks ago it was made. Moves no path.
    Close,
    /// The span follows from another, whose id is its one value. Moves no path.
    Follow,
    /// The thread leaves the span: the path is cut to the depth. Its one value is how many ticks the thread was in it.
    Exit,
    /// The thread leaves the scope: the path is cut to the depth.
    Leave,
    /// From here on nothing is known of the path but what further records say.
    Forget,
}

/// Ops as sites of contexts and spans write them.
const OPS: [Op; 7] = [Op::Enter, Op::Restate, Op::Open, Op::Amend, Op::Close, Op::Follow, Op::Exit];

/// Paths and ops as sites of kind leave write them.
const LEAVES: [(u8, Which, Op); 4] = [
    (1, Which::Context, Op::Leave),
    (2, Which::Span, Op::Leave),
    (3, Which::Context, Op::Forget),
    (4, Which::Span, Op::Forget),
];

/// What stands in front of the other values of a record of a scope.
///
/// # Examples
///
/// ```
/// use logbuf_format::{scope::{Head, Op, Which}, site::Kind};
///
/// let head = Head { which: Which::Span, op: Op::Enter, depth: 1, id: 7 };
/// let mut values = head.bytes().to_vec();
/// values.extend_from_slice(b"fields");
/// assert_eq!(Head::take(Kind::Span, &values)?, Some((head, &b"fields"[..])));
/// assert_eq!(Head::take(Kind::Event, &values)?, None);
/// # Ok::<_, logbuf_format::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Head {
    /// The path.
    pub which: Which,
    /// What is done.
    pub op: Op,
    /// How many scopes of the path are around this one.
    pub depth: u8,
    /// The number of the span, not used again in the process; 0 for contexts.
    pub id: u64,
}

impl Head {
    /// Bytes in front of the other values.
    pub const LEN: usize = 10;

    /// How a site lists it: the types of three values of role [head](crate::site::Role::Head).
    pub const TYPES: [Type; 3] = [Type::U8, Type::U8, Type::U64];

    /// Takes the head off the `values` of a record of a site of this kind; `None` if it is an event, which has none.
    ///
    /// # Errors
    ///
    /// [`Fault::Incomplete`] if the values are shorter, [`Fault::Unknown`] if the op or the path is not known.
    #[inline]
    pub fn take(kind: Kind, values: &[u8]) -> Result<Option<(Self, &[u8])>, Error> {
        if kind == Kind::Event {
            return Ok(None);
        }
        let Some((head, rest)) = values.split_at_checked(Self::LEN) else {
            let (have, need) = (values.len() as u64, Self::LEN as u64);
            return Err(Error::at(0, Fault::Incomplete { part: Part::Scope, have, need }));
        };
        let code = head[0];
        let known = match kind {
            Kind::Leave => {
                LEAVES.iter().find(|(known, ..)| *known == code).map(|(_, which, op)| (*which, *op))
            }
            Kind::Context => OPS.get(usize::from(code)).map(|op| (Which::Context, *op)),
            _ => OPS.get(usize::from(code)).map(|op| (Which::Span, *op)),
        };
        let unknown = Fault::Unknown { part: Part::Scope, found: code.into() };
        let (which, op) = known.ok_or(Error::at(0, unknown))?;
        let (depth, id) = (head[1], u64::from_le_bytes(array(head, 2)));
        Ok(Some((Self { which, op, depth, id }, rest)))
    }

    /// The head as it stands in the record.
    #[inline]
    pub fn bytes(&self) -> [u8; Self::LEN] {
        let is_same = |(_, which, op): &&(u8, Which, Op)| (*which, *op) == (self.which, self.op);
        let mut bytes = [0; Self::LEN];
        bytes[0] = LEAVES.iter().find(is_same).map_or(self.op as u8, |(code, ..)| *code);
        bytes[1] = self.depth;
        bytes[2..].copy_from_slice(&self.id.to_le_bytes());
        bytes
    }
}

/// The scopes a thread is in, from the outermost to the innermost, as far as records tell.
///
/// # Examples
///
/// ```
/// use logbuf_format::scope::Path;
///
/// let mut path = Path::new();
/// path.enter(0, "session");
/// path.enter(1, "order");
/// path.leave(1);
/// path.enter(2, "leg"); // What was entered at depth 1 is missing.
/// assert_eq!(path.iter().collect::<Vec<_>>(), [Some(&"session"), None, Some(&"leg")]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path<T> {
    /// `None` for a scope of which nothing more is known than that there is one. One more than the limit allows stands for all
    /// that are deeper.
    scopes: Vec<Option<T>>,
}

impl<T> Path<T> {
    /// No scope.
    pub const fn new() -> Self {
        Self { scopes: Vec::new() }
    }

    /// The thread is in `scope`, with `depth` others around it. At [`limits::SCOPES`] and deeper the scope stands for all that
    /// are that deep.
    pub fn enter(&mut self, depth: u8, scope: T) {
        self.scopes.resize_with(usize::from(depth).min(limits::SCOPES), || None);
        self.scopes.push(Some(scope));
    }

    /// The thread is in no more than the outermost `depth` scopes.
    pub fn leave(&mut self, depth: u8) {
        self.scopes.truncate(depth.into());
    }

    /// From here on nothing is known but what records say.
    pub fn forget(&mut self) {
        self.scopes.clear();
        self.scopes.push(None);
    }

    /// Whether there is no scope.
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// The scopes, outermost first; `None` for one that is not known. The last is not one scope but stands for those beyond
    /// the limit, if there are more than [`limits::SCOPES`].
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Option<&T>> + ExactSizeIterator {
        self.scopes.iter().map(Option::as_ref)
    }
}

impl<T> Default for Path<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// Fields that held while a record was logged.
#[derive(Clone, Debug)]
pub struct Context<'a> {
    fields: Vec<(&'a str, Value<'a>)>,
    is_whole: bool,
}

impl<'a> Context<'a> {
    /// No context.
    pub const fn none() -> Self {
        Self { fields: Vec::new(), is_whole: true }
    }

    /// The fields of contexts, from the outermost to the innermost; `None` for one that is not known. Of two fields with the
    /// same name that of the inner context is kept, in the place of the outer.
    pub fn new<F>(contexts: impl IntoIterator<Item = Option<F>>) -> Self
    where
        F: IntoIterator<Item = (&'a str, Value<'a>)>,
    {
        let mut context = Self::none();
        // Where the fields are that come behind the first: of few it is faster to look at all.
        let mut places = HashMap::new();
        for fields in contexts {
            context.is_whole &= fields.is_some();
            for (name, value) in fields.into_iter().flatten() {
                let few = context.fields.iter().take(FEW).position(|(outer, _)| *outer == name);
                match few.or_else(|| places.get(name).copied()) {
                    Some(at) => context.fields[at].1 = value,
                    None => {
                        if context.fields.len() >= FEW {
                            places.insert(name, context.fields.len());
                        }
                        context.fields.push((name, value));
                    }
                }
            }
        }
        context
    }

    /// Name and value, those of outer contexts first. Of fields of the same name only that of the innermost context is here.
    pub fn fields(&self) -> &[(&'a str, Value<'a>)] {
        &self.fields
    }

    /// Whether this is all: no context was lost to damage, and none is beyond the limit.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether there is no context.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.is_whole
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_read_back() {
        for (kind, which) in [(Kind::Context, Which::Context), (Kind::Span, Which::Span)] {
            for op in OPS {
                let head = Head { which, op, depth: 63, id: u64::MAX - 1 };
                assert_eq!(Head::take(kind, &head.bytes()), Ok(Some((head, &[][..]))));
            }
            for op in [Op::Leave, Op::Forget] {
                let head = Head { which, op, depth: 0, id: 1 };
                assert_eq!(Head::take(Kind::Leave, &head.bytes()), Ok(Some((head, &[][..]))));
            }
        }
    }

    #[test]
    fn heads_that_are_none_are_errors() {
        let unknown = |found| Error::at(0, Fault::Unknown { part: Part::Scope, found });
        assert_eq!(Head::take(Kind::Span, &[7; 10]), Err(unknown(7)));
        assert_eq!(Head::take(Kind::Leave, &[0; 10]), Err(unknown(0)));
        assert_eq!(Head::take(Kind::Leave, &[5; 10]), Err(unknown(5)));
        let cut = Fault::Incomplete { part: Part::Scope, have: 9, need: 10 };
        assert_eq!(Head::take(Kind::Context, &[0; 9]), Err(Error::at(0, cut)));
        assert_eq!(Head::take(Kind::Event, &[]), Ok(None));
    }

    #[test]
    fn a_path_ends_at_its_limit_and_says_so() {
        let mut path = Path::new();
        for depth in 0..=limits::SCOPES as u8 + 1 {
            path.enter(depth, depth);
        }
        let beyond = limits::SCOPES as u8 + 1;
        assert_eq!(path.iter().len(), limits::SCOPES + 1);
        assert_eq!(path.iter().next_back(), Some(Some(&beyond)));
        path.leave(beyond);
        assert_eq!(path.iter().len(), limits::SCOPES + 1);
        path.leave(limits::SCOPES as u8);
        assert_eq!(path.iter().len(), limits::SCOPES);
        path.leave(7);
        path.enter(u8::MAX, 0);
        assert_eq!(path.iter().len(), limits::SCOPES + 1);
        assert_eq!(path.iter().filter(|scope| scope.is_none()).count(), limits::SCOPES - 7);
        path.forget();
        assert_eq!(path.iter().collect::<Vec<_>>(), [None]);
        path.leave(0);
        assert!(path.is_empty());
    }
}
