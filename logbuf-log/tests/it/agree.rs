//! Calls whose decoded message has to be what `format!` makes of the same tokens.

/// Logs a call, and notes what `format!` makes of the same tokens.
macro_rules! agree {
    ($expected:ident, $($call:tt)*) => {{
        logbuf_log::info!($($call)*);
        $expected.push(format!($($call)*));
    }};
}

/// Logs a value once for each specification.
macro_rules! each {
    ($expected:ident, $value:expr, $($spec:tt)*) => {{
        let value = $value;
        $(agree!($expected, $spec, value);)*
    }};
}

macro_rules! integer {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{}" "{:?}" "{:#?}" "{:x}" "{:X}" "{:o}" "{:b}" "{:#x}" "{:#X}" "{:#o}" "{:#b}" "{:e}" "{:E}" "{:.2e}"
            "{:+}" "{:-}" "{:5}" "{:<7}|" "{:^9}|" "{:>11}|" "{:*<7}|" "{:é^9}|" "{:#>11}|" "{:05}" "{:+08}" "{:<08}|"
            "{:#010x}" "{:#034b}" "{:08b}" "{:+.1e}" "{:012e}" "{:x?}" "{:X?}" "{:#x?}" "{:02x?}" "{:#06X?}" "{:>40}")
    };
}

macro_rules! float {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{}" "{:?}" "{:#?}" "{:e}" "{:E}" "{:.0}" "{:.1}" "{:.2}" "{:.17}" "{:.3e}" "{:.0E}" "{:.2?}" "{:+}" "{:+?}"
            "{:10}" "{:<12.3}|" "{:^13.1}|" "{:>14e}|" "{:_^16}|" "{:010}" "{:+010.2}" "{:012.2e}" "{:08?}" "{:+08.1?}")
    };
}

macro_rules! string {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{}" "{:?}" "{:#?}" "{:10}|" "{:<10}|" "{:^11}|" "{:>12}|" "{:.0}|" "{:.3}|" "{:10.2}|" "{:*^9.4}|" "{:→>8}|"
            "{:12?}|" "{:.2?}|" "{:>08}|" "{:x?}")
    };
}

macro_rules! debug_only {
    ($expected:ident, $value:expr) => {
        each!($expected, $value,
            "{:?}" "{:#?}" "{:x?}" "{:#X?}" "{:02x?}" "{:5?}" "{:<5?}|" "{:.1?}" "{:+?}" "{:#06?}" "{:*^7?}")
    };
}
