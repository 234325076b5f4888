//! Any string as a condition.
#![no_main]

#[path = "../../logbuf-decode/tests/fuzz/expression.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|text: &str| body::run(text));
