//! Logging where little else works.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fmt, panic, thread};

use logbuf_log::{error, info, warn};

use crate::support::Session;

/// Logs when it is formatted.
struct Logs;

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        warn!("inside {}", %Nested);
        f.write_str("outside")
    }
}

/// Logs when it is formatted within [`Logs`].
struct Nested;

impl fmt::Display for Nested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("innermost {}", 1);
        f.write_str("nested")
    }
}

#[test]
fn an_implementation_of_display_may_log() {
    let session = Session::start();
    info!("{}", %Logs);
    info!("after");
    let mut shown: Vec<_> =
        session.shown().into_iter().map(|shown| (shown.thread, shown.message)).collect();
    shown.sort();
    let here = thread::current().name().expect("test threads have names").to_owned();
    let expected = ["after", "innermost 1", "inside nested", "outside"];
    assert_eq!(shown, expected.map(|message| (here.clone(), message.to_owned())));
}

/// Logs itself, one level less deep, when it is formatted.
struct Deep(u32);

impl fmt::Display for Deep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 > 0 {
            info!("{}", %Deep(self.0 - 1));
        }
        // Longer than what is left of a lap now and then, so that it is formatted again.
        f.pad(&format!("{:700}", self.0))
    }
}

#[test]
fn what_is_logged_while_formatting_is_recorded_once_however_often_that_formats() {
    const DEPTH: u32 = 6;
    const ROUNDS: usize = 20;
    let session = Session::start_with(|builder| builder.ring_capacity(16 << 10));
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..ROUNDS {
                info!("{}", %Deep(DEPTH));
                session.flush();
            }
        });
    });
    let mut counts = [0; DEPTH as usize + 1];
    for message in session.messages() {
        counts[message.trim().parse::<usize>().expect("messages are numbers")] += 1;
    }
    assert_eq!(counts, [ROUNDS; DEPTH as usize + 1]);
}

#[test]
fn a_flush_covers_what_was_logged_while_formatting() {
    /// Fills most of the shared ring.
    struct LogsMuch;
    impl fmt::Display for LogsMuch {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (0..NESTED).for_each(|i| info!("{i}"));
            f.write_str("outer")
        }
    }
    const NESTED: u64 = 5000;
    let session = Session::start();
    for round in 1..=10 {
        info!("{}", %LogsMuch);
        session.flush();
        assert_eq!(session.stats().written, round * (NESTED + 1));
    }
    assert_eq!(session.decode().lost_by_level(), []);
}

#[test]
fn a_thread_may_end_in_the_next_logger() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            info!("late");
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    let (to_thread, from_main) = std::sync::mpsc::channel::<()>();
    let (to_main, from_thread) = std::sync::mpsc::channel::<()>();
    let first = Session::start();
    let thread = thread::spawn(move || {
        // Made before the ring, so destroyed after it was retired.
        LATE.set(Some(Late));
        info!("early");
        to_main.send(()).expect("the test waits");
        from_main.recv().expect("the second logger runs");
    });
    from_thread.recv().expect("the thread logs");
    assert_eq!(first.messages(), ["early"]);
    let second = Session::start();
    to_thread.send(()).expect("the thread waits");
    thread.join().expect("the thread ends by itself");
    assert_eq!(second.messages(), ["late"]);
}

#[test]
fn destructors_of_thread_locals_may_log() {
    /// Logs when the thread ends.
    struct Late(&'static str);
    impl Drop for Late {
        fn drop(&mut self) {
            info!("late {}", self.0);
        }
    }
    thread_local! {
        static BEFORE: RefCell<Option<Late>> = const { RefCell::new(None) };
        static AFTER: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    let session = Session::start();
    // One local is made before the thread's ring, one after: one of them is destroyed after the ring was retired.
    let work = || {
        BEFORE.set(Some(Late("before")));
        info!("early");
        AFTER.set(Some(Late("after")));
    };
    thread::Builder::new()
        .name("ending".to_owned())
        .spawn(work)
        .expect("threads can be made")
        .join()
        .expect("it ends by itself");
    let mut shown: Vec<_> =
        session.shown().into_iter().map(|shown| (shown.message, shown.thread)).collect();
    shown.sort();
    let expected = ["early", "late after", "late before"];
    assert_eq!(shown, expected.map(|message| (message.to_owned(), "ending".to_owned())));
}

#[test]
fn a_thread_whose_first_record_is_its_last_act_may_log() {
    struct Late;
    impl Drop for Late {
        fn drop(&mut self) {
            info!("only");
        }
    }
    thread_local! {
        static LATE: RefCell<Option<Late>> = const { RefCell::new(None) };
    }
    let session = Session::start();
    thread::spawn(|| LATE.set(Some(Late))).join().expect("the thread ends by itself");
    assert_eq!(session.messages(), ["only"]);
}

#[test]
fn a_panic_hook_may_log() {
    let session = Session::start();
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|info| error!("panicked: {}", %info.payload_as_str().unwrap_or("?"))));
    let result = thread::spawn(|| panic!("on purpose")).join();
    panic::set_hook(hook);
    assert!(result.is_err());
    assert_eq!(session.messages(), ["panicked: on purpose"]);
}

#[test]
fn a_signal_handler_may_log() {
    const SIGNALS: u32 = 2000;
    static HANDLED: AtomicU32 = AtomicU32::new(0);
    let session = Session::start();
    let handler = || {
        let n = HANDLED.fetch_add(1, Ordering::Relaxed);
        warn!("signal {n}");
    };
    handler();
    // SAFETY: the site of the handler has recorded and the shared ring exists, so the handler neither allocates nor locks.
    let registered =
        unsafe { signal_hook::low_level::register(signal_hook::consts::SIGUSR1, handler) };
    let registered = registered.expect("the signal can be handled");
    logbuf_log::preallocate();
    let target = std::sync::Mutex::new(());
    // Signals to the process reach whichever thread takes them first: all of these are ready.
    let mut logged = 0_u64;
    thread::scope(|scope| {
        let held = target.lock().expect("nobody panics");
        scope.spawn(|| {
            logbuf_log::preallocate();
            drop(target.lock());
        });
        for _ in 0..SIGNALS {
            signal_hook::low_level::raise(signal_hook::consts::SIGUSR1)
                .expect("a signal can be sent");
            info!("between {logged}");
            logged += 1;
        }
        drop(held);
    });
    signal_hook::low_level::unregister(registered);
    let handled = u64::from(HANDLED.load(Ordering::Relaxed));
    let decoded = session.decode();
    assert_eq!(decoded.lost_by_level(), []);
    assert_eq!(decoded.messages().len() as u64, handled + logged);
}

#[test]
fn a_hundred_thousand_short_threads_share_a_few_rings() {
    const THREADS: u32 = 100_000;
    let session = Session::start_with(|builder| builder.ring_capacity(64 << 10));
    let before = resident_bytes();
    for i in 0..THREADS {
        thread::spawn(move || info!("{i}")).join().expect("the thread ends by itself");
    }
    session.flush();
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes for threads that have ended");
    let mut next = 0;
    let lost = session.visit(|record| {
        assert_eq!(record.values()[0].as_unsigned(), Some(next));
        next += 1;
    });
    assert_eq!((next, lost.as_slice()), (u128::from(THREADS), &[][..]));
}

/// Bytes of memory this process has in use.
fn resident_bytes() -> u64 {
    let statm =
        std::fs::read_to_string("/proc/self/statm").expect("Linux says what a process uses");
    let pages: u64 = statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .expect("the second number is that of resident pages");
    pages * rustix::param::page_size() as u64
}
