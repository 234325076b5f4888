//! `export` and `compact`, through the real command.

use crate::{
    command::{folder, run},
    file::{File, Put, anchor, filled, pack, sample, sample_sites, site},
};
use logbuf_decode::{Level, Site, SiteKind};
use logbuf_format::{
    block::{Compression, Header, Kind},
    index::Entry,
    scope::{Head, Op, Which},
    segment,
    site::Role,
    types::Type,
    value::{Str, Value},
};
use serde_json::Value as Json;
use std::{fs, path::Path};

fn write_sample(folder: &Path) {
    fs::write(folder.join("a.logbuf"), sample().bytes()).expect("write");
}

#[test]
fn lines_are_exported_as_they_are_shown() {
    let folder = folder();
    write_sample(folder.path());
    for (form, shown) in [("ndjson", "--json"), ("csv", "--csv")] {
        let expected = run(folder.path(), &[shown, "-l", "warn", "."]);
        assert_eq!(run(folder.path(), &["export", "--to", form, "-l", "warn", "."]), expected);
        let (stdout, stderr, status) =
            run(folder.path(), &["export", "--to", form, "-l", "warn", "-o", "out", "."]);
        assert_eq!((stdout.as_str(), stderr.as_str(), status), ("", "", 0));
        assert_eq!(fs::read_to_string(folder.path().join("out")).expect("the file"), expected.0);
    }
    assert_eq!(run(folder.path(), &["export", "."]), run(folder.path(), &["--json", "."]));
}

#[test]
fn a_trace_has_a_track_for_each_thread() {
    let folder = folder();
    write_sample(folder.path());
    let (stdout, stderr, status) = run(folder.path(), &["export", "--to", "chrome", "."]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let trace: Json = serde_json::from_str(&stdout).expect("JSON");
    assert_eq!(trace["otherData"]["start"], "2026-11-23T14:05:06.000001000Z");
    let events = trace["traceEvents"].as_array().expect("events");
    let of = |phase: &str| events.iter().filter(|event| event["ph"] == phase).collect::<Vec<_>>();
    let instants = of("i");
    assert_eq!(instants.len(), 8);
    assert_eq!(instants[0]["name"], "filled BTC-USD 3 @ 52100.50");
    assert_eq!(instants[0]["args"]["order_id"], 7);
    assert_eq!(instants[0]["args"]["at"], "src/book.rs:41");
    assert_eq!(
        (&instants[0]["ts"], &instants[0]["pid"], &instants[0]["tid"]),
        (&0.0.into(), &42.into(), &4711.into())
    );
    assert_eq!((&instants[7]["ts"], &instants[7]["tid"]), (&4.001.into(), &4712.into()));
    let names: Vec<_> = of("M").iter().map(|event| event["args"]["name"].clone()).collect();
    assert!(names.contains(&"app".into()) && names.contains(&"main".into()), "{names:?}");
    // Without records it is a trace all the same.
    let (stdout, _, _) =
        run(folder.path(), &["export", "--to", "chrome", "--since", "2027-01-01", "."]);
    serde_json::from_str::<Json>(&stdout).expect("JSON");
}

/// Two spans, one in the other, each with a record; and one in which the log ends.
fn spans() -> File {
    let head = [("", Type::U8), ("", Type::U8), ("", Type::U64)];
    let scope = |id, template, fields: &[(&str, Type)], kind| {
        let mut scope = site(id, Level::Info, template, &[&head, fields].concat());
        scope.values[..3].iter_mut().for_each(|slot| slot.role = Role::Head);
        Site { kind, ..scope }
    };
    let [fill, ..] = sample_sites();
    let enter = |site, ticks, depth, id, fields: &[Value<'_>]| -> Put {
        let head = Head { which: Which::Span, op: Op::Enter, depth, id };
        (site, ticks, [&head.bytes()[..], &pack(fields)].concat())
    };
    let leave = |ticks, depth| -> Put {
        let head = Head { which: Which::Span, op: Op::Leave, depth, id: 0 };
        (12, ticks, head.bytes().to_vec())
    };
    let mut file = File::new(4);
    file.sites(&[
        fill,
        scope(10, "request", &[("path", Type::Str)], SiteKind::Span),
        scope(11, "query", &[], SiteKind::Span),
        scope(12, "", &[], SiteKind::Leave),
    ]);
    let records = [
        filled(900, "before", 1),
        enter(10, 1000, 0, 7, &[Value::Str(Str::new("/x"))]),
        filled(1000, "request", 1),
        enter(11, 1100, 1, 8, &[]),
        filled(1100, "query", 2),
        leave(1200, 1),
        filled(1200, "request", 3),
        leave(1300, 0),
        enter(10, 1300, 0, 9, &[Value::Str(Str::new("/y"))]),
        filled(1300, "request", 4),
    ];
    file.threads(&[(1, 4711, "main")]).clock(&[anchor(2000)]);
    file.events_and_happenings(&[(1, &records)]).end();
    file
}

#[test]
fn spans_are_slices_one_in_the_other() {
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), spans().bytes()).expect("write");
    let (stdout, stderr, status) = run(folder.path(), &["export", "--to", "chrome", "."]);
    assert_eq!((stderr.as_str(), status), ("", 0));
    let trace: Json = serde_json::from_str(&stdout).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let shown: Vec<_> = events
        .iter()
        .filter(|event| event["ph"] != "M")
        .map(|event| format!("{} {}", event["ph"].as_str().expect("a phase"), event["ts"]))
        .collect();
    let expected = [
        "i 0.0", "B 0.1", "i 0.1", "B 0.2", "i 0.2", "E 0.3", "i 0.3", "E 0.4", "B 0.4", "i 0.4",
        "E 0.4",
    ];
    assert_eq!(shown, expected);
    let slices: Vec<_> = events.iter().filter(|event| event["ph"] == "B").collect();
    let names: Vec<_> = slices.iter().map(|slice| &slice["name"]).collect();
    assert_eq!(names, ["request", "query", "request"]);
    assert_eq!(slices[0]["args"]["path"], "/x");
    assert_eq!((&slices[2]["pid"], &slices[2]["tid"]), (&42.into(), &4711.into()));
}

