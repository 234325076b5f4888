//! What is put is what is taken.

use logbuf_format::{
    Error, Fault, Level, Part,
    block::{self, Codec, Compression, HEADER_LEN, Kind, Summary},
    clock::Anchor,
    definition::{Definition, Definitions, Member, Members, Shape, Variant},
    end::End,
    events, limits,
    loss::{Loss, Reason},
    scan::{self, Scan},
    segment::{Clock, Header, Meta},
    site::{self, Role, Site, Slot},
    thread::Thread,
    types::Type,
};

pub(crate) fn header() -> Header {
    Header {
        number: 3,
        salt: 0x0123_4567_89AB_CDEF,
        anchor: Anchor { ticks: 77, unix_ns: -5, uncertainty_ns: 40, step: false },
        meta: Meta {
            writer: "logbuf-log 0.1.0".into(),
            process: "gateway".into(),
            pid: 4242,
            host: "höst".into(),
            build: String::new(),
            clock: Clock::TSC,
            ticks_per_second: 2_600_000_000,
            session: 0,
        },
    }
}

fn site(id: u32, ty: Type) -> Site {
    Site {
        id,
        hash: site_hash(),
        level: Level::Warn,
        target: "app::book".into(),
        file: "src/book.rs".into(),
        line: 42,
        column: 9,
        template: "filled {0}".into(),
        values: vec![Slot { name: "qty".into(), role: Role::Argument, ty }],
        typed: true,
        definitions: Definitions::default(),
        kind: Default::default(),
    }
}

fn site_hash() -> u64 {
    logbuf_format::site::hash(Level::Warn, "app::book", "src/book.rs", 42, 9, "filled {}")
}

fn summary(kind: Kind) -> Summary {
    Summary {
        kind,
        codec: Codec::RAW,
        levels: Level::Warn.bit(),
        salt: header().salt,
        number: 9,
        records: 1,
        first: 10,
        last: 20,
        sites: 5,
    }
}

fn sealed(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let block = block::open(&mut out);
    out.extend_from_slice(payload);
    block.seal(&mut out, summary(Kind::EVENTS)).unwrap();
    out
}

/// Overwrites bytes of a block header and makes its checksum right again.
fn forged(payload: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    forged_again(sealed(payload), at, bytes)
}

