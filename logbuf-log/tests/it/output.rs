//! What a logger writes to: sinks, segments, and which of them are kept.

use std::fs::{self, File};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use logbuf_decode::{Reader, Record};
use logbuf_format::block::Kind;
use logbuf_format::end::End;
use logbuf_format::scan::{self, Scan};
use logbuf_format::segment::Header;
use logbuf_log::{Builder, FlushError, Guard, InitError, SyncPolicy, WhenFull, info, warn};

use crate::support::{Session, visit_file};

/// The names of the files in a folder, in their order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The segments in a folder, in their order. The link to the live one is none.
pub(crate) fn segments(folder: &Path) -> Vec<PathBuf> {
    let names = names(folder);
    names.iter().filter(|name| !name.contains("current")).map(|name| folder.join(name)).collect()
}

/// The first number in each record of the files, which must be whole, each for itself.
pub(crate) fn numbers_in(files: &[PathBuf]) -> Vec<u64> {
    let mut numbers = Vec::new();
    for file in files {
        let lost = visit_file(file, |record| numbers.push(number(record)));
        assert_eq!(lost, []);
    }
    numbers
}

pub(crate) fn number(record: &Record<'_>) -> u64 {
    let first = record.values()[0].as_unsigned().expect("the first value is a number");
    u64::try_from(first).expect("it is a small number")
}

/// Starts a logger with rings that hold whatever these tests log.
pub(crate) fn start(builder: Builder) -> Guard {
    builder.ring_capacity(4 << 20).ignore_env().start().expect("the logger starts")
}

pub(crate) fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a temporary folder can be made")
}

