//! The background thread: its options, its end, its statistics, and what stalls it.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Barrier, Condvar, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use logbuf_decode::Reader;
use logbuf_log::{
    Builder, FlushError, Handle, IdleStrategy, InitError, Notice, Priority, Progress, ThreadOption,
    WhenFull, info,
};

use crate::support::{Session, numbers, skip, visit_file};

/// A thing to write to that can be stopped, and made to fail.
#[derive(Clone, Default)]
struct Valve(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    bytes: Vec<u8>,
    is_closed: bool,
    /// Whether a write waits for it to be opened.
    is_waited_for: bool,
    fails: bool,
}

impl Valve {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.0;
        change(&mut state.lock().expect("nobody panics"));
        changed.notify_all();
    }

    /// Returns when the writer is in a write that does not return.
    fn wait_for_a_write(&self) {
        let (state, changed) = &*self.0;
        let state = state.lock().expect("nobody panics");
        drop(changed.wait_while(state, |state| !state.is_waited_for).expect("nobody panics"));
    }

    /// The values of the records that were written, and the sum of the losses in the file.
    fn decode(&self) -> (Vec<u64>, u64) {
        let bytes = self.0.0.lock().expect("nobody panics").bytes.clone();
        let mut reader = Reader::new();
        reader.add_stream("valve", io::Cursor::new(bytes));
        let mut values = Vec::new();
        reader.for_each(|record| values.push(numbers::<1>(record.values())[0]));
        let lost = reader.lost().map(|lost| lost.count).sum();
        let findings: Vec<_> = reader.findings().iter().map(ToString::to_string).collect();
        assert_eq!(findings, [""; 0]);
        (values, lost)
    }
}