fn forged_again(mut out: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    out[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32c::crc32c(&out[..60]);
    out[60..64].copy_from_slice(&crc.to_le_bytes());
    out
}

#[test]
fn segment_header() {
    let mut bytes = Vec::new();
    header().put(&mut bytes).unwrap();
    assert!(bytes.len().is_multiple_of(8));
    assert_eq!(Header::take(&bytes), Ok((header(), bytes.len())));
    for cut in 0..bytes.len() {
        let error = Header::take(&bytes[..cut]).unwrap_err();
        assert!(error.is_incomplete(), "{cut}: {error}");
    }
}

#[test]
fn an_unknown_clock_is_kept() {
    let mut unknown = header();
    unknown.meta.clock = Clock(99);
    let mut bytes = Vec::new();
    unknown.put(&mut bytes).unwrap();
    assert_eq!(Header::take(&bytes).unwrap().0.meta.clock, Clock(99));
    assert_eq!(
        (Clock::TSC.to_string(), Clock(99).to_string()),
        ("TSC".into(), "unknown (99)".into())
    );
}

#[test]
fn block_header_and_payload() {
    for len in 0..20 {
        let payload = vec![0xA5; len];
        let bytes = sealed(&payload);
        let header = block::Header::take(&bytes, Some(header().salt)).unwrap();
        assert_eq!(header.summary, summary(Kind::EVENTS));
        assert_eq!(header.block_len(), bytes.len());
        assert_eq!(*header.payload(&bytes).unwrap(), payload);
        for cut in 0..HEADER_LEN {
            assert!(block::Header::take(&bytes[..cut], None).unwrap_err().is_incomplete());
        }
        for cut in HEADER_LEN..HEADER_LEN + len {
            assert!(header.payload(&bytes[..cut]).unwrap_err().is_incomplete());
        }
    }
}

#[test]
fn a_block_that_is_too_long_is_taken_back() {
    let mut out = vec![1; 8];
    let block = block::open(&mut out);
    out.resize(out.len() + limits::PAYLOAD + 1, 0);
    let fault = block.seal(&mut out, summary(Kind::EVENTS)).unwrap_err().fault;
    let (found, limit) = (limits::PAYLOAD as u64 + 1, limits::PAYLOAD as u64);
    assert_eq!(fault, Fault::Limit { part: Part::StoredPayload, found, limit });
    assert_eq!(out, [1; 8]);
}

#[test]
fn invalid_block_headers_say_why() {
    let take = |bytes: &[u8]| block::Header::take(bytes, Some(header().salt)).unwrap_err();
    assert_eq!(take(b"LBLX"), Error::at(0, Fault::NotBlock { found: *b"LBLX" }));

    let other = forged(b"", 8, &5_u64.to_le_bytes());
    assert_eq!(take(&other), Error::at(8, Fault::Salt { found: 5, expected: header().salt }));

    let long = forged(b"", 24, &u32::MAX.to_le_bytes());
    let limit = limits::PAYLOAD as u64;
    let (found, part) = (u64::from(u32::MAX), Part::StoredPayload);
    assert_eq!(take(&long), Error::at(24, Fault::Limit { part, found, limit }));

    let expands = forged(b"abc", 28, &4_u32.to_le_bytes());
    let part = Part::ExpandedPayload;
    assert_eq!(take(&expands), Error::at(28, Fault::Mismatch { part, found: 4, expected: 3 }));

    let bomb = forged(b"abc", 28, &u32::MAX.to_le_bytes());
    let bomb = forged_again(bomb, 6, &[1]);
    assert_eq!(take(&bomb), Error::at(28, Fault::Limit { part, found, limit }));

    let compressed = forged(b"abc", 6, &[9]);
    let header = block::Header::take(&compressed, None).unwrap();
    assert_eq!(header.compression, Compression(9));
    let unknown = Fault::Unknown { part: Part::Compression, found: 9 };
    assert_eq!(header.payload(&compressed), Err(Error::at(6, unknown)));
}

#[test]
fn sites_and_one_bad_among_them() {
    let deep = (1..limits::DEPTH).fold(Type::U8, |ty, _| Type::seq(ty));
    let sites = [site(0, Type::Str), site(1, deep.clone()), site(2, Type::F64)];
    let mut payload = Vec::new();
    for site in &sites {
        site.put(&mut payload).unwrap();
    }
    let read: Vec<_> = Site::table(&payload).collect::<Result<_, _>>().unwrap();
    assert_eq!(read, sites);

    let too_deep = site(3, Type::seq(deep)).put(&mut payload).unwrap_err();
    assert_eq!(too_deep.fault, Fault::TooDeep { limit: 64 });

    // The level of the second site becomes one that does not exist.
    let second = 4 + u32::from_le_bytes(payload[..4].try_into().unwrap()) as usize;
    let level = second + 4 + 1 + postcard::to_allocvec(&site_hash()).unwrap().len();
    payload[level] = 9;
    let read: Vec<_> = Site::table(&payload).collect();
    assert_eq!(read[0].as_ref(), Ok(&sites[0]));
    let error = read[1].as_ref().unwrap_err();
    assert!(matches!(error.fault, Fault::Malformed { part: Part::Level, .. }), "{error}");
    assert_eq!(error.offset, level as u64);
    assert_eq!(read[2].as_ref(), Ok(&sites[2]));
}

#[test]
fn a_hostile_type_does_not_exhaust_the_stack() {
    let mut entry = Vec::new();
    site(0, Type::Unit).put(&mut entry).unwrap();
    // The last four bytes are the type, `typed`, that there are no definitions, and the kind.
    entry.truncate(entry.len() - 4);
    entry.extend_from_slice(&[17; 60_000]);
    let len = (entry.len() - 4) as u32;
    entry[..4].copy_from_slice(&len.to_le_bytes());
    let error = Site::table(&entry).next().unwrap().unwrap_err();
    assert_eq!(error.fault, Fault::TooDeep { limit: 64 });
}

#[test]
fn an_unknown_type_costs_its_site_alone() {
    let mut payload = Vec::new();
    site(0, Type::Unit).put(&mut payload).unwrap();
    let at = payload.len() - 4;
    payload[at] = 99;
    site(1, Type::Unit).put(&mut payload).unwrap();
    let read: Vec<_> = Site::table(&payload).collect();
    assert_eq!(read[0], Err(Error::at(at, Fault::Unknown { part: Part::Type, found: 99 })));
    assert_eq!(read[1], Ok(site(1, Type::Unit)));
}

/// Types inside types, all of which stand in one site.
fn nested_types() -> (Vec<Slot>, Definitions) {
    let types = vec![
        Type::array(Type::U8, 16),
        Type::set(Type::Str),
        Type::map(Type::Str, Type::option(Type::I8)),
        Type::Tuple(vec![]),
        Type::Tuple(vec![Type::Unit, Type::result(Type::Bool, Type::Text)]),
        Type::Named(1),
        Type::seq(Type::Named(0)),
        Type::Duration,
        Type::SystemTime,
        Type::Ip,
        Type::Socket,
        Type::OsStr,
        Type::Redacted,
        Type::postcard(Type::Named(0)),
    ];
    let slots = types.into_iter().map(|ty| Slot { name: String::new(), role: Role::Field, ty });
    let member = |name: &str, ty| Member { name: name.into(), ty };
    let variant = |name: &str, members| Variant { name: name.into(), members };
    let list = Shape::Enum(vec![
        variant("Nil", Members::Tuple(vec![])),
        variant("Cons", Members::Named(vec![member("next", Type::Named(0))])),
    ]);
    let pair = Shape::Struct(Members::Tuple(vec![Type::Named(0), Type::F32]));
    let definition = |name: &str, shape| Definition { name: name.into(), shape };
    (slots.collect(), Definitions::new(vec![definition("List", list), definition("Pair", pair)]))
}

#[test]
fn types_inside_types() {
    let (values, definitions) = nested_types();
    let nested = Site { values, definitions, ..site(0, Type::Unit) };
    let mut payload = Vec::new();
    nested.put(&mut payload).unwrap();
    assert_eq!(Site::table(&payload).collect::<Vec<_>>(), [Ok(nested)]);
}

#[test]
fn a_type_without_definition_costs_its_site_alone() {
    let undefined = Fault::Undefined { definitions: 0 };
    let mut payload = Vec::new();
    for ty in [Type::Named(0), Type::option(Type::Named(7)), Type::map(Type::U8, Type::Named(0))] {
        assert_eq!(site(0, ty).put(&mut payload), Err(Error::at(0, undefined.clone())));
    }
    let (_, definitions) = nested_types();
    let defined = Site { definitions, ..site(0, Type::Named(1)) };
    defined.put(&mut payload).unwrap();
    // The type of the value.
    let at = payload.windows(2).position(|bytes| bytes == [24, 1]).unwrap() + 1;
    payload[at] = 2;
    defined.put(&mut payload).unwrap();
    let read: Vec<_> = Site::table(&payload).collect();
    let fault = Fault::Undefined { definitions: 2 };
    assert_eq!(read[0].as_ref().unwrap_err().fault, fault);
    assert_eq!(read[1], Ok(defined));
}

#[test]
fn counts_of_types_and_definitions_are_not_believed() {
    let mut tuple = Vec::new();
    site(0, Type::Tuple(vec![Type::Unit])).put(&mut tuple).unwrap();
    // Behind the count stand the type, `typed`, that there are no definitions, and the kind.
    let count = tuple.len() - 5;
    let mut definitions = Vec::new();
    site(0, Type::Unit).put(&mut definitions).unwrap();
    let none = definitions.len() - 2;
    for (mut payload, at) in [(tuple, count), (definitions, none)] {
        payload.splice(at..=at, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]);
        let len = (payload.len() - 4) as u32;
        payload[..4].copy_from_slice(&len.to_le_bytes());
        let fault = Site::table(&payload).next().unwrap().unwrap_err().fault;
        assert!(matches!(fault, Fault::Malformed { .. }), "{fault:?}");
    }
}

