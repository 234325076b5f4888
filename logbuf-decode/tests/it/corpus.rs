//! What fuzzers started from, and what they found, given to the functions that they call.

use std::{fs, path::Path, process::Command, time::Instant};

#[path = "../fuzz/compact.rs"]
mod compact;
#[path = "../fuzz/expression.rs"]
mod expression;
#[path = "../fuzz/lines.rs"]
mod lines;
#[path = "../fuzz/reader.rs"]
mod reader;
#[path = "../fuzz/template.rs"]
mod template;

/// The files in a folder of these tests; each takes little time.
fn each(folder: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let start = Instant::now();
        check(&fs::read(&path).expect("it can be read"));
        assert!(start.elapsed().as_secs() < 5, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count}");
}

/// The same for text. What is none is none for the fuzzer, too.
fn each_text(folder: &str, check: impl Fn(&str)) {
    each(folder, |bytes| {
        if let Ok(text) = str::from_utf8(bytes) {
            check(text);
        }
    });
}

#[test]
fn conditions() {
    each_text("corpus/expression", expression::run);
}

#[test]
fn patterns() {
    each_text("corpus/pattern", template::run);
}

#[test]
fn files() {
    each("corpus/reader", reader::run);
    each("data", reader::run);
}

#[test]
fn segments_to_compact() {
    each("corpus/reader", compact::run);
    each("data", compact::run);
}

/// Whatever stands in a file, the command reads it with little memory and in little time: both are limited by the shell.
#[cfg(target_os = "linux")]
#[test]
fn hostile_files_take_little_memory_and_time() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "logbuf") {
            continue;
        }
        let output = Command::new("sh")
            .args(["-c", "ulimit -v 524288; ulimit -t 5; exec \"$0\" --json \"$1\""])
            .arg(env!("CARGO_BIN_EXE_logbuf-decode"))
            .arg(&path)
            .output()
            .expect("the command runs");
        // If it is killed, or aborts, it has none of these.
        let status = output.status.code();
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(status, Some(0..=2)), "{}: {status:?}, {error}", path.display());
    }
}
