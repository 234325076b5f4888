//! The spans that the thread has entered and not left, and those that it knows.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use super::known::Known;
use super::sites::CallSite;
use super::span::Snapshot;
use crate::fork::Generation;
use crate::scope::Exit;
use crate::site::SiteId;
use crate::{clock, record, thread};

/// Spans that a thread is in at once, as far as they are told apart: more are entered by guards that were forgotten.
const MOST: usize = 1024;

/// A span that the thread has entered.
#[derive(Debug)]
pub(super) struct Entered {
    /// What the registry of `owner` calls it.
    span: u64,
    /// The layer whose registry it is of.
    owner: u64,
    /// Not used again in this process.
    id: u64,
    pub(super) site: &'static CallSite,
    /// The site of records that it was left.
    happenings: SiteId,
    /// Whether the thread was in the span around it, so that leaving it leads back there.
    pub(super) is_inside: bool,
    /// Whether the thread was in the span itself: it is left when it is left for the first time.
    pub(super) is_again: bool,
    /// Ticks.
    since: u64,
    /// The process it was entered in.
    generation: Generation,
}

struct Here {
    /// The layer whose registry the thread's path is of; 0 before the first.
    owner: Cell<u64>,
    entered: RefCell<Vec<Entered>>,
    /// Spans that were entered before, so that the registry need not be asked again.
    known: RefCell<Known>,
}

thread_local! {
    static HERE: Here = const {
        Here {
            owner: Cell::new(0),
            entered: RefCell::new(Vec::new()),
            known: RefCell::new(Known::new()),
        }
    };
}

/// The layer whose registry the thread's path is of; 0 if there is none, or the thread's locals are gone.
#[inline]
pub(super) fn owner() -> u64 {
    HERE.try_with(|here| here.owner.get()).unwrap_or(0)
}

/// Says whose path it is.
pub(super) fn set_owner(owner: u64) {
    let _gone_at_the_end_of_the_thread = HERE.try_with(|here| here.owner.set(owner));
}

/// Keeps a span in mind that the thread may enter.
pub(super) fn remember(owner: u64, span: u64, snapshot: &Arc<Snapshot>) {
    let _gone_at_the_end_of_the_thread = HERE.try_with(|here| {
        let before = here.known.try_borrow_mut().map(|mut known| known.keep(owner, span, snapshot));
        // Not before it can be asked again: an allocator may log.
        drop(before);
    });
}

/// Enters a span if it is known and inside what the thread is in, and says whether it was.
#[inline]
pub(super) fn enter_known(owner: u64, span: u64) -> bool {
    let is_entered = HERE.try_with(|here| {
        let known = here.known.try_borrow().ok()?;
        let snapshot = known.find(owner, span)?;
        (here.owner.get() == owner && here.enter_inside(owner, span, snapshot)).then_some(())
    });
    is_entered.is_ok_and(|entered| entered.is_some())
}

/// The thread has entered a span: says whether it is inside what the thread was in, which its path tells then.
pub(super) fn enter(owner: u64, span: u64, snapshot: &Snapshot) -> bool {
    let is_inside = HERE.try_with(|here| {
        let is_inside = here.owner.get() == owner && here.enter_inside(owner, span, snapshot);
        if !is_inside {
            here.push(Entered::new(owner, span, snapshot));
        }
        is_inside
    });
    is_inside.unwrap_or(false)
}

/// Leaves a span if it is the last that was entered, inside the one around it, and says whether it was. `records` says whether that is
/// recorded.
#[inline]
pub(super) fn leave_last(owner: u64, span: u64, records: impl FnOnce(&CallSite) -> bool) -> bool {
    let last = HERE.try_with(|here| {
        if here.owner.get() != owner {
            return None;
        }
        let mut all = here.entered.try_borrow_mut().ok()?;
        all.pop_if(|last| last.is(owner, span) && last.is_inside && !last.generation.is_inherited())
    });
    match last {
        Ok(Some(last)) if records(last.site) => last.exit(clock::now()),
        Ok(Some(last)) => last.leave(),
        _ => false,
    }
}

