//! What a segment says about its records beside them: sites, threads, anchors, losses, totals.

use crate::{
    callsite::CallSite, filter::Filter, finding::Problem, loss, loss::Losses, table::Table,
};
use logbuf_format::{
    Error,
    block::Kind,
    clock::Anchor,
    end::End,
    loss::Loss,
    site,
    site::Site,
    thread::{Thread, ThreadName},
};

/// Memory for the sites and threads of one segment, in bytes.
const BYTES: usize = 64 << 20;

/// Clock anchors of one segment.
const ANCHORS: usize = 1 << 22;

/// Memory for listings that may come again, in bytes.
const LISTINGS: usize = 1 << 20;

/// A thread that logs.
#[derive(Debug)]
pub(crate) struct LogThread {
    pub(crate) thread: Thread,
    /// Whether its records are handed out.
    pub(crate) wanted: bool,
}

/// The tables of one segment, as far as its blocks have been read.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) sites: Table<CallSite>,
    /// The bits of the sites that are wanted; all if no site is unwanted, also those that are not listed.
    pub(crate) wanted_sites: u32,
    pub(crate) threads: Table<LogThread>,
    pub(crate) losses: Losses,
    pub(crate) end: Option<End>,
    /// Anchors that are not in the timeline yet, in the order of the file.
    anchors: Vec<Anchor>,
    /// All anchors so far.
    anchor_count: usize,
    /// Bytes that sites and threads take, about.
    bytes: usize,
    /// Payloads of SITES blocks, all of whose entries are in force: a large segment lists the same sites hundreds of times.
    listings: Vec<Box<[u8]>>,
}

impl Tables {
    pub(crate) fn new() -> Self {
        Self {
            sites: Table::new(),
            wanted_sites: u32::MAX,
            threads: Table::new(),
            losses: Losses::default(),
            end: None,
            anchors: Vec::new(),
            anchor_count: 0,
            bytes: 0,
            listings: Vec::new(),
        }
    }

    /// Whether blocks of this kind are tables.
    pub(crate) fn holds(kind: Kind) -> bool {
        matches!(kind, Kind::SITES | Kind::THREADS | Kind::CLOCK | Kind::LOSS | Kind::END)
    }

    /// Takes in the payload of a block of a kind that is held. What is wrong with it goes to `report`.
    pub(crate) fn add(&mut self, kind: Kind, payload: &[u8], report: &mut dyn FnMut(Problem)) {
        match kind {
            Kind::SITES => self.add_sites(payload, report),
            Kind::THREADS => {
                each(kind, Thread::table(payload), report, |thread| self.add_thread(thread))
            }
            Kind::CLOCK => {
                each(kind, Anchor::table(payload), report, |anchor| self.add_anchor(anchor))
            }
            Kind::LOSS => each(kind, Loss::table(payload), report, |loss| self.add_loss(&loss)),
            Kind::END => each(kind, [End::take(payload)], report, |end| {
                self.end = Some(end);
                Ok(())
            }),
            _ => {}
        }
    }

    /// The anchors since the last call, by ticks; of two with the same ticks the first in the file comes first.
    pub(crate) fn take_anchors(&mut self) -> Vec<Anchor> {
        let mut anchors = std::mem::take(&mut self.anchors);
        anchors.sort_by_key(|anchor| anchor.ticks);
        anchors
    }

    /// Marks what `filter` wants.
    pub(crate) fn choose(&mut self, filter: &Filter) {
        let (mut wanted, mut is_all) = (0, true);
        for call_site in self.sites.values_mut() {
            call_site.wanted = filter.wants_site(&call_site.site);
            is_all &= call_site.wanted;
            wanted |= if call_site.wanted { site::bit(call_site.site.id) } else { 0 };
        }
        self.wanted_sites = if is_all { u32::MAX } else { wanted };
        for LogThread { thread, wanted } in self.threads.values_mut() {
            *wanted = filter.wants_thread(ThreadName::new(thread.id, Some(thread)));
        }
    }

    fn add_sites(&mut self, payload: &[u8], report: &mut dyn FnMut(Problem)) {
        if self.listings.iter().any(|listing| **listing == *payload) {
            return;
        }
        let mut is_good = true;
        let mut report = |problem| {
            is_good = false;
            report(problem);
        };
        each(Kind::SITES, Site::table(payload), &mut report, |site| self.add_site(site));
        if is_good {
            let held: usize = self.listings.iter().map(|listing| listing.len()).sum();
            if held + payload.len() > LISTINGS {
                self.listings.clear();
            }
            self.listings.push(payload.into());
        }
    }

    fn add_site(&mut self, site: Site) -> Result<(), Full> {
        if let Some(known) = self.sites.get(site.id) {
            // Every site is listed again in each segment before it has fired; what is known of it stays known.
            if (known.site.typed && !site.typed) || known.site == site {
                return Ok(());
            }
            // An entry of one of them is not in force any more.
            self.listings.clear();
        }
        let call_site = CallSite::new(site);
        self.charge(call_site.cost())?;
        if let Some(old) = self.sites.insert(call_site.site.id, call_site) {
            self.bytes -= old.cost();
        }
        Ok(())
    }

    fn add_thread(&mut self, thread: Thread) -> Result<(), Full> {
        let cost = |thread: &Thread| size_of::<LogThread>() + thread.name.len();
        self.charge(cost(&thread))?;
        if let Some(old) = self.threads.insert(thread.id, LogThread { thread, wanted: true }) {
            self.bytes -= cost(&old.thread);
        }
        Ok(())
    }

    pub(crate) fn add_anchor(&mut self, anchor: Anchor) -> Result<(), Full> {
        if self.anchor_count >= ANCHORS {
            return Err(Full { limit: ANCHORS });
        }
        self.anchor_count += 1;
        self.anchors.push(anchor);
        Ok(())
    }

    fn add_loss(&mut self, loss: &Loss) -> Result<(), Full> {
        if self.losses.add(loss) { Ok(()) } else { Err(Full { limit: loss::LIMIT }) }
    }

    fn charge(&mut self, cost: usize) -> Result<(), Full> {
        if self.bytes + cost > BYTES {
            return Err(Full { limit: BYTES });
        }
        self.bytes += cost;
        Ok(())
    }
}

/// There is no more room for entries of a kind.
#[derive(Debug)]
pub(crate) struct Full {
    limit: usize,
}

/// Hands each good entry to `add` and reports the others.
fn each<T>(
    kind: Kind,
    entries: impl IntoIterator<Item = Result<T, Error>>,
    report: &mut dyn FnMut(Problem),
    mut add: impl FnMut(T) -> Result<(), Full>,
) {
    for entry in entries {
        match entry {
            Ok(entry) => {
                if let Err(Full { limit }) = add(entry) {
                    report(Problem::TooMany { kind, limit: limit as u64 });
                    return;
                }
            }
            Err(error) => report(Problem::Entry { kind, error }),
        }
    }
}
