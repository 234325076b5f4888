//! Sessions made to harm: recovery keeps to what is theirs, salvages what there is, and comes to an end.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use logbuf_format::block::{self, Codec, Compression, Header, Kind};
use logbuf_format::clock::Anchor;
use logbuf_format::loss::{Loss, Reason};
use logbuf_format::{Level, segment};
use logbuf_log::recover::{self, Damage, Options, RecoverError, Report, State};

use crate::corpus::{
    corpus,
    recovery::{NAME, Scene, located},
};

/// What a process left that was killed.
fn scene(kind: &str) -> Scene {
    Scene::new(&fs::read(corpus().join(kind)).expect("it is in the corpus"))
}

/// The ring of the thread that was killed.
fn last_ring(scene: &Scene) -> PathBuf {
    const CONTROL: usize = 512;
    let rings = (1..10).map(|number| scene.session.join(format!("ring-{number}")));
    let is_used = |path: &PathBuf| {
        let image = fs::read(path);
        image.is_ok_and(|image| image[CONTROL..].iter().any(|byte| *byte != 0))
    };
    rings.rev().find(is_used).expect("it is in the corpus")
}

fn discard() -> Options {
    let mut options = Options::default();
    options.discard = true;
    options
}

/// What is recovered of a session nothing is wrong with.
fn whole(kind: &str) -> Report {
    let report = scene(kind).recover(&Options::default()).expect("nothing is wrong with it");
    assert!(report.records > 1, "{report}");
    report
}

