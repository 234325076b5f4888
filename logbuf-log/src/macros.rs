//! The macros users call. All of them end in one procedural macro, with the path of this crate and the level in front.

/// Logs at a level given as the first argument, which must be a constant.
///
/// The syntax of all log macros:
///
/// ```
/// use logbuf_log::{Level, log};
/// # let (symbol, px, width) = ("BTC-USD", 52_100.5, 12);
/// # #[derive(Debug)] struct State;
/// # let (state, error) = (State, std::fmt::Error);
/// // A format string of `std::fmt`, checked by the compiler as `format!` checks it.
/// log!(Level::Info, "filled {symbol:>width$} @ {px:.2}, {}", 3);
/// // Typed fields come first: `name = value`, `name` for a variable; the message may be missing.
/// log!(Level::Info, order_id = 7, px, "accepted");
/// log!(Level::Info, order_id = 7, "venue.name" = "XETR");
/// // `?` formats by `Debug` and `%` by `Display` at the call, for fields and arguments of any type.
/// log!(Level::Warn, error = %error, "cannot leave state {}", ?state);
/// // Options come before fields and message, in any order. The target is the path of the module unless given.
/// log!(Level::Debug, target: "audit", "{symbol}");
/// # use std::time::Duration;
/// # use logbuf_log::Timestamp;
/// let received = Timestamp::now();
/// log!(Level::Info, ts: received, when_full: Block(Duration::from_micros(50)), "{symbol}");
/// ```
///
/// | option | |
/// |---|---|
/// | `target:` | what filters go by, a constant; `module_path!()` unless given |
/// | `ts:` | when this happened, a [`Timestamp`](crate::Timestamp): the call does not read the clock |
/// | `when_full:` | what the call does if the ring of its thread is full, a constant [`WhenFull`](crate::WhenFull), whose variants may be named alone; what the logger says unless given |
///
/// Arguments are evaluated only if the call site is switched on. What implements [`Encode`](crate::Encode) is written as
/// bytes and formatted by the decoder, which prints what `format!` would have printed.
#[macro_export]
macro_rules! log {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $($input)* }
    };
}

/// Logs at [`Level::Error`](crate::Level::Error). The syntax is that of [`log!`](crate::log!), without the level.
#[macro_export]
macro_rules! error {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $crate::Level::Error, $($input)* }
    };
}

/// Logs at [`Level::Warn`](crate::Level::Warn). The syntax is that of [`log!`](crate::log!), without the level.
#[macro_export]
macro_rules! warn {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $crate::Level::Warn, $($input)* }
    };
}

/// Logs at [`Level::Info`](crate::Level::Info). The syntax is that of [`log!`](crate::log!), without the level.
#[macro_export]
macro_rules! info {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $crate::Level::Info, $($input)* }
    };
}

/// Logs at [`Level::Debug`](crate::Level::Debug). The syntax is that of [`log!`](crate::log!), without the level.
#[macro_export]
macro_rules! debug {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $crate::Level::Debug, $($input)* }
    };
}

/// Logs at [`Level::Trace`](crate::Level::Trace). The syntax is that of [`log!`](crate::log!), without the level.
#[macro_export]
macro_rules! trace {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; $crate::Level::Trace, $($input)* }
    };
}

/// Whether a call at this level would record here: a test of one byte, for what is costly to prepare.
///
/// Filters see a place of its own: the line of the `enabled!`, with the target given or the path of the module.
///
/// ```
/// use logbuf_log::{Level, debug, enabled};
/// # fn depth_of_book() -> usize { 0 }
/// if enabled!(Level::Debug) {
///     let depth = depth_of_book();
///     debug!(depth, "book");
/// }
/// if enabled!(target: "audit", Level::Info) { /* … */ }
/// ```
#[macro_export]
macro_rules! enabled {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; @enabled $($input)* }
    };
}

/// Logs at most once in a [`Duration`](core::time::Duration), and tells how many calls were suppressed in between.
///
/// The first argument is the time that passes between records at least; what follows is as for [`log!`](crate::log!), level
/// first. The limit is the call site's, for all threads together. Each record has a last field, `suppressed`: how many calls
/// were suppressed since the record before; 0 in the first. What is suppressed after the last record is
/// reported by a record of its own when the guard is dropped; [`Stats::suppressed`](crate::Stats::suppressed) counts all.
///
/// A suppressed call reads the clock of the time stamps, makes no system call, and evaluates no argument of the record. A call
/// that a filter switches off counts as nothing.
///
/// ```
/// use std::time::Duration;
/// use logbuf_log::{Level, log_every};
/// # let (price, limit) = (5, 3);
/// log_every!(Duration::from_secs(1), Level::Warn, price, "above the limit of {limit}");
/// ```
#[macro_export]
macro_rules! log_every {
    ($period:expr, $($input:tt)*) => {
        $crate::__private::call! { $crate; @every($period) $($input)* }
    };
}

/// Logs the first call and then one call in `n`, and tells how many calls were suppressed in between.
///
/// The first argument is `n`, a constant of at least 1; what follows is as for [`log!`](crate::log!), level first. All
/// else is as for [`log_every!`](crate::log_every!), but the clock, which it need not read.
///
/// ```
/// use logbuf_log::{Level, log_every_n};
/// for packet in 0..1000 {
///     log_every_n!(100, Level::Debug, "packet {packet}"); // 0, 100, 200 …
/// }
/// ```
#[macro_export]
macro_rules! log_every_n {
    ($n:expr, $($input:tt)*) => {
        $crate::__private::call! { $crate; @every_n($n) $($input)* }
    };
}

/// Logs the first call in the life of the process, and suppresses all others.
///
/// The arguments are those of [`log!`](crate::log!). How many calls were suppressed is reported at the end, as for
/// [`log_every!`](crate::log_every!).
///
/// ```
/// use logbuf_log::{Level, log_once};
/// for _ in 0..1000 {
///     log_once!(Level::Warn, "the old protocol is in use");
/// }
/// ```
#[macro_export]
macro_rules! log_once {
    ($($input:tt)*) => {
        $crate::__private::call! { $crate; @once $($input)* }
    };
}

/// Enters a context: fields that hold for all that this thread logs until the guard is dropped.
///
/// The fields are those of [`log!`](crate::log!): `name = value`, `name`, `name = ?value`, `name = %value`. They are written once, in front
/// of the first record inside; further records cost what they cost without a context, and the decoder shows it with each of
/// them. Contexts nest; of fields of the same name the record's own counts, and then that of the innermost context. No filter
/// switches a context off, and it can be entered before a logger is started.
///
/// The values of a context take at most 1 KiB; of a longer one the length is shown. Of more than 64 contexts inside each other
/// the outermost are shown, and that there are more.
///
/// ```
/// use logbuf_log::{context, info};
/// # let name = "ada";
/// let _session = context!(session = 7, user = %name);
/// info!("connected"); // connected  {session=7 user=ada}
/// {
///     let _order = context!(order_id = 4711);
///     info!(qty = 3, "accepted"); // accepted  qty=3 {session=7 user=ada order_id=4711}
/// }
/// info!("disconnected"); // disconnected  {session=7 user=ada}
/// ```
///
/// A guard stays on its thread. What a signal handler logs that runs inside a context has that context.
#[macro_export]
macro_rules! context {
    ($($input:tt)*) => {
        $crate::__private::context! { $crate; $($input)* }
    };
}
