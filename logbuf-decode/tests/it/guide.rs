//! The questions of docs/GUIDE.md, asked as they stand there of a log like that of the quickstart.

use crate::{
    command::{command, folder},
    file::{File, Put, anchor, pack, site},
};
use logbuf_decode::Level;
use logbuf_format::{
    types::Type,
    value::{Str, Value},
};
use std::fs;

/// The commands of the section, in order.
fn commands() -> Vec<Vec<String>> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/GUIDE.md");
    let guide = fs::read_to_string(path).expect("the guide");
    let (_, section) = guide.split_once("\n## Ask a log\n").expect("the section");
    let section = section.split("\n## ").next().expect("its text");
    let lines = section.split("```console\n").skip(1).flat_map(|block| {
        block.split("```").next().expect("the end of a block").lines().collect::<Vec<_>>()
    });
    lines
        .map(|line| {
            let words = shlex::split(line).expect("a command");
            assert_eq!(words[0], "logbuf-decode");
            words[1..].to_vec()
        })
        .collect()
}

/// A log with the calls of the quickstart.
fn log() -> Vec<u8> {
    let read = [
        ("", Type::Text),
        ("", Type::U64),
        ("bytes", Type::U64),
        ("lines", Type::U64),
        ("elapsed_ns", Type::U64),
    ];
    let mut file = File::new(1);
    file.sites(&[
        site(1, Level::Info, "read {0}, hash {1:016x}", &read),
        site(2, Level::Warn, "cannot read {0}", &[("", Type::Text), ("reason", Type::Text)]),
    ]);
    file.threads(&[(1, 11, "worker-0"), (2, 12, "worker-1")]);
    let names = ["Cargo.toml", "README.md", "src/lib.rs", "src/main.rs"];
    let record = |number: u64| -> Put {
        let name = Value::Text(Str::new(names[number as usize % names.len()]));
        let values = [
            name,
            Value::U64(number * 0x9E37_79B9),
            Value::U64(100 * number),
            Value::U64(10 * number),
            Value::U64(1000 * number),
        ];
        (1, 1000 * number, pack(&values))
    };
    let reason = [Value::Text(Str::new("Cargo.lock")), Value::Text(Str::new("permission denied"))];
    let mut records: Vec<_> = (1..=20).map(record).collect();
    records.push((2, 20_500, pack(&reason)));
    let others: Vec<_> = (21..=40).map(record).collect();
    file.clock(&[anchor(1)]).events(&[(1, &records), (2, &others)]).end();
    file.bytes()
}

#[test]
fn every_question_is_answered() {
    let folder = folder();
    fs::create_dir_all(folder.path().join("target/quickstart")).expect("a folder");
    let path = folder.path().join("target/quickstart/quickstart.000001.logbuf");
    fs::write(path, log()).expect("write");
    // What the first line of each answer says, and how many lines there are.
    let answers: [(&str, usize); 12] = [
        ("read Cargo.toml, hash 000000163fcd1e04  bytes=3600", 5),
        ("read src/lib.rs", 7),
        ("+0.000000000  INFO [worker-0] app::book: read README.md", 5),
        ("bytes=2100 lines=210 elapsed_ns=21000", 20),
        ("read Cargo.toml", 10),
        ("      100 bytes      1000 ns  worker-0", 40),
        ("41 records", 63),
        ("41 records", 35),
        ("", 0),
        ("src/book.rs:41:5 app::book: \"read {0}, hash {1:016x}\"", 2),
        ("41 records, 0 lost, closed", 1),
        ("quickstart.000001.logbuf: ", 1),
    ];
    let commands = commands();
    assert_eq!(commands.len(), answers.len());
    for (words, (first, count)) in commands.iter().zip(answers) {
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let output = command(folder.path(), &words).output().expect("the command runs");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        assert_eq!((stderr.as_str(), output.status.code()), ("", Some(0)), "{words:?}");
        let line = stdout.lines().next().unwrap_or_default();
        assert!(line.contains(first), "{words:?}: {line}");
        assert_eq!(stdout.lines().count(), count, "{words:?}:\n{stdout}");
    }
    let trace = fs::read_to_string(folder.path().join("target/quickstart.json")).expect("a trace");
    serde_json::from_str::<serde_json::Value>(&trace).expect("JSON");
}
