//! Contexts: what a record was logged in is what the decoder shows with it.

use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use logbuf_decode::Reader;
use logbuf_format::block::Kind;
use logbuf_format::limits;
use logbuf_format::scan::{self, Scan};
use logbuf_format::segment::Header;
use logbuf_log::{Builder, ContextGuard, Encode, Level, Progress, WhenFull, context, error, info};

use crate::support::{Session, Shown, numbers};

/// Messages with their contexts.
fn contexts(session: Session) -> Vec<String> {
    session.shown().into_iter().map(shown).collect()
}

fn shown(shown: Shown) -> String {
    format!("{} {{{}}}", shown.message, shown.context)
}

#[test]
fn contexts_nest_and_end_with_their_guards() {
    let session = Session::start();
    info!("none");
    let outer = context!(session = 7, user = "ada");
    info!("outer");
    {
        let _inner = context!(order = 1);
        info!("inner");
        let _innermost = context!(leg = 'a');
        info!("innermost");
    }
    info!("outer again");
    drop(outer);
    info!("none again");
    let expected = [
        "none {}",
        "outer {session=7 user=\"ada\"}",
        "inner {session=7 user=\"ada\" order=1}",
        "innermost {session=7 user=\"ada\" order=1 leg='a'}",
        "outer again {session=7 user=\"ada\"}",
        "none again {}",
    ];
    assert_eq!(contexts(session), expected);
}

#[test]
fn fields_are_those_of_log_calls() {
    #[derive(Debug, Encode)]
    struct Order {
        qty: u32,
    }
    let session = Session::start();
    let (px, error) = (1.5, fmt::Error);
    let order = Order { qty: 3 };
    let _context = context!(px, error = ?error, %error, "venue.name" = "XETR", type = Some(1_u128), order,
        list = &[1_u8, 2][..], order.qty,);
    info!("all");
    let expected = "all {px=1.5 error=an error occurred when formatting an argument \
        venue.name=\"XETR\" type=Some(1) order=Order { qty: 3 } list=[1, 2] order.qty=3}";
    assert_eq!(contexts(session), [expected]);
}

#[test]
fn of_fields_with_the_same_name_the_innermost_counts() {
    let session = Session::start();
    let _outer = context!(id = 1, kind = "outer");
    let _inner = context!(id = 2);
    info!("inner");
    assert_eq!(contexts(session), ["inner {id=2 kind=\"outer\"}"]);
}

#[test]
fn guards_may_be_dropped_in_any_order() {
    let session = Session::start();
    let (a, b, c) = (context!(a = 1), context!(b = 2), context!(c = 3));
    info!("all");
    drop(b);
    info!("a and c");
    drop(a);
    info!("c");
    let d = context!(d = 4);
    info!("c and d");
    drop(c);
    info!("d");
    drop(d);
    info!("none");
    let expected = [
        "all {a=1 b=2 c=3}",
        "a and c {a=1 c=3}",
        "c {c=3}",
        "c and d {c=3 d=4}",
        "d {d=4}",
        "none {}",
    ];
    assert_eq!(contexts(session), expected);
}

#[test]
fn a_forgotten_guard_leaves_its_context_to_the_end_of_the_thread() {
    let session = Session::start();
    let work = || {
        let outer = context!(outer = 1);
        std::mem::forget(context!(forgotten = 2));
        drop(outer);
        info!("forgotten");
    };
    // The second may get the ring of the first.
    for message in ["first", "second"] {
        thread::spawn(move || {
            info!("{message}");
            work();
        })
        .join()
        .expect("the thread ends by itself");
        session.flush();
    }
    let expected = ["first {}", "forgotten {forgotten=2}", "second {}", "forgotten {forgotten=2}"];
    assert_eq!(contexts(session), expected);
}

#[test]
fn a_panic_leaves_the_contexts_it_unwinds() {
    let session = Session::start();
    let _outer = context!(outer = 1);
    let result = std::panic::catch_unwind(|| {
        let _inner = context!(inner = 2);
        info!("before");
        std::panic::resume_unwind(Box::new(()));
    });
    assert!(result.is_err());
    info!("after");
    assert_eq!(contexts(session), ["before {outer=1 inner=2}", "after {outer=1}"]);
}

#[test]
fn contexts_are_those_of_their_thread() {
    let session = Session::start();
    let _here = context!(here = 1);
    thread::spawn(|| {
        info!("there");
        let _there = context!(there = 2);
        info!("there inside");
    })
    .join()
    .expect("the thread ends by itself");
    info!("here");
    assert_eq!(contexts(session), ["there {}", "there inside {there=2}", "here {here=1}"]);
}

