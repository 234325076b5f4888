//! Closed segments that are compressed behind the logger's back.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use logbuf_decode::{Reader, Render, Text};
use logbuf_format::block::{Compression, Kind};
use logbuf_log::{Builder, Guard, InitError, info};

use crate::faults::{CHILD, again};
use crate::index;
use crate::output::{folder, names, numbers_in, segments, start};
use crate::support::Session;

/// Records a segment of these tests holds.
const RECORDS: u64 = 5_000;

/// Logs a segment's records, which are not to be predicted, and begins the next segment.
fn fill_segment(guard: &Guard, number: u64) {
    for number in number * RECORDS..(number + 1) * RECORDS {
        let id = format!("{:016x}", number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        info!("{number} is the order {id}");
    }
    guard.rotate().expect("a segment can be begun");
}

fn is_compressed(path: &Path) -> bool {
    has_compressed(path, Kind::EVENTS)
}

/// Whether a block of this kind is compressed.
fn has_compressed(path: &Path, kind: Kind) -> bool {
    let bytes = fs::read(path).expect("the file is there");
    let blocks = index::blocks(&bytes);
    let mut blocks = blocks.iter().filter(|(_, block)| block.summary.kind == kind);
    blocks.any(|(_, block)| block.compression == Compression::ZSTD)
}

/// Waits for another thread, which is not expected to take long.
fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// A file, as it is printed.
fn text(path: &Path) -> String {
    let mut reader = Reader::new();
    reader.add_file(path);
    let (mut render, mut text) = (Text::new(), String::new());
    reader.for_each(|record| render.record(record, &mut text).expect("records are short"));
    assert!(reader.findings().is_empty(), "{:?}", reader.findings());
    text
}

/// The names of what is neither a segment nor the link.
fn others(folder: &Path) -> Vec<String> {
    names(folder).into_iter().filter(|name| !name.ends_with(".logbuf")).collect()
}

#[test]
fn what_was_closed_becomes_smaller_and_reads_the_same() {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path().join("app");
    let guard = start(Builder::new(&path));
    (0..3).for_each(|number| fill_segment(&guard, number));
    drop(guard);
    let files = segments(folder.path());
    // The last one holds nothing.
    let files = &files[..3];
    let old = SystemTimes::set(files);
    let texts: Vec<_> = files.iter().map(|file| text(file)).collect();
    let lens: Vec<_> = files.iter().map(|file| len(file)).collect();
    assert!(!files.iter().any(|file| is_compressed(file)));

    let guard = start(Builder::new(&path).compress_closed(true));
    wait_until("old segments are compressed", || files.iter().all(|file| is_compressed(file)));
    // This program has many sites.
    assert!(files.iter().all(|file| has_compressed(file, Kind::SITES)));
    let live = guard.path();
    fill_segment(&guard, 3);
    wait_until("a new segment is compressed", || is_compressed(&live));
    drop(guard);

    for ((file, text_before), len_before) in files.iter().zip(&texts).zip(&lens) {
        assert_eq!(text(file), *text_before);
        let len = len(file);
        println!("{}: {len_before} to {len} bytes", file.display());
        // Most of it are the sites of this whole program.
        assert!(len < *len_before, "{len_before} to {len} bytes");
        assert!(index::check(file) > 0);
    }
    old.check(files);
    let files = segments(folder.path());
    assert_eq!(numbers_in(&files), (0..4 * RECORDS).collect::<Vec<_>>());
    assert!(!is_compressed(files.last().expect("the live one")));
    assert_eq!(others(folder.path()), [""; 0]);
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).expect("the file is there").len()
}

/// Times of modification that were long ago.
struct SystemTimes(std::time::SystemTime);

impl SystemTimes {
    fn set(files: &[PathBuf]) -> Self {
        let time = std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        for file in files {
            let file = File::options().append(true).open(file).expect("the file is there");
            file.set_modified(time).expect("it is ours");
        }
        Self(time)
    }

    fn check(&self, files: &[PathBuf]) {
        for file in files {
            let modified = fs::metadata(file).and_then(|file| file.modified());
            assert_eq!(modified.expect("the file is there"), self.0);
        }
    }
}