/// The one way in which these tests log, so that all records have the same site. Each takes 8 bytes of a file at least, however well
/// they are packed.
pub(crate) fn log(numbers: impl IntoIterator<Item = u64>) {
    for number in numbers {
        // Nobody predicts the noise. (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators: `mix64`.)
        let mixed = (number ^ number >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        info!(number, noise = mixed ^ mixed >> 31, "a record of some length, to fill files");
    }
}

/// Bytes of a segment without records: what each begins and ends with, the sites of this whole program above all.
pub(crate) fn bare_len() -> u64 {
    let folder = folder();
    drop(start(Builder::new(folder.path().join("bare"))));
    let file = &segments(folder.path())[0];
    fs::metadata(file).expect("the file is there").len()
}

/// The totals that END of each segment states, added up.
fn totals(files: &[PathBuf]) -> (u64, u64) {
    let ends = files.iter().map(|file| {
        let bytes = fs::read(file).expect("the file is there");
        let (header, mut at) = Header::take(&bytes).expect("the file has a header");
        while let Scan::Found { offset, header } = scan::next_block(&bytes, at, Some(header.salt)) {
            let block = &bytes[offset..];
            if header.summary.kind == Kind::END {
                let payload = header.payload(block).expect("the block is whole");
                return End::take(&payload).expect("the block holds an end");
            }
            at = offset + header.block_len();
        }
        panic!("{} has no end", file.display());
    });
    ends.fold((0, 0), |(written, lost), end| (written + end.written, lost + end.lost))
}

#[test]
fn memory_holds_a_whole_segment() {
    let _turn = Session::lock();
    let (builder, memory) = Builder::in_memory();
    let guard = start(builder);
    assert_eq!(guard.path(), Path::new("<memory>"));
    log(0..100);
    guard.flush().expect("memory takes everything");
    let flushed = memory.bytes();
    drop(guard);
    let closed = memory.bytes();
    assert!(closed.starts_with(&flushed) && closed.len() > flushed.len());
    let mut reader = Reader::new();
    reader.add_stream("memory", Cursor::new(closed));
    let mut numbers = Vec::new();
    reader.for_each(|record| numbers.push(number(record)));
    assert!(reader.findings().is_empty(), "{:?}", reader.findings());
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
}

#[test]
fn one_file_is_never_written_over() {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path().join("sub/app.log");
    let guard = start(Builder::to_file(&path));
    assert_eq!(guard.path(), path);
    log(0..100);
    guard.rotate().expect("it goes on");
    log(100..200);
    drop(guard);
    assert_eq!(names(&folder.path().join("sub")), ["app.log"]);
    assert_eq!(numbers_in(slice::from_ref(&path)), (0..200).collect::<Vec<_>>());
    let bytes = fs::read(&path).expect("the file is there");

    let error = Builder::to_file(&path).start().expect_err("the file holds something");
    assert!(matches!(&error, InitError::FileExists { path: named } if *named == path), "{error}");
    assert_eq!(
        error.to_string(),
        format!(
            "the log file {} exists and is not empty; move it away, or log to segments",
            path.display()
        )
    );
    assert_eq!(fs::read(&path).expect("the file is there"), bytes);
}

#[test]
fn one_file_can_be_moved_away_as_logrotate_does() {
    let _turn = Session::lock();
    let folder = folder();
    let (path, moved) = (folder.path().join("app.log"), folder.path().join("app.log.1"));
    let guard = start(Builder::to_file(&path));
    log(0..100);
    guard.flush().expect("the file can be written");
    fs::rename(&path, &moved).expect("the file can be renamed");
    // As `create` in the configuration of logrotate does, unless the logger has been here already.
    File::options().append(true).create(true).open(&path).expect("a file can be made");
    log(100..200);
    guard.rotate().expect("a new file can be begun");
    log(200..300);
    drop(guard);
    // What was logged in between is in one of them, or some in this and some in that.
    assert!(numbers_in(slice::from_ref(&moved)).len() >= 100);
    assert!(numbers_in(slice::from_ref(&path)).len() >= 100);
    assert_eq!(numbers_in(&[moved, path]), (0..300).collect::<Vec<_>>());
}

#[test]
fn a_segment_that_is_moved_away_is_followed_by_another() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    log([0]);
    guard.flush().expect("the file can be written");
    let moved = folder.path().join("moved");
    fs::rename(guard.path(), &moved).expect("the file can be renamed");
    log(1..100);
    // Whatever was written first since the renaming found it out.
    guard.flush().expect("the file can be written");
    log(100..200);
    guard.flush().expect("the file can be written");
    let path = guard.path();
    assert!(path.ends_with("app.000002.logbuf"), "{}", path.display());
    drop(guard);
    assert_eq!(numbers_in(slice::from_ref(&moved))[..1], [0]);
    assert!(numbers_in(slice::from_ref(&path)).len() >= 100);
    assert_eq!(numbers_in(&[moved, path]), (0..200).collect::<Vec<_>>());
}

#[test]
fn rotation_needs_segments() {
    let _turn = Session::lock();
    let file = folder();
    let file = || Builder::to_file(file.path().join("app.log"));
    for builder in [
        file().rotate_at(1 << 20),
        file().rotate_every(Duration::from_secs(1)),
        file().keep_files(3),
        Builder::in_memory().0.keep_free(1),
    ] {
        let error = builder.start().expect_err("there can be one file only");
        assert!(matches!(error, InitError::OneFile), "{error}");
    }
}

