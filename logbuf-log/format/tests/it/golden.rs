//! Bytes that must never change: what this crate writes now, every later version must read, and write the same.
//!
//! `LOGBUF_BLESS=1 cargo test -p logbuf-format golden` writes them anew. That is right only while version 1 has not
//! been released, or to improve the example's annotations.

use crate::{
    sample::Sample,
    segment::{self, Builder, Read, anchor, header, site, slot},
};
use logbuf_format::{
    Level,
    block::Kind,
    definition::Definitions,
    end::End,
    events,
    message::Message,
    packed::{self, Layout, Packer},
    render::Room,
    site::{Role, Site},
    thread::Thread,
    timeline::Timeline,
    types::Type,
    value,
};
use std::{collections::HashMap, fmt::Write, fs, path::Path};

/// Compares `found` with the file, or writes it.
fn check(file: &str, found: &[u8]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("LOGBUF_BLESS").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let same =
        found.iter().zip(&expected).take_while(|(found, expected)| found == expected).count();
    let lens = (found.len(), expected.len());
    assert!(found == expected, "{file} differs from byte {same} on (lengths {lens:?})");
}

#[test]
fn version_1() {
    check("tests/golden/v1.logbuf", &segment::everything().bytes);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1.logbuf");
    let read = Read::all(&fs::read(path).unwrap());
    assert_eq!((&read.errors[..], read.ended), (&[][..], true));
    let mut out = String::new();
    for (header, payload) in &read.blocks {
        writeln!(out, "block {}: {}", header.summary.number, header.summary.kind).unwrap();
        for line in segment::lines(header, payload) {
            writeln!(out, "  {line}").unwrap();
        }
    }
    out.push_str("messages\n");
    for line in messages(&read) {
        writeln!(out, "  {line}").unwrap();
    }
    check("tests/golden/v1.txt", out.as_bytes());
}

/// Every record as text, with its time.
fn messages(read: &Read) -> Vec<String> {
    let of = |kind| read.blocks.iter().filter(move |(header, _)| header.summary.kind == kind);
    let sites: Vec<Site> = of(Kind::SITES)
        .flat_map(|(_, payload)| Site::table(payload))
        .collect::<Result<_, _>>()
        .unwrap();
    let sites: HashMap<u32, &Site> = sites.iter().map(|site| (site.id, site)).collect();
    let mut timeline = Timeline::new(header().meta.ticks_per_second);
    for (_, payload) in of(Kind::CLOCK) {
        logbuf_format::clock::Anchor::table(payload)
            .for_each(|anchor| timeline.add(anchor.unwrap()));
    }
    let mut lines = Vec::new();
    for (_, payload) in of(Kind::EVENTS) {
        for extent in events::extents(payload) {
            for record in extent.unwrap().records() {
                let record = record.unwrap();
                let site = sites[&record.site];
                let mut values = Vec::new();
                value::take_all(&site.values, &site.definitions, record.values, &mut values)
                    .unwrap();
                let mut line = format!("{} {} ", timeline.unix_ns(record.ticks), site.level);
                let message = Message::new(&site.template, &site.values).unwrap();
                message.render(&values, &mut line, Room::most("")).unwrap();
                for (slot, value) in site.values.iter().zip(&values) {
                    if slot.role == Role::Field {
                        write!(line, " {}=", slot.name).unwrap();
                        logbuf_format::render::field(&mut line, value, Room::most("")).unwrap();
                    }
                }
                lines.push(line);
            }
        }
    }
    lines
}

/// The example of the specification.
fn example() -> Builder {
    let mut builder = Builder::new();
    builder.block(Kind::CLOCK, 1, 0, (1_000, 1_000), |out| {
        anchor(1_000, 1_795_442_706_000_000_000).put(out);
    });
    let values =
        vec![slot("qty", Role::Argument, Type::U64), slot("px", Role::Argument, Type::F64)];
    builder.block(Kind::SITES, 1, 0, (0, 0), |out| {
        site(2, Level::Info, "filled {0} @ {1:.2}", values).put(out).unwrap();
    });
    builder.block(Kind::THREADS, 1, 0, (0, 0), |out| {
        Thread { id: 0, os_id: 4242, name: "main".into() }.put(out).unwrap();
    });
    builder.block(Kind::CLOCK, 1, 0, (1_200, 1_200), |out| {
        anchor(1_200, 1_795_442_706_000_000_100).put(out);
    });
    builder.block(Kind::EVENTS, 1, Level::Info.bit(), (1_100, 1_100), |out| {
        let mut values = Vec::new();
        Sample::U64(3).encode(&mut values);
        Sample::F64(52_100.5).encode(&mut values);
        let mut extent = events::open(out, 0, 0, 0);
        extent.put(out, 2, 1_100, &values).unwrap();
        extent.seal(out, 32);
    });
    builder.block(Kind::END, 1, 0, (0, 0), |out| {
        let closed_unix_ns = 1_795_442_706_000_000_200;
        End { blocks: 5, written: 1, lost: 0, closed_unix_ns, index: None }.put(out);
    });
    builder
}

