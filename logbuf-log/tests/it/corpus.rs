//! What the fuzzer of recovery started from, and what it found: recovered by the function that it calls.
//!
//! `LOGBUF_SEED=1` writes what it started from anew: what killed processes left, with no more of each ring than was used.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, thread};

use logbuf_format::block::{self, Kind};
use logbuf_format::segment;
use logbuf_format::site::Site;
use logbuf_log::{Builder, CrashSafe, FlightRecorder, WhenFull, context, debug, info, warn};

#[path = "../fuzz/recovery.rs"]
pub(crate) mod recovery;

const FOLDER: &str = "LOGBUF_TEST_SEED_FOLDER";
const KIND: &str = "LOGBUF_TEST_SEED_KIND";
const KINDS: [&str; 3] = ["events", "scopes", "recorder"];

pub(crate) fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/recovery")
}

#[test]
fn what_was_left_is_recovered_or_refused() {
    let mut count = 0;
    for entry in fs::read_dir(corpus()).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        let start = Instant::now();
        recovery::run(&fs::read(&path).expect("it can be read"));
        assert!(start.elapsed().as_secs() < 5, "{}", path.display());
        count += 1;
    }
    assert!(count >= KINDS.len(), "{count}");
}

/// Logs while it is formatted, and so through the shared ring.
struct Talks(u32);

impl fmt::Display for Talks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("talks {}", self.0);
        write!(f, "{}", self.0)
    }
}

/// Logs a little, and aborts. Does nothing unless it is run by a test.
#[test]
fn child_that_leaves_a_little() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let kind = env::var(KIND).expect("it is given");
    let mut builder = Builder::new(folder.join("logs/app"))
        .crash_safe(CrashSafe::Dir(folder.join("sessions")))
        .ring_capacity(4096)
        .when_full(WhenFull::Drop)
        .ignore_env();
    if kind == "recorder" {
        builder = builder.flight_recorder(FlightRecorder::new());
    }
    let guard = builder.start().expect("the logger starts");
    let work = |number: u64| {
        let _scope = (kind == "scopes").then(|| context!(worker = number));
        for round in 0..2_u64 {
            let _inner = (kind == "scopes").then(|| context!(round, name = "inner"));
            info!("{number} {round} {}", "text");
            debug!(price = 1.5, "held {round}");
            warn!("{}", %Talks(7));
            if round == 0 {
                guard.flush().expect("it can be written");
            }
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| work(1)).join().expect("it ends by itself");
        scope.spawn(|| {
            work(2);
            std::process::abort();
        });
    });
}

#[test]
fn seeds_are_written_if_asked_for() {
    if env::var_os("LOGBUF_SEED").is_none() {
        return;
    }
    for kind in KINDS {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let status = Command::new(env::current_exe().expect("it is this program"))
            .args(["--exact", "corpus::child_that_leaves_a_little"])
            .env(FOLDER, folder.path())
            .env(KIND, kind)
            .env_remove("LOGBUF_SEED")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("this program can be run");
        assert_eq!(status.code(), None, "it was to be killed");
        fs::create_dir_all(corpus()).expect("it can be made");
        fs::write(corpus().join(kind), seed(folder.path())).expect("it can be written");
    }
}

/// The files that a process left, each behind its kind, number and length.
fn seed(folder: &Path) -> Vec<u8> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("it is there") {
            let entry = entry.expect("it is there");
            let kind = entry.file_type().expect("it has one");
            let to = if kind.is_dir() { &mut folders } else { &mut paths };
            to.extend((!kind.is_symlink()).then(|| entry.path()));
        }
    }
    paths.sort_unstable();
    let mut seed = Vec::new();
    for path in paths {
        let name = path.file_name().expect("it has one").to_str().expect("it is plain");
        let bytes = fs::read(&path).expect("it can be read");
        let number = |from: &str| name.trim_start_matches(from).parse::<u8>().unwrap_or(0);
        let (kind, number, bytes) = match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "session" => (0, 0, bytes),
            "catalogue-" => (1, number("catalogue-"), shrunk(&bytes)),
            "threads-" => (2, number("threads-"), taken(&bytes)),
            "ring-" => (3, number("ring-"), shrunk(&bytes)),
            "shared" => (4, 0, shrunk(&bytes)),
            "app.000001.logbuf" => (5, 1, used(&bytes)),
            _ => continue,
        };
        seed.extend_from_slice(&[kind, number]);
        seed.extend_from_slice(&u16::try_from(bytes.len()).expect("it is short").to_le_bytes());
        seed.extend_from_slice(&bytes);
    }
    seed
}

/// A segment without the sites of this program that have not fired.
fn used(bytes: &[u8]) -> Vec<u8> {
    let (header, mut at) = segment::Header::take(bytes).expect("it is a segment");
    let mut out = Vec::new();
    header.put(&mut out).expect("it was one");
    for number in 0.. {
        let Ok(header) = block::Header::take(&bytes[at..], None) else { break };
        let mut payload = header.payload(&bytes[at..]).expect("it is whole").into_owned();
        let mut summary = block::Summary { number, ..header.summary };
        if summary.kind == Kind::SITES {
            let sites = Site::table(&payload).flatten().filter(|site| site.typed);
            let sites: Vec<_> = sites.collect();
            payload.clear();
            sites.iter().for_each(|site| site.put(&mut payload).expect("it was put before"));
            summary.records = sites.len() as u32;
        }
        block::put(&mut out, &payload, summary).expect("it is short");
        at += header.block_len();
        if at >= bytes.len() {
            break;
        }
    }
    out
}

/// The slots of threads that are taken.
fn taken(slots: &[u8]) -> Vec<u8> {
    slots.chunks(2048).filter(|slot| slot[0] != 0).flatten().copied().collect()
}

/// The image of a ring with no room behind its control block, and a buffer as large as it has to be: see `control.rs` of `logbuf`.
fn shrunk(image: &[u8]) -> Vec<u8> {
    const CONTROL: usize = 512;
    let number = |at: usize| u64::from_ne_bytes(image[at..at + 8].try_into().expect("8 bytes"));
    let buffer = &image[number(24) as usize..];
    let used = buffer.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let capacity = (used + 8).next_power_of_two().max(64).min(buffer.len());
    let mut shrunk = image[..CONTROL].to_vec();
    shrunk[16..24].copy_from_slice(&(capacity as u64).to_ne_bytes());
    shrunk[24..32].copy_from_slice(&(CONTROL as u64).to_ne_bytes());
    shrunk[32..40].fill(0);
    shrunk.extend_from_slice(&buffer[..capacity]);
    shrunk
}