#[test]
fn a_shape_that_is_not_known_costs_its_site_alone() {
    let (_, definitions) = nested_types();
    let defined = Site { definitions, ..site(0, Type::Named(1)) };
    let mut payload = Vec::new();
    defined.put(&mut payload).unwrap();
    let at = payload.windows(5).position(|bytes| bytes == b"\x04Pair").unwrap() + 5;
    payload[at] = 9;
    let unknown = Fault::Unknown { part: Part::Shape, found: 9 };
    assert_eq!(Site::table(&payload).next(), Some(Err(Error::at(at, unknown))));
}

#[test]
fn kinds_read_back_and_an_unknown_one_costs_its_site_alone() {
    let kinds = [site::Kind::Event, site::Kind::Context, site::Kind::Span, site::Kind::Leave];
    let sites = kinds.map(|kind| Site { kind, ..site(kind as u32, Type::Unit) });
    let mut payload = Vec::new();
    sites.iter().for_each(|site| site.put(&mut payload).unwrap());
    *payload.last_mut().unwrap() = 4;
    let mut read = Site::table(&payload);
    for site in &sites[..3] {
        assert_eq!(read.next().as_ref(), Some(&Ok(site.clone())));
    }
    let error = read.next().unwrap().unwrap_err();
    assert!(matches!(error.fault, Fault::Malformed { part: Part::Kind, .. }), "{error}");
}

