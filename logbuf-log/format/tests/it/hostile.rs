//! Inputs made to harm, each with its exact error.

use crate::{render::slot, segment::header};
use logbuf_format::{
    Error, Fault, Part, limits,
    message::Message,
    render::TooLong,
    segment::Header,
    types::Type,
    value::{self, Str, Value},
};

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
    let taken = value::take_all(&slots, &record, &mut values);
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
    let limit = limits::ITEMS as u64;
    let items = |found| Fault::Limit { part: Part::Items, found, limit };
    check_value(Type::seq(Type::U64), &[2, 0, 0, 0, 9], 4, short(1, 16));
    check_value(Type::seq(Type::Bool), &[2, 0, 0, 0, 1], 5, short(0, 1));
    check_value(Type::seq(Type::Unit), &[0xFF; 4], 0, items(u32::MAX.into()));

    // Many sequences of many items without bytes: their sum is what counts.
    let ty = Type::seq(Type::seq(Type::Unit));
    let half = (limits::ITEMS as u32 / 2).to_le_bytes();
    let mut bytes = 3_u32.to_le_bytes().to_vec();
    bytes.extend_from_slice(&half);
    bytes.extend_from_slice(&half);
    check_value(ty, &bytes, 8, items(limit / 2));
}

#[test]
fn deep_sequences_are_read_and_printed() {
    let ty = (1..limits::DEPTH).fold(Type::U8, |ty, _| Type::seq(ty));
    let mut bytes = 1_u32.to_le_bytes().repeat(limits::DEPTH - 1);
    bytes.push(5);
    let slots = [slot(ty)];
    let mut values = Vec::new();
    value::take_all(&slots, &bytes, &mut values).unwrap();
    let mut text = String::new();
    Message::new("{0:?}", &slots).unwrap().render(&values, &mut text).unwrap();
    assert_eq!(text, format!("{}5{}", "[".repeat(63), "]".repeat(63)));
}

#[test]
fn text_beyond_the_limit_is_taken_back() {
    let slots = [slot(Type::Str)];
    let long = "x".repeat(limits::RECORD);
    let values = [Value::Str(Str::new(&long))];
    let mut text = String::from("kept");
    let fits = Message::new(&"{0}".repeat(64), &slots).unwrap();
    assert_eq!(fits.render(&values, &mut text), Ok(()));
    assert_eq!(text.len(), 4 + limits::TEXT);
    text.truncate(4);
    let too_long = Message::new(&"{0}".repeat(66), &slots).unwrap();
    assert_eq!(too_long.render(&values, &mut text), Err(TooLong));
    assert_eq!(text, "kept");
}
