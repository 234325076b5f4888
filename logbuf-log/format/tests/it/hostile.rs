//! Inputs made to harm, each with its exact error.

use crate::{render::slot, sample, segment::header};
use logbuf_format::{
    Error, Fault, Part,
    definition::{Definition, Definitions, Members, Shape},
    limits,
    message::Message,
    render::{Room, TooLong},
    segment::Header,
    types::Type,
    value::{self, Str, Value},
};
use std::time::Duration;

/// A segment header with some bytes of its fixed part overwritten and its checksum right.
fn forged(at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    header().put(&mut out).unwrap();
    out[at..at + bytes.len()].copy_from_slice(bytes);
    let crc = crc32c::crc32c(&out[..60]);
    out[60..64].copy_from_slice(&crc.to_le_bytes());
    out
}

#[test]
fn segment_headers() {
    let check = |bytes: &[u8], offset, fault| {
        assert_eq!(Header::take(bytes), Err(Error::at(offset, fault)));
    };
    check(b"", 0, Fault::Incomplete { part: Part::SegmentHeader, have: 0, need: 64 });
    check(b"\x89LOG", 0, Fault::Incomplete { part: Part::SegmentHeader, have: 4, need: 64 });
    check(b"text", 0, Fault::NotSegment { found: *b"text\0\0\0\0" });
    check(b"\x89LOGBUF\r\n", 0, Fault::NotSegment { found: *b"\x89LOGBUF\r" });
    check(&forged(8, &[2, 0]), 8, Fault::Version { found: 2, supported: 1 });
    check(&forged(8, &[0, 0]), 8, Fault::Version { found: 0, supported: 1 });

    let part = Part::SegmentHeader;
    check(&forged(10, &[56, 0]), 10, Fault::Mismatch { part, found: 56, expected: 64 });
    check(&forged(10, &[65, 0]), 10, Fault::Mismatch { part, found: 65, expected: 64 });
    check(&forged(10, &[0xFF, 0xFF]), 10, Fault::Limit { part, found: 65_535, limit: 4_096 });

    let part = Part::SegmentMeta;
    let found = u64::from(u32::MAX);
    check(&forged(12, &[0xFF; 4]), 12, Fault::Limit { part, found, limit: 65_536 });
    let mut damaged = forged(0, &[]);
    damaged[70] ^= 1;
    let error = Header::take(&damaged).unwrap_err();
    assert!(matches!(
        error,
        Error { offset: 64, fault: Fault::Checksum { part: Part::SegmentMeta, .. } }
    ));

    // Metadata of a few bytes, the checksum of which is right, and which ends within its first field.
    let mut short = forged(12, &3_u32.to_le_bytes());
    let crc = crc32c::crc32c(&short[64..67]);
    short[56..60].copy_from_slice(&crc.to_le_bytes());
    let short = {
        let crc = crc32c::crc32c(&short[..60]);
        short[60..64].copy_from_slice(&crc.to_le_bytes());
        short
    };
    let cause = postcard::Error::DeserializeUnexpectedEnd;
    check(&short, 64, Fault::Malformed { part, cause });
}

#[test]
fn a_longer_fixed_part_is_skipped() {
    let mut bytes = forged(10, &72_u16.to_le_bytes());
    bytes.splice(64..64, [0xEE; 8]);
    let (read, len) = Header::take(&bytes).unwrap();
    assert_eq!((read, len), (header(), bytes.len()));
}

fn check_value(ty: Type, bytes: &[u8], offset: usize, fault: Fault) {
    let slots = [slot(Type::U8), slot(ty)];
    let mut record = vec![7];
    record.extend_from_slice(bytes);
    let mut values = Vec::new();
    let taken = value::take_all(&slots, sample::definitions(), &record, &mut values);
    assert_eq!(taken, Err(Error::at(1 + offset, fault)), "{:?}", slots[1].ty);
}