#[test]
fn an_entry_that_ends_before_the_kind_is_an_event() {
    let mut payload = Vec::new();
    site(0, Type::Unit).put(&mut payload).unwrap();
    payload.pop();
    payload[0] -= 1;
    assert_eq!(Site::table(&payload).next(), Some(Ok(site(0, Type::Unit))));
}

#[test]
fn a_restated_extent_says_of_which_ring() {
    let mut payload = Vec::new();
    events::open_restated(&mut payload, 7, 3).seal(&mut payload, 7);
    events::open(&mut payload, 7, 3, 40).seal(&mut payload, 40);
    let extents: Vec<_> = events::extents(&payload).map(|extent| extent.unwrap()).collect();
    assert_eq!(extents.iter().map(|extent| extent.restates()).collect::<Vec<_>>(), [Some(7), None]);
    assert_eq!((extents[0].thread, extents[0].count), (3, 0));
}

#[test]
fn fields_of_a_later_writer_are_ignored() {
    let mut payload = Vec::new();
    site(0, Type::Unit).put(&mut payload).unwrap();
    payload.extend_from_slice(b"later");
    let len = (payload.len() - 4) as u32;
    payload[..4].copy_from_slice(&len.to_le_bytes());
    assert_eq!(Site::table(&payload).collect::<Vec<_>>(), [Ok(site(0, Type::Unit))]);
}

