//! The spans that the thread has entered and not left.

use std::cell::{Cell, RefCell};

use super::sites::CallSite;
use crate::record;
use crate::scope::Exit;
use crate::site::SiteId;

/// Spans that a thread is in at once, as far as they are told apart: more are entered by guards that were forgotten.
const MOST: usize = 1024;

/// A span that the thread has entered.
#[derive(Debug)]
pub(super) struct Entered {
    /// What the registry of `owner` calls it.
    pub(super) span: u64,
    /// The layer whose registry it is of.
    pub(super) owner: u64,
    /// Not used again in this process.
    pub(super) id: u64,
    pub(super) site: &'static CallSite,
    /// The site of records that it was left.
    pub(super) happenings: SiteId,
    /// Whether the thread was in the span around it, so that leaving it leads back there.
    pub(super) is_inside: bool,
    /// Whether the thread was in the span itself: it is left when it is left for the first time.
    pub(super) is_again: bool,
    /// Ticks.
    pub(super) since: u64,
}

struct Here {
    /// The layer whose registry the thread's path is of; 0 before the first.
    owner: Cell<u64>,
    entered: RefCell<Vec<Entered>>,
}

thread_local! {
    static HERE: Here = const { Here { owner: Cell::new(0), entered: RefCell::new(Vec::new()) } };
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

/// The thread has entered a span.
pub(super) fn push(mut entered: Entered) {
    let _gone_at_the_end_of_the_thread = HERE.try_with(|here| {
        let mut all = here.entered.borrow_mut();
        let is_same = |known: &Entered| (known.owner, known.span) == (entered.owner, entered.span);
        // Whoever is inside the span around it is not in it.
        entered.is_again = !entered.is_inside && all.iter().any(is_same);
        if all.len() < MOST {
            all.push(entered);
        }
    });
}

/// The thread has left a span: what was known of it, and whether it was the last that was entered.
pub(super) fn pop(owner: u64, span: u64) -> Option<(Entered, bool)> {
    let popped = HERE.try_with(|here| {
        let mut all = here.entered.borrow_mut();
        let is_this = |known: &Entered| (known.owner, known.span) == (owner, span);
        // Almost always the last.
        if all.last().is_some_and(is_this) {
            return Some((all.pop()?, true));
        }
        let at = all.iter().rposition(is_this)?;
        Some((all.remove(at), false))
    });
    popped.ok().flatten()
}

impl Entered {
    /// Takes it off the thread's path if it is the innermost, and says whether it was; and records that the thread left it.
    pub(super) fn exit(&self, ticks: u64) -> bool {
        let Self { id, site, happenings, since, .. } = *self;
        let age = ticks.saturating_sub(since);
        record::record_exit(&site.site.bare, &Exit { site: happenings, id, ticks, age })
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
            push(Entered {
                span,
                owner: 1,
                id: span,
                site,
                happenings: 0,
                is_inside: true,
                is_again: false,
                since: 0,
            });
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