#[test]
fn segments_of_a_size_each_decode_alone() {
    let _turn = Session::lock();
    let bare = bare_len();
    let size = bare + 100_000;
    // Records enough for four segments.
    let all = size / 2;
    let folder = folder();
    let builder = Builder::new(folder.path().join("app")).rotate_at(size);
    let guard = start(builder.when_full(WhenFull::Block(Duration::from_secs(60))));
    let half = std::thread::spawn(move || log(0..all / 2));
    half.join().expect("it only logs");
    log(all / 2..all);
    guard.flush().expect("the files can be written");
    let (stats, live) = (guard.stats(), guard.path());
    drop(guard);
    let files = segments(folder.path());
    assert!(files.len() >= 3, "{} files", files.len());
    assert_eq!(files.last(), Some(&live));
    let mut numbers = numbers_in(&files);
    numbers.sort_unstable();
    assert_eq!(numbers, (0..all).collect::<Vec<_>>());
    assert_eq!((stats.written, stats.lost), (all, 0));
    assert_eq!(totals(&files), (all, 0));
    for file in &files[..files.len() - 1] {
        let len = fs::metadata(file).expect("the file is there").len();
        // Sites are listed again at the end; and one write goes beyond the size.
        let most = size + 150_000 + bare;
        assert!((size..most).contains(&len), "{size} {len} {most}: {}", file.display());
    }
    let link = folder.path().join("app.current.logbuf");
    let target = fs::read_link(link).expect("there is a link to the live segment");
    assert_eq!(Some(target.as_os_str()), live.file_name());
}

#[test]
fn what_is_lost_adds_up_over_segments() {
    const ALL: u64 = 200_000;
    let _turn = Session::lock();
    let folder = folder();
    let guard = Builder::new(folder.path().join("app"))
        .ring_capacity(4 << 10)
        .rotate_at(64 << 10)
        .ignore_env()
        .start()
        .expect("the logger starts");
    log(0..ALL);
    guard.flush().expect("the files can be written");
    let stats = guard.stats();
    drop(guard);
    assert_eq!(stats.written + stats.lost, ALL);
    assert!(stats.lost > 0, "the ring is far too small");
    let files = segments(folder.path());
    assert!(files.len() > 1, "{} files", files.len());
    assert_eq!(totals(&files), (stats.written, stats.lost));
    let mut written = 0;
    for file in &files {
        visit_file(file, |_| written += 1);
    }
    assert_eq!(written, stats.written);
}

#[test]
fn a_rotation_can_be_asked_for_from_another_thread() {
    let _turn = Session::lock();
    let folder = folder();
    let guard = start(Builder::new(folder.path().join("app")));
    let handle = guard.handle();
    let before = guard.path();
    for round in 0..3 {
        log(10 * round..10 * (round + 1));
        let handle = handle.clone();
        let rotation = std::thread::spawn(move || handle.rotate());
        rotation.join().expect("it only rotates").expect("a segment can be begun");
    }
    assert_ne!(guard.path(), before);
    drop(guard);
    let files = segments(folder.path());
    assert_eq!(files.len(), 4);
    assert_eq!(numbers_in(&files), (0..30).collect::<Vec<_>>());
    assert_eq!(handle.rotate(), Err(FlushError::Stopped));
    assert_eq!(handle.flush(), Err(FlushError::Stopped));
}

#[test]
fn periods_have_segments_of_their_own() {
    let _turn = Session::lock();
    let folder = folder();
    // Whatever the time is, the next period begins within this time.
    let period = Duration::from_millis(300);
    let guard = start(Builder::new(folder.path().join("app")).rotate_every(period));
    log([0]);
    guard.flush().expect("the file can be written");
    let (first, begun) = (guard.path(), SystemTime::now());
    while guard.path() == first {
        assert!(begun.elapsed().unwrap_or_default() < 100 * period, "no segment was begun");
        std::thread::yield_now();
    }
    log([1]);
    drop(guard);
    let files = segments(folder.path());
    assert_eq!(numbers_in(&files), [0, 1]);
    // Periods may have ended before the first record, and behind it.
    assert!(
        files.iter().all(|file| numbers_in(std::slice::from_ref(file)).len() <= 1),
        "{files:?}"
    );
}

