//! Any string as a format string, as a pattern of the command, and as the template of a site.
#![no_main]

#[path = "../../logbuf-decode/tests/fuzz/template.rs"]
mod body;

libfuzzer_sys::fuzz_target!(|text: &str| body::run(text));
