//! Any string as a condition.
//!
//! `cargo +nightly fuzz run expression fuzz/corpus/expression logbuf-decode/tests/corpus/expression`
#![no_main]

use libfuzzer_sys::fuzz_target;
use logbuf_decode::Expression;

fuzz_target!(|text: &str| {
    match text.parse::<Expression>() {
        // What stands in parentheses means the same, if it does not nest too deep then.
        Ok(expression) => {
            if let Ok(again) = format!("({text})").parse::<Expression>() {
                assert_eq!(again, expression);
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
