//! What is known of the records that are recovered: what was lost beside them, the scopes they are in; and what becomes of a session
//! that makes no sense in places.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::FileExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::time::Duration;
use std::{env, thread};

use logbuf_log::recover::{self, Damage, Options, RecoverError};
use logbuf_log::{Builder, WhenFull, context, info, warn};

use crate::recovery::{FOLDER, Scene, place};
use crate::support::Shown;

impl Scene {
    /// Runs a child until it is ready, and kills it.
    fn killed(&self, name: &str) {
        let mut child = self.child(&format!("salvage::{name}"));
        child.kill().expect("it is a child");
        child.wait().expect("it is a child");
    }

    /// Records with an acknowledged number and losses, by thread.
    fn accounts(&self) -> (BTreeMap<String, u64>, BTreeMap<String, u64>) {
        let (mut found, mut lost) = (BTreeMap::<_, u64>::new(), BTreeMap::<_, u64>::new());
        let mut reader = self.reader();
        reader.for_each(|record| *found.entry(record.thread().to_string()).or_default() += 1);
        for loss in reader.lost() {
            *lost.entry(loss.thread.to_string()).or_default() += loss.count;
        }
        (found, lost)
    }
}

fn ready_forever() -> ! {
    println!("\nready");
    loop {
        thread::park();
    }
}

const THREADS: u64 = 3;

/// Logs faster than is written, through small rings, until it is killed. Does nothing unless it is run by a test.
#[test]
fn child_that_loses_records() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let _guard = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .ring_capacity(4096)
        .when_full(WhenFull::Drop)
        .flush_interval(Duration::from_millis(1))
        .ignore_env()
        .start()
        .expect("the logger starts");
    let ledger = fs::File::create(folder.join("ledger")).expect("the folder is there");
    thread::scope(|scope| {
        for number in 0..THREADS {
            let ledger = &ledger;
            let work = move || {
                for sequence in 0_u64.. {
                    // Between two words of the ledger there are enough calls to fill a ring.
                    for _ in 0..100 {
                        info!("{number} {sequence}");
                    }
                    let calls = (sequence + 1) * 100;
                    ledger
                        .write_all_at(&calls.to_le_bytes(), number * 8)
                        .expect("the ledger can be written");
                    if (number, sequence) == (0, 2000) {
                        println!("\nready");
                    }
                }
            };
            let thread = thread::Builder::new().name(format!("worker-{number}"));
            thread.spawn_scoped(scope, work).expect("threads can be made");
        }
    });
}

#[test]
fn what_was_lost_is_counted_exactly_however_the_process_ends() {
    /// Enough for some to be killed with losses that are in no file yet, whatever the scheduler does.
    const KILLS: usize = 40;
    let mut recovered_losses = 0;
    for kill in 0..KILLS {
        if kill >= 4 && recovered_losses > 0 {
            break;
        }
        let scene = Scene::new();
        scene.killed("child_that_loses_records");
        let place = scene.place();
        for (name, _) in scene.sessions() {
            let report = recover::recover(&place, &name, &Options::default());
            recovered_losses += report.expect("it can be recovered").lost;
        }
        let (found, lost) = scene.accounts();
        for (thread, acknowledged) in scene.ledger().into_iter().enumerate() {
            let name = format!("worker-{thread}");
            let count = |of: &BTreeMap<String, u64>| of.get(&name).copied().unwrap_or(0);
            let (found, lost) = (count(&found), count(&lost));
            // The ledger is behind by fewer than a hundred calls and the one that was going on.
            let logged = found + lost;
            assert!(
                (acknowledged..=acknowledged + 100).contains(&logged),
                "{name}: {acknowledged} acknowledged, {found} found, {lost} lost"
            );
            assert!(lost > 0, "{name} lost nothing");
        }
        assert_eq!(scene.sessions(), []);
    }
    assert!(recovered_losses > 0, "{KILLS} times all losses were in a file");
}

/// Loses records that nobody writes down. Does nothing unless it is run by a test.
#[test]
fn child_that_only_loses_records() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (guard, _writer) = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .ring_capacity(4096)
        .ignore_env()
        .manual()
        .expect("the logger starts");
    (0..100).for_each(|i| info!("written {i}"));
    guard.flush().expect("it can be written");
    (0..500).for_each(|i| info!("lost or not {i}"));
    (0..100).for_each(|i| info!("lost {i} of {:>200}", "long"));
    (0..20).for_each(|i| warn!("{i} of {:>4000}", "too long"));
    ready_forever();
}

#[test]
fn a_recovery_that_is_repeated_counts_no_loss_twice() {
    let scene = Scene::new();
    scene.killed("child_that_only_loses_records");
    // Another recovery was cut short before it removed the session.
    let sessions = scene.0.path().join("sessions");
    let copy = scene.0.path().join("copy");
    copy_all(&sessions, &copy);
    let first = scene.recover();
    assert!(first > 0);
    copy_all(&copy, &sessions);
    assert_eq!(scene.recover(), 0);
    let (found, lost) = scene.accounts();
    let sum = |of: &BTreeMap<String, u64>| of.values().sum::<u64>();
    assert_eq!(sum(&found) + sum(&lost), 720, "{found:?} {lost:?}");
    assert!(sum(&lost) >= 120, "{lost:?}");
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("it can be made");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it is there");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("it has one").is_dir() {
            copy_all(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("it can be copied");
        }
    }
    fs::set_permissions(to, fs::Permissions::from_mode(0o700)).expect("it is ours");
}