/// The example as the specification shows it.
fn shown(example: &Builder) -> String {
    let mut out = String::from("segment header\n");
    dump(&mut out, &example.bytes, 0, 64);
    out.push_str("metadata\n");
    dump(&mut out, &example.bytes, 64, example.starts[0]);
    let ends = example.starts[1..].iter().copied().chain([example.bytes.len()]);
    for ((start, end), (header, _)) in
        example.starts.iter().zip(ends).zip(&Read::all(&example.bytes).blocks)
    {
        let (number, kind) = (header.summary.number, header.summary.kind);
        writeln!(out, "block {number}: header, {kind}").unwrap();
        dump(&mut out, &example.bytes, *start, start + 64);
        writeln!(out, "block {number}: payload").unwrap();
        dump(&mut out, &example.bytes, start + 64, end);
    }
    out
}

fn dump(out: &mut String, bytes: &[u8], start: usize, end: usize) {
    for at in (start..end).step_by(16) {
        let line = &bytes[at..end.min(at + 16)];
        let hex: Vec<_> = line.iter().map(|byte| format!("{byte:02x}")).collect();
        let is_shown = |byte: &&u8| byte.is_ascii_graphic() || **byte == b' ';
        let ascii: String =
            line.iter().map(|byte| if is_shown(&byte) { char::from(*byte) } else { '.' }).collect();
        writeln!(out, "  {at:04x}  {:<47}  {ascii}", hex.join(" ")).unwrap();
    }
}

#[test]
fn the_example_of_the_specification() {
    const START: &str = "<!-- The test `golden` checks this example. -->\n```text\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("FORMAT.md");
    let spec = fs::read_to_string(path).unwrap();
    let (before, rest) = spec.split_once(START).expect("the example has its mark");
    let (_, after) = rest.split_once("```").expect("the example ends");
    let example = example();
    check("FORMAT.md", format!("{before}{START}{}```{after}", shown(&example)).as_bytes());
    let read = Read::all(&example.bytes);
    assert_eq!(messages(&read), ["1795442706000000050 INFO filled 3 @ 52100.50"]);
}

/// The packed payload that the specification shows, and what it stands for.
fn packed_example() -> (Vec<u8>, Vec<u8>) {
    let mut packer = Packer::new();
    packer.learn(2, Layout::new(&[Type::U64, Type::F64], Definitions::none()));
    packer.open(0, 0, 0);
    let mut raw = Vec::new();
    let mut extent = events::open(&mut raw, 0, 0, 0);
    for i in 0..3_u64 {
        let mut led = vec![0; packed::LEAD];
        Sample::U64(3 + i).encode(&mut led);
        Sample::F64(52_100.5).encode(&mut led);
        let ticks = 1_100 + 50 * i;
        packer.put(2, ticks, &led).unwrap();
        extent.put(&mut raw, 2, ticks, &led[packed::LEAD..]).unwrap();
    }
    extent.seal(&mut raw, 96);
    packer.seal(96);
    (packer.payload().to_vec(), raw)
}

#[test]
fn the_packed_example_of_the_specification() {
    const START: &str = "<!-- The test `golden` checks this packed example. -->\n```text\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("FORMAT.md");
    let spec = fs::read_to_string(path).unwrap();
    let (_, rest) = spec.split_once(START).expect("the packed example has its mark");
    let (shown, _) = rest.split_once("```").expect("the packed example ends");
    let (packed, raw) = packed_example();
    let mut expected = String::new();
    dump(&mut expected, &packed, 0, packed.len());
    assert_eq!(shown, expected, "the specification should show\n{expected}");
    let mut expanded = Vec::new();
    packed::expand(&packed, &mut expanded).unwrap();
    assert_eq!(expanded, raw);
}