#[test]
fn values() {
    let short = |have, need| Fault::Incomplete { part: Part::Value, have, need };
    check_value(Type::Bool, &[2], 0, Fault::Unknown { part: Part::Bool, found: 2 });
    check_value(Type::Bool, &[], 0, short(0, 1));
    check_value(
        Type::Char,
        &[0, 0xD8, 0, 0],
        0,
        Fault::Unknown { part: Part::Char, found: 0xD800 },
    );
    check_value(Type::Char, &[0xFF; 4], 0, Fault::Unknown { part: Part::Char, found: 0xFFFF_FFFF });
    check_value(Type::U128, &[0; 15], 0, short(15, 16));
    check_value(Type::F64, &[0; 7], 0, short(7, 8));
    check_value(Type::Str, &[1, 0, 0], 0, short(3, 4));
    check_value(Type::Str, &[2, 0, 0, 0, b'a'], 4, short(1, 2));
    check_value(Type::Str, &[0xFF; 4], 4, short(0, 0x7FFF_FFFF));
    check_value(Type::Text, &[2, 0, 0, 0, b'a', 0xFF], 5, Fault::Utf8 { part: Part::Value });
    check_value(
        Type::U8,
        &[1, 2],
        1,
        Fault::Mismatch { part: Part::Values, found: 3, expected: 2 },
    );
}

#[test]
fn sequences() {
    let short = |have, need| Fault::Incomplete { part: Part::Value, have, need };
    // As many as the record has bytes, the first of which is another value's, and some more.
    let limit = |bytes: u64| limits::ITEMS as u64 + 1 + bytes;
    let items = |found, bytes| Fault::Limit { part: Part::Items, found, limit: limit(bytes) };
    check_value(Type::seq(Type::U64), &[2, 0, 0, 0, 9], 4, short(1, 16));
    check_value(Type::seq(Type::Bool), &[2, 0, 0, 0, 1], 5, short(0, 1));
    check_value(Type::seq(Type::Unit), &[0xFF; 4], 4, items(u32::MAX.into(), 4));

    // Many sequences of many items without bytes: their sum is what counts.
    let ty = Type::seq(Type::seq(Type::Unit));
    let half = (limits::ITEMS as u32 / 2).to_le_bytes();
    let mut bytes = 3_u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&half);
    bytes.extend_from_slice(&half);
    bytes.extend_from_slice(&half);
    check_value(ty, &bytes, 16, items(limits::ITEMS as u64 / 2, 16));
}

#[test]
fn values_inside_values() {
    let unknown = |found| Fault::Unknown { part: Part::Variant, found };
    let short = |have, need| Fault::Incomplete { part: Part::Value, have, need };
    check_value(Type::option(Type::U8), &[2, 0], 0, unknown(2));
    check_value(Type::option(Type::U8), &[1], 1, short(0, 1));
    check_value(Type::result(Type::Unit, Type::Unit), &[3], 0, unknown(3));
    check_value(Type::Named(1), &[3], 0, unknown(3));
    check_value(Type::Named(9), &[], 0, Fault::Undefined { definitions: 2 });
    check_value(Type::Ip, &[5, 0, 0, 0, 0], 0, unknown(5));
    check_value(Type::Socket, &[4, 127, 0, 0, 1, 80], 5, short(1, 2));
    let nanoseconds = |found| {
        let (part, limit) = (Part::Nanoseconds, 999_999_999);
        Fault::Limit { part, found, limit }
    };
    let second = 1_000_000_000_u32.to_le_bytes();
    let whole = [&[0; 8][..], &second].concat();
    check_value(Type::Duration, &whole, 8, nanoseconds(1_000_000_000));
    check_value(Type::SystemTime, &whole, 8, nanoseconds(1_000_000_000));
    // An array without end in no bytes at all.
    let limit = limits::ITEMS as u64 + 1;
    let items = Fault::Limit { part: Part::Items, found: u32::MAX.into(), limit };
    check_value(Type::array(Type::Unit, u32::MAX), &[], 0, items);
}

