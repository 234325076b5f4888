//! What can be an argument: the trait users meet, and its implementations.

mod list;
mod map;
mod net;
mod number;
mod pointer;
mod sum;
mod text;
mod time;
mod tuple;

pub use number::Plain;

use crate::encoder::Encoder;
use crate::value::Value;

/// A type whose values can be arguments and fields of a log call.
///
/// The value is not formatted at the call. Its bytes go into the ring, its type into the file, and the decoder prints
/// what `format!` would have printed.
///
/// Whatever is not `Encode` but is `Debug` or `Display` is formatted straight into the ring, without allocating, by
/// putting `?` or `%` before the argument:
///
/// ```
/// use logbuf_log::info;
/// let address = std::net::Ipv4Addr::LOCALHOST;
/// info!(from = %address, "connected to {}", ?(1, 2));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged as a typed value",
    label = "this argument has no encoding",
    note = "to format it at the call instead, write `?` (Debug) or `%` (Display) before it: `info!(\"{{}}\", %value)`, `info!(key = ?value)`"
)]
pub trait Encode {
    /// The form in which the value is handed to the ring: small, `Copy`, borrowed where it must be.
    #[doc(hidden)]
    type Value<'a>: Value
    where
        Self: 'a;

    /// The value in that form.
    #[doc(hidden)]
    fn value(&self) -> Self::Value<'_>;

    /// Bytes that [`put_items`](Self::put_items) will write.
    #[doc(hidden)]
    #[inline(always)]
    fn items_len(items: &[Self]) -> usize
    where
        Self: Sized,
    {
        items.iter().fold(0, |len, item| len + item.value().encoded_len())
    }

    /// Writes items one behind the other: by one copy where their encoding is what they are in memory.
    #[doc(hidden)]
    #[inline(always)]
    fn put_items(items: &[Self], out: &mut Encoder<'_>)
    where
        Self: Sized,
    {
        for item in items {
            item.value().put(out);
        }
    }
}