/// Logs in contexts, of which some are in the file, some are not, and one is two segments back. Does nothing unless it is run by a test.
#[test]
fn child_in_contexts() {
    let Some(folder) = env::var_os(FOLDER).map(PathBuf::from) else { return };
    let (guard, _writer) = Builder::new(folder.join("logs/app"))
        .crash_safe(place(&folder))
        .ignore_env()
        .manual()
        .expect("the logger starts");
    let (go, gone) = (&Barrier::new(2), &Barrier::new(2));
    thread::scope(|scope| {
        scope.spawn(move || {
            let _session = context!(session = 7);
            info!("written long ago");
            go.wait();
            go.wait();
            info!("idle since");
            gone.wait();
            thread::park();
        });
        go.wait();
        guard.flush().expect("it can be written");
        guard.rotate().expect("the next segment can be made");
        let outer = context!(outer = 1);
        info!("written");
        let inner = context!(inner = 2);
        info!("written, too");
        guard.flush().expect("it can be written");
        guard.rotate().expect("the next segment can be made");
        info!("in both");
        drop(inner);
        info!("in the outer");
        go.wait();
        gone.wait();
        drop(outer);
        info!("in none");
        thread::scope(|scope| {
            scope.spawn(|| {
                info!("a new thread");
                let _own = context!(own = 3);
                info!("with a context");
            });
        });
        info!("{}", %Logs);
        let _later = context!(later = 4);
        info!("{}", %Logs);
        ready_forever();
    });
}

/// Logs through the shared ring.
struct Logs;

impl std::fmt::Display for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        info!("nested");
        f.write_str("outer")
    }
}

#[test]
fn what_is_recovered_is_in_the_scopes_it_was_logged_in() {
    let scene = Scene::new();
    scene.killed("child_in_contexts");
    assert_eq!(scene.recover(), 10);
    let mut shown = BTreeMap::<_, Vec<_>>::new();
    scene.reader().for_each(|record| {
        let Shown { message, context, .. } = Shown::new(record);
        shown.entry(message).or_default().push(context);
    });
    let expected = [
        ("a new thread", vec![""]),
        ("idle since", vec!["session=7"]),
        ("in both", vec!["outer=1 inner=2"]),
        ("in none", vec![""]),
        ("in the outer", vec!["outer=1"]),
        ("nested", vec!["", "later=4"]),
        ("outer", vec!["", "later=4"]),
        ("with a context", vec!["own=3"]),
        ("written", vec!["outer=1"]),
        ("written long ago", vec!["session=7"]),
        ("written, too", vec!["outer=1 inner=2"]),
    ];
    let shown: Vec<_> = shown.iter().map(|(message, of)| (message.as_str(), of.clone())).collect();
    let expected =
        expected.map(|(message, of)| (message, of.into_iter().map(String::from).collect()));
    assert_eq!(shown, expected);
}

#[test]
fn a_damaged_session_is_kept_until_it_is_discarded() {
    let scene = Scene::new();
    scene.killed("child_that_only_loses_records");
    let (name, _) = scene.sessions().remove(0);
    let recover = |options: &Options| recover::recover(&scene.place(), &name, options);
    // Another site's records make no sense without it.
    let ring = scene.0.path().join("sessions").join(&name).join("ring-1");
    let mut bytes = fs::read(&ring).expect("it is there");
    let kept = spoil_sites(&mut bytes);
    assert!(kept > 2, "there are other records around");
    fs::write(&ring, &bytes).expect("it can be written");
    let mut reports = Vec::new();
    for _ in 0..3 {
        match recover(&Options::default()) {
            Err(RecoverError::Damaged { report }) => reports.push(report),
            other => panic!("{other:?}"),
        }
        assert_eq!(scene.sessions().len(), 1);
    }
    assert!(reports[0].records > 0 && reports[0].lost > 0, "{:?}", reports[0]);
    for report in &reports {
        assert!(
            matches!(report.damage[..], [Damage::UnknownSite { site: u32::MAX, count: 3, .. }]),
            "{report:?}"
        );
    }
    assert_eq!((reports[1].records, reports[2].records, reports[2].lost), (0, 0, 0));
    assert_eq!(reports[2].path, None);
    let (found, _) = scene.accounts();
    assert_eq!(found.values().sum::<u64>(), 100 + reports[0].records);

    let mut options = Options::default();
    options.discard = true;
    let last = recover(&options).expect("it is discarded");
    assert_eq!((last.records, last.damage), (0, reports[0].damage.clone()));
    assert_eq!(scene.sessions(), []);
}

/// Gives three records in the image of a ring a site that there is not. Returns how many are not.
fn spoil_sites(bytes: &mut [u8]) -> usize {
    let image = logbuf::Image::parse(bytes).expect("it is a ring");
    let places: Vec<usize> = image
        .entries()
        .flatten()
        .filter_map(|entry| match entry {
            logbuf::Entry::Record { payload, .. } => {
                Some(payload.as_ptr().addr() - bytes.as_ptr().addr())
            }
            logbuf::Entry::Open { .. } => None,
        })
        .collect();
    for at in places.iter().skip(1).step_by(20).take(3) {
        bytes[*at..*at + 4].copy_from_slice(&u32::MAX.to_ne_bytes());
    }
    places.len() - 3
}
