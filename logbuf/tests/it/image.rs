//! What a dead ring leaves behind.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};

use logbuf::queue::{mpsc, spsc};
use logbuf::{Consumer, Entry, Flavour, Image, ImageError, Producer, Storage};
use tempfile::tempdir;

use crate::support::{Random, check, fill, send};

/// A storage in a new file.
fn file(path: &Path, capacity: usize) -> Storage {
    // SAFETY: each test has a folder of its own, and nobody writes to the file but the ring.
    unsafe { Storage::file(path, capacity, b"metadata") }.unwrap()
}

/// Committed records of an image: where they are, and their payloads.
fn records(bytes: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let image = Image::parse(bytes).unwrap();
    assert_eq!(image.metadata(), b"metadata");
    let entries = image.entries().map(|entry| match entry.unwrap() {
        Entry::Record { position, payload } => (position, payload.to_vec()),
        Entry::Open { position, .. } => panic!("open room at {position}"),
    });
    entries.collect()
}

fn an_image_shows_what_was_not_released<F: Flavour>(
    make: fn(Storage) -> (Producer<F>, Consumer<F>),
) {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut producer, mut consumer) = make(file(&path, 256));
    let mut random = Random(5);
    let mut expected: Vec<(u64, Vec<u8>)> = Vec::new();
    for sequence in 0..2000 {
        let len = 12 + random.next() as usize % 60;
        let mut payload = vec![0; len];
        fill(&mut payload, 0, sequence);
        if send(&mut producer, &payload).is_ok() {
            let span = (len as u64 + 4).next_multiple_of(8);
            expected.push((producer.position() - span, payload));
        } else {
            // Some are read and released; some are read and held: an image still has those.
            let keep = random.next() as usize % 2;
            let mut batch = consumer.batch(usize::MAX);
            let taken = batch.iter().take(expected.len() - keep).count();
            if random.next().is_multiple_of(2) {
                batch.hold();
                assert_eq!(records(&std::fs::read(&path).unwrap()), expected);
                consumer.release_held();
            } else {
                batch.release();
            }
            expected.drain(..taken);
        }
        assert_eq!(records(&std::fs::read(&path).unwrap()), expected);
    }
}

#[test]
fn an_spsc_image_shows_what_was_not_released() {
    an_image_shows_what_was_not_released(spsc::with_storage);
}

#[test]
fn an_mpsc_image_shows_what_was_not_released() {
    an_image_shows_what_was_not_released(mpsc::with_storage);
}

#[test]
fn open_claims_are_passed_over() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut first, _consumer) = mpsc::with_storage(file(&path, 1024));
    let (mut second, mut third) = (first.clone(), first.clone());
    let mut open = first.try_claim(30).unwrap();
    open.fill(0x11); // would make fine headers
    send(&mut second, b"between").unwrap();
    let mut given_up = second.try_claim(30).unwrap();
    given_up.fill(0x11);
    drop(given_up);
    let _unused = second.try_claim(5).unwrap();
    send(&mut third, b"last").unwrap();

    let bytes = std::fs::read(&path).unwrap();
    let entries: Vec<_> =
        Image::parse(&bytes).unwrap().entries().collect::<Result<_, _>>().unwrap();
    let expected = [
        Entry::Open { position: 0, bytes: 40 },
        Entry::Record { position: 40, payload: b"between" },
        Entry::Open { position: 96, bytes: 16 },
        Entry::Record { position: 112, payload: b"last" },
    ];
    assert_eq!(entries, expected);

    // A producer that died right after it had moved the tail has not marked its room.
    let mut bytes = bytes;
    bytes[4096..4096 + 40].fill(0);
    let entries: Vec<_> =
        Image::parse(&bytes).unwrap().entries().collect::<Result<_, _>>().unwrap();
    assert_eq!(entries, expected);
}

#[test]
fn wrong_control_blocks_are_named() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut producer, _consumer) = mpsc::with_storage(file(&path, 64));
    send(&mut producer, b"record").unwrap();
    let good = std::fs::read(&path).unwrap();
    let check = |offset: usize, value: &[u8], expected: ImageError| {
        let mut bad = good.clone();
        bad[offset..offset + value.len()].copy_from_slice(value);
        assert_eq!(Image::parse(&bad).err(), Some(expected));
    };
    check(0, b"ELF", ImageError::NotARing { found: *b"ELFRING\n" });
    check(8, &3_u32.to_ne_bytes(), ImageError::UnknownLayout { found: 3, supported: 2 });
    check(12, &3_u32.to_ne_bytes(), ImageError::UnknownFlavour { found: 3 });
    for (offset, field, value) in [
        (16, "capacity", 0_u64),
        (16, "capacity", 65),
        (16, "capacity", 1 << 31),
        (24, "buffer offset", 511),
        (24, "buffer offset", u64::MAX),
        (32, "metadata length", 4000),
        (128, "head", 4),
        (128, "head", u64::MAX - 7),
        (136, "zeroing", 80),
        (256, "tail", 72),
        (256, "tail", 12),
    ] {
        check(offset, &value.to_ne_bytes(), ImageError::BadControl { field, value });
    }
    // It is the tail that cannot be, whatever the consumer was about to zero.
    check(128, &24_u64.to_ne_bytes(), ImageError::BadControl { field: "tail", value: 16 });
    for len in 0..good.len() {
        let expected = if len < 512 { 512 } else { 4096 + 64 };
        assert_eq!(Image::parse(&good[..len]).err(), Some(ImageError::TooShort { len, expected }));
    }
    let mut bad = good.clone();
    bad[4096..4100].copy_from_slice(&100_u32.to_ne_bytes());
    let entries: Vec<_> = Image::parse(&bad).unwrap().entries().collect();
    assert_eq!(entries, [Err(ImageError::BadHeader { position: 0, word: 100 })]);
}