#[test]
fn postcard() {
    let check =
        |ty, bytes: &[u8], offset, fault| check_value(Type::postcard(ty), bytes, offset, fault);
    let short = |have, need| Fault::Incomplete { part: Part::Value, have, need };
    let number = |bits: u64| Fault::Limit { part: Part::Number, found: bits + 1, limit: bits };
    check(Type::U16, &[1, 0, 0, 0, 0x80], 4, short(1, 2));
    check(Type::U16, &[3, 0, 0, 0, 0xFF, 0xFF, 4], 4, number(16));
    check(
        Type::U8,
        &[2, 0, 0, 0, 1, 2],
        5,
        Fault::Mismatch { part: Part::Value, found: 2, expected: 1 },
    );
    check(Type::Str, &[2, 0, 0, 0, 2, b'a'], 5, short(1, 2));
    let two = Fault::Mismatch { part: Part::Char, found: 2, expected: 1 };
    check(Type::Char, &[3, 0, 0, 0, 2, b'a', b'b'], 4, two);
    let many = Fault::Limit { part: Part::Items, found: 0x0FFF_FFFF, limit: 65_536 + 9 };
    check(Type::seq(Type::Unit), &[4, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x7F], 8, many);
}

/// A tree that is only a trunk.
fn trunk(height: usize) -> Vec<u8> {
    let mut bytes = vec![2; height];
    bytes.push(0);
    bytes
}

#[test]
fn a_value_that_contains_itself_is_read_as_deep_as_the_limit() {
    let slots = [slot(Type::Named(1))];
    let taken = |height: usize| {
        let bytes = trunk(height);
        let mut values = Vec::new();
        value::take_all(&slots, sample::definitions(), &bytes, &mut values)?;
        let mut text = String::new();
        Message::new("{0:#?}", &slots).unwrap().render(&values, &mut text, Room::most("")).unwrap();
        Ok(text)
    };
    let limit = limits::NESTING as u64;
    let deepest = taken(limits::NESTING - 1).unwrap();
    assert_eq!(deepest.matches("Boxed {").count(), limits::NESTING - 1);
    let too_deep = Fault::Limit { part: Part::Nesting, found: limit + 1, limit };
    assert_eq!(taken(limits::NESTING), Err(Error::at(limits::NESTING + 1, too_deep.clone())));
    assert_eq!(taken(1_000), Err(Error::at(limits::NESTING + 1, too_deep)));
}

#[test]
fn types_that_hold_themselves_without_end_are_read_to_the_limit() {
    let pair = Shape::Struct(Members::Tuple(vec![Type::Named(0), Type::Named(0)]));
    let wide = Shape::Struct(Members::Tuple(vec![Type::array(Type::Named(0), 2); 64]));
    let slots = [slot(Type::Named(0))];
    for shape in [pair, wide] {
        let definitions = Definitions::new(vec![Definition { name: "Endless".into(), shape }]);
        let mut values = Vec::new();
        let error = value::take_all(&slots, &definitions, &[], &mut values).unwrap_err();
        let limit = limits::NESTING as u64;
        assert_eq!(error.fault, Fault::Limit { part: Part::Nesting, found: limit + 1, limit });
    }
    // Each twice as wide as the next, and the last without bytes: 2⁶⁰ of it.
    let double = |next| Shape::Struct(Members::Tuple(vec![Type::Named(next), Type::Named(next)]));
    let unit = Shape::Struct(Members::Tuple(vec![]));
    let shapes = (1..=60).map(double).chain([unit]);
    let definitions = shapes.map(|shape| Definition { name: String::new(), shape }).collect();
    let definitions = Definitions::new(definitions);
    let mut values = Vec::new();
    let error = value::take_all(&slots, &definitions, &[], &mut values).unwrap_err();
    let limit = limits::ITEMS as u64;
    assert_eq!(error.fault, Fault::Limit { part: Part::Items, found: 2, limit });
}

