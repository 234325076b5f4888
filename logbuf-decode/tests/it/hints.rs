//! What the command says where there is nothing to see.

use crate::{
    command::{folder, run},
    file::{File, Put, anchor, filled, sample, sample_sites},
};
use std::fs;

/// What is said on standard error; nothing is said of it by the exit status.
fn notes(args: &[&str]) -> Vec<String> {
    let folder = folder();
    fs::write(folder.path().join("app.logbuf"), sample().bytes()).expect("write");
    let (_, stderr, status) = run(folder.path(), &[args, &["app.logbuf"]].concat());
    assert_eq!(status, 0, "{args:?}: {stderr}");
    let note = |line: &str| line.strip_prefix("logbuf-decode: note: ").map(str::to_owned);
    stderr.lines().map(|line| note(line).expect("a note")).collect()
}

const NONE: &str = "no record matches; the files cover 2026-11-23T14:05:06.000001000Z to 2026-11-23T14:05:06.000005001Z";

#[test]
fn it_is_said_where_the_files_are_in_time() {
    for args in [
        &["--since", "2027-01-01"][..],
        &["--grep", "nothing", "--json"],
        &["--target", "nothing", "--csv"],
        &["-C", "1", "--thread", "nobody"],
        &["-n", "3", "-l", "error"],
        &["export", "-l", "error"],
        &["stats", "-l", "error"],
    ] {
        assert_eq!(notes(args), [NONE], "{args:?}");
    }
    for args in [&["--head", "0", "-l", "error"][..], &["-n", "0", "-l", "error"], &["-l", "warn"]]
    {
        assert!(notes(args).is_empty(), "{args:?}");
    }
}

#[test]
fn a_name_that_nothing_has_is_told_once_with_what_may_be_meant() {
    let unknown = |name: &str, meant: &str| format!("no call site has a field `{name}`{meant}");
    let meant = "; did you mean `order_id`?";
    assert_eq!(notes(&["--where", "xyz == 1"]), [NONE, &unknown("xyz", "")]);
    assert_eq!(
        notes(&["--where", "oder_id == 1 && (oder_id > 3 || pid == 0)"]),
        [NONE, &unknown("oder_id", meant)]
    );
    // Something matched: there may be a reason.
    assert!(notes(&["--where", "oder_id == 1 || line > 0"]).is_empty());
    assert!(notes(&["--where", "level == warn && pid == 42"]).is_empty());
    assert_eq!(notes(&["--format", "{time} {orderid}", "-n", "1"]), [unknown("orderid", meant)]);
    assert_eq!(notes(&["stats", "--histogram", "orderid"]), [unknown("orderid", meant)]);
    assert_eq!(notes(&["stats", "--histogram", "peer"]), Vec::<String>::new());
}

#[test]
fn a_place_without_a_call_is_told_with_those_that_have_one() {
    let there = "no call stands at `book.rs:999`; in this file there are calls at 41, 42, 43";
    assert_eq!(
        notes(&["stats", "--between", "a.rs:62", "book.rs:999"]),
        ["no call stands at `a.rs:62`", there]
    );
    assert_eq!(notes(&["--site", "book.rs:999"]), [NONE, there]);
}

#[test]
fn many_of_the_last_lines_are_counted_before_they_are_printed() {
    let folder = folder();
    let mut file = File::new(1);
    file.sites(&sample_sites()).threads(&[(1, 4711, "main")]);
    for block in 0..80 {
        let records: Vec<Put> =
            (0..1000).map(|index| filled(1000 * block + index, "BTC-USD", index)).collect();
        file.clock(&[anchor(1000 * block)]).events(&[(1, &records)]);
    }
    fs::write(folder.path().join("a.logbuf"), file.end_with_index().bytes()).expect("write");
    let shown = |args: &[&str]| {
        let (stdout, stderr, status) = run(folder.path(), &[args, &["a.logbuf"]].concat());
        assert_eq!((stderr.as_str(), status), ("", 0), "{args:?}");
        stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let all = shown(&[]);
    for count in [65_536, 65_537, 79_999, 80_000, 1_000_000] {
        let last = shown(&["-n", &count.to_string()]);
        assert!(last == all[all.len().saturating_sub(count)..], "{count}: {}", last.len());
    }
    let chosen = shown(&["--where", "order_id > 100"]);
    let last = shown(&["--where", "order_id > 100", "-n", "70000"]);
    assert!(last == chosen[chosen.len() - 70_000..], "{}", last.len());
    let (_, stderr, status) = run(folder.path(), &["-C", "10001", "a.logbuf"]);
    assert!(stderr.contains("at most 10000") && status == 2, "{stderr}");
}
