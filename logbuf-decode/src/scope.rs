//! Scopes: the contexts and spans that records were logged in.

use crate::{callsite::CallSite, segment::Segment};
use logbuf_format::{
    events::RawRecord,
    limits,
    scope::{Head, Op, Path, Which},
    site::{Role, Site},
    value::{self, Value},
};
use std::{collections::HashMap, ops::Range};

/// Stands for no scope.
pub(crate) const NONE: u32 = u32::MAX;

/// A context or a span that a record was logged in.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    segment: &'a Segment,
    nodes: &'a Nodes,
    /// `None` if nothing is known of it.
    node: Option<&'a Node>,
    depth: u8,
    /// By how much the values inside its values may outnumber its bytes.
    items: usize,
}

impl<'a> Scope<'a> {
    /// The site that made it; `None` if no more is known than that it, or one or more scopes in its place, was there.
    pub fn site(&self) -> Option<&'a Site> {
        self.call_site().map(|call_site| &call_site.site)
    }

    /// The name of a span.
    pub fn name(&self) -> &'a str {
        self.call_site().map_or("", |call_site| call_site.name())
    }

    /// The number of a span: no other in the process has it. 0 for a context.
    pub fn id(&self) -> u64 {
        self.node.map_or(0, |node| node.id)
    }

    /// Whether it stands for all scopes beyond the limit, of which a file does not say more.
    pub fn is_rest(&self) -> bool {
        usize::from(self.depth) >= limits::SCOPES
    }

    /// Its fields: name and value.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let site = self.site();
        let mut values = Vec::new();
        if let (Some(site), Some(node)) = (site, self.node) {
            let (bytes, slots) = (&self.nodes.bytes[node.range.clone()], &site.values);
            if value::take_some(slots, &site.definitions, bytes, self.items, &mut values).is_err() {
                values.clear();
            }
        }
        let slots = site.map_or(&[][..], |site| &site.values);
        let fields = slots.iter().zip(values).filter(|(slot, _)| slot.role == Role::Field);
        fields.map(|(slot, value)| (slot.name.as_str(), value))
    }

    fn call_site(&self) -> Option<&'a CallSite> {
        let site = self.node?.site.filter(|_| !self.is_rest())?;
        self.segment.site(site)
    }
}

/// The scopes that one block speaks of: trees, whose branches are the paths of its records.
#[derive(Debug, Default)]
pub(crate) struct Nodes {
    nodes: Vec<Node>,
    /// Values, with heads.
    bytes: Vec<u8>,
}

#[derive(Debug)]
struct Node {
    /// The scope around it, or [`NONE`].
    outer: u32,
    depth: u8,
    id: u64,
    /// `None` if nothing is known of it.
    site: Option<u32>,
    range: Range<usize>,
    /// Bytes of text that it and what is around it add to that of a record, whatever they hold: about.
    text_len: usize,
}

impl Nodes {
    /// The path that ends at `leaf`, from the outermost scope on, for a record of so much text.
    pub(crate) fn path<'a>(
        &'a self,
        segment: &'a Segment,
        leaf: u32,
        text: usize,
    ) -> Vec<Scope<'a>> {
        let items = text / limits::SCOPES;
        let scope = |node, depth| Scope { segment, nodes: self, node, depth, items };
        let mut path = Vec::new();
        let mut at = leaf;
        // A scope comes behind those around it, so that this ends.
        while let Some(node) = self.get(at) {
            path.push(scope(Some(node), node.depth));
            at = node.outer;
            path.extend((self.holes(node)).rev().map(|depth| scope(None, depth)));
        }
        path.reverse();
        path
    }

    /// Bytes of text that these scopes add to that of a record, about.
    #[inline]
    pub(crate) fn path_len(&self, leaves: Leaves) -> usize {
        match leaves {
            Leaves::NONE => 0,
            Leaves { context, span } => self.text_len(context) + self.text_len(span),
        }
    }

    fn text_len(&self, leaf: u32) -> usize {
        self.get(leaf).map_or(0, |node| node.text_len)
    }

    fn get(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    /// The depths of the scopes between a node and the one around it, of which nothing is known.
    fn holes(&self, node: &Node) -> Range<u8> {
        self.get(node.outer).map_or(0, |outer| outer.depth + 1)..node.depth
    }

    /// Bytes it takes in memory.
    pub(crate) fn cost(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>() + self.bytes.capacity()
    }

    fn push(&mut self, outer: u32, depth: u8, id: u64, known: Option<(&CallSite, &[u8])>) -> u32 {
        let start = self.bytes.len();
        let (site, text_len) = match known {
            Some((call_site, values)) => {
                self.bytes.extend_from_slice(values);
                (Some(call_site.site.id), call_site.text_len + values.len())
            }
            None => (None, 0),
        };
        let range = start..self.bytes.len();
        let mut node = Node { outer, depth, id, site, range, text_len };
        let unknown = self.holes(&node).len() * "?:".len();
        node.text_len += self.text_len(outer) + unknown;
        self.nodes.push(node);
        // A block is not long enough for more scopes than a `u32` counts.
        (self.nodes.len() - 1) as u32
    }
}