#[test]
fn what_is_entered_and_left_while_no_logger_runs_is_right_in_the_next() {
    let turn = Session::lock();
    let before = context!(before = 1);
    drop(turn);
    let session = Session::start();
    info!("first");
    let during = context!(during = 2);
    info!("second");
    assert_eq!(contexts(session), ["first {before=1}", "second {before=1 during=2}"]);
    drop(before);
    let between = context!(between = 3);
    let session = Session::start();
    info!("third");
    assert_eq!(contexts(session), ["third {during=2 between=3}"]);
    let session = Session::start();
    info!("the same");
    drop(during);
    assert_eq!(contexts(session), ["the same {during=2 between=3}"]);
    let session = Session::start();
    drop(between);
    info!("none");
    assert_eq!(contexts(session), ["none {}"]);
}

#[test]
fn filters_do_not_switch_contexts_off() {
    let session = Session::start_with(|builder| builder.level(Level::Error));
    let _context = context!(id = 1);
    info!("not recorded");
    error!("recorded");
    assert_eq!(contexts(session), ["recorded {id=1}"]);
}

#[test]
fn each_block_tells_the_contexts_of_its_records() {
    const BLOCKS: usize = 8;
    let session = Session::start();
    let _outer = context!(outer = "o");
    let mut guards: Vec<ContextGuard> = Vec::new();
    let mut expected = Vec::new();
    for block in 0..BLOCKS {
        info!("{block}");
        expected.push(format!("{block} {{outer=\"o\"{}}}", " n=1".repeat(usize::from(block > 0))));
        session.flush();
        if guards.is_empty() {
            guards.push(context!(n = 1));
        }
    }
    let path = session.path();
    let _folder = session.stop();
    let whole = fs::read(&path).expect("the file is there");
    let blocks = events_blocks(&whole);
    assert_eq!(blocks.len(), BLOCKS);
    for (hit, payload) in blocks.into_iter().enumerate() {
        let mut bytes = whole.clone();
        bytes[payload] ^= 1;
        let mut reader = Reader::new();
        reader.add_stream("damaged", std::io::Cursor::new(bytes));
        let mut found = Vec::new();
        reader.for_each(|record| found.push(shown(Shown::new(record))));
        let mut left = expected.clone();
        left.remove(hit);
        assert_eq!(found, left);
    }
}

/// The first byte of the payload of each EVENTS block.
fn events_blocks(bytes: &[u8]) -> Vec<usize> {
    let (header, mut at) = Header::take(bytes).expect("the file has a header");
    let mut blocks = Vec::new();
    while let Scan::Found { offset, header } = scan::next_block(bytes, at, Some(header.salt)) {
        if header.summary.kind == Kind::EVENTS {
            blocks.push(offset + logbuf_format::block::HEADER_LEN);
        }
        at = offset + header.block_len();
    }
    blocks
}

#[test]
fn a_new_segment_tells_the_contexts_that_go_on() {
    let session = Session::start();
    let _outer = context!(outer = 1);
    let _inner = context!(inner = "i");
    info!("first");
    session.guard().rotate().expect("a segment can be made");
    info!("second");
    let folder = session.stop();
    let mut files: Vec<_> = fs::read_dir(folder.path())
        .expect("the folder is there")
        .map(|entry| entry.expect("its entries can be read").path())
        .filter(|path| !path.is_symlink())
        .collect();
    files.sort();
    assert_eq!(files.len(), 2);
    for (file, message) in files.iter().zip(["first", "second"]) {
        let mut found = Vec::new();
        crate::support::visit_file(file, |record| found.push(shown(Shown::new(record))));
        assert_eq!(found, [format!("{message} {{outer=1 inner=\"i\"}}")]);
    }
}

#[test]
fn more_contexts_than_a_path_has_are_marked() {
    let session = Session::start();
    let mut guards: Vec<_> = (0..limits::SCOPES).map(|i| context!(depth = i)).collect();
    info!("as many as can be");
    guards.push(context!(beyond = 1));
    guards.push(context!(beyond = 2));
    info!("more");
    session.flush();
    info!("more, in another block");
    guards.truncate(limits::SCOPES);
    info!("as many again");
    guards.truncate(1);
    info!("one");
    let expected = [
        "as many as can be {depth=63}",
        "more {? depth=63}",
        "more, in another block {? depth=63}",
        "as many again {depth=63}",
        "one {depth=0}",
    ];
    assert_eq!(contexts(session), expected);
}

