//! Fields, beside the message.

use super::{Options, Room, Sink, TooLong};
use crate::value::Value;

/// Appends the value of a field as `tracing` shows it: numbers plain, strings in quotes, formatted text as it is.
///
/// # Errors
///
/// [`TooLong`]; `out` is then as it was.
///
/// # Examples
///
/// ```
/// use logbuf_format::{render::{self, Room}, value::{Str, Value}};
///
/// let mut line = String::from("order_id=");
/// let room = Room::most(&line);
/// render::field(&mut line, &Value::U64(7), room)?;
/// line.push_str(" peer=");
/// render::field(&mut line, &Value::Str(Str::new("gateway-2")), room)?;
/// assert_eq!(line, "order_id=7 peer=\"gateway-2\"");
/// # Ok::<_, render::TooLong>(())
/// ```
pub fn field(out: &mut String, value: &Value<'_>, room: Room) -> Result<(), TooLong> {
    let start = out.len();
    super::plain(&mut Sink::new(out, room), value, &Options::DEBUG)
        .inspect_err(|_| out.truncate(start))
}

/// Appends a value that stands for itself, without a name: a string as it is, all else as a [`field`].
///
/// # Errors
///
/// [`TooLong`]; then nothing is appended.
pub fn unquoted(out: &mut String, value: &Value<'_>, room: Room) -> Result<(), TooLong> {
    match value {
        Value::Str(string) if !string.cut => {
            room.check(out, string.text.len())?;
            out.push_str(string.text);
            Ok(())
        }
        value => field(out, value, room),
    }
}
