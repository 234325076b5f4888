//! Any bytes as a file: everything that can be read is read and rendered, with little memory and with much.
//!
//! `cargo +nightly fuzz run reader fuzz/corpus/reader logbuf-decode/tests/data`
#![no_main]

use libfuzzer_sys::fuzz_target;
use logbuf_decode::{Json, Reader, Render, Text};
use std::io::Cursor;

fuzz_target!(|bytes: &[u8]| {
    let [first, second] = [64 << 20, 1 << 10].map(|memory| {
        let mut reader = Reader::new().memory(memory);
        reader.add_stream("fuzz", Cursor::new(bytes.to_vec()));
        let (mut text, mut json) = (Text::new(), Json::new());
        let (mut lines, mut objects) = (String::new(), String::new());
        reader.for_each(|record| {
            // One that is too long as text is left out by both.
            let _ = text.record(record, &mut lines);
            let _ = json.record(record, &mut objects);
        });
        reader.findings().iter().for_each(|finding| drop(finding.to_string()));
        (lines, objects)
    });
    assert_eq!(first, second);
    assert!(!first.0.contains('\x1b') && !first.1.contains('\x1b'));
});
