//! Any string as a format string, as a pattern of the command, and as the template of a site.

use logbuf_decode::Pattern;
use logbuf_format::{
    message::Message,
    render::Room,
    site::{Role, Slot},
    template,
    types::Type,
    value::{Str, Value},
};

/// It is understood, or refused with a reason; a message that is too long leaves nothing behind.
pub(crate) fn run(text: &str) {
    let template = template::parse(text);
    if let Err(error) = &template {
        assert!(!error.to_string().is_empty());
    }
    match Pattern::new(text) {
        Ok(_) => assert!(template.is_ok()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let slot = |ty| Slot { name: String::new(), role: Role::Argument, ty };
    let slots = [slot(Type::I64), slot(Type::F64), slot(Type::Str), slot(Type::U8)];
    if let Ok(message) = Message::new(text, &slots) {
        let values =
            [Value::I64(-7), Value::F64(1.5), Value::Str(Str::new("é\u{202E}")), Value::U8(200)];
        let mut out = String::from("before");
        if message.render(&values, &mut out, Room::most("")).is_err() {
            assert_eq!(out, "before");
        }
    }
}
