//! Segments that were written once and are kept: whatever changes, they are decoded to the same text.
//!
//! They are not written anew with the other golden files. `LOGBUF_KEEP=1` writes those that are not there, and the texts of those
//! that a logger wrote (`logbuf-log/examples/keep.rs`).

use crate::file::{File, anchor, decode, pack, sample_sites, site};
use logbuf_decode::{Json, Level, Lost, Reader, Render, Text};
use logbuf_format::{
    block::{Codec, Compression, DUMPED, Header, Kind},
    events,
    packed::{Layout, Packer},
    site::Site,
    types::Type,
    value::{Str, Value},
};
use std::{fmt::Write, fs, path::PathBuf};

/// Each file, and how its records are stored.
const KEPT: [(&str, Codec, Compression); 5] = [
    ("v1-raw", Codec::RAW, Compression::NONE),
    ("v1-packed", Codec::PACKED, Compression::NONE),
    ("v1-raw-lz4", Codec::RAW, Compression::LZ4),
    ("v1-packed-lz4", Codec::PACKED, Compression::LZ4),
    ("v1-packed-zstd", Codec::PACKED, Compression::ZSTD),
];

/// Types of all kinds, with the bytes of the value of record `i`.
fn values(i: u64) -> Vec<(Type, Vec<u8>)> {
    let small = i as u8;
    let text = |text: &str| pack(&[Value::Str(Str::new(text))]);
    let parts = |parts: &[&[u8]]| parts.concat();
    let count = 2_u32.to_le_bytes();
    vec![
        (Type::Unit, vec![]),
        (Type::Bool, vec![small % 2]),
        (Type::Char, u32::from(['a', 'é', '→'][small as usize % 3]).to_le_bytes().to_vec()),
        (Type::U8, vec![small]),
        (Type::I16, (-3 * i as i16).to_le_bytes().to_vec()),
        (Type::U32, (1_000 + i as u32).to_le_bytes().to_vec()),
        (Type::I64, (i as i64 * -7_000_000_000).to_le_bytes().to_vec()),
        (Type::U128, (u128::from(i) << 64 | 5).to_le_bytes().to_vec()),
        (Type::F32, (i as f32 / 8.0).to_le_bytes().to_vec()),
        (Type::F64, (52_100.25 + i as f64 / 100.0).to_le_bytes().to_vec()),
        (Type::F64, (1.0 / (i + 3) as f64).to_le_bytes().to_vec()),
        (Type::Str, text(["BTC-USD", "ETH-USD"][small as usize / 2 % 2])),
        (Type::Text, text(&format!("unique {i}"))),
        (Type::seq(Type::U8), parts(&[&count, &[small, 7]])),
        (Type::array(Type::U16, 2), vec![1, 0, small, 0]),
        (Type::Tuple(vec![Type::U8, Type::Str]), parts(&[&[9], &text("inside")])),
        (Type::Duration, parts(&[&i.to_le_bytes(), &500_u32.to_le_bytes()])),
        (Type::option(Type::U16), if i.is_multiple_of(2) { vec![0] } else { vec![1, small, 0] }),
        (Type::result(Type::U8, Type::Str), parts(&[&[1], &text("no")])),
        (Type::seq(Type::U16), parts(&[&count, &[1, 0, 2, 0]])),
        (Type::map(Type::U8, Type::Bool), parts(&[&1_u32.to_le_bytes(), &[5, 1]])),
        (Type::Ip, vec![4, 10, 0, 0, small]),
    ]
}

fn every_type() -> Site {
    let types: Vec<_> = values(0).into_iter().map(|(ty, _)| ("", ty)).collect();
    let places: Vec<_> = (0..types.len()).map(|i| format!("{{{i}:?}}")).collect();
    site(9, Level::Info, &places.join(" "), &types)
}

