//! Records that ask for more text than they have bytes: what rendering them writes is counted.

use crate::file::{File, Put, anchor, site};
use logbuf_decode::{Csv, Json, Level, Logfmt, Pattern, Reader, Render, Text};
use logbuf_format::{
    block::{Compression, Summary},
    definition::{Definition, Definitions, Members, Shape},
    limits,
    render::{Share, TooLong},
    site::{Role, Site},
    types::Type,
};
use std::io::Cursor;

/// Records of the block.
const RECORDS: usize = 20_000;

/// How many of them are rendered.
const SOME: usize = 1200;

/// A segment with one block of records of this site, compressed.
pub(crate) fn block_of(site: Site, records: usize, values: &[u8]) -> Vec<u8> {
    let record: Put = (site.id, 1_000, values.to_vec());
    let mut file = File::new(7);
    file.sites(&[site]).threads(&[(1, 1, "main")]).clock(&[anchor(9_000)]);
    let (summary, payload) = file.event_block(&[(1, &vec![record; records])]);
    assert!(payload.len() <= limits::PAYLOAD);
    file.compressed(Summary { ..summary }, &payload, Compression::ZSTD);
    file.end().bytes()
}

/// Sites whose records ask for far more than they hold, each with the bytes of such a record.
pub(crate) fn greedy() -> Vec<(&'static str, Site, Vec<u8>)> {
    let number = |template: &str| site(5, Level::Info, template, &[("", Type::U8)]);
    let field = |ty| {
        let mut site = site(5, Level::Info, "", &[("field", ty)]);
        site.values[0].role = Role::Field;
        site
    };
    let mut named = field(Type::seq(Type::Named(0)));
    let shape = Shape::Struct(Members::Tuple(vec![]));
    named.definitions = Definitions::new(vec![Definition { name: "N".repeat(10_000), shape }]);
    let mut deep = number(&"{0:#?}".repeat(1000));
    deep.values[0].ty = (1..limits::DEPTH).fold(Type::U8, |ty, _| Type::array(ty, 1));
    let mut counted = number(&"{0:1$}".repeat(1000));
    counted.values = [Type::U8, Type::U64]
        .map(|ty| logbuf_format::site::Slot { ty, ..counted.values[0].clone() })
        .into();
    let mut targeted = number("{0}");
    targeted.target = "t".repeat(20_000);
    vec![
        ("padding", number(&"{0:>65535?}".repeat(1100)), vec![1]),
        ("a width that is a value", counted, [&[1][..], &60_000_u64.to_le_bytes()].concat()),
        ("a literal", number(&"literal {0}".repeat(1500)), vec![1]),
        ("a target", targeted, vec![1]),
        ("names", named, 60_000_u32.to_le_bytes().to_vec()),
        (
            "values without bytes",
            field(Type::seq(Type::Tuple(vec![]))),
            60_000_u32.to_le_bytes().to_vec(),
        ),
        ("indentation", deep, vec![1]),
    ]
}

fn reader(bytes: &[u8]) -> Reader {
    let mut reader = Reader::new();
    reader.add_stream("hostile", Cursor::new(bytes.to_vec()));
    reader
}

fn forms() -> Vec<Box<dyn Render>> {
    let pattern = Pattern::new("{time} {target} {message} {fields} {field}").expect("a pattern");
    vec![
        Box::new(Text::new()),
        Box::new(Text::new().color()),
        Box::new(Json::new()),
        Box::new(Csv::new()),
        Box::new(Logfmt::new()),
        Box::new(pattern),
    ]
}

#[test]
fn a_block_becomes_no_more_text_than_it_has_room_for() {
    for (name, site, values) in greedy() {
        let bytes = block_of(site, RECORDS, &values);
        assert!(bytes.len() < 32 << 10, "{name}: {} bytes", bytes.len());
        let mut reader = reader(&bytes);
        let (mut forms, mut seen, mut written) = (forms(), 0, 0);
        let _some = reader.try_for_each(|record| {
            let limit = Share::of(RECORDS).bytes(record.size());
            let form = seen % forms.len();
            let render = &mut forms[form];
            let mut line = String::new();
            assert_eq!(render.record(record, &mut line), Err(TooLong { limit }), "{name}: {seen}");
            // What was taken back leaves its memory behind, and a string that grows takes twice what it needs at most.
            assert!(line.capacity() <= 2 * limit, "{name}: {} bytes", line.capacity());
            written += line.capacity();
            seen += 1;
            // They are all alike.
            if seen < SOME { Ok(()) } else { Err(()) }
        });
        let all = written / seen.max(1) * RECORDS;
        assert!(all <= 2 * limits::BLOCK_TEXT, "{name}: {all}");
        // What cannot have room in any form is not handed out.
        let told: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
        assert_eq!(seen == 0, told.len() == 1, "{name}: {told:?}");
        assert!(seen == 0 || seen == SOME, "{name}: {seen}");
    }
}

#[test]
fn the_same_records_are_shown_where_there_is_room_for_them() {
    for (name, site, values) in greedy() {
        let mut reader = reader(&block_of(site, 1, &values));
        let mut lengths = Vec::new();
        reader.for_each(|record| {
            let mut line = String::new();
            lengths.push(Text::new().record(record, &mut line).map(|()| line.len()));
        });
        assert!(reader.findings().is_empty(), "{name}");
        let fits = !matches!(name, "padding" | "names");
        assert_eq!(lengths[0].is_ok(), fits, "{name}: {lengths:?}");
        assert!(lengths[0].is_ok_and(|len| len > 10_000) || !fits, "{name}: {lengths:?}");
    }
}

#[test]
fn what_is_honest_has_room() {
    let text = |site: Site, records, values: &[u8]| {
        let mut reader = reader(&block_of(site, records, values));
        let (mut lines, mut last) = (0, String::new());
        reader.for_each(|record| {
            last.clear();
            record.message(&mut last).expect("it has room");
            lines += 1;
        });
        assert!(reader.findings().is_empty());
        assert_eq!(lines, records);
        last
    };
    // More records than a writer puts into a block, each with columns of 200 characters.
    let wide = site(5, Level::Info, "{0:>200}|{0:<200}|{0:^200}", &[("", Type::U8)]);
    assert_eq!(text(wide, 40_000, &[7]), format!("{0:>200}|{0:<200}|{0:^200}", 7));
    // A string of 64 kB, each of whose characters is escaped.
    let long = "\u{1}".repeat(64 << 10);
    let values = [&(long.len() as u32).to_le_bytes()[..], long.as_bytes()].concat();
    let quoted = site(5, Level::Info, "{0:?}", &[("", Type::Str)]);
    assert_eq!(text(quoted, 60, &values), format!("{long:?}"));
    // A deep value, each of whose 1000 numbers stands on a line of its own.
    let ty = (1..8).fold(Type::seq(Type::U8), |ty, _| Type::option(ty));
    let deep = site(5, Level::Info, "{0:#?}", &[("", ty)]);
    let values = [&[1; 7][..], &1000_u32.to_le_bytes(), &[9; 1000]].concat();
    let value = Some(Some(Some(Some(Some(Some(Some(vec![9_u8; 1000])))))));
    assert_eq!(text(deep, 4_000, &values), format!("{value:#?}"));
    // A thousand lines of a banner, once.
    let banner = "=".repeat(60_000);
    assert_eq!(text(site(5, Level::Info, &banner, &[]), 1, &[]), banner);
}