/// The innermost scopes that a record is in, in [`Nodes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Leaves {
    pub(crate) context: u32,
    pub(crate) span: u32,
}

impl Leaves {
    pub(crate) const NONE: Self = Self { context: NONE, span: NONE };
}

/// The paths of the rings and threads of one block while its records are gone through.
#[derive(Default)]
pub(crate) struct Follow {
    paths: HashMap<(u32, u32), Paths>,
}

/// The paths of one ring and thread.
#[derive(Default)]
pub(crate) struct Paths {
    contexts: Path<u32>,
    spans: Path<u32>,
}

impl Follow {
    /// The paths at the start of an extent; an extent that restates begins with none.
    pub(crate) fn start(&mut self, ring: u32, thread: u32, restates: bool) -> &mut Paths {
        let paths = self.paths.entry((ring, thread)).or_default();
        if restates {
            *paths = Paths::default();
        }
        paths
    }
}

impl Paths {
    /// Where they end.
    pub(crate) fn leaves(&self) -> Leaves {
        Leaves { context: leaf(&self.contexts), span: leaf(&self.spans) }
    }

    /// Does what a record of a site of this kind says, which is no event. A record that cannot be read leaves nothing known.
    pub(crate) fn apply(
        &mut self,
        call_site: &CallSite,
        record: &RawRecord<'_>,
        nodes: &mut Nodes,
    ) {
        let Ok(Some((head, _))) = Head::take(call_site.site.kind, record.values) else {
            return self.forget(nodes);
        };
        let path = match head.which {
            Which::Context => &mut self.contexts,
            Which::Span => &mut self.spans,
        };
        match head.op {
            Op::Enter | Op::Restate => {
                let depth = head.depth.min(limits::SCOPES as u8);
                path.leave(depth);
                let node =
                    nodes.push(innermost(path), depth, head.id, Some((call_site, record.values)));
                path.enter(depth, node);
            }
            Op::Leave | Op::Exit => {
                path.leave(head.depth);
                // The innermost that is left may be one of which nothing is known.
                if path.iter().next_back().is_some_and(|last| last.is_none()) {
                    let depth = (path.iter().len() - 1) as u8;
                    let unknown = nodes.push(innermost(path), depth, 0, None);
                    path.leave(depth);
                    path.enter(depth, unknown);
                }
            }
            Op::Forget => forget(path, nodes),
            Op::Open | Op::Amend | Op::Close | Op::Follow => {}
        }
    }

    /// From here on nothing is known but what further records say.
    pub(crate) fn forget(&mut self, nodes: &mut Nodes) {
        forget(&mut self.contexts, nodes);
        forget(&mut self.spans, nodes);
    }
}

fn forget(path: &mut Path<u32>, nodes: &mut Nodes) {
    path.leave(0);
    path.enter(0, nodes.push(NONE, 0, 0, None));
}

/// Where the path ends.
fn leaf(path: &Path<u32>) -> u32 {
    path.iter().next_back().flatten().copied().unwrap_or(NONE)
}

/// The innermost scope of which something is known.
fn innermost(path: &Path<u32>) -> u32 {
    path.iter().rev().flatten().next().copied().unwrap_or(NONE)
}
