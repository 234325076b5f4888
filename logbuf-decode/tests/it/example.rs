//! What the example of the library prints.

use crate::{command::folder, file::sample};
use std::fs;

#[path = "../../examples/read.rs"]
#[expect(dead_code, reason = "its arguments are given here")]
mod read;

#[test]
fn the_example_reads_a_log() {
    let folder = folder();
    let path = folder.path().join("app.logbuf");
    fs::write(&path, sample().bytes()).expect("write");
    let (mut out, path) = (Vec::new(), path.to_str().expect("UTF-8").to_owned());
    let findings = read::ask("order_id", &[path], &mut out).expect("a vector takes all");
    let expected = "\
4 records of src/book.rs:41
the largest: 2026-11-23T14:05:06.000005001Z  INFO [4712] app::book: filled é\\u{202e} 6 @ 52100.50  order_id=10 rtt_ns=1840
";
    assert_eq!(String::from_utf8(out).expect("UTF-8"), expected);
    assert!(findings.is_empty());
}