/// The payload of an EVENTS block in codec packed.
fn repack(payload: &[u8], sites: &[Site]) -> Vec<u8> {
    let mut packer = Packer::new();
    for site in sites {
        let types = site.values.iter().map(|slot| &slot.ty);
        packer.learn(site.id, Layout::new(types, &site.definitions));
    }
    for extent in events::extents(payload) {
        let extent = extent.expect("a good extent");
        packer.open(extent.ring, extent.thread, extent.start);
        for record in extent.records() {
            let record = record.expect("a good record");
            let led = [&[0; logbuf_format::packed::LEAD], record.values].concat();
            packer.put(record.site, record.ticks, &led).expect("a short record");
        }
        packer.seal(extent.end);
    }
    packer.payload().to_vec()
}

fn segment(codec: Codec, compression: Compression) -> Vec<u8> {
    let [fill, slow, _] = sample_sites();
    let sites = [fill, slow, every_type()];
    let mut file = File::new(0x1_0000 + u64::from(codec.0) + 16 * u64::from(compression.0));
    file.sites(&sites).threads(&[(1, 4711, "main"), (2, 4712, "feed")]);
    for block in 0..2 {
        file.clock(&[anchor(10_000 * (block + 1))]);
        let record = |i: u64| {
            let bytes = values(i).into_iter().flat_map(|(_, bytes)| bytes).collect();
            (9, 10_000 * block + 100 * i, bytes)
        };
        let first: Vec<_> = (0..12).map(record).collect();
        let second =
            [(2, 10_000 * block + 50, vec![]), record(13), (2, 10_000 * block + 20, vec![])];
        let (mut summary, mut payload) = file.event_block(&[(1, &first), (2, &second)]);
        if codec == Codec::PACKED {
            payload = repack(&payload, &sites);
        }
        summary.codec = codec;
        file.compressed(summary, &payload, compression);
    }
    file.end().bytes()
}

fn path(name: &str, extension: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/data/{name}.{extension}"))
}

/// Those that a logger wrote: name, compression of the EVENTS blocks, and what the file has to hold.
const LOGGED: [(&str, Compression, &[What]); 5] = [
    ("v1-values", Compression::NONE, VALUES),
    ("v1-values-lz4", Compression::LZ4, VALUES),
    ("v1-values-zstd", Compression::ZSTD, VALUES),
    ("v1-losses", Compression::NONE, &[What::Kind(Kind::LOSS)]),
    ("v1-flight", Compression::NONE, &[What::Kind(Kind::EVENTS), What::Dumped]),
];

const VALUES: &[What] = &[
    What::Kind(Kind::SITES),
    What::Kind(Kind::THREADS),
    What::Kind(Kind::CLOCK),
    What::Kind(Kind::INDEX),
    What::Kind(Kind::END),
    What::Json("\"context\":{\"session\":7,\"user\":\"ada\",\"order\":700}"),
    What::Json("\"name\":\"request\""),
    What::Json("side: Cross(8, Some('→'))"),
    What::Json("legs: [Leg(0, Ok(-3)), Leg(1, Err("),
    What::Json("address: [::1]:80"),
    What::Json("venue: Lit { mic: "),
];

