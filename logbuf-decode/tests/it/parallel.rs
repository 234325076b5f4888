//! Records worked on by several threads.

use crate::file::{File, Put, anchor, pack, site};
use logbuf_decode::{Level, Problem, Reader, Record, Render, Text, Work};
use logbuf_format::{types::Type, value::Value};
use std::{convert::Infallible, io::Cursor, num::NonZero};

/// Blocks that overlap, of several files and threads; records of unknown sites and threads among them.
fn files() -> Vec<Vec<u8>> {
    let file = |number: u64| {
        let mut file = File::new(number + 1);
        file.sites(&[site(1, Level::Info, "{0}", &[("", Type::U64)])]);
        file.threads(&[(0, 1, "t0"), (1, 2, "t1")]);
        for block in 0..20_u64 {
            let records = |thread: u64| -> Vec<Put> {
                let record = |index: u64| {
                    let ticks = 500 * block + index + 7 * thread + 3 * number;
                    let site = if index == 250 { 99 } else { 1 };
                    (site, ticks, pack(&[Value::U64(ticks)]))
                };
                (0..600).map(record).collect()
            };
            let (first, second) = (records(0), records(1));
            file.clock(&[anchor(1_000_000)])
                .events(&[(0, &first), (1 + block as u32 % 2, &second)]);
        }
        file.end().bytes()
    };
    (0..3).map(file).collect()
}

fn reader(memory: usize) -> Reader {
    let mut reader = Reader::new().memory(memory);
    files().into_iter().for_each(|bytes| reader.add_stream("test", Cursor::new(bytes)));
    reader
}

/// Renders lines, and hands over so many bytes at once.
struct Lines {
    text: Text,
    full: usize,
}

impl Work for Lines {
    type Output = String;

    fn record(&mut self, record: &Record<'_>, output: &mut String) {
        self.text.record(record, output).expect("a short line");
    }

    fn is_full(&self, output: &String) -> bool {
        output.len() >= self.full
    }
}

/// Lines, and findings as text.
type Result = (String, Vec<String>);

fn findings(reader: &mut Reader) -> Vec<String> {
    reader.findings().iter().map(ToString::to_string).collect()
}

fn one_by_one(mut reader: Reader) -> Result {
    let (mut text, mut lines) = (Text::new(), String::new());
    reader.for_each(|record| text.record(record, &mut lines).expect("a short line"));
    (lines, findings(&mut reader))
}

fn in_parallel(mut reader: Reader, threads: usize, full: usize) -> Result {
    let mut lines = String::new();
    let Ok(()) = reader.try_work(
        NonZero::new(threads),
        || Lines { text: Text::new(), full },
        |part| {
            lines.push_str(&part);
            Ok::<_, Infallible>(())
        },
    );
    (lines, findings(&mut reader))
}

#[test]
fn threads_memory_and_sizes_change_nothing() {
    let expected = one_by_one(reader(64 << 20));
    assert_eq!(expected.0.lines().count(), 3 * 20 * 2 * 599);
    assert!(expected.1.iter().any(|finding| finding.contains("(40 times)")), "{:?}", expected.1);
    for (threads, full, memory) in [
        (1, usize::MAX, 64 << 20),
        (2, 1 << 20, 64 << 20),
        (4, 1000, 64 << 20),
        (3, 1 << 16, 1 << 15),
    ] {
        let found = in_parallel(reader(memory), threads, full);
        assert_eq!(found, expected, "{threads} threads, parts of {full}, {memory} of memory");
    }
    let found = in_parallel(reader(64 << 20), 3, 1);
    assert_eq!(found, expected, "each record by itself");
}

#[test]
fn an_error_ends_the_work() {
    let mut reader = reader(64 << 20);
    let mut taken = 0;
    let ended = reader.try_work(
        NonZero::new(3),
        || Lines { text: Text::new(), full: 1 },
        |_| {
            taken += 1;
            if taken == 5 { Err("enough") } else { Ok(()) }
        },
    );
    assert_eq!((ended, taken), (Err("enough"), 5));
}

#[test]
#[should_panic(expected = "a worker's own fault")]
fn a_panic_of_a_worker_is_passed_on() {
    struct Panics;

    impl Work for Panics {
        type Output = ();

        fn record(&mut self, _: &Record<'_>, (): &mut ()) {
            panic!("a worker's own fault");
        }
    }

    let Ok(()) =
        reader(64 << 20).try_work(NonZero::new(2), || Panics, |()| Ok::<_, Infallible>(()));
}

#[test]
fn what_is_left_after_one_by_one_is_worked_on() {
    let mut reader = reader(64 << 20);
    let (mut text, mut lines) = (Text::new(), String::new());
    let mut left = 1234;
    let ended = reader.try_for_each(|record| {
        text.record(record, &mut lines).expect("a short line");
        left -= 1;
        if left == 0 { Err("enough") } else { Ok(()) }
    });
    assert_eq!(ended, Err("enough"));
    let (rest, _) = in_parallel(reader, 2, 1 << 16);
    let expected = one_by_one(self::reader(64 << 20)).0;
    assert!(lines + &rest == expected);
}

#[test]
fn nothing_is_worked_on_at_all() {
    let mut reader = Reader::new();
    reader.add_stream("empty", Cursor::new(vec![]));
    let mut parts = 0;
    let Ok(()) = reader.try_work(
        None,
        || Lines { text: Text::new(), full: 1 },
        |_| {
            parts += 1;
            Ok::<_, Infallible>(())
        },
    );
    assert_eq!(parts, 0);
    assert!(matches!(reader.findings()[0].problem, Problem::Empty));
}
