//! From records to totals, on several threads.

use crate::cli::{
    args::Place,
    select::Selection,
    stats::{
        between::{Between, Call, Key},
        distribution::Distribution,
        rate::Rate,
        spans::Spans,
    },
};
use logbuf_decode::{Level, Record, Segment, ThreadName, Value, Work};
use std::{cmp::Reverse, collections::HashMap};

/// Gaps and busy moments that are kept.
pub(super) const KEPT: usize = 5;

/// How long a busy moment is.
const MOMENT_NS: i64 = 1_000_000;

/// What is asked for beside the totals.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    /// Fields whose values are counted.
    pub(super) histograms: Vec<String>,
    /// Calls the time between which is measured.
    pub(super) between: Option<[Place; 2]>,
    /// The field that tells what belongs together; the thread if none is given.
    pub(super) key: Option<String>,
}

/// A number in a segment; segments are told apart by where they are in memory, which they are throughout.
pub(super) type Id = (usize, u32);

/// Where a segment is in memory.
pub(super) fn place_of(segment: &Segment) -> usize {
    std::ptr::from_ref(segment).addr()
}

/// Records and their bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) records: u64,
    pub(super) bytes: u64,
}

impl Count {
    pub(super) fn append(&mut self, other: Self) {
        self.records += other.records;
        self.bytes += other.bytes;
    }
}

/// Counts by number, of which the last is most often the next.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    counts: HashMap<Id, Count>,
    last: Option<(Id, Count)>,
}

impl Counts {
    #[inline]
    fn add(&mut self, id: Id, bytes: u64) {
        match &mut self.last {
            Some((last, count)) if *last == id => count.append(Count { records: 1, bytes }),
            _ => {
                self.settle();
                self.last = Some((id, Count { records: 1, bytes }));
            }
        }
    }

    fn settle(&mut self) {
        if let Some((id, count)) = self.last.take() {
            self.counts.entry(id).or_default().append(count);
        }
    }

    fn append(&mut self, mut other: Self) {
        other.settle();
        for (id, count) in other.counts {
            self.counts.entry(id).or_default().append(count);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Count)> {
        self.counts.iter().map(|(id, count)| (*id, *count))
    }
}

/// Totals of records that come one behind the other.
#[derive(Clone, Debug, Default)]
pub(super) struct Totals {
    pub(super) all: Count,
    pub(super) levels: [Count; Level::ALL.len()],
    pub(super) sites: Counts,
    pub(super) threads: Counts,
    pub(super) rate: Rate,
    /// Times of the first and the last record.
    pub(super) time: Option<(i64, i64)>,
    /// The longest times without a record: how long, and from when.
    pub(super) gaps: Vec<(u64, i64)>,
    /// Records in each moment that has any, in order.
    moments: Vec<(i64, u64)>,
    pub(super) histograms: Vec<Distribution>,
    pub(super) spans: Spans,
    /// The time of the last record, be it of an event or a span.
    pub(super) end: i64,
    calls: Vec<Call>,
}

/// Totals of all records, and what takes all of them in order.
#[derive(Debug, Default)]
pub(super) struct All {
    pub(super) totals: Totals,
    /// The moments with the most records: how many, and from when.
    pub(super) busiest: Vec<(u64, i64)>,
    moment: Option<(i64, u64)>,
    pub(super) between: Between,
}

/// Adds records up.
pub(super) struct Worker {
    pub(super) selection: Selection,
    pub(super) questions: Questions,
    /// Nothing from before this is handed out.
    pub(super) start: i64,
}

impl Work for Worker {
    type Output = Totals;

    fn needs_values(&self) -> bool {
        let Questions { histograms, key, .. } = &self.questions;
        self.selection.needs_values() || !histograms.is_empty() || key.is_some()
    }

    #[inline]
    fn record(&mut self, record: &Record<'_>, totals: &mut Totals) {
        totals.end = record.unix_ns();
        if let Some(happening) = record.happening() {
            return totals.spans.add(record, happening, self.start);
        }
        if !self.selection.wants(record) {
            return;
        }
        totals.add(record);
        if !self.questions.histograms.is_empty() {
            totals.add_values(record, &self.questions.histograms);
        }
        if let Some(places) = &self.questions.between {
            totals.add_call(record, places, self.questions.key.as_deref());
        }
    }
}

impl Totals {
    #[inline]
    fn add(&mut self, record: &Record<'_>) {
        let (bytes, unix_ns) = (record.size() as u64, record.unix_ns());
        let count = Count { records: 1, bytes };
        self.all.append(count);
        self.levels[usize::from(record.level().as_u8())].append(count);
        let segment = place_of(record.segment());
        self.sites.add((segment, record.site().id), bytes);
        // What a damaged file says of threads that it does not describe would have no end.
        let thread = match record.thread() {
            ThreadName::Unknown(_) => u32::MAX,
            ThreadName::Name(_) | ThreadName::Os(_) => record.thread_id(),
        };
        self.threads.add((segment, thread), bytes);
        self.rate.add(unix_ns);
        let (first, last) = self.time.unwrap_or((unix_ns, unix_ns));
        self.time = Some((first, unix_ns));
        add_gap(&mut self.gaps, last, unix_ns);
        let moment = unix_ns.div_euclid(MOMENT_NS);
        match self.moments.last_mut() {
            Some((last, count)) if *last == moment => *count += 1,
            _ => self.moments.push((moment, 1)),
        }
    }