fn fill_up<F: Flavour>((mut producer, _consumer): (Producer<F>, Consumer<F>)) {
    while send(&mut producer, b"some record or other").is_ok() {}
}

#[test]
fn no_bytes_make_it_panic_or_run_for_ever() {
    let folder = tempdir().unwrap();
    for (name, seed) in [("spsc", 1), ("mpsc", 2)] {
        let path = folder.path().join(name);
        match name {
            "spsc" => fill_up(spsc::with_storage(file(&path, 512))),
            _ => fill_up(mpsc::with_storage(file(&path, 512))),
        }
        let good = std::fs::read(&path).unwrap();
        let mut random = Random(seed);
        for _ in 0..20_000 {
            let mut bad = good.clone();
            for _ in 0..1 + random.next() % 4 {
                // In the control block, where every bit counts, or in the buffer.
                let range = if random.next().is_multiple_of(2) { 0..512 } else { 4096..good.len() };
                let at = range.start + random.next() as usize % range.len();
                bad[at] ^= 1 << (random.next() % 8);
            }
            if let Ok(image) = Image::parse(&bad) {
                assert!(image.entries().count() <= 512 / 8 + 1);
            }
        }
    }
}

#[test]
fn no_byte_beside_open_claims_makes_it_run_for_ever() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut first, _consumer) = mpsc::with_storage(file(&path, 128));
    let (mut second, mut third) = (first.clone(), first.clone());
    let _open = first.try_claim(9).unwrap();
    send(&mut second, b"between").unwrap();
    let _last = second.try_claim(20).unwrap();
    send(&mut third, b"behind").unwrap();
    let marked = std::fs::read(&path).unwrap();
    let unmarked = {
        let mut bytes = marked.clone();
        bytes[4096..4096 + 4].fill(0);
        bytes
    };
    for good in [marked, unmarked] {
        assert_eq!(Image::parse(&good).unwrap().entries().filter(Result::is_ok).count(), 4);
        let mut bad = good.clone();
        for at in (0..512).chain(4096..good.len()) {
            for value in 0..=u8::MAX {
                bad[at] = value;
                if let Ok(image) = Image::parse(&bad) {
                    // Each entry takes a granule at least, and an error ends it.
                    let most = 128 / 8 + 1;
                    assert!(image.entries().take(most + 1).count() <= most, "{value:#x} at {at}");
                }
            }
            bad[at] = good[at];
        }
    }
}

#[test]
fn a_claim_of_no_bytes_is_an_error() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (mut producer, _consumer) = mpsc::with_storage(file(&path, 64));
    let _open = producer.try_claim(9).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4096..4100].copy_from_slice(&0x4000_0000_u32.to_ne_bytes());
    let entries: Vec<_> = Image::parse(&bytes).unwrap().entries().take(2).collect();
    assert_eq!(entries, [Err(ImageError::BadHeader { position: 0, word: 0x4000_0000 })]);
}

const CHILD: &str = "LOGBUF_TEST_RING";

/// Writes into a ring until it is killed. Does nothing unless it is run by the test below.
#[test]
fn child_that_writes_until_it_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let (mut producer, mut consumer) = spsc::with_storage(file(Path::new(&path), 4096));
    let mut random = Random(1);
    for sequence in 0.. {
        let len = 12 + random.next() as usize % 100;
        while producer.try_claim(len).is_err() {
            drop(consumer.try_claim());
        }
        let mut claim = producer.try_claim(len).unwrap();
        fill(&mut claim, 9, sequence);
        claim.commit();
        if sequence == 10_000 {
            println!("\nready");
        }
    }
}

#[test]
fn records_outlive_a_process_that_is_killed() {
    let folder = tempdir().unwrap();
    for round in 0..5 {
        let path = folder.path().join(format!("ring-{round}"));
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "image::child_that_writes_until_it_is_killed", "--nocapture"])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while line != "ready\n" {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the child ended");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        output.read_to_string(&mut line).unwrap();

        let found = records(&std::fs::read(&path).unwrap());
        let sequences: Vec<u64> = found.iter().map(|(_, payload)| check(payload).1).collect();
        assert!(sequences[0] > 9_000, "{} records", found.len());
        // The ring was nearly full all the time: there is more than half of it.
        assert!(sequences.len() > 4096 / 2 / 116, "{} records", found.len());
        assert!(sequences.windows(2).all(|pair| pair[0] + 1 == pair[1]));
    }
}

#[test]
fn a_label_is_what_it_was_set_to_last() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ring");
    let (_producer, consumer) = spsc::with_storage(file(&path, 256));
    let label = || {
        let bytes = std::fs::read(&path).unwrap();
        let image = Image::parse(&bytes).unwrap();
        (image.label(), image.is_shared())
    };
    assert_eq!(label(), (0, false));
    consumer.set_label(7);
    consumer.set_label(u64::MAX);
    assert_eq!(label(), (u64::MAX, false));
}
