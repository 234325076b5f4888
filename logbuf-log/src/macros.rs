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
/// // The target is the path of the module unless given.
/// log!(Level::Debug, target: "audit", "{symbol}");
/// ```
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