impl Write for Valve {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (state, changed) = &*self.0;
        let mut state = state.lock().expect("nobody panics");
        state.is_waited_for = state.is_closed;
        changed.notify_all();
        let mut state = changed.wait_while(state, |state| state.is_closed).expect("nobody panics");
        state.is_waited_for = false;
        if state.fails {
            return Err(ErrorKind::StorageFull.into());
        }
        state.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What the kernel says about the thread of this name: its status, and its scheduling (proc_pid_stat(5)): nice value, real-time
/// priority and policy.
#[cfg(target_os = "linux")]
fn thread_named(name: &str) -> (String, [i64; 3]) {
    let read = |task: &std::path::Path, file| std::fs::read_to_string(task.join(file));
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux has it");
    // Threads of other tests may end meanwhile.
    let task = tasks
        .map(|task| task.expect("it can be listed").path())
        .find(|task| read(task, "comm").is_ok_and(|comm| comm.trim_end() == name))
        .expect("the thread has its name");
    let [status, stat] = ["status", "stat"].map(|file| read(&task, file).expect("it runs"));
    let (_, fields) = stat.rsplit_once(')').expect("the name is in parentheses");
    let fields: Vec<_> = fields.split_whitespace().collect();
    // The third field of the manual is the first behind the name.
    let field = |number: usize| fields[number - 3].parse().expect("a number");
    (status, [19, 40, 41].map(field))
}

#[cfg(target_os = "linux")]
#[test]
fn the_thread_is_what_the_builder_says() {
    let session = Session::start_with(|builder| {
        builder.thread_name("the-writer").cpu(0).priority(Priority::Nice(7))
    });
    let (status, scheduling) = thread_named("the-writer");
    assert!(status.contains("Cpus_allowed_list:\t0\n"), "{status}");
    assert_eq!(scheduling, [7, 0, 0]);
    info!("as usual");
    assert_eq!(session.messages(), ["as usual"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_of_real_time_is_one_or_the_user_is_told() {
    /// `SCHED_FIFO`.
    const FIFO: i64 = 1;
    let refused = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&refused);
    let session = Session::start_with(|builder| {
        builder.thread_name("real-time").priority(Priority::RealTime(3)).on_notice(move |notice| {
            if let Notice::OptionRefused { option, source } = notice {
                assert_eq!(*option, ThreadOption::Priority(Priority::RealTime(3)));
                assert_eq!(source.kind(), ErrorKind::PermissionDenied);
                told.store(true, Ordering::Relaxed);
            }
        })
    });
    info!("as usual");
    session.flush();
    let (_, scheduling) = thread_named("real-time");
    let is_refused = refused.load(Ordering::Relaxed);
    assert_eq!(scheduling[1..], if is_refused { [0, 0] } else { [3, FIFO] });
    assert_eq!(session.messages(), ["as usual"]);
}

/// Runs `work` on a thread that may not raise its priority.
#[cfg(target_os = "linux")]
fn without_permission(work: impl FnOnce() + Send + 'static) {
    use rustix::process::{Resource, getrlimit};
    use rustix::thread::{CapabilitySet, capabilities, set_capabilities};
    let limits = [Resource::Rtprio, Resource::Nice].map(|limit| getrlimit(limit).current);
    if limits != [Some(0); 2] {
        return skip(
            "a priority without permission",
            format_args!("everybody may raise it: {limits:?}"),
        );
    }
    let unprivileged = move || {
        let mut sets = capabilities(None).expect("a thread can ask for its own");
        sets.effective.remove(CapabilitySet::SYS_NICE);
        sets.permitted.remove(CapabilitySet::SYS_NICE);
        set_capabilities(None, sets).expect("a thread can give up what it may");
        work();
    };
    thread::spawn(unprivileged).join().expect("no assertion fails");
}

#[cfg(target_os = "linux")]
#[test]
fn a_priority_without_permission_is_refused_and_told() {
    without_permission(|| {
        for priority in [Priority::RealTime(50), Priority::Nice(-5)] {
            let notices = Arc::new(Mutex::new(Vec::new()));
            let told = Arc::clone(&notices);
            let session = Session::start_with(|builder| {
                builder.thread_name("refused").priority(priority).on_notice(move |notice| {
                    told.lock().expect("nobody panics").push(notice.to_string());
                })
            });
            info!("as usual");
            session.flush();
            assert_eq!(thread_named("refused").1, [0, 0, 0], "it runs as others do");
            assert_eq!(session.messages(), ["as usual"]);
            let notices = notices.lock().expect("nobody panics");
            let option = ThreadOption::Priority(priority);
            let expected = format!("the log writer runs without {option}: ");
            assert!(notices.len() == 1 && notices[0].starts_with(&expected), "{notices:?}");

            let _turn = Session::lock();
            let strict = Builder::in_memory().0.priority(priority).strict_thread_options();
            let error = strict.start().expect_err("it may not");
            let InitError::ThreadOption { option: refused, source } = error else {
                panic!("{error}")
            };
            assert_eq!((refused, source.kind()), (option, ErrorKind::PermissionDenied));
        }
    });
}

#[test]
fn a_writer_that_panics_says_so_and_leaves_everything_to_the_next_logger() {
    const NAME: &str = "panics";
    /// A clock that panics on the writer's thread from some time on: the one function of the user's that nothing catches.
    fn clock(panics: Arc<AtomicBool>) -> impl Fn() -> u64 + Send + Sync {
        move || {
            let is_writer = thread::current().name() == Some(NAME);
            assert!(!(is_writer && panics.load(Ordering::Relaxed)), "on purpose");
            7
        }
    }
    let turn = Session::lock();
    let (valve, panics) = (Valve::default(), Arc::new(AtomicBool::new(false)));
    let errors = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&errors);
    let guard = Builder::to_writer(valve.clone())
        .ignore_env()
        .thread_name(NAME)
        .clock(clock(Arc::clone(&panics)))
        .on_error(move |error| {
            told.lock().expect("nobody panics").push((error.left, error.to_string()));
        })
        .start()
        .expect("the logger starts");
    info!("{}", 1_u64);
    guard.flush().expect("the valve is open");
    panics.store(true, Ordering::Relaxed);
    info!("{}", 2_u64);
    assert_eq!(guard.flush(), Err(FlushError::Stopped));
    let stats = guard.stats();
    assert_eq!((stats.written, stats.lost, stats.write_errors), (1, 0, 1));
    // Calls are still switched on, and find room.
    info!("{}", 3_u64);
    let end = guard.shutdown(Duration::from_secs(20));
    assert_eq!((end.written, end.lost, end.left), (1, 0, Some(1)), "of when it panicked");
    let errors = errors.lock().expect("nobody panics").clone();
    let expected = "cannot write the log file <writer> (attempt 1): the log writer panicked; gave up, 1 records \
                    are left in memory for the next logger";
    assert_eq!(errors, [(Some(1), expected.to_owned())]);

    let rest = Valve::default();
    let next = Builder::to_writer(rest.clone()).ignore_env().clock(clock(Arc::default()));
    drop(next.start().expect("the first has ended"));
    assert_eq!(rest.decode(), (vec![2, 3], 0));
    drop(turn);
}

#[test]
fn an_option_that_cannot_be_had_is_told_and_no_more() {
    let notices = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&notices);
    let session = Session::start_with(|builder| {
        builder.cpu(usize::MAX).on_notice(move |notice| {
            told.lock().expect("nobody panics").push(notice.to_string());
            assert!(
                !matches!(notice, Notice::OptionRefused { .. }),
                "a panic here costs the next notices, and nothing else"
            );
        })
    });
    info!("as usual");
    session.flush();
    assert_eq!(session.stats().notices, 1);
    assert_eq!(session.messages(), ["as usual"]);
    let notices = notices.lock().expect("nobody panics while it is locked");
    assert!(notices[0].starts_with("the log writer runs without CPU "), "{notices:?}");
}

#[test]
fn an_option_that_must_be_had_keeps_the_logger_from_starting() {
    let turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let error = Builder::new(folder.path().join("app"))
        .cpu(usize::MAX)
        .strict_thread_options()
        .start()
        .expect_err("there is no such CPU");
    assert!(
        matches!(error, InitError::ThreadOption { option: ThreadOption::Cpu(usize::MAX), .. }),
        "{error}"
    );
    assert!(!folder.path().join("app.000001.logbuf").exists());
    drop(turn);
    let session = Session::start();
    info!("the next one starts");
    assert_eq!(session.messages(), ["the next one starts"]);
}

#[test]
fn every_idle_strategy_wakes_up_for_what_is_logged() {
    for strategy in [
        IdleStrategy::Spin,
        IdleStrategy::Yield,
        IdleStrategy::Sleep(Duration::from_millis(1)),
        IdleStrategy::Adaptive,
    ] {
        let session = Session::start_with(|builder| {
            builder.idle(strategy).flush_interval(Duration::from_millis(2))
        });
        info!("one");
        while session.stats().written == 0 {
            thread::yield_now();
        }
        info!("two");
        assert_eq!(session.messages(), ["one", "two"], "{strategy:?}");
    }
}

#[test]
fn a_polled_writer_does_a_little_at_a_time() {
    const RECORDS: u64 = 20_000;
    let turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let builder = || Builder::new(folder.path().join("app")).ignore_env().ring_capacity(4 << 20);
    let (guard, mut writer) = builder().manual().expect("the logger starts");
    let path = guard.path();
    (0..RECORDS).for_each(|i| info!("{i}"));
    let first = writer.poll();
    assert_eq!(first.progress, Progress::Worked);
    assert!(first.written < RECORDS / 4, "{first:?}");
    guard.flush().expect("the caller writes");
    assert_eq!(guard.stats().written, RECORDS);
    assert_eq!(writer.poll().progress, Progress::Idle);
    info!("{RECORDS}");
    drop(guard);
    assert_eq!(writer.poll().progress, Progress::Ended);
    let mut next = 0;
    let lost = visit_file(&path, |record| {
        assert_eq!(numbers(record.values()), [next]);
        next += 1;
    });
    assert_eq!((next, lost), (RECORDS + 1, vec![]));

    // The other way round.
    let (guard, mut writer) = builder().manual().expect("the first has ended");
    let path = guard.path();
    info!("{}", 1_u64);
    writer.poll();
    info!("{}", 2_u64);
    drop(writer);
    assert_eq!(guard.flush(), Err(FlushError::Stopped));
    assert_eq!(guard.stats().written, 2);
    let next = builder().start().expect("the second has ended");
    drop(guard);
    info!("the old guard has no say in the new logger");
    next.flush().expect("the file can be written");
    assert_eq!(next.stats().written, 1);
    drop(next);
    let mut written = 0;
    assert_eq!(visit_file(&path, |_| written += 1), []);
    assert_eq!(written, 2);
    drop(turn);
}

#[test]
fn a_writer_that_stalls_delays_nobody_and_the_loss_is_exact() {
    /// Far more than fit the ring. That they return while the writer is stopped says that no call waits for it.
    const CALLS: u64 = 200_000;
    let turn = Session::lock();
    let valve = Valve::default();
    let guard = Builder::to_writer(valve.clone())
        .ignore_env()
        .ring_capacity(64 << 10)
        .start()
        .expect("the logger starts");
    valve.change(|state| state.is_closed = true);
    (0..CALLS).for_each(|i| info!("{i}"));
    assert_eq!(
        guard.flush_timeout(Duration::from_millis(10)),
        Err(FlushError::TimedOut),
        "the valve is closed"
    );
    valve.change(|state| state.is_closed = false);
    guard.flush().expect("the valve is open");
    let stats = guard.stats();
    assert_eq!(stats.written + stats.lost, CALLS);
    assert!(stats.high_water > 48 << 10, "the ring was full: {stats:?}");
    assert!(guard.rings().iter().any(|ring| ring.high_water > 48 << 10), "{:?}", guard.rings());
    drop(guard);
    let (values, lost) = valve.decode();
    assert_eq!((values.len() as u64, lost), (stats.written, stats.lost));
    assert!(values.is_sorted_by(|a, b| a < b));
    assert!(lost > CALLS / 2, "a ring of 64 KiB holds {} of the calls", CALLS - lost);
    drop(turn);
}

#[test]
fn how_far_the_writer_is_behind_is_told() {
    const HOUR: Duration = Duration::from_secs(3600);
    let turn = Session::lock();
    let (valve, time) = (Valve::default(), Arc::new(AtomicU64::new(1)));
    let clock = Arc::clone(&time);
    let guard = Builder::to_writer(valve.clone())
        .ignore_env()
        .clock(move || clock.load(Ordering::Relaxed))
        .start()
        .expect("the logger starts");
    assert_eq!(guard.stats().behind, Duration::ZERO);
    valve.change(|state| state.is_closed = true);
    info!("{}", 1_u64);
    valve.wait_for_a_write();
    time.fetch_add(HOUR.as_nanos() as u64, Ordering::Relaxed);
    assert_eq!(guard.stats().behind, HOUR);
    valve.change(|state| state.is_closed = false);
    guard.flush().expect("the valve is open");
    let stats = guard.stats();
    assert_eq!(stats.behind, Duration::ZERO);
    assert!(stats.delay.max() >= HOUR, "{stats:?}");
    assert!(stats.delay.quantile(0.5) <= stats.delay.max());
    drop(guard);
    assert_eq!(valve.decode(), (vec![1], 0));
    drop(turn);
}

#[test]
fn a_shutdown_says_what_is_left() {
    let turn = Session::lock();
    let valve = Valve::default();
    let builder = || Builder::to_writer(valve.clone()).ignore_env().on_error(|_| {});
    let guard = builder().start().expect("the logger starts");
    info!("{}", 1_u64);
    guard.flush().expect("the valve is open");
    valve.change(|state| state.fails = true);
    info!("{}", 2_u64);
    info!("{}", 3_u64);
    let end = guard.shutdown(Duration::from_millis(200));
    assert_eq!((end.written, end.lost, end.left), (1, 0, Some(2)));
    assert!(!end.is_complete());

    // The next logger finds what was left. Its write does not return.
    valve.change(|state| *state = State::default());
    let guard = builder().start().expect("the first has ended");
    valve.change(|state| state.is_closed = true);
    info!("{}", 4_u64);
    let end = guard.shutdown(Duration::from_millis(50));
    assert_eq!(end.left, None);
    assert!(matches!(builder().start(), Err(InitError::AlreadyRunning)));
    valve.change(|state| state.is_closed = false);
    let next = loop {
        match Builder::in_memory().0.ignore_env().start() {
            Ok(next) => break next,
            Err(InitError::AlreadyRunning) => thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    };
    drop(next);
    assert_eq!(valve.decode(), (vec![2, 3, 4], 0));
    drop(turn);
}

#[test]
fn a_shutdown_tries_for_as_long_as_it_may() {
    /// More than without a time limit.
    const TRIES: u32 = 6;
    let turn = Session::lock();
    let valve = Valve::default();
    let opened = valve.clone();
    let guard = Builder::to_writer(valve.clone())
        .ignore_env()
        .on_error(move |error| {
            if error.attempt == TRIES {
                opened.change(|state| state.fails = false);
            }
        })
        .start()
        .expect("the logger starts");
    guard.flush().expect("the valve is open");
    valve.change(|state| state.fails = true);
    info!("{}", 1_u64);
    let end = guard.shutdown(Duration::from_secs(60));
    assert_eq!((end.written, end.lost, end.left), (1, 0, Some(0)));
    assert_eq!(valve.decode(), (vec![1], 0));
    drop(turn);
}

#[test]
fn what_is_lost_while_writing_fails_is_known_at_once() {
    const RECORDS: u64 = 20_000;
    let turn = Session::lock();
    let valve = Valve::default();
    let builder =
        || Builder::to_writer(valve.clone()).ignore_env().ring_capacity(16 << 10).on_error(|_| {});
    let guard = builder().start().expect("the logger starts");
    guard.flush().expect("the valve is open");
    valve.change(|state| state.fails = true);
    // The first to be lost may be counted in the block that fails, and the rest beside it.
    (0..RECORDS / 2).for_each(|i| info!("{i}"));
    guard.flush().expect_err("the valve fails");
    (RECORDS / 2..RECORDS).for_each(|i| info!("{i}"));
    let before = guard.stats().write_errors;
    while guard.stats().write_errors < before + 2 {
        thread::yield_now();
    }
    let stats = guard.stats();
    let end = guard.shutdown(Duration::from_millis(200));
    let left = end.left.expect("it could count them");
    assert_eq!((stats.written, end.written), (0, 0));
    assert!(stats.lost > RECORDS / 2, "{stats:?}");
    assert_eq!((stats.lost, end.lost + left), (end.lost, RECORDS));

    // The file of the next logger has both.
    valve.change(|state| *state = State::default());
    let end = builder().start().expect("the first has ended").shutdown(Duration::from_secs(60));
    assert_eq!((end.written, end.lost, end.left), (left, RECORDS - left, Some(0)));
    let (values, lost) = valve.decode();
    assert_eq!((values.len() as u64, lost), (left, RECORDS - left));
    drop(turn);
}

#[test]
fn a_name_that_no_thread_can_have_is_refused() {
    let turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let refused = Builder::new(folder.path().join("app")).thread_name("a\0b").start();
    assert!(matches!(refused, Err(InitError::SpawnThread { .. })), "{refused:?}");
    let left = std::fs::read_dir(folder.path()).expect("it can be listed").count();
    assert_eq!(left, 0, "nothing is begun");
    drop(turn);
}

#[test]
fn the_writer_does_not_wait_for_itself() {
    let turn = Session::lock();
    let valve = Valve::default();
    let handle = Arc::new(OnceLock::<Handle>::new());
    let answers = Arc::new(Mutex::new(Vec::new()));
    let (asked, answered) = (Arc::clone(&handle), Arc::clone(&answers));
    let guard = Builder::to_writer(valve.clone())
        .ignore_env()
        .on_error(move |_| {
            let answer = asked.get().map(Handle::flush);
            answered.lock().expect("nobody panics while it is locked").push(answer);
            panic!("a panic here costs the next reports, and nothing else");
        })
        .start()
        .expect("the logger starts");
    handle.set(guard.handle()).expect("it is set once");
    valve.change(|state| state.fails = true);
    info!("{}", 1_u64);
    assert!(matches!(guard.flush(), Err(FlushError::Write { .. })));
    valve.change(|state| state.fails = false);
    guard.flush().expect("it works again");
    drop(guard);
    assert_eq!(valve.decode(), (vec![1], 0));
    assert_eq!(
        *answers.lock().expect("nobody panics while it is locked"),
        [Some(Err(FlushError::OwnThread))]
    );
    drop(turn);
}

#[test]
fn a_thread_that_logs_much_and_ends_at_once_loses_nothing() {
    const RECORDS: u64 = 100_000;
    let session = Session::start_with(|builder| {
        builder.ring_capacity(64 << 10).when_full(WhenFull::Block(Duration::from_secs(60)))
    });
    thread::spawn(|| (0..RECORDS).for_each(|i| info!("{i}")))
        .join()
        .expect("the thread ends by itself");
    let mut next = 0;
    let lost = session.visit(|record| {
        assert_eq!(numbers(record.values()), [next]);
        next += 1;
    });
    assert_eq!((next, lost), (RECORDS, vec![]));
}

#[test]
fn a_guard_that_goes_while_others_log_leaves_no_hole() {
    const THREADS: usize = 3;
    let turn = Session::lock();
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let builder = || {
        Builder::new(folder.path().join("app"))
            .ignore_env()
            .ring_capacity(64 << 10)
            .when_full(WhenFull::Block(Duration::from_secs(60)))
    };
    let (guard, ends) = (builder().start().expect("the logger starts"), AtomicBool::new(false));
    let mut paths = vec![guard.path()];
    let under_way = Barrier::new(THREADS + 1);
    thread::scope(|scope| {
        for thread in 0..THREADS as u64 {
            let (ends, under_way) = (&ends, &under_way);
            scope.spawn(move || {
                let mut i = 0_u64;
                info!("{thread} {i}");
                under_way.wait();
                i += 1;
                while !ends.load(Ordering::Relaxed) {
                    info!("{thread} {i}");
                    i += 1;
                }
            });
        }
        under_way.wait();
        while guard.stats().written < 100_000 {
            thread::yield_now();
        }
        drop(guard);
        ends.store(true, Ordering::Relaxed);
    });
    // What was under way when the guard went is in the rings, for the next logger.
    let guard = builder().start().expect("the first has ended");
    paths.push(guard.path());
    drop(guard);
    let mut last = [None; THREADS];
    for path in paths {
        let lost = visit_file(&path, |record| {
            let [thread, i] = numbers(record.values());
            let before = last[thread as usize].replace(i);
            // Calls between the two loggers were off: a number may be missing there, but nowhere else.
            assert!(before.is_none_or(|before| i == before + 1), "{thread}: {before:?} {i}");
        });
        assert_eq!(lost, []);
    }
    assert!(last.iter().all(Option::is_some), "{last:?}");
    drop(turn);
}