#[test]
fn threads() {
    let threads = [
        Thread { id: 0, os_id: u64::MAX, name: "main".into() },
        Thread { id: u32::MAX, os_id: 1, name: String::new() },
    ];
    let mut payload = Vec::new();
    for thread in &threads {
        thread.put(&mut payload).unwrap();
    }
    assert_eq!(Thread::table(&payload).collect::<Result<Vec<_>, _>>().unwrap(), threads);

    let long = Thread { id: 1, os_id: 1, name: "x".repeat(limits::ENTRY) };
    let before = payload.len();
    assert!(matches!(
        long.put(&mut payload).unwrap_err().fault,
        Fault::Limit { part: Part::Entry, .. }
    ));
    assert_eq!(payload.len(), before);

    payload.extend_from_slice(&[0xFF; 4]);
    let last = Thread::table(&payload).last().unwrap().unwrap_err();
    let (found, limit) = (u64::from(u32::MAX), limits::ENTRY as u64);
    assert_eq!(last, Error::at(before, Fault::Limit { part: Part::Entry, found, limit }));
}

#[test]
fn anchors() {
    let anchors = [
        Anchor { ticks: 1, unix_ns: i64::MIN, uncertainty_ns: 2, step: false },
        Anchor { ticks: u64::MAX, unix_ns: i64::MAX, uncertainty_ns: u32::MAX, step: true },
    ];
    let mut payload = Vec::new();
    anchors.iter().for_each(|anchor| anchor.put(&mut payload));
    assert_eq!(Anchor::table(&payload).collect::<Result<Vec<_>, _>>().unwrap(), anchors);
    payload.push(0);
    let cut = Fault::Incomplete { part: Part::Anchor, have: 1, need: 24 };
    assert_eq!(Anchor::table(&payload).last(), Some(Err(Error::at(48, cut))));
}

#[test]
fn losses() {
    let loss = |level, reason| Loss {
        thread: 4,
        level,
        reason,
        count: 7,
        bytes: 512,
        first: 3,
        last: 9,
        total: 11,
    };
    let losses = [loss(Level::Trace, Reason::RING_FULL), loss(Level::Error, Reason(77))];
    let mut payload = Vec::new();
    losses.iter().for_each(|loss| loss.put(&mut payload));
    assert_eq!(Loss::table(&payload).collect::<Result<Vec<_>, _>>().unwrap(), losses);
    payload[4] = 5;
    let read: Vec<_> = Loss::table(&payload).collect();
    assert_eq!(read[0], Err(Error::at(4, Fault::Unknown { part: Part::Level, found: 5 })));
    assert_eq!(read[1], Ok(losses[1]));
}

#[test]
fn end() {
    let end = End { blocks: 1, written: 2, lost: 3, closed_unix_ns: -4, index: Some(5) };
    let mut payload = Vec::new();
    end.put(&mut payload);
    assert_eq!(End::take(&payload), Ok(end));
    let cut = Fault::Incomplete { part: Part::End, have: 31, need: 32 };
    assert_eq!(End::take(&payload[..32]), Ok(End { index: None, ..end }));
    assert_eq!(End::take(&payload[..31]), Err(Error::at(0, cut)));
}

/// Two extents, of two records and of none.
fn two_extents() -> Vec<u8> {
    let mut payload = Vec::new();
    let mut extent = events::open(&mut payload, 5, 6, 4096);
    extent.put(&mut payload, 1, 100, b"").unwrap();
    extent.put(&mut payload, 2, 101, b"123456789").unwrap();
    assert_eq!(extent.records(), 2);
    extent.seal(&mut payload, 4096 + 48);
    events::open(&mut payload, 7, 8, 0).seal(&mut payload, 0);
    payload
}

#[test]
fn extents() {
    let payload = two_extents();
    let extents: Vec<_> = events::extents(&payload).collect::<Result<_, _>>().unwrap();
    let [one, two] = extents[..] else { panic!("{extents:?}") };
    assert_eq!((one.ring, one.thread, one.start, one.end, one.count), (5, 6, 4096, 4144, 2));
    let records: Vec<_> = one.records().collect::<Result<_, _>>().unwrap();
    assert_eq!((records[0].site, records[0].ticks, records[0].values), (1, 100, &b""[..]));
    assert_eq!((records[1].site, records[1].ticks, records[1].values), (2, 101, &b"123456789"[..]));
    assert_eq!((two.ring, two.records().count()), (7, 0));
}

