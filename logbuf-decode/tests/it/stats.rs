//! `stats`, through the real command.

use crate::{
    command::{folder, run},
    file::{File, Put, anchor, filled, pack, sample, site},
};
use logbuf_decode::Level;
use logbuf_format::{
    loss::{Loss, Reason},
    types::Type,
    value::{Str, Value},
};
use std::fs;

#[test]
fn what_is_in_a_log() {
    let folder = folder();
    let mut file = sample();
    fs::write(folder.path().join("a.logbuf"), file.bytes()).expect("write");
    file = File::new(9);
    let lost = Loss {
        thread: 1,
        level: Level::Info,
        reason: Reason(0),
        count: 3,
        bytes: 72,
        first: 1,
        last: 2,
        total: 0,
    };
    file.loss(&[lost]).end();
    fs::write(folder.path().join("b.logbuf"), file.bytes()).expect("write");
    let (stdout, stderr, status) = run(folder.path(), &["stats", "."]);
    let expected = include_str!("../shown/stats.txt");
    if std::env::var_os("LOGBUF_BLESS").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shown/stats.txt");
        return fs::write(path, stdout).expect("write");
    }
    assert_eq!((stdout.as_str(), status), (expected, 1), "{stderr}");
    assert!(stderr.contains("lost 3 records"), "{stderr}");
    let (stdout, _, _) = run(folder.path(), &["stats", "--json", "."]);
    let all: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let loss = serde_json::json!([{
        "thread": "?1", "level": "INFO", "reason": "ring full", "records": 3, "bytes": 72,
        "first": "2026-11-23T14:05:06.000000001Z", "last": "2026-11-23T14:05:06.000000002Z",
    }]);
    assert_eq!(all["losses"], loss);
}

fn json(folder: &std::path::Path, arguments: &[&str]) -> serde_json::Value {
    let (stdout, stderr, status) = run(folder, &[&["stats", "--json"], arguments].concat());
    let is_note = |line: &str| line.starts_with("logbuf-decode: note: no ");
    assert!(stderr.lines().all(is_note) && status == 0, "{stderr}");
    serde_json::from_str(&stdout).expect("JSON")
}

#[test]
fn programs_get_the_same() {
    let folder = folder();
    fs::write(folder.path().join("a.logbuf"), sample().bytes()).expect("write");
    let all = json(folder.path(), &["."]);
    assert_eq!((&all["records"], &all["files"], &all["lost"]), (&8.into(), &1.into(), &0.into()));
    assert_eq!(all["levels"][0]["name"], "WARN");
    let sum = |key: &str, of: &str| -> u64 {
        let rows = all[key].as_array().expect("rows");
        rows.iter().map(|row| row[of].as_u64().expect("a number")).sum()
    };
    for key in ["levels", "targets", "sites", "threads"] {
        assert_eq!(
            (sum(key, "records"), sum(key, "bytes")),
            (8, all["bytes"].as_u64().expect("a number"))
        );
    }
    assert_eq!(all["first"], "2026-11-23T14:05:06.000001000Z");
    assert_eq!(all["gaps"][0]["length_ns"], 2000);
    assert_eq!(all["gaps"][0]["from"], "2026-11-23T14:05:06.000003000Z");
    assert_eq!(all["busiest_ms"][0]["records"], 8);
    let rate: u64 =
        all["rate"]["records"].as_array().expect("numbers").iter().filter_map(|n| n.as_u64()).sum();
    assert_eq!(rate, 8);
    let warnings = json(folder.path(), &["-l", "warn", "--thread", "main", "."]);
    assert_eq!(warnings["records"], 1);
    let nothing = json(folder.path(), &["--since", "2027-01-01", "."]);
    assert_eq!((&nothing["records"], &nothing["rate"]), (&0.into(), &serde_json::Value::Null));
}

