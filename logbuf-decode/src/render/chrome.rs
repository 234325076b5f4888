//! Traces for viewers with a time axis.

use crate::{
    happening::{Happening, What},
    record::Record,
    render::{Render, json},
    scope::Scope,
    segment::Segment,
};
use logbuf_format::render::TooLong;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// A trace in the JSON form of Chrome, which Perfetto and `chrome://tracing` show: a track for each thread, with its records as
/// instants, and the spans they were logged in as slices.
///
/// [With what happens to spans](Chrome::with_happenings) a slice is a stay of the thread in a span, and each span has a track of its own
/// besides, as long as it was open, with the fields it was made with. Without, a slice begins with the first record in its span, and ends with the next of
/// the thread that is outside: a span in which nothing is logged leaves no trace. So where there are spans, records must then come in order, and all
/// to one renderer.
///
/// Times are microseconds since a start that is given, because viewers take them as floats of 53 bits. The output is one
/// JSON object, `{"traceEvents":[…]}`, one event on each line.
#[derive(Clone, Debug)]
pub struct Chrome {
    start_unix_ns: i64,
    /// Whether slices are what is said to have happened.
    is_told: bool,
    /// The threads that are in spans, by process.
    tracks: BTreeMap<(u32, u64), Track>,
}

/// The slices of a thread that have begun and not ended.
#[derive(Clone, Debug)]
struct Track {
    /// The numbers of the spans, from the outermost on.
    spans: Vec<u64>,
    /// The last record.
    unix_ns: i64,
}

impl Chrome {
    /// A trace whose time 0 is this: nanoseconds since the Unix epoch, UTC.
    pub fn new(start_unix_ns: i64) -> Self {
        Self { start_unix_ns, is_told: false, tracks: BTreeMap::new() }
    }

    /// The same of what happens to spans, as a reader with [`Filter::with_happenings`](crate::Filter::with_happenings) hands it out.
    #[must_use]
    pub fn with_happenings(self) -> Self {
        Self { is_told: true, ..self }
    }

    /// Appends what an event of any phase begins with.
    fn begin(&self, phase: &str, unix_ns: i64, (pid, tid): (u32, u64), out: &mut String) {
        // Writing to a string does not fail.
        let _ = write!(out, "{{\"ph\":\"{phase}\",\"ts\":");
        push_us(i128::from(unix_ns) - i128::from(self.start_unix_ns), out);
        let _ = write!(out, ",\"pid\":{pid},\"tid\":{tid}");
    }

    /// Ends the slices that the record is not in, and begins those that it is in.
    fn slices(&mut self, record: &Record<'_>, out: &mut String) {
        let (key, spans, unix_ns) = (track(record), record.spans(), record.unix_ns());
        let open = self.tracks.remove(&key).map_or_else(Vec::new, |track| track.spans);
        if open.is_empty() && spans.is_empty() {
            return;
        }
        let same = open.iter().zip(&spans).take_while(|(open, span)| **open == span.id()).count();
        open[same..].iter().for_each(|_| self.end_slice(unix_ns, key, out));
        for span in &spans[same..] {
            self.begin("B", unix_ns, key, out);
            out.push_str(",\"cat\":\"span\",\"name\":");
            json::push_string(if span.site().is_some() { span.name() } else { "?" }, out);
            out.push_str(",\"args\":");
            // A field that is too long to be shown is no reason to show no slice.
            let fields = json::scope(span, record.room(""));
            out.push_str(&fields.unwrap_or_else(|TooLong { .. }| "{}".to_owned()));
            out.push_str("},\n");
        }
        let spans = spans.iter().map(Scope::id).collect();
        self.tracks.insert(key, Track { spans, unix_ns });
    }

    fn end_slice(&self, unix_ns: i64, key: (u32, u64), out: &mut String) {
        self.begin("E", unix_ns, key, out);
        out.push_str("},\n");
    }

    fn instant(&self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        self.begin("i", record.unix_ns(), track(record), out);
        out.push_str(",\"s\":\"t\"");
        self.body(record, "", out)
    }

