//! The scopes of a thread as the writer knows them: what the records taken from its ring have made of them.

use std::sync::Arc;

use logbuf_format::packed::LEAD;
use logbuf_format::scope::{Head, Op, Path, Which};
use logbuf_format::site::Kind;

use crate::dictionary::Dictionary;
use crate::record::Taken;
use crate::scope;
use crate::site::SiteId;

/// Both paths of a thread, at the place in its ring up to which records were taken, and at that up to which they are in
/// the file.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    taken: Pair,
    /// `None` where it is the same.
    written: Option<Pair>,
}

/// Contexts and spans. Cloned whenever a block is begun while they change, so the scopes are shared.
#[derive(Debug, Clone)]
struct Pair {
    contexts: Path<Arc<Restated>>,
    spans: Path<Arc<Restated>>,
}

/// A scope as a record that says it again.
#[derive(Debug)]
pub(crate) struct Restated {
    /// `None` for the site of all that is left or forgotten.
    pub(crate) site: Option<SiteId>,
    pub(crate) ticks: u64,
    /// The values with their head, behind as many bytes as a packer wants in front of them.
    pub(crate) led: Box<[u8]>,
}

impl Restated {
    /// A record whose values are these parts together.
    pub(crate) fn new(site: Option<SiteId>, ticks: u64, values: &[&[u8]]) -> Self {
        let mut led = vec![0; LEAD];
        values.iter().for_each(|part| led.extend_from_slice(part));
        Self { site, ticks, led: led.into() }
    }

    /// The values with their head.
    pub(crate) fn values(&self) -> &[u8] {
        &self.led[LEAD..]
    }

    /// Nothing is known of the path.
    pub(crate) fn forget(which: Which) -> Self {
        let head = Head { which, op: Op::Forget, depth: 0, id: 0 };
        Self::new(None, 0, &[&head.bytes()])
    }

    /// The thread is in no scope.
    pub(crate) fn leave(which: Which) -> Self {
        let head = Head { which, op: Op::Leave, depth: 0, id: 0 };
        Self::new(None, 0, &[&head.bytes()])
    }
}

impl Paths {
    pub(crate) const fn new() -> Self {
        let taken = Pair { contexts: Path::new(), spans: Path::new() };
        Self { taken, written: None }
    }

    /// Nothing is known of the paths.
    pub(crate) fn unknown() -> Self {
        let mut paths = Self::new();
        paths.forget();
        paths
    }

    /// Does what a record says of a site of this kind.
    pub(crate) fn follow(&mut self, kind: Kind, record: Taken<'_>) {
        let Taken { site, ticks, .. } = record;
        // Written by this process; events do not come here.
        let Ok(Some((head, fields))) = Head::take(kind, record.values()) else { return };
        match head.op {
            Op::Enter | Op::Restate => {
                let head = Head { op: Op::Restate, ..head };
                let scope = Restated::new(Some(site), ticks, &[&head.bytes(), fields]);
                self.path_mut(head.which).enter(head.depth, Arc::new(scope));
            }
            Op::Leave | Op::Exit => self.path_mut(head.which).leave(head.depth),
            Op::Forget => self.path_mut(head.which).forget(),
            Op::Open | Op::Amend | Op::Close | Op::Follow => {}
        }
    }

    /// Does what a restated scope says.
    pub(crate) fn restate(&mut self, scope: &Restated, dictionary: &mut Dictionary) {
        let site = scope.site.unwrap_or_else(scope::leave_site);
        if let Some(entry) = dictionary.entry(site) {
            self.follow(entry.kind, Taken { site, ticks: scope.ticks, led: &scope.led });
        }
    }

    /// A record that changes them could not be put into the file.
    pub(crate) fn forget(&mut self) {
        self.path_mut(Which::Context).forget();
        self.path_mut(Which::Span).forget();
    }

    /// Whether the thread is in no scope.
    pub(crate) fn is_empty(&self) -> bool {
        self.taken.contexts.is_empty() && self.taken.spans.is_empty()
    }

    /// The scopes of a path, outermost first; `None` for one that is not known.
    pub(crate) fn scopes(&self, which: Which) -> impl Iterator<Item = Option<&Restated>> {
        let path = match which {
            Which::Context => &self.taken.contexts,
            Which::Span => &self.taken.spans,
        };
        path.iter().map(|scope| scope.map(Arc::as_ref))
    }

    /// Records that say what the paths are: a path that ends in what is not known is not known, and otherwise depths tell.
    pub(crate) fn restated(&self) -> impl Iterator<Item = Arc<Restated>> {
        let Pair { contexts, spans } = &self.taken;
        [(Which::Context, contexts), (Which::Span, spans)].into_iter().flat_map(|(which, path)| {
            let is_unknown = path.iter().next_back().is_some_and(|scope| scope.is_none());
            let known = if is_unknown { None } else { Some(path.iter().flatten().cloned()) };
            let forget = is_unknown.then(|| Arc::new(Restated::forget(which)));
            forget.into_iter().chain(known.into_iter().flatten())
        })
    }

    /// Bytes of the values of these records.
    pub(crate) fn len(&self) -> usize {
        self.restated().map(|scope| scope.led.len()).sum()
    }

    /// What was taken is in the file.
    pub(crate) fn settle(&mut self) {
        self.written = None;
    }

    /// What was taken is to be taken again.
    pub(crate) fn rewind(&mut self) {
        if let Some(written) = self.written.take() {
            self.taken = written;
        }
    }

    fn path_mut(&mut self, which: Which) -> &mut Path<Arc<Restated>> {
        if self.written.is_none() {
            self.written = Some(self.taken.clone());
        }
        match which {
            Which::Context => &mut self.taken.contexts,
            Which::Span => &mut self.taken.spans,
        }
    }
}
