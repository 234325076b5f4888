//! What happens to spans.

use crate::segment::Segment;
use logbuf_format::{
    scope::{Head, Op},
    site::{Kind, Role, Site},
    value::Value,
};

/// Something that happened to a span, at the time of its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Happening {
    /// The span: no other in the process has this number.
    pub id: u64,
    /// What happened.
    pub what: What,
}

/// What can happen to a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// It was made, with the fields of the record.
    Opened {
        /// The span around it; 0 if there is none.
        parent: u64,
    },
    /// It got the fields of the record.
    Amended,
    /// It follows from another span.
    Followed {
        /// The other.
        other: u64,
    },
    /// The thread left it.
    Exited {
        /// When the thread had entered it: nanoseconds since the Unix epoch, UTC.
        since_unix_ns: i64,
    },
    /// It was closed.
    Closed {
        /// When it had been made: nanoseconds since the Unix epoch, UTC.
        since_unix_ns: i64,
    },
}

/// Whether a record of a site of this kind says what happens to a span.
pub(crate) fn is_happening(kind: Kind, values: &[u8]) -> bool {
    kind == Kind::Span
        && matches!(
            Head::take(kind, values),
            Ok(Some((
                Head { op: Op::Open | Op::Amend | Op::Close | Op::Follow | Op::Exit, .. },
                _
            )))
        )
}

impl Happening {
    /// Whether records of a site say what happens to a span, beside what spans events are in.
    pub fn is_told_by(site: &Site) -> bool {
        let heads = site.values.iter().filter(|slot| slot.role == Role::Head);
        site.kind == Kind::Span && heads.count() > Head::TYPES.len()
    }

    /// What the values of a record say, which begin with its head.
    pub(crate) fn new(segment: &Segment, ticks: u64, values: &[Value<'_>]) -> Option<Self> {
        let number = |index: usize| {
            values.get(index)?.as_unsigned().and_then(|number| u64::try_from(number).ok())
        };
        let op = u8::try_from(number(0)?).ok()?;
        let bytes = [&[op, 0], &number(2)?.to_le_bytes()[..]].concat();
        let (head, _) = Head::take(Kind::Span, &bytes).ok()??;
        let since = |age: u64| segment.unix_ns(ticks.saturating_sub(age));
        let what = match head.op {
            Op::Open => What::Opened { parent: number(3)? },
            Op::Amend => What::Amended,
            Op::Follow => What::Followed { other: number(3)? },
            Op::Exit => What::Exited { since_unix_ns: since(number(3)?) },
            Op::Close => What::Closed { since_unix_ns: since(number(3)?) },
            Op::Enter | Op::Restate | Op::Leave | Op::Forget => return None,
        };
        Some(Self { id: head.id, what })
    }
}
