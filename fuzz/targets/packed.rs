//! Any bytes as a packed payload, and as records to be packed.
#![no_main]

#[path = "../../logbuf-log/format/tests/fuzz/packed.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| body::run(bytes));
