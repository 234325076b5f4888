//! Any bytes as what a dead process left: its session, and the files of its log.
//!
//! The files stand behind each other, each behind a head: `kind u8 | number u8 | length u16`. The head of the session is given the folder
//! of the log, which is another one each time, and the check that goes with it.

use std::fs;
use std::path::{Path, PathBuf};

use logbuf_decode::Reader;
use logbuf_log::CrashSafe;
use logbuf_log::recover::{self, Options, RecoverError, Report};
use tempfile::TempDir;

/// What a session is called.
pub(crate) const NAME: &str = "app-1-0000000000000001";

/// Bytes of the head of a file.
const HEAD: usize = 4;

/// Fields of a session's header: see `session/header.rs`.
const FOLDER_LEN: std::ops::Range<usize> = 72..80;
const CHECK: std::ops::Range<usize> = 96..104;

/// What a dead process left, in a folder of its own.
pub(crate) struct Scene {
    pub(crate) folder: TempDir,
    pub(crate) sessions: PathBuf,
    pub(crate) session: PathBuf,
    pub(crate) logs: PathBuf,
}

impl Scene {
    /// With these files, and no others.
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let [sessions, logs] = ["sessions", "logs"].map(|name| folder.path().join(name));
        let session = sessions.join(NAME);
        for path in [&sessions, &session, &logs] {
            fs::create_dir(path).expect("it can be made");
        }
        fs::write(sessions.join(format!("{NAME}.lock")), []).expect("it can be written");
        for (name, content) in files(bytes) {
            let content =
                if name == "session" { located(content, &logs) } else { content.to_vec() };
            let folder = if name.ends_with(".logbuf") { &logs } else { &session };
            fs::write(folder.join(name), content).expect("it can be written");
        }
        Self { folder, sessions, session, logs }
    }

    pub(crate) fn place(&self) -> CrashSafe {
        CrashSafe::Dir(self.sessions.clone())
    }

    pub(crate) fn recover(&self, options: &Options) -> Result<Report, RecoverError> {
        recover::recover(&self.place(), NAME, options)
    }
}

/// Recovers twice: then the session is gone, nothing is in the files twice, and nothing stands anywhere else.
pub(crate) fn run(bytes: &[u8]) {
    let scene = Scene::new(bytes);
    let found = recover::sessions(&scene.place()).expect("the place can be read");
    assert_eq!(found.len(), 1);
    match scene.recover(&Options::default()) {
        Ok(report) => check(&report),
        Err(error) => {
            assert!(!error.to_string().is_empty());
            if let RecoverError::Damaged { report } = &error {
                check(report);
            }
            // Once more: what was recovered is not recovered again, and the session goes.
            let mut options = Options::default();
            options.discard = true;
            let again = scene.recover(&options).expect("all else is given up");
            check(&again);
            if matches!(error, RecoverError::Damaged { .. }) {
                assert_eq!((again.records, again.lost), (0, 0), "{error}, and then {again}");
            }
        }
    }
    assert_eq!(recover::sessions(&scene.place()).expect("the place can be read"), []);
    assert!(!scene.session.exists(), "a session that is not listed is no more");
    let left = fs::read_dir(scene.folder.path()).expect("it is there");
    left.for_each(|entry| assert_eq!(entry.expect("it is there").path(), scene.logs));
}

/// The recovered segment is whole, and holds as many records as the report says.
fn check(report: &Report) {
    assert!(!report.to_string().is_empty());
    assert_eq!(report.threads.iter().map(|thread| thread.records).sum::<u64>(), report.records);
    let Some(path) = &report.path else { return assert_eq!(report.records, 0) };
    let mut reader = Reader::new();
    reader.add_file(path);
    let segment = reader.segments().first().expect("it is a segment");
    let end = segment.end().expect("it is closed");
    assert_eq!((segment.records(), end.written), (report.records, report.records));
    assert_eq!(end.lost, report.lost);
    let mut count = 0;
    reader.for_each(|_| count += 1);
    assert!(count <= report.records);
}

/// The names and contents of the files.
fn files(mut bytes: &[u8]) -> impl Iterator<Item = (String, &[u8])> {
    std::iter::from_fn(move || {
        let ([kind, number, len @ ..], rest) = bytes.split_first_chunk::<HEAD>()?;
        let len = usize::from(u16::from_le_bytes(*len)).min(rest.len());
        let (content, rest) = rest.split_at(len);
        bytes = rest;
        let name = match kind {
            0 => "session".to_owned(),
            1 => format!("catalogue-{number}"),
            2 => format!("threads-{number}"),
            3 => format!("ring-{number}"),
            4 => "shared".to_owned(),
            5 => format!("app.{number:06}.logbuf"),
            _ => format!("other-{number}"),
        };
        Some((name, content))
    })
}

/// The header of a session whose log is in `folder`, if it is one.
pub(crate) fn located(header: &[u8], folder: &Path) -> Vec<u8> {
    let mut header = header.to_vec();
    let Some(len) = header.get(FOLDER_LEN) else { return header };
    let len = u64::from_ne_bytes(len.try_into().expect("8 bytes"));
    let behind = CHECK.end..CHECK.end.saturating_add(usize::try_from(len).unwrap_or(usize::MAX));
    if header.get(behind.clone()).is_some() {
        let folder = folder.canonicalize().expect("it is there");
        let folder = folder.as_os_str().as_encoded_bytes();
        header[FOLDER_LEN].copy_from_slice(&(folder.len() as u64).to_ne_bytes());
        header.splice(behind, folder.iter().copied());
        header[CHECK].fill(0);
        let check = header.iter().fold(0xCBF2_9CE4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        header[CHECK].copy_from_slice(&check.to_ne_bytes());
    }
    header
}
