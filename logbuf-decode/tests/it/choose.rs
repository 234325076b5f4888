//! Which records are shown, through the command.

use crate::{
    command::{command, folder, run},
    file::{File, Put, anchor, filled, pack, sample_sites, site},
};
use logbuf_format::{
    Level,
    block::Kind,
    types::Type,
    value::{Str, Value},
};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Twenty records a second apart, from 2026-11-23T14:05:06Z on, each in a block of its own; the message is the number.
///
/// 0, 5, 10 … are errors of `gateway::fix`, of thread `io`; 1, 6, 11 … are debug.
fn log() -> TempDir {
    let folder = folder();
    let mut file = File::new(1);
    let value = [("", Type::Str)];
    let mut sites = [
        site(1, Level::Error, "number {0}", &value),
        site(2, Level::Debug, "number {0}", &value),
        site(3, Level::Info, "number {0}", &value),
    ];
    sites[0].target = "gateway::fix".into();
    sites[0].file = "src/gateway/fix.rs".into();
    file.sites(&sites).threads(&[(1, 11, "main"), (2, 12, "io"), (3, 13, "")]);
    for number in 0..20_u32 {
        let (site, thread) = [(1, 2), (2, 1), (3, 1), (3, 3), (3, 1)][number as usize % 5];
        let ticks = u64::from(number) * 1_000_000_000;
        let record: Put = (site, ticks, pack(&[Value::Str(Str::new(&number.to_string()))]));
        file.clock(&[anchor(ticks)]).events(&[(thread, &[record])]);
    }
    fs::write(folder.path().join("app.logbuf"), file.end().bytes()).expect("write");
    folder
}

