//! Any string as a format string, as a pattern of the command, and as the template of a site.
//!
//! `cargo +nightly fuzz run template fuzz/corpus/template logbuf-decode/tests/corpus/pattern`
#![no_main]

use libfuzzer_sys::fuzz_target;
use logbuf_decode::Pattern;
use logbuf_format::{
    message::Message,
    site::{Role, Slot},
    template,
    types::Type,
    value::{Str, Value},
};

fuzz_target!(|text: &str| {
    if let Err(error) = template::parse(text) {
        assert!(!error.to_string().is_empty());
    }
    if let Err(error) = Pattern::new(text) {
        assert!(!error.to_string().is_empty());
    }
    let slot = |ty| Slot { name: String::new(), role: Role::Argument, ty };
    let slots = [slot(Type::I64), slot(Type::F64), slot(Type::Str), slot(Type::U8)];
    if let Ok(message) = Message::new(text, &slots) {
        let values =
            [Value::I64(-7), Value::F64(1.5), Value::Str(Str::new("é\u{202E}")), Value::U8(200)];
        let mut out = String::from("before");
        if message.render(&values, &mut out).is_err() {
            assert_eq!(out, "before");
        }
    }
});
