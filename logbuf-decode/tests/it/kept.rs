//! Segments that were written once and are kept: whatever changes, they are decoded to the same text.
//!
//! They are not written anew with the other golden files. `LOGBUF_KEEP=1` writes those that are not there.

use crate::file::{File, anchor, decode, pack, sample_sites, site};
use logbuf_decode::Level;
use logbuf_format::{
    block::{Codec, Compression, Header, Kind},
    events,
    packed::{Layout, Packer},
    site::Site,
    types::Type,
    value::{Str, Value},
};
use std::{fs, path::PathBuf};

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

/// Whether the name of a golden file is one of these.
pub(crate) fn is_kept(name: &str) -> bool {
    KEPT.iter().any(|(kept, ..)| *kept == name)
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
