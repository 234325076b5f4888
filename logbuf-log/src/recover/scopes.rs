//! The scopes that threads were in where the files of a log end.
//!
//! A block says which scopes its extents start in ([restated extents](events::Extent::restates)), and its records say what became of
//! them. So the last block with records of a thread tells the scopes behind them, and what its ring holds goes on there.

use std::collections::{BTreeMap, BTreeSet};

use logbuf_format::events::{self, Extent};
use logbuf_format::packed::LEAD;
use logbuf_format::site::Kind;

use super::remains::Sites;
use crate::paths::Paths;
use crate::record::Taken;
use crate::registry::SHARED_RING;

/// The scopes of each of these threads behind its last record in the payload of a block of events, of codec raw.
pub(super) fn behind(
    payload: &[u8],
    sites: &Sites,
    threads: &BTreeSet<u32>,
) -> BTreeMap<u32, Paths> {
    let mut paths = BTreeMap::<(u32, u32), Paths>::new();
    let mut last = BTreeMap::new();
    let extents = events::extents(payload).map_while(Result::ok);
    for extent in extents.filter(|extent| threads.contains(&extent.thread)) {
        match extent.restates() {
            Some(ring) => {
                let restated = follow(Paths::new(), &extent, sites);
                paths.insert((ring, extent.thread), restated);
            }
            // A record there says its scopes itself, and nothing of those of the others.
            None if extent.ring == SHARED_RING => {}
            None => {
                let place = (extent.ring, extent.thread);
                // Of a thread that is in no scope nothing is restated.
                let before = paths.remove(&place).unwrap_or_else(Paths::new);
                paths.insert(place, follow(before, &extent, sites));
                last.insert(extent.thread, extent.ring);
            }
        }
    }
    let known = last.into_iter();
    known.filter_map(|(thread, ring)| Some((thread, paths.remove(&(ring, thread))?))).collect()
}

/// What the records of an extent make of the scopes before it.
fn follow(mut paths: Paths, extent: &Extent<'_>, sites: &Sites) -> Paths {
    for record in extent.records().map_while(Result::ok) {
        match sites.numbered(record.site).map(|site| site.kind) {
            Some(Kind::Event) => {}
            Some(kind) => {
                let led = [&[0; LEAD], record.values].concat();
                paths.follow(kind, Taken { site: record.site, ticks: record.ticks, led: &led });
            }
            // It may be one that changes them.
            None => paths.forget(),
        }
    }
    paths
}
