//! What happens to spans, in `stats` and `export`, through the real command.

use crate::{
    command::{folder, run},
    file::{File, Put, anchor, pack, site},
};
use logbuf_decode::{Filter, Level, Reader};
use logbuf_format::{
    scope::{Head, Op, Which},
    site::{Kind, Role, Site, Slot},
    types::Type,
    value::Value,
};
use serde_json::Value as Json;
use std::{fs, io::Cursor, path::Path};

/// A site of a span: the head, `numbers` of role head, and fields.
fn span_site(id: u32, level: Level, name: &str, numbers: usize, fields: &[(&str, Type)]) -> Site {
    let mut site = site(id, level, name, fields);
    let head = Head::TYPES.into_iter().chain(std::iter::repeat_n(Type::U64, numbers));
    let head = head.map(|ty| Slot { name: String::new(), role: Role::Head, ty });
    site.values = head.chain(site.values).collect();
    site.kind = Kind::Span;
    site
}

fn happens(site: u32, ticks: u64, op: Op, id: u64, rest: &[u64]) -> Put {
    let mut values = Head { which: Which::Span, op, depth: 0, id }.bytes().to_vec();
    let rest: Vec<_> = rest.iter().map(|number| Value::U64(*number)).collect();
    values.extend(pack(&rest));
    (site, ticks, values)
}

/// A request that two threads were in, one that is not closed, and one of before the log.
fn sample() -> Vec<u8> {
    let sites = [
        site(1, Level::Warn, "an event", &[]),
        span_site(2, Level::Info, "request {{}}", 1, &[("order", Type::U64)]),
        span_site(3, Level::Info, "request {{}}", 1, &[]),
        span_site(4, Level::Debug, "other", 1, &[]),
        span_site(5, Level::Info, "request {{}}", 0, &[("order", Type::U64)]),
    ];
    let mut file = File::new(1);
    file.sites(&sites).threads(&[(1, 4711, "in"), (2, 4712, "out")]).clock(&[anchor(1)]);
    file.events_and_happenings(&[
        (
            1,
            &[
                happens(4, 1000, Op::Close, 1, &[600]),
                happens(2, 2000, Op::Open, 7, &[0, 99]),
                (1, 2500, vec![]),
                happens(3, 3000, Op::Exit, 7, &[400]),
                happens(2, 4000, Op::Open, 8, &[7, 100]),
                happens(5, 4100, Op::Amend, 8, &[101]),
                happens(3, 4200, Op::Follow, 8, &[7]),
            ],
        ),
        (2, &[happens(3, 3500, Op::Exit, 7, &[100]), happens(3, 6000, Op::Close, 7, &[4000])]),
    ]);
    file.clock(&[anchor(9000)]).events(&[(1, &[(1, 9000, vec![])])]).end();
    file.bytes()
}

fn stats(folder: &Path, arguments: &[&str]) -> Json {
    let (stdout, stderr, status) = run(folder, &[&["stats", "--json"], arguments, &["."]].concat());
    assert_eq!((stderr.as_str(), status), ("", 0));
    serde_json::from_str(&stdout).expect("JSON")
}

#[test]
fn busy_and_idle_times_are_added_up_by_name() {
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), sample()).expect("write");
    let all = stats(folder.path(), &[]);
    assert_eq!(all["records"], 2, "spans are no events");
    // Open for 4000, and from 4000 to 9000; busy for 500.
    let request = serde_json::json!({
        "name": "request {}", "count": 2, "open": 1, "entered": 2, "busy_ns": 500, "idle_ns": 8500
    });
    let other = serde_json::json!({
        "name": "other", "count": 1, "open": 0, "entered": 0, "busy_ns": 0, "idle_ns": 600
    });
    assert_eq!(all["spans"], serde_json::json!([request, other]));
    assert_eq!(stats(folder.path(), &["-l", "info"])["spans"], serde_json::json!([request]));
    assert_eq!(stats(folder.path(), &["-l", "warn"])["spans"], serde_json::json!([]));
    // What was opened before is closed all the same.
    let late = &stats(folder.path(), &["--since", "2026-11-23T14:05:06.000005Z"])["spans"];
    assert_eq!((&late[0]["count"], &late[0]["idle_ns"]), (&1.into(), &4000.into()));
    let (stdout, _, _) = run(folder.path(), &["stats", "."]);
    let row = stdout.lines().find(|line| line.ends_with("  request {}")).expect("a row");
    let words: Vec<_> = row.split_whitespace().collect();
    assert_eq!(words[..3], ["2", "1", "2"], "{row}");
    assert!(row.contains("500 ns") && row.contains("8.5"), "{row}");
}

#[test]
fn a_trace_has_slices_of_threads_and_of_spans() {
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), sample()).expect("write");
    let (stdout, stderr, status) = run(folder.path(), &["export", "--to", "chrome", "."]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let trace: Json = serde_json::from_str(&stdout).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    // Time 0 is that of the first record, 1000.
    let found: Vec<_> = events
        .iter()
        .filter(|event| event["ph"] != "M")
        .map(|event| {
            let text = |key: &str| event[key].to_string().replace('"', "");
            let id = event["id2"]["local"].as_str().unwrap_or("-");
            let (ph, ts, dur, tid) = (text("ph"), text("ts"), text("dur"), text("tid"));
            format!("{ph} {ts} {dur} {tid} {id} {}", text("name"))
        })
        .collect();
    let expected = [
        "b -0.6 null 4711 0x1 other",
        "e 0.0 null 4711 0x1 other",
        "b 1.0 null 4711 0x7 request {}",
        "i 1.5 null 4711 - an event",
        "X 1.6 0.4 4711 - request {}",
        "X 2.4 0.1 4712 - request {}",
        "b 3.0 null 4711 0x8 request {}",
        "n 3.1 null 4711 0x8 request {}",
        "n 3.2 null 4711 0x8 request {}",
        "e 5.0 null 4712 0x7 request {}",
        "i 8.0 null 4711 - an event",
    ];
    assert_eq!(found, expected);
    let args = |at: usize| &events[at]["args"];
    assert_eq!((&args(2)["order"], &args(6)["parent"]), (&99.into(), &7.into()));
    assert_eq!((&args(7)["order"], &args(8)["follows"]), (&101.into(), &7.into()));
    // Whoever does not ask for what happens to spans does not see it.
    let mut reader = Reader::new();
    reader.add_stream("a", Cursor::new(sample()));
    let mut count = 0;
    reader.for_each(|record| count += u32::from(record.happening().is_none()));
    assert_eq!((count, reader.findings().len()), (2, 0));
}

#[test]
fn a_record_that_does_not_say_what_happened_is_none() {
    let mut file = File::new(1);
    let mut odd = span_site(2, Level::Info, "odd", 0, &[]);
    odd.values.truncate(1);
    let sites = [odd, span_site(3, Level::Info, "short", 0, &[])];
    file.sites(&sites).threads(&[(1, 4711, "in")]).clock(&[anchor(1)]);
    file.events_and_happenings(&[(
        1,
        &[(2, 10, vec![4]), happens(2, 20, Op::Close, 1, &[]), happens(3, 30, Op::Close, 1, &[])],
    )]);
    file.end();
    let mut reader = Reader::new().filter(Filter::new().with_happenings());
    reader.add_stream("a", Cursor::new(file.bytes()));
    let mut count = 0;
    reader.for_each(|record| count += u32::from(record.happening().is_some()));
    assert_eq!(count, 0);
}
