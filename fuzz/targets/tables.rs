//! Any bytes as the payload of a block of each kind: tables, records, scopes, INDEX.
#![no_main]

#[path = "../../logbuf-log/format/tests/fuzz/tables.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