#[test]
fn spans_and_their_fields_are_in_every_form() {
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), spans().bytes()).expect("write");
    let shown = |args: &[&str]| {
        let (stdout, stderr, status) = run(folder.path(), &[args, &["."]].concat());
        assert_eq!((stderr.as_str(), status), ("", 0));
        stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let patterns = shown(&["--format", "{spans}|{path}|{order_id}"]);
    assert_eq!(patterns[..2], ["||5", "request{path=\"/x\"}|/x|5"]);
    assert_eq!(patterns[2], "request{path=\"/x\"}:query|/x|6");
    let rows = shown(&["--csv", "--columns", "order_id,spans,path"]);
    assert_eq!(rows[..2], ["order_id,spans,path", "5,[],"]);
    let path = r#"{""name"":""request"",""fields"":{""path"":""/x""}}"#;
    assert_eq!(rows[3], format!(r#"6,"[{path},{{""name"":""query"",""fields"":{{}}}}]",/x"#));
    let pairs = shown(&["--logfmt"]);
    assert!(!pairs[0].contains("spans="), "{}", pairs[0]);
    assert!(pairs[2].ends_with(" spans=request:query path=/x"), "{}", pairs[2]);
}

#[test]
fn a_file_that_cannot_be_written_is_named() {
    let folder = folder();
    write_sample(folder.path());
    let (_, stderr, status) = run(folder.path(), &["export", "-o", "nowhere/out", "."]);
    assert!(stderr.starts_with("logbuf-decode: error: nowhere/out: "), "{stderr}");
    assert_eq!(status, 2);
}

/// A closed segment with an index and blocks that are worth compressing.
pub(crate) fn large() -> File {
    let mut file = File::new(3);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for block in 0..10 {
        let records: Vec<Put> =
            (0..200).map(|index| filled(1000 * block + index, "BTC-USD", index)).collect();
        file.clock(&[anchor(1000 * block + 500)]).events(&[(1, &records)]);
    }
    file.end_with_index();
    file
}

/// The blocks of a segment: where each starts, and its header.
fn blocks(bytes: &[u8]) -> Vec<(usize, Header)> {
    let (header, mut offset) = segment::Header::take(bytes).expect("a segment");
    let mut blocks = Vec::new();
    while offset < bytes.len() {
        let block = Header::take(&bytes[offset..], Some(header.salt)).expect("a block");
        blocks.push((offset, block));
        offset += block.block_len();
    }
    blocks
}

#[test]
fn a_compacted_segment_is_smaller_and_reads_the_same() {
    let folder = folder();
    let path = folder.path().join("a.logbuf");
    let before = large().bytes();
    fs::write(&path, &before).expect("write");
    let shown = run(folder.path(), &["--json", "a.logbuf"]);
    let (stdout, stderr, status) = run(folder.path(), &["compact", "."]);
    let after = fs::read(&path).expect("the file");
    assert!(after.len() * 2 < before.len(), "{} of {}", after.len(), before.len());
    assert!(
        stdout.replace(',', "").contains(&format!(
            "a.logbuf: {} to {} bytes",
            before.len(),
            after.len()
        )),
        "{stdout}"
    );
    assert_eq!((stderr.as_str(), status), ("", 0));
    assert_eq!(run(folder.path(), &["--json", "a.logbuf"]), shown);
    assert_eq!(run(folder.path(), &["verify", "a.logbuf"]).2, 0);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1);

    let blocks = blocks(&after);
    let events = || blocks.iter().filter(|(_, block)| block.summary.kind == Kind::EVENTS);
    assert!(events().all(|(_, block)| block.compression == Compression::ZSTD));
    let (at, index) =
        blocks.iter().find(|(_, block)| block.summary.kind == Kind::INDEX).expect("INDEX");
    let payload = index.payload(&after[*at..]).expect("a payload");
    let (_, entries) = Entry::table(&payload).expect("a table");
    let entries: Vec<_> = entries.map(|entry| entry.expect("an entry")).collect();
    assert_eq!(entries.len(), 10);
    for (entry, (offset, block)) in entries.iter().zip(events()) {
        assert_eq!(entry.offset, *offset as u64);
        assert!(entry.matches(block));
    }
    // Once more changes nothing.
    assert_eq!(run(folder.path(), &["compact", "."]).2, 0);
    assert_eq!(fs::read(&path).expect("the file"), after);
}

#[test]
fn what_is_open_or_damaged_stays_as_it_is() {
    let folder = folder();
    let whole = sample();
    let end = whole.blocks.last().expect("END").range.start;
    let mut damaged = whole.bytes();
    damaged[whole.blocks[4].range.end - 1] ^= 1;
    let cases = [
        ("open", whole.bytes()[..end].to_vec(), "note", 0),
        ("cut", whole.bytes()[..end + 70].to_vec(), "note", 0),
        ("damaged", damaged, "warning", 1),
        (
            "foreign",
            b"#!/bin/sh\necho 0123456789012345678901234567890123456789012345678901234\n".to_vec(),
            "warning",
            1,
        ),
    ];
    for (name, bytes, word, expected) in cases {
        let path = folder.path().join(name);
        fs::write(&path, &bytes).expect("write");
        let (stdout, stderr, status) = run(folder.path(), &["compact", name]);
        assert_eq!((stdout.as_str(), status), ("", expected), "{stderr}");
        assert!(stderr.starts_with(&format!("logbuf-decode: {word}: {name}: ")), "{stderr}");
        assert!(stderr.ends_with("left as it is\n"), "{stderr}");
        assert_eq!(fs::read(&path).expect("the file"), bytes);
    }
    assert_eq!(run(folder.path(), &["compact", "missing"]).2, 2);
}