#[test]
fn a_context_that_is_too_long_says_how_long() {
    let session = Session::start();
    let long = "x".repeat(5000);
    let _long = context!(long);
    let _formatted = context!(inner = 1);
    info!("in it");
    assert_eq!(contexts(session), ["in it {oversize_context=5004 inner=1}"]);
}

#[test]
fn a_ring_that_is_too_small_for_a_context_says_so() {
    let session = Session::start_with(|builder| builder.ring_capacity(1024));
    let spawned = thread::spawn(|| {
        let long = "x".repeat(600);
        let _long = context!(long);
        info!("in it");
    });
    spawned.join().expect("the thread ends by itself");
    assert_eq!(contexts(session), ["in it {oversize_context=604}"]);
}

/// Logs, in a context of its own, when it is formatted.
struct Logs;

impl fmt::Display for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!("while formatting");
        let _context = context!(inner = 2);
        info!("inside");
        f.write_str("formatted")
    }
}

#[test]
fn what_is_logged_while_formatting_has_its_context() {
    let session = Session::start();
    let _outer = context!(outer = 1);
    info!("{}", %Logs);
    info!("after");
    let mut found = contexts(session);
    found.sort();
    let expected = [
        "after {outer=1}",
        "formatted {outer=1}",
        "inside {outer=1 inner=2}",
        "while formatting {outer=1}",
    ];
    assert_eq!(found, expected);
}

/// Keeps a context when it is formatted.
struct Keeps<'a>(&'a RefCell<Vec<ContextGuard>>);

impl fmt::Display for Keeps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.borrow_mut().push(context!(kept = 1));
        f.write_str("formatted")
    }
}

#[test]
fn a_context_may_be_entered_while_formatting_and_stay() {
    let session = Session::start();
    let kept = RefCell::new(Vec::new());
    // Opens the site below.
    let after = |i: u32| info!("{i}");
    after(0);
    info!("{}", %Keeps(&kept));
    after(1);
    kept.borrow_mut().clear();
    after(2);
    assert_eq!(contexts(session), ["0 {}", "formatted {}", "1 {kept=1}", "2 {}"]);
}

#[test]
fn the_end_of_a_thread_leaves_nothing_wrong() {
    /// Logs, and then leaves its context, when the thread ends.
    struct Late(Option<ContextGuard>);
    impl Drop for Late {
        fn drop(&mut self) {
            info!("late");
            self.0 = None;
            info!("later");
        }
    }
    thread_local! {
        static BEFORE: RefCell<Late> = const { RefCell::new(Late(None)) };
        static AFTER: RefCell<Late> = const { RefCell::new(Late(None)) };
    }
    let session = Session::start();
    let work = || {
        BEFORE.with_borrow_mut(|late| late.0 = Some(context!(before = 1)));
        info!("early");
        AFTER.with_borrow_mut(|late| late.0 = Some(context!(after = 2)));
    };
    thread::spawn(work).join().expect("the thread ends by itself");
    let mut found = contexts(session);
    found.sort();
    // One of the two is destroyed after the locals of the logger: what was left until then is not known.
    for shown in &found {
        let (message, context) = shown.split_once(' ').expect("there is a message");
        let known = match message {
            "early" => &["{before=1}"][..],
            "late" => &["{before=1 after=2}", "{before=1}", "{after=2}", "{?}"],
            _ => &["{before=1}", "{after=2}", "{}", "{?}"],
        };
        assert!(known.contains(&context), "{found:?}");
    }
    assert_eq!(found.len(), 5);
}

#[test]
fn a_signal_handler_logs_in_the_context_it_interrupts() {
    let session = Session::start();
    logbuf_log::preallocate();
    let handler = || info!("signal");
    handler();
    // SAFETY: the site of the handler has recorded and the thread has its ring, so the handler neither allocates nor locks.
    let registered =
        unsafe { signal_hook::low_level::register(signal_hook::consts::SIGUSR2, handler) };
    let registered = registered.expect("the signal can be handled");
    let raise = || signal_hook::low_level::raise(signal_hook::consts::SIGUSR2);
    let _context = context!(id = 1);
    raise().expect("a signal can be sent");
    drop(_context);
    raise().expect("a signal can be sent");
    signal_hook::low_level::unregister(registered);
    assert_eq!(contexts(session), ["signal {}", "signal {id=1}", "signal {}"]);
}