/// Something that a kept file is kept for.
#[derive(Debug)]
enum What {
    /// Blocks of this kind.
    Kind(Kind),
    /// A block that a flight recorder dumped.
    Dumped,
    /// This in a line of JSON.
    Json(&'static str),
}

/// Whether the name of a golden file is one of these.
pub(crate) fn is_kept(name: &str) -> bool {
    KEPT.iter()
        .map(|(kept, ..)| kept)
        .chain(LOGGED.iter().map(|(kept, ..)| kept))
        .any(|kept| *kept == name)
}

/// The headers of the blocks of a whole segment.
fn headers(bytes: &[u8]) -> Vec<Header> {
    let mut rest = &bytes[logbuf_format::segment::Header::take(bytes).expect("a header").1..];
    let mut headers = Vec::new();
    while let Ok(header) = Header::take(rest, None) {
        rest = &rest[header.block_len()..];
        headers.push(header);
    }
    assert!(rest.is_empty(), "{} bytes are no block", rest.len());
    headers
}

/// Lines of a segment in one form, and behind them what was lost and what a reader has to say.
fn lines(bytes: Vec<u8>, mut render: impl Render) -> String {
    let mut reader = Reader::new();
    reader.add_stream("kept", std::io::Cursor::new(bytes));
    let mut out = String::new();
    reader.for_each(|record| render.record(record, &mut out).expect("a short line"));
    for lost in reader.lost() {
        let Lost { thread, level, reason, count, bytes, .. } = lost;
        writeln!(out, "lost: {count} {level} {thread} {bytes} bytes, {reason:?}")
            .expect("a string");
    }
    assert!(reader.findings().is_empty(), "{:?}", reader.findings());
    out
}

#[test]
fn files_that_a_logger_wrote_are_decoded_as_ever() {
    for (name, compression, whats) in LOGGED {
        let bytes = fs::read(path(name, "logbuf")).expect("the file is kept");
        let headers = headers(&bytes);
        let is_events = |header: &&Header| header.summary.kind == Kind::EVENTS;
        assert!(headers.iter().filter(is_events).all(|header| header.compression == compression));
        for (extension, found) in [
            ("out", lines(bytes.clone(), Text::new())),
            ("json", lines(bytes.clone(), Json::new())),
        ] {
            let file = path(name, extension);
            if std::env::var_os("LOGBUF_KEEP").is_some() && !file.exists() {
                fs::write(&file, &found).expect("the file can be written");
            }
            let expected = fs::read_to_string(&file).expect("its text is kept");
            assert_eq!(found, expected, "{name}");
        }
        let json = fs::read_to_string(path(name, "json")).expect("its text is kept");
        for what in whats {
            let is_there = match what {
                What::Kind(kind) => headers.iter().any(|header| header.summary.kind == *kind),
                What::Dumped => headers.iter().any(|header| header.summary.levels & DUMPED != 0),
                What::Json(text) => json.contains(text),
            };
            assert!(is_there, "{name}: {what:?}");
        }
    }
}

#[test]
fn compression_makes_no_difference_to_what_is_read() {
    for extension in ["out", "json"] {
        let text = |name| fs::read_to_string(path(name, extension)).expect("its text is kept");
        for name in ["v1-values-lz4", "v1-values-zstd"] {
            assert_eq!(text(name), text("v1-values"), "{name}");
        }
    }
}

#[test]
fn files_that_are_kept_are_decoded_as_ever() {
    for (name, codec, compression) in KEPT {
        let file = path(name, "logbuf");
        if std::env::var_os("LOGBUF_KEEP").is_some() && !file.exists() {
            let bytes = segment(codec, compression);
            let (lines, _) = decode(bytes.clone());
            fs::write(&file, bytes).expect("the file can be written");
            fs::write(path(name, "out"), lines.join("\n") + "\n").expect("the file can be written");
        }
        let bytes = fs::read(&file).expect("the file is kept");
        // It is what it is called.
        let mut rest = &bytes[logbuf_format::segment::Header::take(&bytes).expect("a header").1..];
        let mut seen = 0;
        while let Ok(header) = Header::take(rest, None) {
            if header.summary.kind == Kind::EVENTS {
                assert_eq!(
                    (header.summary.codec, header.compression),
                    (codec, compression),
                    "{name}"
                );
                seen += 1;
            }
            rest = &rest[header.block_len()..];
        }
        assert_eq!(seen, 2, "{name}");
        let (lines, findings) = decode(bytes);
        assert_eq!(findings.iter().map(ToString::to_string).collect::<Vec<_>>(), [""; 0], "{name}");
        let expected = fs::read_to_string(path(name, "out")).expect("its text is kept");
        assert_eq!(lines.join("\n") + "\n", expected, "{name}");
    }
}

#[test]
fn the_codec_makes_no_difference_to_what_is_read() {
    let text = |name| fs::read_to_string(path(name, "out")).expect("its text is kept");
    for (name, ..) in KEPT {
        assert_eq!(text(name), text("v1-raw"), "{name}");
    }
    assert_eq!(text("v1-raw").lines().count(), 2 * 15);
}