#[test]
fn deep_sequences_are_read_and_printed() {
    let ty = (1..limits::DEPTH).fold(Type::U8, |ty, _| Type::seq(ty));
    let mut bytes = 1_u32.to_le_bytes().repeat(limits::DEPTH - 1);
    bytes.push(5);
    let slots = [slot(ty)];
    let mut values = Vec::new();
    value::take_all(&slots, sample::definitions(), &bytes, &mut values).unwrap();
    let mut text = String::new();
    Message::new("{0:?}", &slots).unwrap().render(&values, &mut text, Room::most("")).unwrap();
    assert_eq!(text, format!("{}5{}", "[".repeat(63), "]".repeat(63)));
}

#[test]
fn text_beyond_the_limit_is_taken_back() {
    let slots = [slot(Type::Str)];
    let long = "x".repeat(limits::RECORD);
    let values = [Value::Str(Str::new(&long))];
    let mut text = String::from("kept");
    let fits = Message::new(&"{0}".repeat(64), &slots).unwrap();
    assert_eq!(fits.render(&values, &mut text, Room::most("")), Ok(()));
    assert_eq!(text.len(), 4 + limits::TEXT);
    text.truncate(4);
    let too_long = Message::new(&"{0}".repeat(66), &slots).unwrap();
    assert_eq!(
        too_long.render(&values, &mut text, Room::most("")),
        Err(TooLong { limit: limits::TEXT })
    );
    assert_eq!(text, "kept");
}

/// Renders a template with a value where there is so much room: the bytes that were written, about, and whether there was room.
fn written(template: &str, value: Value<'_>, ty: Type, room: usize) -> (usize, bool) {
    let message = Message::new(template, &[slot(ty)]).unwrap();
    let mut text = String::new();
    let rendered = message.render(&[value], &mut text, Room::behind("", room));
    // What was taken back leaves its memory behind, and a string that grows takes twice what it needs at most.
    (text.capacity(), rendered.is_ok())
}

#[test]
fn what_there_is_no_room_for_is_not_written() {
    let thousand = |placeholder: &str| placeholder.repeat(1000);
    let cases = [
        (thousand("{0:>65535?}"), Value::U8(1), Type::U8),
        (thousand("{0:.65535}"), Value::F64(1.5), Type::F64),
        (thousand("{0:.65535e}"), Value::U64(15), Type::U64),
        (thousand("{0:.65535?}"), Value::Duration(Duration::from_nanos(1_500)), Type::Duration),
        (thousand("a literal of some length {0}"), Value::U8(1), Type::U8),
    ];
    for (template, value, ty) in cases {
        for room in [0, 100, 1_000, 20_000] {
            let (bytes, fits) = written(&template, value, ty.clone(), room);
            assert!(!fits && bytes <= 2 * room + 64, "{template:.20}: {bytes} for {room}");
        }
    }
    // What there is just room for is.
    assert!(written("{0:>65535?}", Value::U8(1), Type::U8, 65_535).1);
    assert!(!written("{0:>65535?}", Value::U8(1), Type::U8, 65_534).1);
    assert!(written("four{0:.10}", Value::F64(1.5), Type::F64, 16).1);
    assert!(written("{0:.65535}", Value::U8(1), Type::U8, 1).1);
}

#[test]
fn values_inside_values_are_read_as_far_as_there_is_room_for_their_text() {
    let slots = [slot(Type::seq(Type::Tuple(vec![])))];
    let bytes = 1000_u32.to_le_bytes();
    let mut values = Vec::new();
    let none = sample::definitions();
    value::take_some(&slots, none, &bytes, 996, &mut values).unwrap();
    let error = value::take_some(&slots, none, &bytes, 995, &mut values).unwrap_err();
    assert_eq!(error.fault, Fault::Limit { part: Part::Items, found: 1000, limit: 999 });
}