/// The thread has left a span: what was known of it, and whether it was the last that was entered. Nothing is known of one that was
/// entered before a fork: it is left by the parent.
pub(super) fn pop(owner: u64, span: u64) -> Option<(Entered, bool)> {
    let popped = HERE.try_with(|here| {
        let mut all = here.entered.try_borrow_mut().ok()?;
        // Almost always the last.
        let at = all.iter().rposition(|known| known.is(owner, span))?;
        let entered = all.remove(at);
        // Those that were entered since do not lead back into it.
        all[at..].iter_mut().for_each(|inner| inner.is_inside = false);
        (!entered.generation.is_inherited()).then(|| (entered, at == all.len()))
    });
    popped.ok().flatten()
}

impl Here {
    /// Enters a span if the thread is in the one around it, and says whether it was.
    #[inline]
    fn enter_inside(&self, owner: u64, span: u64, snapshot: &Snapshot) -> bool {
        let is_inside = thread::change_scopes(|scopes| {
            let is_inside = scopes.spans.innermost() == snapshot.parent;
            if is_inside {
                scopes.spans.enter_span(snapshot.fields.site, snapshot.id, &snapshot.fields.bytes);
            }
            is_inside
        });
        let is_inside = is_inside.unwrap_or(false);
        if is_inside {
            // Whoever is inside the span around it is not in it.
            self.push(Entered { is_inside, ..Entered::new(owner, span, snapshot) });
        }
        is_inside
    }

    #[inline]
    fn push(&self, mut entered: Entered) {
        // Taken by who is interrupted here: an allocator may log.
        let Ok(mut all) = self.entered.try_borrow_mut() else { return };
        let Entered { owner, span, is_inside, .. } = entered;
        entered.is_again = !is_inside && all.iter().any(|known| known.is(owner, span));
        if all.len() < MOST {
            all.push(entered);
        }
    }
}

impl Entered {
    /// A span that was entered from anywhere.
    #[inline]
    fn new(owner: u64, span: u64, snapshot: &Snapshot) -> Self {
        let &Snapshot { id, site, happenings, .. } = snapshot;
        let since = clock::now();
        Self {
            span,
            owner,
            id,
            site,
            happenings,
            is_inside: false,
            is_again: false,
            since,
            generation: Generation::current(),
        }
    }

    #[inline]
    fn is(&self, owner: u64, span: u64) -> bool {
        (self.span, self.owner) == (span, owner)
    }

    /// Takes it off the thread's path if it is the innermost, and says whether it was; and records that the thread left it.
    pub(super) fn exit(&self, ticks: u64) -> bool {
        let Self { id, site, happenings, since, .. } = *self;
        let age = ticks.saturating_sub(since);
        record::record_exit(&site.site.bare, &Exit { site: happenings, id, ticks, age })
    }

    /// Takes it off the thread's path if it is the innermost, and says whether it was.
    pub(super) fn leave(&self) -> bool {
        thread::change_scopes(|scopes| scopes.spans.leave_span(self.id)).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracing::sites::site_of;

    #[test]
    fn what_is_never_left_is_kept_up_to_a_limit() {
        use tracing::callsite::Callsite as _;
        let call =
            tracing::callsite!(name: "forgotten", kind: tracing::metadata::Kind::SPAN, fields: );
        let site = site_of(call.metadata());
        for span in 1..=3 * MOST as u64 {
            let entered = Entered {
                span,
                owner: 1,
                id: span,
                site,
                happenings: 0,
                is_inside: true,
                is_again: false,
                since: 0,
                generation: Generation::current(),
            };
            HERE.with(|here| here.push(entered));
        }
        assert_eq!(HERE.with(|here| here.entered.borrow().len()), MOST);
        assert!(pop(1, 3 * MOST as u64).is_none(), "it is not told apart");
        assert!(
            pop(1, MOST as u64)
                .is_some_and(|(entered, is_last)| entered.id == MOST as u64 && is_last)
        );
        assert!(pop(1, 1).is_some_and(|(entered, is_last)| entered.id == 1 && !is_last));
    }
}