/// The numbers of the records that are shown, and `--` between groups.
fn shown(args: &[&str]) -> String {
    let log = log();
    let (stdout, stderr, status) = run(log.path(), &[args, &["app.logbuf"]].concat());
    assert_eq!(status, 0, "{args:?}");
    let is_asked = !args.contains(&"0");
    assert_eq!(stderr.contains("no record matches"), stdout.is_empty() && is_asked, "{args:?}");
    assert_eq!(stderr.is_empty(), !stdout.is_empty() || !is_asked, "{args:?}");
    let number = |line: &str| line.rsplit(' ').next().expect("a word").to_owned();
    stdout.lines().map(number).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(args: &[&str], expected: &str) {
    assert_eq!(shown(args), expected, "{args:?}");
}

#[test]
fn by_level() {
    check(&["-l", "error"], "0 5 10 15");
    check(&["--level", "WARN"], "0 5 10 15");
    check(&["-l", "info", "--head", "5"], "0 2 3 4 5");
}

#[test]
fn by_target() {
    check(&["--target", "gateway*"], "0 5 10 15");
    check(&["--target", "gateway"], "");
    check(&["--target", "nothing", "--target", "*::f?x"], "0 5 10 15");
}

#[test]
fn by_thread() {
    check(&["--thread", "io"], "0 5 10 15");
    check(&["--thread", "13"], "3 8 13 18");
    check(&["--thread", "i?", "--thread", "13"], "0 3 5 8 10 13 15 18");
}

#[test]
fn by_site() {
    check(&["--site", "fix.rs"], "0 5 10 15");
    check(&["--site", "fix.rs:41"], "0 5 10 15");
    check(&["--site", "src/gateway/fix.rs:41"], "0 5 10 15");
    check(&["--site", "fix.rs:42"], "");
    check(&["--site", "x.rs"], "");
    check(&["--site", "book.rs:42", "--site", "fix.rs"], "0 1 5 6 10 11 15 16");
}

#[test]
fn by_message() {
    check(&["--grep", "number 1[0-3]$"], "10 11 12 13");
    check(&["--grep", "1$", "-l", "info"], "");
}

#[test]
fn by_time() {
    check(&["--since", "2026-11-23T14:05:23Z"], "17 18 19");
    check(&["--until", "2026-11-23 14:05:08"], "0 1");
    check(&["--since", "2026-11-23 14:05:10", "--until", "2026-11-23T15:05:12+01:00"], "4 5");
    check(&["-Z", "Europe/Berlin", "--since", "2026-11-23 15:05:24"], "18 19");
    check(&["--since", "2027-01-01"], "");
}

#[test]
fn a_number_of_them() {
    check(&["--head", "3"], "0 1 2");
    check(&["--head", "0"], "");
    check(&["-n", "3"], "17 18 19");
    check(&["--tail", "0"], "");
    check(&["-n", "100", "-l", "error"], "0 5 10 15");
    check(&["-n", "2", "-l", "error"], "10 15");
    check(&["-n", "2", "-l", "error", "-C", "1"], "9 10 11 -- 14 15 16");
    check(&["-n", "2", "-l", "error", "-C", "1", "--time", "start"], "9 10 11 -- 14 15 16");
    check(&["-n", "1", "-l", "error", "-C", "7"], "8 9 10 11 12 13 14 15 16 17 18 19");
    check(&["-n", "9", "-l", "error", "-C", "1"], "0 1 -- 4 5 6 -- 9 10 11 -- 14 15 16");
    check(&["-n", "0", "-l", "error", "-C", "1"], "");
}

#[test]
fn with_what_is_around_them() {
    check(&["-C", "1", "--grep", "number (5|6|12)$"], "4 5 6 7 -- 11 12 13");
    check(&["-C", "2", "-l", "error"], "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
    check(&["-C", "1", "-l", "error"], "0 1 -- 4 5 6 -- 9 10 11 -- 14 15 16");
    check(&["-C", "1", "-l", "error", "--head", "2"], "0 1 -- 4 5 6");
    check(&["-C", "1", "--thread", "io", "--since", "2026-11-23 14:05:16"], "10 11 -- 14 15 16");
}

#[test]
fn what_is_wrong_with_a_condition_is_said() {
    let log = log();
    for (args, message) in [
        (["--since", "soon"], "logbuf-decode: error: \"soon\" is no time"),
        (["--site", ":7"], "the file is missing"),
        (["--site", "a.rs:x"], "\"x\" is not the number of a line"),
        (["--grep", "("], "unclosed group"),
        (["--target", "[a"], "invalid range pattern"),
        (["-Z", "Nowhere"], "Nowhere"),
    ] {
        let (stdout, stderr, status) = run(log.path(), &[&args[..], &["app.logbuf"]].concat());
        assert_eq!((stdout.as_str(), status), ("", 2), "{args:?}");
        assert!(stderr.contains(message), "{stderr}");
    }
}

#[test]
fn blocks_that_cannot_match_are_not_read() {
    let log = log();
    let path = log.path().join("app.logbuf");
    let mut bytes = fs::read(&path).expect("read");
    let text = b"number {0}".as_slice();
    assert!(bytes.windows(text.len()).any(|window| window == text));
    // The payload of the last EVENTS block, which is not wanted.
    let at = bytes.windows(2).rposition(|window| window == b"19").expect("the message");
    bytes[at] ^= 1;
    fs::write(&path, bytes).expect("write");
    for (args, status) in [
        (&["--until", "2026-11-23 14:05:25"][..], 0),
        (&["-l", "error"], 0),
        (&["--since", "2026-11-23 14:05:25"], 1),
        (&["-l", "info"], 1),
    ] {
        assert_eq!(run(log.path(), &[args, &["app.logbuf"]].concat()).2, status, "{args:?}");
    }
}

/// Records with values of many types.
fn values() -> TempDir {
    let folder = folder();
    let types = [
        ("symbol", Type::Str),
        ("qty", Type::U8),
        ("delta", Type::I64),
        ("px", Type::F64),
        ("retry", Type::Bool),
        ("side", Type::Char),
        ("all", Type::seq(Type::U8)),
    ];
    let mut file = File::new(1);
    file.sites(&[
        site(1, Level::Info, "first", &types),
        site(2, Level::Warn, "second", &[("qty", Type::U128), ("level", Type::I8)]),
        site(3, Level::Info, "third", &[]),
    ]);
    let first = [
        Value::Str(Str::new("BTC-USD")),
        Value::U8(3),
        Value::I64(-5),
        Value::F64(0.5),
        Value::Bool(true),
        Value::Char('b'),
    ];
    let first = [pack(&first), vec![0; 4]].concat();
    let second = pack(&[Value::U128(u128::MAX), Value::I8(7)]);
    file.threads(&[(1, 11, "main")]);
    file.events(&[(1, &[(1, 1, first), (2, 2, second), (3, 3, vec![])])]).end();
    fs::write(folder.path().join("app.logbuf"), file.bytes()).expect("write");
    folder
}

#[test]
fn by_condition() {
    let values = values();
    let shown = |condition: &str| {
        let args = ["app.logbuf", "--format", "{message}", "--where", condition];
        let (stdout, stderr, status) = run(values.path(), &args);
        assert_eq!(status, 0, "{condition}");
        assert_eq!(stderr.contains("no record matches"), stdout.is_empty(), "{condition}");
        stdout.lines().collect::<Vec<_>>().join(" ")
    };
    for (condition, expected) in [
        ("qty == 3", "first"),
        ("3 == qty", "first"),
        ("qty == 3.0", "first"),
        ("qty >= 3", "first second"),
        ("qty > 3", "second"),
        ("qty == 340282366920938463463374607431768211455", "second"),
        ("qty != 3", "second"),
        ("!(qty == 3)", "second third"),
        ("delta < 0 && delta > -6", "first"),
        ("delta < px && px < qty", "first"),
        ("px <= 0.5 || qty > 100", "first second"),
        ("symbol == \"BTC-USD\"", "first"),
        ("symbol < \"C\"", "first"),
        ("symbol == 3", ""),
        ("symbol != 3", ""),
        ("retry", "first"),
        ("retry == false", ""),
        ("!retry", "second third"),
        ("qty", "first second"),
        ("all", "first"),
        ("all == 0", ""),
        ("side == \"b\"", "first"),
        ("level == warn", "second"),
        ("level >= \"Info\"", "first second third"),
        ("level > info && level < error", "second"),
        ("warn <= level", "second"),
        ("level != WARN", "first third"),
        ("qty < 99999999999999999999999999999999999999999", "first second"),
        ("delta > -99999999999999999999999999999999999999999", "first"),
        ("px > 99999999999999999999999999999999999999999", ""),
        ("pid == 42 && process == \"app\" && host == \"host\"", "first second third"),
        ("unix_ns > 1795442706000000001", "second third"),
        ("time >= \"2026-11-23T15:05:06.000000003+01:00\"", "third"),
        ("level == \"INFO\"", "first third"),
        ("thread == \"main\" && message != \"first\"", "second third"),
        ("target == \"app::book\" && file == \"src/book.rs\" && line > 42", "third"),
        ("nothing == nothing", ""),
    ] {
        assert_eq!(shown(condition), expected, "{condition}");
    }
}

#[test]
fn a_bad_condition_is_pointed_at() {
    let wrong = |condition: &str| {
        let (stdout, stderr, status) = run(Path::new("."), &["x.logbuf", "--where", condition]);
        assert_eq!((stdout.as_str(), status), ("", 2));
        stderr
    };
    assert_eq!(
        wrong("qty = 3"),
        "logbuf-decode: error: --where: at column 5: expected `&&`, `||` or the end, found `=`: use `==` to compare\n  \
           qty = 3\n      ^\n"
    );
    let level = wrong("qty > 3 && level == \"bogus\"");
    assert!(level.contains("at column 21: expected a level (error, warn, info, debug"), "{level}");
    assert!(level.ends_with(&format!("\n{}^\n", " ".repeat(22))), "{level}");
    let long = wrong(&format!("{}qty = 3", "qty == 3 || ".repeat(8000)));
    assert!(long.len() < 400 && long.lines().all(|line| line.chars().count() < 120), "{long}");
}

#[test]
fn times_are_what_people_write() {
    // Whether there is something then, is not asked.
    for time in ["3:57", "1h", "@1795442706", "2 days", "-1 day", "14:05"] {
        let (_, stderr, status) = run(log().path(), &["app.logbuf", "--since", time]);
        assert_eq!(status, 0, "{time}: {stderr}");
    }
    let (_, stderr, status) = run(log().path(), &["app.logbuf", "--since", "3:57x"]);
    assert!(
        stderr.starts_with("logbuf-decode: error: \"3:57x\" is no time; times are "),
        "{stderr}"
    );
    assert!(!stderr.contains("parse") && stderr.contains("14:05 (of today)"), "{stderr}");
    assert_eq!(status, 2);
    check(&["-Z", "+01:00", "--since", "2026-11-23 15:05:24"], "18 19");
    check(&["-Z", "-01:30", "--since", "2026-11-23 12:35:24"], "18 19");
    let (_, stderr, _) = run(log().path(), &["app.logbuf", "-Z", "Nowhere"]);
    assert!(stderr.contains("zones are names such as Europe/Berlin"), "{stderr}");
}

#[test]
fn a_zone_that_is_unknown_is_said() {
    let output =
        command(log().path(), &["app.logbuf", "-L", "--head", "1"]).env("TZ", "Foo/Bar").output();
    let output = output.expect("the command runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    let expected =
        "logbuf-decode: note: TZ=Foo/Bar is no zone that is known here: times are in UTC\n";
    assert_eq!((&*stderr, output.status.code()), (expected, Some(0)));
}

#[test]
fn the_last_lines_are_those_of_the_whole_log() {
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for block in 0..60 {
        let records: Vec<Put> =
            (0..1000).map(|index| filled(1000 * block + index, "BTC-USD", index)).collect();
        file.clock(&[anchor(1000 * block)]).events(&[(1, &records)]);
    }
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), file.end_with_index().bytes()).expect("write");
    for choose in
        [&[][..], &["--where", "order_id == 11"], &["--until", "2026-11-23T14:05:06.00003Z"]]
    {
        let shown = |part: &[&str]| {
            let (stdout, stderr, status) =
                run(folder.path(), &[&["a.logbuf"], choose, part].concat());
            assert_eq!((stderr.as_str(), status), ("", 0));
            stdout.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        for time in ["wall", "delta", "start"] {
            let all = shown(&["--time", time]);
            for count in [0, 1, 17, 20_000, 100_000] {
                let expected = &all[all.len().saturating_sub(count)..];
                let last = shown(&["--time", time, "-n", &count.to_string()]);
                assert!(last == expected, "{choose:?} {time} {count}");
            }
        }
    }
}

#[test]
fn what_comes_before_the_last_lines_is_not_read() {
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for block in 0..60 {
        let records: Vec<Put> =
            (0..1000).map(|index| filled(1000 * block + index, "BTC-USD", index)).collect();
        file.clock(&[anchor(1000 * block)]).events(&[(1, &records)]);
    }
    let mut bytes = file.end_with_index().bytes();
    let first = file.blocks.iter().find(|block| block.kind == Kind::EVENTS).expect("there is one");
    bytes[first.range.end - 1] ^= 1;
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), bytes).expect("write");
    let damage = |args: &[&str]| {
        let (stdout, stderr, _) = run(folder.path(), &[&["a.logbuf"], args].concat());
        (stdout.lines().count(), stderr.contains("its 1000 records are missing"))
    };
    // The damaged block is the first one: who has read it says so.
    assert_eq!(damage(&["--time", "delta"]), (59_000, true));
    assert_eq!(damage(&["-n", "5"]), (5, false));
    assert_eq!(damage(&["-n", "5", "--time", "delta"]), (5, false));
    // The base of each line is the first record that can be read.
    assert_eq!(damage(&["-n", "5", "--time", "start"]), (5, false));
}