#[test]
fn old_segments_go_and_nothing_else_does() {
    let _turn = Session::lock();
    let folder = folder();
    let path = folder.path();
    let others = ["app.000001.txt", "app.000002.logbuf", "app.x.logbuf", "apple.000001.logbuf"];
    for other in others {
        fs::write(path.join(other), "not a segment").expect("the folder can be written to");
    }
    // Held by another logger, as far as can be told.
    let guard = start(Builder::new(path.join("app")));
    let held = guard.path();
    drop(guard);
    let lock = File::open(&held).expect("the file is there");
    lock.try_lock().expect("nobody else has it");

    let guard = start(Builder::new(path.join("app")).keep_files(3));
    for round in 0..6 {
        log([round]);
        guard.rotate().expect("a segment can be begun");
    }
    drop(guard);
    let mut kept: Vec<_> = others.iter().map(ToString::to_string).collect();
    kept.extend(["3", "8", "9"].map(|n| format!("app.00000{n}.logbuf")));
    kept.extend(["app.000010.logbuf", "app.current.logbuf"].map(ToString::to_string));
    kept.sort();
    assert_eq!(names(path), kept);
    drop(lock);

    // A limit of bytes that nothing meets leaves the live one alone.
    let guard = start(Builder::new(path.join("app")).keep_bytes(1));
    assert_eq!(segments(path).len(), others.len() + 1);
    drop(guard);
    let guard = start(Builder::new(path.join("app")).keep_for(Duration::from_secs(3600)));
    let new = guard.path();
    drop(guard);
    let before = segments(path).len();
    let old = SystemTime::now() - Duration::from_secs(7200);
    let file = File::options().append(true).open(&new).expect("the file is there");
    file.set_modified(old).expect("it can be made old");
    drop(file);
    drop(start(Builder::new(path.join("app")).keep_for(Duration::from_secs(3600))));
    assert!(!new.exists(), "it was too old");
    assert_eq!(segments(path).len(), before);
}

/// A writer that notes what is asked of it.
#[derive(Clone, Default)]
struct Noting(Arc<Mutex<(Vec<u8>, u32)>>);

impl Write for Noting {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("nobody panics").0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().expect("nobody panics").1 += 1;
        Ok(())
    }
}

/// How often a logger with this policy syncs: by each of two flushes, by a sync, and by its end.
fn syncs(policy: SyncPolicy) -> [u32; 4] {
    let noting = Noting::default();
    let syncs = || noting.0.lock().expect("nobody panics").1;
    let guard = start(Builder::to_writer(noting.clone()).sync(policy));
    let mut seen = syncs();
    let mut new = || {
        let now = syncs();
        now - std::mem::replace(&mut seen, now)
    };
    log([0]);
    guard.flush().expect("the writer takes everything");
    let first = new();
    warn!("more");
    guard.flush().expect("the writer takes everything");
    let second = new();
    guard.sync().expect("the writer can be flushed");
    let third = new();
    drop(guard);
    [first, second, third, new()]
}

#[test]
fn syncs_are_as_the_policy_says() {
    let _turn = Session::lock();
    assert_eq!(syncs(SyncPolicy::Never), [0, 0, 1, 0]);
    assert_eq!(syncs(SyncPolicy::OnClose), [0, 0, 1, 1]);
    let hour = Duration::from_secs(3600);
    assert_eq!(syncs(SyncPolicy::Interval(hour)), [1, 1, 1, 1]);
    let each = syncs(SyncPolicy::EachWrite);
    assert!(each[0] >= 1 && each[1] >= 1 && each[2] >= 1 && each[3] >= 1, "{each:?}");
}

#[test]
fn an_interval_syncs_what_nobody_flushes() {
    let _turn = Session::lock();
    let noting = Noting::default();
    let policy = SyncPolicy::Interval(Duration::from_millis(1));
    let guard = start(Builder::to_writer(noting.clone()).sync(policy));
    log([0]);
    let begun = SystemTime::now();
    let is_synced = || {
        let noted = noting.0.lock().expect("nobody panics");
        noted.1 > 0 && !noted.0.is_empty()
    };
    while !is_synced() {
        assert!(begun.elapsed().unwrap_or_default() < Duration::from_secs(60), "no sync came");
        std::thread::yield_now();
    }
    drop(guard);
}
