//! Totals with the names of what they are of, for programs as they are.

use crate::cli::stats::{
    collect::{self, All, Count, Counts, Id, Questions, Totals},
    distribution::{self, Distribution, QUANTILES},
    spans::{Life, Times},
};
use logbuf_decode::{Level, Reader, Segment, Site, rfc3339};
use serde::{Serialize, Serializer};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

/// Bars of a distribution.
const BARS: usize = 16;

/// What records come to. Its JSON is described in docs/JSON.md.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) files: usize,
    pub(super) file_bytes: u64,
    pub(super) lost: u64,
    pub(super) losses: Vec<Loss>,
    /// Nothing if there are no records.
    pub(super) first: Option<Instant>,
    pub(super) last: Option<Instant>,
    pub(super) levels: Vec<Row>,
    pub(super) targets: Vec<Row>,
    pub(super) sites: Vec<Row>,
    pub(super) threads: Vec<Row>,
    pub(super) spans: Vec<SpanRow>,
    pub(super) rate: Option<Stretches>,
    pub(super) gaps: Vec<Gap>,
    pub(super) busiest_ms: Vec<Moment>,
    pub(super) histograms: Vec<Histogram>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) between: Option<Pairs>,
}

/// A time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Instant(pub(super) i64);

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

/// Records of something.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) records: u64,
    pub(super) bytes: u64,
}

/// Records that were logged and are not in the files, the most first.
#[derive(Debug, Serialize)]
pub(super) struct Loss {
    pub(super) thread: String,
    pub(super) level: &'static str,
    pub(super) reason: String,
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) first: Instant,
    pub(super) last: Instant,
}

/// Spans of one name.
#[derive(Debug, Serialize)]
pub(super) struct SpanRow {
    pub(super) name: String,
    /// How many there were, and how many of them were not closed.
    pub(super) count: u64,
    pub(super) open: u64,
    /// How often a thread was in them, and for how long altogether.
    pub(super) entered: u64,
    pub(super) busy_ns: u64,
    /// How long they were open and no thread was in them.
    pub(super) idle_ns: u64,
}

/// Records over time.
#[derive(Debug, Serialize)]
pub(super) struct Stretches {
    pub(super) from: Instant,
    /// How long each is.
    pub(super) length_ns: u64,
    pub(super) records: Vec<u64>,
}

/// A time without records.
#[derive(Debug, Serialize)]
pub(super) struct Gap {
    pub(super) from: Instant,
    pub(super) length_ns: u64,
}

/// A time with many.
#[derive(Debug, Serialize)]
pub(super) struct Moment {
    pub(super) from: Instant,
    pub(super) records: u64,
}

/// How the values of a field are distributed.
#[derive(Debug, Serialize)]
pub(super) struct Histogram {
    pub(super) field: String,
    #[serde(flatten)]
    pub(super) numbers: Numbers,
}

/// How long it takes from one call to another, in nanoseconds.
#[derive(Debug, Serialize)]
pub(super) struct Pairs {
    /// First calls without a second.
    pub(super) without_second: u64,
    pub(super) without_first: u64,
    #[serde(flatten)]
    pub(super) numbers: Numbers,
}

/// A distribution.
#[derive(Debug, Serialize)]
pub(super) struct Numbers {
    pub(super) count: u64,
    pub(super) min: Option<f64>,
    pub(super) mean: Option<f64>,
    #[serde(serialize_with = "as_map")]
    pub(super) quantiles: Vec<(&'static str, f64)>,
    pub(super) max: Option<f64>,
    pub(super) bars: Vec<Bar>,
}

#[derive(Debug, Serialize)]
pub(super) struct Bar {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) count: u64,
}

