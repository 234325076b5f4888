//! What can be an argument: the trait users meet, and its implementations.

mod list;
mod map;
mod net;
mod number;
mod pointer;
#[cfg(feature = "serde")]
mod serde;
mod sum;
mod text;
mod time;
mod tuple;

#[cfg(feature = "serde")]
pub use self::serde::Serde;
pub use number::Plain;

use crate::encoder::Encoder;
use crate::value::Value;

/// A type whose values can be arguments and fields of a log call.
///
/// The value is not formatted at the call. Its bytes go into the ring, its type into the file, and the decoder prints
/// what `format!` would have printed. Nothing is allocated, whatever the value is made of.
///
/// | deferred | |
/// |---|---|
/// | numbers | integers of all widths, `f32`, `f64`, `NonZero`, `Wrapping`, `Saturating`, atomics (as they stand at the call) |
/// | text | `char`, `str`, `String`, `OsStr`, `OsString`, `Path`, `PathBuf` |
/// | lists | slices, arrays, `Vec`, `VecDeque`, `LinkedList`, `BinaryHeap`, `BTreeSet`, `HashSet`, `BTreeMap`, `HashMap` of these |
/// | composed | `()`, `bool`, `Option`, `Result`, tuples of up to twelve |
/// | time | `Duration`, and so the difference of two `Instant`s; `SystemTime`, printed as on Unix |
/// | addresses | `Ipv4Addr`, `Ipv6Addr`, `IpAddr`, `SocketAddrV4`, `SocketAddrV6`, `SocketAddr` |
/// | owners | `&T`, `&mut T`, `Box`, `Rc`, `Arc`, `Cow` of these |
/// | your own | structs and enums with `#[derive(Encode)]` |
/// | serde's | what has a `postcard` schema, in `Serde` (feature `serde`) |
///
/// Whatever is not `Encode` but is `Debug` or `Display` is formatted straight into the ring, without allocating, by
/// putting `?` or `%` before the argument:
///
/// ```
/// use logbuf_log::info;
/// let error = std::fmt::Error;
/// info!(cause = %error, "no connection: {}", ?error);
/// ```
///
/// # Derive
///
/// A derived type prints as with a derived `Debug`, in `{:?}` and `{:#?}`; it can be generic, and can contain itself. The
/// calls also need its `Debug`, by which the compiler checks `{:?}`. Its `Display`, if it has one, only the program
/// knows: `info!("{}", value)` does not compile, `info!("{}", %value)` formats it at the call.
///
/// ```
/// use logbuf_log::{Encode, info};
///
/// #[derive(Debug, Encode)]
/// enum Order {
///     Market { symbol: String, qty: u32 },
///     Linked(Vec<Order>),
/// }
///
/// let leg = |symbol: &str| Order::Market { symbol: symbol.into(), qty: 1 };
/// info!("accepted {:?}", Order::Linked(vec![leg("BTC"), leg("ETH")]));
/// ```
///
/// | attribute | |
/// |---|---|
/// | `#[encode(skip)]` before a field | the field is not in the file |
/// | `#[encode(display)]` before a field | its `Display` is formatted at the call, twice: to measure and to write |
/// | `#[encode(redact)]` before a field | its value never reaches the ring; `[redacted]` is printed for it |
/// | `#[encode(pod)]` before a struct | it is written by one copy. It must be `bytemuck::NoUninit`, and all its fields numbers, `bool`, `char`, or arrays or `pod`s of these |
/// | `#[encode(crate = path)]` before a type | where this crate is found, if not at `::logbuf_log` |
///
/// A value nests at most 256 deep, lists in lists and options included; a record with a deeper one is written, and cannot be
/// read. The same goes for a record with a member whose `Display` or `Serialize` does not give the same twice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be logged as a typed value",
    label = "this type has no encoding",
    note = "to format it at the call instead, write `?` (Debug) or `%` (Display) before it: `info!(\"{{}}\", %value)`, `info!(key = ?value)`",
    note = "a type of your own can have one: `#[derive(logbuf_log::Encode)]`; a field in it that cannot: `#[encode(display)]` or `#[encode(skip)]`"
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