#[test]
fn what_somebody_else_is_at_is_compressed_later() {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path().join("app");
    let guard = start(Builder::new(&path));
    let files = [0, 1].map(|number| {
        let file = guard.path();
        fill_segment(&guard, number);
        file
    });
    drop(guard);
    // Held by another logger, as far as can be told.
    let held = File::open(&files[0]).expect("the file is there");
    held.lock().expect("nobody else has a lock");
    let guard = start(Builder::new(&path).compress_closed(true));
    wait_until("the other is compressed", || is_compressed(&files[1]));
    assert!(!is_compressed(&files[0]));
    drop(held);
    // The next to be closed reminds of it.
    fill_segment(&guard, 2);
    wait_until("it is compressed, too", || is_compressed(&files[0]));
    drop(guard);
    assert_eq!(numbers_in(&segments(folder.path())), (0..3 * RECORDS).collect::<Vec<_>>());
}

#[test]
fn leftovers_go_when_the_next_logger_starts() {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path();
    let guard = start(Builder::new(path.join("app")));
    let whole = guard.path();
    fill_segment(&guard, 0);
    drop(guard);
    let bytes = fs::read(&whole).expect("the file is there");
    let [left, locked, foreign, other] = [
        "app.000001.logbuf.compact",
        "app.000002.logbuf.compact",
        "apple.000001.logbuf.compact",
        "app.compact",
    ];
    for name in [left, locked, foreign, other] {
        fs::write(path.join(name), &bytes[..bytes.len() / 2])
            .expect("the folder can be written to");
    }
    let lock = File::open(path.join(locked)).expect("the file is there");
    lock.lock().expect("nobody else has a lock");
    drop(start(Builder::new(path.join("app"))));
    assert_eq!(others(path), [locked, other, foreign]);
    assert_eq!(fs::read(&whole).expect("the file is there"), bytes);
}

#[test]
fn a_kill_while_segments_are_compressed_leaves_each_whole() {
    if let Some(path) = std::env::var_os(CHILD) {
        let guard = start(Builder::new(path).compress_closed(true));
        for number in 0.. {
            fill_segment(&guard, number);
        }
    }
    let test = "compress::a_kill_while_segments_are_compressed_leaves_each_whole";
    let is_beside = |name: &String| name.ends_with(".compact");
    let mut leftovers = 0;
    for round in 0..6 {
        let folder = folder();
        let path = folder.path().join("app");
        let mut command = again(Command::new("env"), test, &path);
        // A process has what is locked here, too, until it runs its own program.
        let turn = Session::lock();
        let mut child = command.stdout(Stdio::null()).spawn().expect("it can be started again");
        drop(turn);
        // Until a segment is being written anew, for the `round`th time that this is seen.
        for _ in 0..=round {
            wait_until("one is compressed", || names(folder.path()).iter().any(is_beside));
        }
        child.kill().expect("it runs until it is killed");
        child.wait().expect("it was killed");
        leftovers += names(folder.path()).iter().filter(|name| is_beside(name)).count();
        let mut files = segments(folder.path());
        files.retain(|file| file.extension().is_some_and(|extension| extension == "logbuf"));
        // The live one, and the one before or behind it, may be without an end.
        let closed = &files[..files.len() - 2];
        assert_eq!(numbers_in(closed), (0..closed.len() as u64 * RECORDS).collect::<Vec<_>>());
        let _turn = Session::lock();
        drop(start(Builder::new(&path)));
        assert!(!names(folder.path()).iter().any(is_beside));
        assert_eq!(numbers_in(closed), (0..closed.len() as u64 * RECORDS).collect::<Vec<_>>());
    }
    println!("{leftovers} of 6 were killed in between");
}

#[test]
fn one_file_is_not_compressed() {
    let _turn = Session::lock();
    let folder = folder();
    let error = Builder::to_file(folder.path().join("app.logbuf"))
        .compress_closed(true)
        .start()
        .expect_err("there is nothing to compress");
    assert!(matches!(error, InitError::OneFile), "{error}");
    let error = Builder::to_writer(io::sink()).compress_closed(true).start();
    assert!(matches!(error, Err(InitError::OneFile)), "{error:?}");
}