fn as_map<S: Serializer>(
    quantiles: &[(&'static str, f64)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(quantiles.iter().copied())
}

impl Summary {
    /// Its chart has so many columns at most.
    pub(super) fn new(all: &All, questions: &Questions, reader: &Reader, columns: usize) -> Self {
        let totals = &all.totals;
        let segments: HashMap<_, _> =
            reader.segments().iter().map(|segment| (collect::place_of(segment), segment)).collect();
        let sites = named(&totals.sites, |(segment, id)| {
            segments.get(&segment)?.described(id).map(site_name)
        });
        let targets = named(&totals.sites, |(segment, id)| {
            Some(segments.get(&segment)?.described(id)?.target.clone())
        });
        let threads =
            named(&totals.threads, |(segment, id)| Some(thread_name(segments.get(&segment)?, id)));
        let spans = spans(totals, |(segment, id)| segments.get(&segment)?.described(id));
        let levels = Level::ALL.iter().zip(&totals.levels);
        let rate = totals.time.map(|_| {
            let (from, length_ns, records) = totals.rate.clone().stretches(columns);
            Stretches { from: Instant(from), length_ns, records }
        });
        Self {
            records: totals.all.records,
            bytes: totals.all.bytes,
            files: reader.segments().len(),
            file_bytes: reader.segments().iter().map(Segment::len).sum(),
            lost: reader.lost().fold(0, |sum, lost| lost.count.saturating_add(sum)),
            losses: losses(reader),
            first: totals.time.map(|(first, _)| Instant(first)),
            last: totals.time.map(|(_, last)| Instant(last)),
            levels: levels
                .filter(|(_, count)| count.records > 0)
                .map(|(level, count)| Row::new(level.name().to_owned(), *count))
                .collect(),
            targets,
            sites,
            threads,
            spans,
            rate,
            gaps: totals
                .gaps
                .iter()
                .map(|&(length_ns, from)| Gap { from: Instant(from), length_ns })
                .collect(),
            busiest_ms: all
                .busiest
                .iter()
                .map(|&(records, from)| Moment { from: Instant(from), records })
                .collect(),
            histograms: histograms(&totals.histograms, questions),
            between: questions.between.is_some().then(|| Pairs {
                without_second: all.between.alone,
                without_first: all.between.unmatched,
                numbers: Numbers::new(&all.between.times),
            }),
        }
    }
}

/// Losses of threads of the same name, and of the same level and reason, are added up.
fn losses(reader: &Reader) -> Vec<Loss> {
    let mut sums: BTreeMap<_, Loss> = BTreeMap::new();
    for lost in reader.lost().filter(|lost| lost.count > 0) {
        let (thread, reason) = (lost.thread.to_string(), lost.reason.to_string());
        let (first, last) = (Instant(lost.first_unix_ns), Instant(lost.last_unix_ns));
        let sum = sums.entry((thread.clone(), lost.level, reason.clone())).or_insert(Loss {
            thread,
            level: lost.level.name(),
            reason,
            records: 0,
            bytes: 0,
            first,
            last,
        });
        sum.records = sum.records.saturating_add(lost.count);
        sum.bytes = sum.bytes.saturating_add(lost.bytes);
        (sum.first, sum.last) = (sum.first.min(first), sum.last.max(last));
    }
    let mut losses: Vec<_> = sums.into_values().collect();
    losses.sort_by_key(|loss| Reverse(loss.records));
    losses
}

/// By name, the longest busy first.
fn spans<'a>(totals: &Totals, site: impl Fn(Id) -> Option<&'a Site>) -> Vec<SpanRow> {
    let mut lives: HashMap<String, Life> = HashMap::new();
    for (id, life) in totals.spans.iter() {
        // All that are counted are known.
        let name = site(id).map(|site| site.template.replace("{{", "{").replace("}}", "}"));
        lives.entry(name.unwrap_or_default()).or_default().append(life);
    }
    let row = |(name, life): (String, Life)| {
        let Times { count, open, entered, busy_ns, idle_ns } = life.times(totals.end);
        SpanRow { name, count, open, entered, busy_ns, idle_ns }
    };
    let mut rows: Vec<_> = lives.into_iter().map(row).collect();
    rows.sort_by(|a, b| (b.busy_ns, &a.name).cmp(&(a.busy_ns, &b.name)));
    rows
}

/// A field without numbers is there, and has none.
fn histograms(found: &[Distribution], questions: &Questions) -> Vec<Histogram> {
    let none = Distribution::default();
    let found = found.iter().chain(std::iter::repeat(&none));
    let fields = questions.histograms.iter().zip(found);
    fields
        .map(|(field, found)| Histogram { field: field.clone(), numbers: Numbers::new(found) })
        .collect()
}

impl Row {
    fn new(name: String, count: Count) -> Self {
        Self { name, records: count.records, bytes: count.bytes }
    }
}

impl Numbers {
    fn new(distribution: &Distribution) -> Self {
        let parts = QUANTILES.map(|(_, part)| part);
        let quantiles = distribution.quantiles(&parts);
        let bar = |bar: distribution::Bar| Bar { from: bar.from, to: bar.to, count: bar.count };
        Self {
            count: distribution.count(),
            min: distribution.range().map(|(min, _)| min),
            mean: distribution.mean(),
            quantiles: QUANTILES.iter().map(|(name, _)| *name).zip(quantiles).collect(),
            max: distribution.range().map(|(_, max)| max),
            bars: distribution.bars(BARS).into_iter().map(bar).collect(),
        }
    }
}

/// Counts by name, the largest first: what has the same name in several files or processes is added up.
fn named(counts: &Counts, name: impl Fn(Id) -> Option<String>) -> Vec<Row> {
    let mut sums: HashMap<String, Count> = HashMap::new();
    for (id, count) in counts.iter() {
        // All numbers that are counted are known.
        let name = name(id).unwrap_or_default();
        sums.entry(name).or_default().append(count);
    }
    let mut rows: Vec<_> = sums.into_iter().map(|(name, count)| Row::new(name, count)).collect();
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    rows
}

fn order(row: &Row) -> (Reverse<u64>, impl Ord + Hash) {
    (Reverse(row.records), row.name.as_str())
}

fn site_name(site: &Site) -> String {
    format!("{}:{} {:?}", site.file, site.line, site.template)
}

fn thread_name(segment: &Segment, id: u32) -> String {
    match segment.thread(id) {
        Some(thread) if thread.name.is_empty() => thread.os_id.to_string(),
        Some(thread) => thread.name.clone(),
        None => "?".to_owned(),
    }
}