/// Enters and leaves contexts at random, and logs in which it is; returns how often it logged.
fn wander(seed: u64, steps: usize) {
    let random = BuildHasherDefault::<DefaultHasher>::new();
    let mut guards: Vec<(u32, ContextGuard)> = Vec::new();
    for step in 0..steps {
        let choice = random.hash_one((seed, step)) as u32;
        match choice % 8 {
            0 | 1 if guards.len() < 12 => {
                let id = choice >> 16;
                let guard = match choice % 3 {
                    0 => context!(id, text = "x".repeat(choice as usize % 40)),
                    1 => context!(%id),
                    _ => context!(id, padding = [id; 8]),
                };
                guards.push((id, guard));
            }
            2 => _ = guards.pop(),
            3 if !guards.is_empty() => {
                let at = choice as usize / 8 % guards.len();
                drop(guards.remove(at));
            }
            4 => {
                let path = Path(&guards);
                error!("{}", %path);
            }
            _ => {
                let ids: Vec<u32> = guards.iter().map(|(id, _)| *id).collect();
                info!("{ids:?}");
            }
        }
    }
}

/// Prints as the `Debug` of the ids.
struct Path<'a>(&'a [(u32, ContextGuard)]);

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(id, _)| id)).finish()
    }
}

#[test]
fn a_ring_that_grew_is_taken_when_it_is_its_turn() {
    const RECORDS: u64 = 20_000;
    let turn = Session::lock();
    let (builder, memory) = Builder::in_memory();
    let (guard, mut writer) = builder
        .ignore_env()
        .ring_capacity(128 << 10)
        .when_full(WhenFull::Grow { max_bytes: 4 << 20 })
        .manual()
        .expect("the logger starts");
    // A thread of its own, whose first ring is a new one; each poll takes a part of that.
    let log = || {
        for i in 0..RECORDS {
            let _context = context!(tens = i / 10);
            info!("{i}");
        }
    };
    thread::spawn(log).join().expect("it only logs");
    while writer.poll().progress == Progress::Worked {}
    drop(guard);
    drop(turn);
    let mut reader = Reader::new();
    reader.add_stream("memory", std::io::Cursor::new(memory.bytes()));
    let mut next = 0;
    reader.for_each(|record| {
        let [i] = numbers(record.values());
        assert_eq!(i, next);
        let context = record.context();
        let tens: Vec<_> = context.fields().iter().map(|(_, value)| value.as_unsigned()).collect();
        assert_eq!(tens, [Some(u128::from(i / 10))], "record {i}");
        next += 1;
    });
    assert_eq!(next, RECORDS);
}

#[test]
fn whatever_threads_do_each_record_has_the_contexts_it_was_logged_in() {
    const THREADS: u64 = 3;
    const STEPS: usize = 30_000;
    for when_full in [
        WhenFull::Drop,
        WhenFull::Block(Duration::from_secs(10)),
        WhenFull::Grow { max_bytes: 1 << 20 },
    ] {
        let session =
            Session::start_with(|builder| builder.ring_capacity(4096).when_full(when_full));
        let (done, is_done) = mpsc::channel::<()>();
        thread::scope(|scope| {
            for seed in 0..THREADS {
                let done = done.clone();
                scope.spawn(move || {
                    wander(seed, STEPS);
                    drop(done);
                });
            }
            drop(done);
            // Many small blocks.
            while is_done.recv_timeout(Duration::from_millis(1))
                == Err(mpsc::RecvTimeoutError::Timeout)
            {
                session.flush();
            }
        });
        let mut count = 0;
        session.visit(|record| {
            let mut message = String::new();
            record.message(&mut message).expect("the message is short");
            let ids = record.contexts().into_iter().map(|context| {
                let first = context.fields().next();
                let (name, id) = first
                    .unwrap_or_else(|| panic!("{when_full:?}: a context of {message} has no id"));
                assert_eq!(name, "id");
                let mut text = String::new();
                logbuf_format::render::field(&mut text, &id, logbuf_format::render::Room::most(""))
                    .expect("a number is short");
                text
            });
            let ids: Vec<_> = ids.collect();
            assert_eq!(message, format!("[{}]", ids.join(", ")), "{when_full:?}");
            count += 1;
        });
        assert!(count > 0, "{when_full:?}");
    }
}