#[test]
fn values_are_distributed() {
    let folder = folder();
    let records: Vec<Put> =
        (1..=1000).map(|number| filled(number, "BTC-USD", 1001 - number)).collect();
    let mut file = File::new(1);
    file.sites(&crate::file::sample_sites()).threads(&[(1, 4711, "main")]);
    file.clock(&[anchor(1)]).events(&[(1, &records)]).end();
    fs::write(folder.path().join("a.logbuf"), file.bytes()).expect("write");
    let arguments =
        ["--histogram", "order_id", "--histogram", "rtt_ns", "--histogram", "nothing", "."];
    let found = json(folder.path(), &arguments);
    let [orders, rtt, nothing] = [0, 1, 2].map(|index| &found["histograms"][index]);
    assert_eq!(
        (&orders["count"], &orders["min"], &orders["max"]),
        (&1000.into(), &5.0.into(), &1004.0.into())
    );
    assert_eq!((&orders["quantiles"]["p50"], &orders["mean"]), (&504.0.into(), &504.5.into()));
    assert_eq!(orders["quantiles"]["p99.9"], 1003.0);
    let in_bars: u64 = orders["bars"]
        .as_array()
        .expect("bars")
        .iter()
        .filter_map(|bar| bar["count"].as_u64())
        .sum();
    assert_eq!(in_bars, 1000);
    assert_eq!((&rtt["min"], &rtt["quantiles"]["p99.99"]), (&1840.0.into(), &1840.0.into()));
    assert_eq!((&nothing["count"], &nothing["min"]), (&0.into(), &serde_json::Value::Null));
    let (stdout, _, _) = run(folder.path(), &["stats", "--histogram", "order_id", "."]);
    assert!(stdout.contains("\norder_id: 1,000 values\n            min  5\n"), "{stdout}");
    assert!(stdout.contains("         p99.9  1,003\n"), "{stdout}");
    assert!(stdout.contains(&"█".repeat(40)), "{stdout}");
    let (stdout, _, _) = run(folder.path(), &["stats", "--histogram", "rtt_ns", "."]);
    assert!(stdout.contains("p50  1.84 µs\n"), "{stdout}");
    // One value is one bar.
    assert_eq!(stdout.lines().filter(|line| line.contains('…')).count(), 1, "{stdout}");
}

#[cfg(target_os = "linux")]
#[test]
fn lines_are_as_wide_as_the_terminal_and_names_no_wider_than_need_be() {
    use crate::terminal::on_terminal;
    let folder = folder();
    let template = "long ".repeat(60);
    let mut file = File::new(1);
    file.sites(&[site(1, Level::Info, &template, &[])]).threads(&[(1, 4711, "main")]);
    let records: Vec<Put> = (1..100).map(|ticks| (1, ticks * 1_000_000_000, vec![])).collect();
    file.clock(&[anchor(1)]).events(&[(1, &records)]).end();
    fs::write(folder.path().join("a.logbuf"), file.bytes()).expect("write");
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max();
    for columns in [40, 80] {
        let (shown, status) = on_terminal(folder.path(), &["stats", "."], |command| {
            command.env("COLUMNS", columns.to_string());
        });
        assert_eq!((widest(&shown), status), (Some(columns), 0), "{shown}");
    }
    let (stdout, _, _) = run(folder.path(), &["stats", "."]);
    assert_eq!(widest(&stdout), Some(35 + 100), "{stdout}");
    // The chart begins where the records do.
    assert!(stdout.contains(" from 2026-11-23T14:05:07.000000000Z, "), "{stdout}");
}

#[test]
fn calls_are_matched_by_thread_or_key() {
    let folder = folder();
    let id = [("id", Type::U64), ("name", Type::Str)];
    let sites = [site(1, Level::Info, "order", &id), site(2, Level::Info, "ack", &id)];
    let record = |site, ticks, id: u64| -> Put {
        let name = format!("n{id}");
        (site, ticks, pack(&[Value::U64(id), Value::Str(Str::new(&name))]))
    };
    let mut file = File::new(1);
    file.sites(&sites).threads(&[(1, 4711, "in"), (2, 4712, "out")]).clock(&[anchor(1)]);
    // By thread: 1 → 2 in 30. By id: 7 in 40, 8 in 60, 9 never comes.
    file.events(&[
        (1, &[record(1, 100, 7), record(2, 130, 1), record(1, 200, 9)]),
        (2, &[record(1, 110, 8), record(2, 140, 7), record(2, 170, 8)]),
    ]);
    file.end();
    fs::write(folder.path().join("a.logbuf"), file.bytes()).expect("write");
    let between = ["--between", "book.rs:41", "src/book.rs:42"];
    let check = |key: &[&str], expected: (u64, f64, f64, u64, u64)| {
        let found = &json(folder.path(), &[&between, key, &["."]].concat())["between"];
        let whole = |key: &str| found[key].as_u64().expect("a count");
        let number = |key: &str| found[key].as_f64().expect("a number");
        let result = (
            whole("count"),
            number("min"),
            number("max"),
            whole("without_second"),
            whole("without_first"),
        );
        assert_eq!(result, expected, "{key:?}");
    };
    check(&[], (2, 30.0, 30.0, 1, 1));
    check(&["--key", "id"], (2, 40.0, 60.0, 1, 1));
    check(&["--key", "name"], (2, 40.0, 60.0, 1, 1));
    let (stdout, _, _) = run(folder.path(), &[&["stats", "."], &between[..]].concat());
    assert!(
        stdout.contains("between, 1 first without a second, 1 second without a first: 2 values"),
        "{stdout}"
    );
    let (_, stderr, status) = run(folder.path(), &["stats", "--between", "a.rs:x", "b.rs", "."]);
    assert!(stderr.contains("is not the number of a line"), "{stderr}");
    assert_eq!(status, 2);
    assert_eq!(run(folder.path(), &["stats", "--key", "id", "."]).2, 2);
}