/// The report of a session that is kept because of this damage.
#[track_caller]
fn damaged(scene: &Scene) -> Report {
    match scene.recover(&Options::default()) {
        Err(RecoverError::Damaged { report }) => *report,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_stands_in_the_place_of_a_ring_costs_that_ring() {
    let whole = whole("events").records;
    let secret = tempfile::NamedTempFile::new().expect("a temporary file can be made");
    fs::write(secret.path(), "not to be touched").expect("it can be written");
    let link = |path: &Path| symlink(secret.path(), path).expect("it can be made");
    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status().expect("the command runs");
        assert!(made.success());
    };
    let puts: [&dyn Fn(&Path); 2] = [&link, &pipe];
    for (put, expected) in puts.into_iter().zip(["FilesystemLoop", "InvalidInput"]) {
        let scene = scene("events");
        let ring = last_ring(&scene);
        fs::remove_file(&ring).expect("it is in the corpus");
        put(&ring);
        let report = damaged(&scene);
        assert!(0 < report.records && report.records < whole, "{report}");
        let [Damage::Unreadable { name, cause }] = &report.damage[..] else { panic!("{report}") };
        let found = (scene.session.join(name), format!("{cause:?}"));
        assert_eq!(found, (ring, expected.to_owned()));
        assert_eq!(scene.recover(&discard()).expect("it is given up").records, 0);
        assert!(!scene.session.exists());
    }
    let left = fs::read_to_string(secret.path()).expect("it is there");
    assert_eq!(left, "not to be touched");
}

#[test]
fn a_folder_in_the_place_of_a_ring_is_not_removed() {
    let scene = scene("events");
    let ring = last_ring(&scene);
    fs::remove_file(&ring).expect("it is in the corpus");
    fs::create_dir(&ring).expect("it can be made");
    fs::write(ring.join("file"), "not to be touched").expect("it can be written");
    assert!(damaged(&scene).records > 0);
    let refused = scene.recover(&discard());
    assert!(matches!(refused, Err(RecoverError::RemoveSession { .. })), "{refused:?}");
    assert!(ring.join("file").exists());
}

#[test]
fn a_session_that_is_a_link_leads_nowhere() {
    let scene = scene("events");
    let elsewhere = scene.folder.path().join("elsewhere");
    fs::rename(&scene.session, &elsewhere).expect("it can be moved");
    symlink(&elsewhere, &scene.session).expect("it can be made");
    let count = || fs::read_dir(&elsewhere).expect("it is there").count();
    let before = count();
    let found = recover::sessions(&scene.place()).expect("the place can be read");
    assert_eq!(found[0].state, State::Closed);
    for options in [Options::default(), discard()] {
        let refused = scene.recover(&options);
        assert!(matches!(refused, Err(RecoverError::Place { .. })), "{refused:?}");
    }
    assert_eq!(count(), before);
}

#[test]
fn files_that_are_no_sessions_are_left_alone() {
    let scene = scene("events");
    let others = ["Cargo.lock", "notes.new", "...lock", "app.lock", "app-1-1.new"];
    for name in others {
        fs::write(scene.sessions.join(name), []).expect("it can be written");
    }
    let found = recover::sessions(&scene.place()).expect("the place can be read");
    assert_eq!(found.iter().map(|found| &found.name[..]).collect::<Vec<_>>(), [NAME]);
    for name in ["Cargo", "..", "app", &format!("../sessions/{NAME}")] {
        let refused = recover::recover(&scene.place(), name, &discard());
        assert!(matches!(refused, Err(RecoverError::Unknown { .. })), "{name}: {refused:?}");
    }
    scene.recover(&Options::default()).expect("nothing is wrong with it");
    for name in others {
        assert!(scene.sessions.join(name).exists(), "{name}");
    }
}

#[test]
fn a_lock_that_is_none_does_not_keep_others_from_being_found() {
    let scene = scene("events");
    fs::create_dir(scene.sessions.join("app-2-0000000000000002.lock")).expect("it can be made");
    let found = recover::sessions(&scene.place()).expect("the place can be read");
    let states: Vec<_> = found.iter().map(|found| found.state).collect();
    assert_eq!(states, [State::Dead, State::Closed]);
}

#[test]
fn a_log_is_named_by_no_path() {
    let stem = 80..88;
    for name in ["../app", "/tmp/app", "..", ".", "", "a/b"] {
        let scene = scene("events");
        let path = scene.session.join("session");
        let mut header = fs::read(&path).expect("it is in the corpus");
        let old = u64::from_ne_bytes(header[stem.clone()].try_into().expect("8 bytes")) as usize;
        let at = 104 + u64::from_ne_bytes(header[72..80].try_into().expect("8 bytes")) as usize;
        header.splice(at..at + old, name.bytes());
        header[stem.clone()].copy_from_slice(&(name.len() as u64).to_ne_bytes());
        // With the check that goes with it.
        fs::write(&path, located(&header, &scene.logs)).expect("it can be written");
        let refused = scene.recover(&Options::default());
        assert!(matches!(refused, Err(RecoverError::Header { .. })), "{name}: {refused:?}");
        let left = fs::read_dir(scene.folder.path()).expect("it is there").count();
        assert_eq!(left, 2, "{name}");
    }
}

/// A ring of these records, for one producer, and no more room than they take.
fn ring(records: &[Vec<u8>]) -> Vec<u8> {
    let mut buffer = Vec::new();
    for record in records {
        buffer.extend_from_slice(&(record.len() as u32).to_ne_bytes());
        buffer.extend_from_slice(record);
        buffer.resize(buffer.len().next_multiple_of(8), 0);
    }
    buffer.resize((buffer.len() + 8).next_power_of_two(), 0);
    let mut image = fs::read(scene("events").session.join("ring-1")).expect("it is in the corpus");
    image.truncate(512);
    image[16..24].copy_from_slice(&(buffer.len() as u64).to_ne_bytes());
    image[128..136].fill(0);
    image.extend_from_slice(&buffer);
    image
}

#[test]
fn a_ring_of_unknown_sites_is_summed_up() {
    let scene = scene("events");
    let record = |site: u32| [&site.to_ne_bytes()[..], &[0; 8]].concat();
    let records: Vec<_> = (0..100_000).map(|site| record(2 * site + 1)).collect();
    fs::write(scene.session.join("ring-9"), ring(&records)).expect("it can be written");
    let report = damaged(&scene);
    assert_eq!(report.damage.len(), 33, "{report}");
    let last = report.damage.last();
    assert!(matches!(last, Some(Damage::UnknownSites { count: 99_968 })), "{last:?}");
}

#[test]
fn scopes_too_large_to_be_said_again_are_not_known() {
    let scene = scene("scopes");
    // A context as its site says, with one value much longer than any program has room for.
    let path = last_ring(&scene);
    let image = fs::read(&path).expect("it is in the corpus");
    let found = image[512..].windows(5).position(|bytes| bytes == b"inner").expect("a context");
    let (inner, kind) = context_around(&image[512..], found);
    let mut records: Vec<_> = (0..60).map(|depth| scope(&inner, depth, 200_000)).collect();
    records.extend((0..100).map(|_| kind.clone()));
    fs::write(&path, ring(&records)).expect("it can be written");
    let report = scene.recover(&Options::default());
    let report = report.unwrap_or_else(|error| panic!("{error}"));
    assert!(report.records >= 100, "{report}");
}

#[test]
fn scopes_are_not_said_again_without_end() {
    let scene = scene("scopes");
    let path = last_ring(&scene);
    let image = fs::read(&path).expect("it is in the corpus");
    let found = image[512..].windows(5).position(|bytes| bytes == b"inner").expect("a context");
    let (inner, kind) = context_around(&image[512..], found);
    // The log has what was at the beginning of the ring.
    let mut records = vec![kind.clone(); 100];
    records.push(scope(&inner, 0, 1_000_000));
    // What cannot be read ends an extent, and the next one starts with all scopes.
    (0..5000).for_each(|_| records.extend([vec![0], kind.clone()]));
    fs::write(&path, ring(&records)).expect("it can be written");
    let report = damaged(&scene);
    assert!(report.records >= 5000, "{report}");
    let len = report.path.expect("there are records").metadata().expect("it is there").len();
    assert!((10 << 20..64 << 20).contains(&len), "{len}");
}

#[test]
fn losses_of_threads_that_the_session_does_not_know_are_passed_over() {
    let scene = scene("events");
    let log = scene.logs.join("app.000001.logbuf");
    let mut bytes = fs::read(&log).expect("it is in the corpus");
    let (header, start) = segment::Header::take(&bytes).expect("it is a segment");
    let first = Header::take(&bytes[start..], Some(header.salt)).expect("it has a block");
    let mut payload = Vec::new();
    for thread in 1 << 20..(1 << 20) + 50_000 {
        let (level, reason) = (Level::Info, Reason(200));
        Loss { thread, level, reason, count: 1, bytes: 1, first: 0, last: 0, total: u64::MAX }
            .put(&mut payload);
    }
    let summary =
        block::Summary { kind: Kind::LOSS, codec: Codec::RAW, records: 50_000, ..first.summary };
    bytes.resize(bytes.len().next_multiple_of(8), 0);
    block::put_compressed(&mut bytes, &payload, summary, Compression::NONE).expect("it fits");
    fs::write(&log, bytes).expect("it can be written");
    let report = scene.recover(&Options::default()).expect("the session is as it was");
    assert_eq!(report.records, whole("events").records);
}

/// A context like `inner`, in as many others as `depth` says, whose last value is as long as this.
fn scope(inner: &[u8], depth: u8, len: u32) -> Vec<u8> {
    let mut record = inner.to_vec();
    record[12..14].copy_from_slice(&[0, depth]);
    let text = record.len() - 5 - 4;
    record.truncate(text);
    record.extend_from_slice(&len.to_ne_bytes());
    record.resize(record.len() + len as usize, b'x');
    record
}

/// The record around `at`, a context, and the event behind it.
fn context_around(buffer: &[u8], at: usize) -> (Vec<u8>, Vec<u8>) {
    let mut start = 0;
    let mut records = Vec::new();
    loop {
        let len = u32::from_ne_bytes(buffer[start..start + 4].try_into().expect("4 bytes"));
        if len == 0 || len >= 1 << 30 {
            break;
        }
        let end = start + 4 + len as usize;
        records.push((start, buffer[start + 4..end].to_vec()));
        start = end.next_multiple_of(8);
    }
    let context = records.iter().rposition(|(start, _)| *start < at).expect("it is in a record");
    (records[context].1.clone(), records[context + 1].1.clone())
}

#[test]
fn a_log_of_more_anchors_than_a_block_holds_does_no_harm() {
    let scene = scene("events");
    let log = scene.logs.join("app.000001.logbuf");
    let mut bytes = fs::read(&log).expect("it is in the corpus");
    let (header, start) = segment::Header::take(&bytes).expect("it is a segment");
    let first = Header::take(&bytes[start..], Some(header.salt)).expect("it has a block");
    let anchor = |ticks: u64| Anchor { ticks, ..header.anchor };
    let mut payload = Vec::new();
    (0..170_000).for_each(|ticks| anchor(ticks).put(&mut payload));
    for _ in 0..4 {
        let summary = block::Summary {
            kind: Kind::CLOCK,
            codec: Codec::RAW,
            records: 170_000,
            ..first.summary
        };
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        block::put_compressed(&mut bytes, &payload, summary, Compression::NONE).expect("it fits");
    }
    fs::write(&log, bytes).expect("it can be written");
    let report = scene.recover(&Options::default()).expect("the session is as it was");
    assert_eq!(report.records, whole("events").records);
}

#[test]
fn a_session_of_nothing_but_size_is_refused_at_once() {
    let scene = scene("events");
    for name in ["catalogue-7", "threads-7", "ring-7"] {
        let file = fs::File::create(scene.session.join(name)).expect("it can be made");
        // No more than a hole.
        file.set_len(8 << 30).expect("it can be set");
    }
    let report = damaged(&scene);
    assert_eq!(report.records, whole("events").records);
    let is_too_large = |damage: &Damage| {
        matches!(damage, Damage::Unreadable { cause: ErrorKind::FileTooLarge, .. })
    };
    assert_eq!(report.damage.iter().filter(|damage| is_too_large(damage)).count(), 3, "{report}");
}