    fn add_values(&mut self, record: &Record<'_>, fields: &[String]) {
        self.histograms.resize_with(fields.len(), Distribution::default);
        for (field, distribution) in fields.iter().zip(&mut self.histograms) {
            if let Some(value) = record.value(field).and_then(number) {
                distribution.add(value);
            }
        }
    }

    fn add_call(&mut self, record: &Record<'_>, places: &[Place; 2], key: Option<&str>) {
        let is_at = |place: &Place| place.is_at(record.file(), record.line());
        let [first, second] = places;
        let (is_first, is_second) = (is_at(first), is_at(second));
        if !is_first && !is_second {
            return;
        }
        let key = match key {
            Some(name) => record.value(name).map(key_of),
            None => Some(Key::Thread {
                pid: record.segment().header().map_or(0, |header| header.meta.pid),
                thread: record.thread_id(),
            }),
        };
        let Some(key) = key else { return };
        // One that is both ends the last time and starts the next.
        let unix_ns = record.unix_ns();
        if is_second {
            self.calls.push(Call { unix_ns, is_second: true, key: key.clone() });
        }
        if is_first {
            self.calls.push(Call { unix_ns, is_second: false, key });
        }
    }
}

impl All {
    /// Adds the totals of the records that come next.
    pub(super) fn append(&mut self, next: Totals) {
        let totals = &mut self.totals;
        totals.all.append(next.all);
        for (level, count) in totals.levels.iter_mut().zip(next.levels) {
            level.append(count);
        }
        totals.sites.append(next.sites);
        totals.threads.append(next.threads);
        totals.rate.append(&next.rate);
        totals.spans.append(next.spans);
        totals.end = totals.end.max(next.end);
        for (length, from) in next.gaps {
            keep(&mut totals.gaps, (length, from));
        }
        if let Some((first, last)) = next.time {
            let (from, until) = totals.time.unwrap_or((first, first));
            add_gap(&mut totals.gaps, until, first);
            totals.time = Some((from, last));
        }
        totals
            .histograms
            .resize_with(totals.histograms.len().max(next.histograms.len()), Distribution::default);
        for (all, distribution) in totals.histograms.iter_mut().zip(&next.histograms) {
            all.append(distribution);
        }
        for (moment, count) in next.moments {
            self.add_moment(moment, count);
        }
        next.calls.into_iter().for_each(|call| self.between.add(call));
    }

    /// Takes in what waits for more that will not come.
    pub(super) fn finish(&mut self) {
        if let Some((moment, count)) = self.moment.take() {
            keep(&mut self.busiest, (count, moment.saturating_mul(MOMENT_NS)));
        }
        self.between.finish();
    }

    fn add_moment(&mut self, moment: i64, count: u64) {
        match &mut self.moment {
            Some((last, sum)) if *last == moment => *sum += count,
            _ => {
                if let Some((last, sum)) = self.moment.replace((moment, count)) {
                    keep(&mut self.busiest, (sum, last.saturating_mul(MOMENT_NS)));
                }
            }
        }
    }
}

#[inline]
fn add_gap(gaps: &mut Vec<(u64, i64)>, from: i64, to: i64) {
    let length = to.abs_diff(from);
    if length > 0 && (gaps.len() < KEPT || gaps.last().is_some_and(|(least, _)| length > *least)) {
        keep(gaps, (length, from));
    }
}

/// Adds to a list of the largest, the largest first and of equal ones the earliest.
fn keep(largest: &mut Vec<(u64, i64)>, one: (u64, i64)) {
    let order = |(size, from): &(u64, i64)| (Reverse(*size), *from);
    let at = largest.partition_point(|known| order(known) <= order(&one));
    largest.insert(at, one);
    largest.truncate(KEPT);
}

/// The value as a number, if it is one; a duration or a time in nanoseconds.
fn number(value: &Value<'_>) -> Option<f64> {
    Some(match *value {
        Value::I8(value) => value.into(),
        Value::I16(value) => value.into(),
        Value::I32(value) => value.into(),
        Value::I64(value) => value as f64,
        Value::I128(value) => value as f64,
        Value::F32(value) => value.into(),
        Value::F64(value) => value,
        Value::Duration(value) => value.as_nanos() as f64,
        Value::SystemTime(value) => value.seconds as f64 * 1e9 + f64::from(value.nanoseconds),
        Value::Option(Some(inner)) => return number(&inner.get()),
        _ => return value.as_unsigned().map(|value| value as f64),
    })
}

fn key_of(value: &Value<'_>) -> Key {
    let signed = match *value {
        Value::I8(value) => Some(value.into()),
        Value::I16(value) => Some(value.into()),
        Value::I32(value) => Some(value.into()),
        Value::I64(value) => Some(value.into()),
        Value::I128(value) => Some(value),
        _ => value.as_unsigned().and_then(|value| i128::try_from(value).ok()),
    };
    match (signed, value) {
        (Some(number), _) => Key::Number(number),
        (None, Value::Str(text) | Value::Text(text)) => Key::Text(text.text.to_owned()),
        (None, other) => Key::Text(format!("{other:?}")),
    }
}