    /// What an event of a record ends with; `more` stands among its arguments.
    fn body(&self, record: &Record<'_>, more: &str, out: &mut String) -> Result<(), TooLong> {
        out.push_str(",\"cat\":");
        json::push_string(record.target(), out);
        out.push_str(",\"name\":");
        let mut message = String::new();
        record.message(&mut message)?;
        json::push_string(&message, out);
        let _ = write!(out, ",\"args\":{{\"level\":\"{}\",\"at\":", record.level());
        json::push_string(&format!("{}:{}", record.file(), record.line()), out);
        out.push_str(more);
        let fields = json::fields(record)?;
        if fields.len() > "{}".len() {
            out.push(',');
        }
        out.push_str(&fields[1..]);
        out.push_str("},\n");
        Ok(())
    }

    /// A slice of the thread for each time it was in a span, and one of the process for the life of the span.
    fn happening(
        &self,
        record: &Record<'_>,
        Happening { id, what }: Happening,
        out: &mut String,
    ) -> Result<(), TooLong> {
        let now = record.unix_ns();
        let mut life = |phase, unix_ns, more: &str| {
            self.begin(phase, unix_ns, track(record), out);
            let _ = write!(out, ",\"id2\":{{\"local\":\"{id:#x}\"}}");
            self.body(record, &format!(",\"span\":{id}{more}"), out)
        };
        match what {
            What::Exited { since_unix_ns } => {
                self.begin("X", since_unix_ns, track(record), out);
                out.push_str(",\"dur\":");
                push_us(i128::from(now.max(since_unix_ns)) - i128::from(since_unix_ns), out);
                self.body(record, &format!(",\"span\":{id}"), out)
            }
            What::Opened { parent: 0 } => life("b", now, ""),
            What::Opened { parent } => life("b", now, &format!(",\"parent\":{parent}")),
            What::Amended => life("n", now, ""),
            What::Followed { other } => life("n", now, &format!(",\"follows\":{other}")),
            What::Closed { since_unix_ns } => {
                // That it was made is not in what is exported.
                if since_unix_ns < self.start_unix_ns {
                    life("b", since_unix_ns, "")?;
                }
                life("e", now, "")
            }
        }
    }
}

/// Appends microseconds.
fn push_us(ns: i128, out: &mut String) {
    let (sign, ns) = (if ns < 0 { "-" } else { "" }, ns.unsigned_abs());
    // Writing to a string does not fail.
    let _ = write!(out, "{sign}{}.{:03}", ns / 1000, ns % 1000);
}

impl Render for Chrome {
    fn start(&mut self, out: &mut String) {
        let start = crate::rfc3339(self.start_unix_ns);
        let _ = writeln!(
            out,
            "{{\"displayTimeUnit\":\"ns\",\"otherData\":{{\"start\":\"{start}\"}},\"traceEvents\":["
        );
    }

    fn record(&mut self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        if !self.is_told {
            self.slices(record, out);
        }
        let start = out.len();
        let pushed = match record.happening() {
            None => self.instant(record, out),
            Some(happening) => self.happening(record, happening, out),
        };
        pushed.inspect_err(|_| out.truncate(start))
    }

    fn end(&mut self, segments: &[Segment], out: &mut String) {
        for (key, track) in std::mem::take(&mut self.tracks) {
            track.spans.iter().for_each(|_| self.end_slice(track.unix_ns, key, out));
        }
        let mut names = BTreeSet::new();
        for segment in segments {
            let pid = pid(segment);
            let process = segment.header().map_or("?", |header| &header.meta.process);
            names.insert((pid, 0, "process_name", process));
            for thread in segment.threads() {
                let tid = tid(segment, thread.id);
                names.insert((pid, tid, "thread_name", &thread.name));
            }
        }
        for (pid, tid, kind, name) in names {
            let _ = write!(
                out,
                "{{\"ph\":\"M\",\"pid\":{pid},\"tid\":{tid},\"name\":\"{kind}\",\"args\":{{\"name\":"
            );
            json::push_string(name, out);
            out.push_str("}},\n");
        }
        // Behind the last comma something has to come.
        out.push_str(
            "{\"ph\":\"M\",\"pid\":0,\"tid\":0,\"name\":\"logbuf\",\"args\":{\"schema\":1}}\n]}\n",
        );
    }
}

/// Process and thread of a record.
fn track(record: &Record<'_>) -> (u32, u64) {
    let segment = record.segment();
    (pid(segment), tid(segment, record.thread_id()))
}

fn pid(segment: &Segment) -> u32 {
    segment.header().map_or(0, |header| header.meta.pid)
}

/// The kernel's number; that in the file for a thread that the file does not describe.
fn tid(segment: &Segment, id: u32) -> u64 {
    segment.thread(id).map_or(id.into(), |thread| thread.os_id)
}
