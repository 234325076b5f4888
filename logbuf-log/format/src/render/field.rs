//! Fields, beside the message.

use super::{Options, Sink, TooLong};
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
/// use logbuf_format::{render, value::{Str, Value}};
///
/// let mut line = String::from("order_id=");
/// render::field(&mut line, &Value::U64(7))?;
/// line.push_str(" peer=");
/// render::field(&mut line, &Value::Str(Str::new("gateway-2")))?;
/// assert_eq!(line, "order_id=7 peer=\"gateway-2\"");
/// # Ok::<_, render::TooLong>(())
/// ```
pub fn field(out: &mut String, value: &Value<'_>) -> Result<(), TooLong> {
    let start = out.len();
    super::plain(&mut Sink::new(out), value, &Options::DEBUG).inspect_err(|_| out.truncate(start))
}