#[test]
fn extents_that_lie() {
    let with = |at: usize, number: u32| {
        let mut payload = two_extents();
        payload[at..at + 4].copy_from_slice(&number.to_le_bytes());
        payload
    };
    let last_record = |payload: &[u8]| {
        let extent = events::extents(payload).next().unwrap().unwrap();
        extent.records().last().unwrap().unwrap_err()
    };
    let count = |found, expected| Fault::Mismatch { part: Part::ExtentRecords, found, expected };
    assert_eq!(last_record(&with(24, 3)), Error::at(80, count(2, 3)));
    assert_eq!(last_record(&with(24, 1)), Error::at(48, count(2, 1)));

    let short = Fault::Mismatch { part: Part::Record, found: 11, expected: 12 };
    assert_eq!(last_record(&with(32, 11)), Error::at(32, short));
    let long = Fault::Incomplete { part: Part::Record, have: 48, need: 64 };
    assert_eq!(last_record(&with(32, 60)), Error::at(32, long));
    let limit = limits::RECORD as u64;
    let huge = Fault::Limit { part: Part::Record, found: (1 << 32) + 3, limit };
    assert_eq!(last_record(&with(32, u32::MAX)), Error::at(32, huge));

    // The last record without its padding.
    let unpadded = with(28, 47);
    let extent = events::extents(&unpadded).next().unwrap().unwrap();
    let cut = Fault::Incomplete { part: Part::Record, have: 31, need: 32 };
    assert_eq!(extent.records().last(), Some(Err(Error::at(48, cut))));

    let first = |payload: &[u8]| events::extents(payload).next().unwrap().unwrap_err();
    let ends = Fault::Mismatch { part: Part::ExtentEnd, found: 0, expected: 4096 };
    assert_eq!(first(&with(16, 0)), Error::at(16, ends));
    let over = Fault::Incomplete { part: Part::Extent, have: 112, need: 32 + (1 << 20) };
    assert_eq!(first(&with(28, 1 << 20)), Error::at(0, over));
}

#[test]
fn a_record_that_is_too_long_is_refused() {
    let mut payload = Vec::new();
    let mut extent = events::open(&mut payload, 1, 1, 0);
    let values = vec![0; limits::RECORD - 16];
    extent.put(&mut payload, 1, 1, &values).unwrap();
    let full = payload.len();
    let error = extent.put(&mut payload, 1, 1, &vec![0; limits::RECORD - 15]).unwrap_err();
    assert!(matches!(error.fault, Fault::Limit { part: Part::Record, .. }));
    assert_eq!(payload.len(), full);
}

#[test]
fn scanning() {
    let salt = Some(header().salt);
    let block = sealed(b"payload");
    let mut window = vec![b'L'; 24];
    window.extend_from_slice(&block);

    let Scan::Found { offset: 24, header: found } = scan::next_block(&window, 0, salt) else {
        panic!()
    };
    assert_eq!(found.block_len(), block.len());
    assert!(matches!(scan::next_block(&window, 17, None), Scan::Found { offset: 24, .. }));
    assert_eq!(scan::next_block(&window, 0, Some(1)), Scan::Nothing { searched: 40 });
    // A header at the end of the window: found with the salt, kept for a later window without.
    let cut = &window[..24 + HEADER_LEN];
    assert!(matches!(scan::next_block(cut, 0, salt), Scan::Found { offset: 24, .. }));
    assert_eq!(scan::next_block(cut, 0, None), Scan::Nothing { searched: 24 });
    assert_eq!(scan::next_block(&cut[..cut.len() - 1], 0, salt), Scan::Nothing { searched: 24 });
    assert_eq!(scan::next_block(&[], 0, salt), Scan::Nothing { searched: 0 });
    // Not at a multiple of 8.
    assert!(matches!(scan::next_block(&window[4..], 0, salt), Scan::Nothing { .. }));
}
