//! Traces for viewers with a time axis.

use crate::{
    record::Record,
    render::{Render, json},
    segment::Segment,
};
use logbuf_format::render::TooLong;
use std::{collections::BTreeSet, fmt::Write};

/// A trace in the JSON form of Chrome, which Perfetto and `chrome://tracing` show: a track for each thread, with its records as
/// instants.
///
/// Times are microseconds since a start that is given, because viewers take them as floats of 53 bits. The output is one
/// JSON object, `{"traceEvents":[…]}`, one event on each line.
#[derive(Clone, Debug)]
pub struct Chrome {
    start_unix_ns: i64,
}

impl Chrome {
    /// A trace whose time 0 is this: nanoseconds since the Unix epoch, UTC.
    pub fn new(start_unix_ns: i64) -> Self {
        Self { start_unix_ns }
    }

    fn event(&self, record: &Record<'_>, out: &mut String) -> Result<(), TooLong> {
        let ns = i128::from(record.unix_ns()) - i128::from(self.start_unix_ns);
        let (sign, ns) = (if ns < 0 { "-" } else { "" }, ns.unsigned_abs());
        // Writing to a string does not fail.
        let _ = write!(
            out,
            "{{\"ph\":\"i\",\"s\":\"t\",\"ts\":{sign}{}.{:03},\"pid\":{},\"tid\":{},\"cat\":",
            ns / 1000,
            ns % 1000,
            pid(record.segment()),
            tid(record.segment(), record.thread_id())
        );
        json::push_string(record.target(), out);
        out.push_str(",\"name\":");
        let mut message = String::new();
        record.message(&mut message)?;
        json::push_string(&message, out);
        let _ = write!(out, ",\"args\":{{\"level\":\"{}\",\"at\":", record.level());
        json::push_string(&format!("{}:{}", record.file(), record.line()), out);
        let fields = json::fields(record)?;
        if fields.len() > "{}".len() {
            out.push(',');
        }
        out.push_str(&fields[1..]);
        out.push_str("},\n");
        Ok(())
    }
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
        let start = out.len();
        self.event(record, out).inspect_err(|_| out.truncate(start))
    }

    fn end(&mut self, segments: &[Segment], out: &mut String) {
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

fn pid(segment: &Segment) -> u32 {
    segment.header().map_or(0, |header| header.meta.pid)
}

/// The kernel's number; that in the file for a thread that the file does not describe.
fn tid(segment: &Segment, id: u32) -> u64 {
    segment.thread(id).map_or(id.into(), |thread| thread.os_id)
}
