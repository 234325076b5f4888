//! Golden files: a segment, and all that the command says of it. `LOGBUF_BLESS=1` writes both anew.

use crate::file::{File, anchor, filled, pack, sample, sample_sites, site};
use crate::{hostile, kept::is_kept};
use logbuf_decode::Level;
use logbuf_format::{
    block::{Codec, Compression, Kind},
    clock::Anchor,
    definition::{Definition, Definitions, Members, Shape},
    loss::{Loss, Reason},
    site::Role,
    types::Type,
    value::Value,
};
use std::{fs, path::PathBuf, process::Command};

/// A segment as far as its first records.
fn start() -> File {
    let mut file = File::new(7);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]).clock(&[anchor(9_000)]);
    file
}

/// Two records behind each other.
fn two(file: &mut File) -> &mut File {
    file.events(&[(1, &[filled(1_000, "BTC-USD", 3), (2, 2_000, vec![])])])
}

fn with(change: impl FnOnce(&mut File)) -> Vec<u8> {
    let mut file = start();
    two(&mut file);
    change(&mut file);
    file.end().bytes()
}

fn patched(change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut bytes = with(|_| {});
    change(&mut bytes);
    bytes
}

/// Sets the version in the segment header.
fn version(bytes: &mut [u8], version: u16) {
    bytes[8..10].copy_from_slice(&version.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
}

fn lost(thread: u32, level: Level, reason: Reason, count: u64) -> Loss {
    Loss { thread, level, reason, count, bytes: count * 24, first: 1_200, last: 1_900, total: 0 }
}

fn one(id: u32) -> (u32, u64, Vec<u8>) {
    (id, 3_000, pack(&[Value::U8(1)]))
}

/// Blocks of LZ4 that claim to expand to more than any block may, to more than they do, and to less.
fn bomb() -> Vec<u8> {
    let mut file = start();
    // One byte, and then the same again and again.
    let payload = [&[0x1F, b'a', 1, 0][..], &[0xFF; 200], &[0, 0x50], b"aaaaa"].concat();
    for claim in [64 << 20, 4 << 20, 64] {
        let summary = file.event_block(&[(1, &[(2, 3_000, vec![])])]).0;
        file.block(summary, &payload);
        let header = file.blocks.last().expect("the block").range.start;
        let header = &mut file.bytes[header..][..64];
        header[6] = Compression::LZ4.0;
        header[28..32].copy_from_slice(&u32::to_le_bytes(claim));
        let crc = crc32c::crc32c(&header[..60]);
        header[60..64].copy_from_slice(&crc.to_le_bytes());
    }
    file.end().bytes()
}

/// The header of the last block changed, with a checksum that is right.
fn forge(file: &mut File, change: impl FnOnce(&mut [u8])) {
    let header = file.blocks.last().expect("a block").range.start;
    let header = &mut file.bytes[header..][..64];
    change(header);
    let crc = crc32c::crc32c(&header[..60]);
    header[60..64].copy_from_slice(&crc.to_le_bytes());
}

/// Frames of zstd of hardly any bytes: one of as many zeros as a block may hold, which is no event, one that says to hold more
/// than any block may, and one that holds more than it says.
fn zstd_bomb() -> Vec<u8> {
    let mut file = start();
    for claim in [4 << 20, 64 << 20, 64_u32] {
        let summary = file.event_block(&[(1, &[(2, 3_000, vec![])])]).0;
        file.compressed(summary, &vec![0; 4 << 20], Compression::ZSTD);
        forge(&mut file, |header| header[28..32].copy_from_slice(&claim.to_le_bytes()));
    }
    file.end().bytes()
}

/// Thousands of records in blocks of hardly any bytes, each of which asks for megabytes of text.
fn greedy() -> Vec<u8> {
    let mut file = start();
    let quick = ["padding", "values without bytes"];
    let sites = hostile::greedy().into_iter().filter(|(name, ..)| quick.contains(name));
    for (id, (_, mut site, values)) in (10..).zip(sites) {
        site.id = id;
        file.sites(&[site]);
        let (summary, payload) = file.event_block(&[(1, &vec![(id, 3_000, values); 6_000])]);
        file.compressed(summary, &payload, Compression::ZSTD);
    }
    file.end().bytes()
}

/// A block of little else than damage: good headers, each with bytes behind it that are none.
fn rubble() -> Vec<u8> {
    let mut file = start();
    for _ in 0..100 {
        file.block(file.summary(Kind(99), 0), &[]);
        file.bytes.extend_from_slice(b"no block");
    }
    file.end().bytes()
}

/// A table of entries, each behind its length.
fn entries(entries: &[&[u8]]) -> Vec<u8> {
    let put = |entry: &&[u8]| [&(entry.len() as u32).to_le_bytes(), *entry].concat();
    entries.iter().flat_map(put).collect()
}

/// A site as it stands in its block, from its number to the values; all numbers are small.
fn site_up_to_values(id: u8, target: &[u8]) -> Vec<u8> {
    [&[id, 0, 2, target.len() as u8][..], target, &[0, 0, 0, 3], b"{0}"].concat()
}

/// All files, by name.
fn corpus() -> Vec<(&'static str, Vec<u8>)> {
    let number = |id| site(id, Level::Error, "n {0}", &[("", Type::U8)]);
    let clock_step = |by_ns: i64| {
        let mut to = anchor(500_000_000);
        to.unix_ns += by_ns;
        to.step = true;
        [to, Anchor { ticks: 600_000_000, unix_ns: to.unix_ns + 100_000_000, step: false, ..to }]
    };
    vec![
        ("sample", sample().bytes()),
        ("empty", vec![]),
        ("header-alone", File::new(7).bytes()),
        ("foreign", b"#!/bin/sh\necho hello\n".to_vec()),
        ("newer", patched(|bytes| version(bytes, 2))),
        ("version-0", patched(|bytes| version(bytes, 0))),
        ("header", patched(|bytes| bytes[20] ^= 1)),
        (
            "header-and-no-block",
            patched(|bytes| {
                bytes[20] ^= 1;
                bytes.truncate(100);
            }),
        ),
        ("magic", patched(|bytes| bytes[0] = 0)),
        ("cut-in-header", patched(|bytes| bytes.truncate(70))),
        ("cut-in-block-header", patched(|bytes| bytes.truncate(bytes.len() - 96 + 20))),
        ("cut-in-payload", patched(|bytes| bytes.truncate(bytes.len() - 10))),
        ("open", patched(|bytes| bytes.truncate(bytes.len() - 96))),
        ("payload", {
            let file = start();
            let at = file.bytes.len() + 64 + 40;
            patched(|bytes| bytes[at] ^= 1)
        }),
        (
            "gap",
            with(|file| {
                file.skip_number().skip_number();
                two(file);
            }),
        ),
        (
            "order",
            with(|file| {
                let (mut summary, payload) = file.event_block(&[(1, &[(2, 4_000, vec![])])]);
                summary.number = 1;
                file.block(summary, &payload);
            }),
        ),
        (
            "other-salt",
            with(|file| {
                let (mut summary, payload) = file.event_block(&[(1, &[(2, 4_000, vec![])])]);
                summary.salt ^= 1;
                file.block(summary, &payload);
            }),
        ),
        (
            "codec",
            with(|file| {
                for _ in 0..3 {
                    let mut summary = file.event_block(&[(1, &[(2, 4_000, vec![])])]).0;
                    summary.codec = Codec(9);
                    file.block(summary, b"from the future");
                }
            }),
        ),
        (
            "unknown-kind",
            with(|file| {
                file.block(file.summary(Kind(99), 1), b"from the future");
            }),
        ),
        (
            "unknown-site",
            with(|file| {
                file.events(&[(1, &[one(77), one(77), one(78)])]);
            }),
        ),
        (
            "unknown-thread",
            with(|file| {
                file.events(&[(9, &[(2, 3_000, vec![]), (2, 4_000, vec![])])]);
            }),
        ),
        (
            "untyped",
            with(|file| {
                let mut site = number(5);
                site.typed = false;
                file.sites(&[site]).events(&[(1, &[one(5)])]);
            }),
        ),
        (
            "template",
            with(|file| {
                let mut site = number(5);
                site.template = "n {".into();
                file.sites(&[site]).events(&[(1, &[one(5), one(5)])]);
            }),
        ),
        (
            "values",
            with(|file| {
                file.sites(&[number(5)]);
                file.events(&[(1, &[one(5), (5, 3_001, vec![]), (5, 3_002, vec![1, 2])])]);
            }),
        ),
        (
            "extent",
            with(|file| {
                let (summary, mut payload) = file.event_block(&[(1, &[(2, 3_000, vec![])])]);
                payload[24] = 2;
                file.block(summary, &payload);
            }),
        ),
        (
            "record",
            with(|file| {
                let (summary, mut payload) =
                    file.event_block(&[(1, &[(2, 3_000, vec![]), (2, 4_000, vec![])])]);
                payload[32 + 16] = 200;
                file.block(summary, &payload);
            }),
        ),
        (
            "entry",
            with(|file| {
                let mut payload = Vec::new();
                number(5).put(&mut payload).expect("a small site");
                payload.extend_from_slice(&[3, 0, 0, 0, 1, 2, 0xFF]);
                file.block(file.summary(Kind::SITES, 2), &payload).events(&[(1, &[one(5)])]);
            }),
        ),
        ("trailing", {
            let mut bytes = with(|_| {});
            bytes.extend_from_slice(&[0; 24]);
            bytes
        }),
        (
            "count",
            with(|file| {
                let (summary, payload) = file.event_block(&[(1, &[(2, 3_000, vec![])])]);
                file.block(summary, &payload);
            }),
        ),
        (
            "loss",
            with(|file| {
                file.loss(&[
                    lost(1, Level::Info, Reason::RING_FULL, 1_000),
                    lost(1, Level::Debug, Reason::RING_FULL, 34),
                    lost(1, Level::Info, Reason::RING_FULL, 200),
                    lost(1, Level::Info, Reason::TOO_LONG, 1),
                    lost(8, Level::Error, Reason(200), 2),
                ]);
            }),
        ),
        (
            "losses",
            with(|file| {
                let losses: Vec<_> = (0..40)
                    .map(|thread| {
                        lost(thread, Level::Info, Reason::RING_FULL, 100 - u64::from(thread))
                    })
                    .collect();
                file.loss(&losses);
            }),
        ),
        (
            "clock-forwards",
            with(|file| {
                file.clock(&clock_step(3_000_000_000)).events(&[(1, &[(2, 550_000_000, vec![])])]);
            }),
        ),
        (
            "clock-back",
            with(|file| {
                file.clock(&clock_step(-3_000_000_000)).events(&[(1, &[(2, 550_000_000, vec![])])]);
            }),
        ),
        ("bomb", bomb()),
        ("bomb-zstd", zstd_bomb()),
        ("greedy", greedy()),
        ("rubble", rubble()),
        (
            "counts",
            with(|file| {
                // As many records and entries as there are numbers, in the head of a block and in that of an extent.
                let (mut summary, mut payload) = file.event_block(&[(1, &[(2, 3_000, vec![])])]);
                summary.records = u32::MAX;
                file.block(summary, &payload);
                payload[24..28].copy_from_slice(&[0xFF; 4]);
                summary.number += 1;
                file.block(summary, &payload);
                file.block(file.summary(Kind::THREADS, u32::MAX as usize), &[]);
                file.block(file.summary(Kind::CLOCK, u32::MAX as usize), &[]);
            }),
        ),
        (
            "lengths",
            with(|file| {
                let (summary, mut payload) = file.event_block(&[(1, &[(2, 3_000, vec![])])]);
                payload[28..32].copy_from_slice(&[0xFF; 4]);
                file.block(summary, &payload);
                file.block(file.summary(Kind::SITES, 1), &[0xFF; 64]);
                file.block(file.summary(Kind::THREADS, 1), &entries(&[&[1, 1, 0xFF, 0x7F]]));
                file.block(file.summary(Kind::LOSS, 1), &[0xFF; 47]);
                file.block(file.summary(Kind::CLOCK, 1), &[0xFF; 23]);
            }),
        ),
        (
            "block-length",
            with(|file| {
                two(file);
                forge(file, |header| header[24..28].copy_from_slice(&[0xFF; 4]));
            }),
        ),
        (
            "deep-types",
            with(|file| {
                // An option of an option of …; 64 deep is what there is.
                let ty = [vec![22; 64], vec![3]].concat();
                let values = [&[1, 0, 0][..], &ty, &[1]].concat();
                let deep = [site_up_to_values(5, b"app"), values].concat();
                // A tuple of more types than there are bytes, and a type that there is not.
                let wide = [site_up_to_values(6, b"app"), vec![1, 0, 0, 21, 0xFF, 0xFF, 0x7F]];
                let none = [site_up_to_values(7, b"app"), vec![1, 0, 0, 99, 1]];
                let payload = entries(&[&deep, &wide.concat(), &none.concat()]);
                file.block(file.summary(Kind::SITES, 3), &payload);
                file.events(&[(1, &[one(5), one(6), one(7)])]);
            }),
        ),
        (
            "utf-8",
            with(|file| {
                let site = [site_up_to_values(5, b"ap\xFF"), vec![0, 1]].concat();
                file.block(file.summary(Kind::SITES, 1), &entries(&[&site]));
                let thread = [&[1, 7, 3][..], b"\xC3\x28\xA0"].concat();
                file.block(file.summary(Kind::THREADS, 1), &entries(&[&thread]));
                file.events(&[(1, &[one(5)])]);
            }),
        ),
        ("index", {
            // A hundred tables, each reached from the next, of as many entries as a block may hold, where there is room for none.
            let mut file = start();
            two(&mut file);
            let mut before = 0_u64;
            for _ in 0..100 {
                let entries = vec![0xFF; (4 << 20) - 64];
                let payload = [&before.to_le_bytes()[..], &entries].concat();
                file.compressed(file.summary(Kind::INDEX, 0), &payload, Compression::ZSTD);
                before = file.blocks.last().expect("the block").range.start as u64;
            }
            file.end_at(Some(before)).bytes()
        }),
        (
            "extents",
            with(|file| {
                // The same stretch of a ring twice, and one that ends before it starts.
                let (mut summary, mut payload) = file.event_block(&[(1, &[(2, 3_000, vec![])])]);
                file.block(summary, &payload);
                payload[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
                summary.number += 1;
                file.block(summary, &payload);
            }),
        ),
        (
            "anchors",
            with(|file| {
                // Back in ticks and in time, twice at the same tick, and as far apart as numbers go.
                let at = |ticks, unix_ns| Anchor { ticks, unix_ns, ..anchor(0) };
                let step = |ticks, unix_ns| Anchor { step: true, ..at(ticks, unix_ns) };
                file.clock(&[
                    at(5_000, i64::MIN),
                    at(5_000, i64::MAX),
                    at(4_000, i64::MIN),
                    step(6_000, i64::MAX),
                    step(6_001, i64::MIN),
                    at(u64::MAX, i64::MIN),
                ]);
                let ticks = [0, 3_999, 4_500, 5_500, 6_000, u64::MAX];
                let records = ticks.map(|ticks| (2, ticks, vec![]));
                file.events(&[(1, &records)]);
            }),
        ),
        (
            "scopes",
            with(|file| {
                // A context without a head, one of an op that there is not, and one behind which nothing is.
                let mut site =
                    site(5, Level::Info, "", &[("", Type::U8), ("", Type::U8), ("", Type::U64)]);
                site.kind = logbuf_format::site::Kind::Context;
                site.values.iter_mut().for_each(|slot| slot.role = Role::Head);
                let head = |op| [&[op, 255][..], &[0; 8]].concat();
                file.sites(&[site]).events(&[(
                    1,
                    &[
                        (5, 3_000, vec![]),
                        (2, 3_001, vec![]),
                        (5, 3_002, head(99)),
                        (2, 3_003, vec![]),
                        (5, 3_004, head(0)),
                        (2, 3_005, vec![]),
                    ],
                )]);
            }),
        ),
        (
            "cyclic",
            with(|file| {
                // A struct whose only member is itself has no end, and no bytes.
                let mut site = site(5, Level::Error, "{0:?}", &[("", Type::Named(0))]);
                let shape = Shape::Struct(Members::Tuple(vec![Type::Named(0)]));
                site.definitions = Definitions::new(vec![Definition { name: "Me".into(), shape }]);
                file.sites(&[site]).events(&[(1, &[(5, 3_000, vec![])])]);
            }),
        ),
        (
            "beyond-range",
            with(|file| {
                let one = |id, ty| site(id, Level::Error, "{0:?}", &[("", ty)]);
                file.sites(&[
                    one(5, Type::Char),
                    one(6, Type::Bool),
                    one(7, Type::Duration),
                    one(8, Type::seq(Type::U64)),
                    one(9, Type::seq(Type::Unit)),
                    one(10, Type::Str),
                ]);
                let second =
                    [7_u64.to_le_bytes().to_vec(), 1_000_000_000_u32.to_le_bytes().to_vec()];
                file.events(&[(
                    1,
                    &[
                        (5, 3_000, 0x11_0000_u32.to_le_bytes().to_vec()),
                        (6, 3_001, vec![2]),
                        (7, 3_002, second.concat()),
                        (8, 3_003, vec![0xFF; 12]),
                        (9, 3_004, vec![0xFF; 4]),
                        (10, 3_005, vec![3, 0, 0, 0, b'a', 0xFF, b'b']),
                    ],
                )]);
            }),
        ),
        ("flood", {
            let mut file = start();
            for _ in 0..30 {
                two(&mut file);
                let at = file.bytes.len() - 8;
                file.bytes[at] ^= 1;
            }
            file.end().bytes()
        }),
    ]
}

/// What the command says of a file, on both outputs, and its exit status.
fn run(name: &str, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_logbuf-decode"))
        .current_dir(data())
        .args(args)
        .arg(format!("{name}.logbuf"))
        .output()
        .expect("the command runs");
    let stdout = String::from_utf8(output.stdout).expect("UTF-8");
    let stderr = String::from_utf8(output.stderr).expect("UTF-8");
    let status = output.status.code().expect("an exit status");
    format!("{stdout}--- standard error\n{stderr}--- exit status {status}\n")
}

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

fn is_blessing() -> bool {
    std::env::var_os("LOGBUF_BLESS").is_some()
}

/// Compares with the golden file, or writes it.
fn check(file: &str, found: &[u8]) {
    let path = data().join(file);
    if is_blessing() {
        fs::write(&path, found).expect("the golden file can be written");
    }
    let expected = fs::read(&path).expect("the golden file is there");
    let text = String::from_utf8_lossy;
    assert!(found == expected, "{file}: expected\n{}\nfound\n{}", text(&expected), text(found));
}

#[test]
fn the_command_says_of_each_file_what_it_said() {
    for (name, bytes) in corpus() {
        check(&format!("{name}.logbuf"), &bytes);
        check(&format!("{name}.out"), run(name, &[]).as_bytes());
    }
    check("sample.json.out", run("sample", &["--json"]).as_bytes());
    check("sample.raw.out", run("sample", &["--raw"]).as_bytes());
    check("sample.level.out", run("sample", &["-l", "warn"]).as_bytes());
}

#[test]
fn every_golden_file_is_checked() {
    let names: Vec<_> = corpus().into_iter().map(|(name, _)| name).collect();
    for entry in fs::read_dir(data()).expect("the golden files are there") {
        let file = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let name = file.split('.').next().expect("a name");
        assert!(names.contains(&name) || is_kept(name), "{file}");
    }
}
