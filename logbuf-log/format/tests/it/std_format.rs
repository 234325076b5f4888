//! What `format!` prints, with flags chosen at run time: the table of all format strings.

use std::fmt::{Binary, Debug, Display, LowerExp, LowerHex, Octal, UpperExp, UpperHex};

pub(crate) const ALIGNS: [&str; 10] = ["", "<", "^", ">", "*<", "*^", "*>", "→<", "→^", "→>"];
pub(crate) const SIGNS: [&str; 3] = ["", "+", "-"];
pub(crate) const ALTERNATES: [&str; 2] = ["", "#"];
pub(crate) const ZEROS: [&str; 2] = ["", "0"];

/// The flags of a spec, each from its list above.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flags {
    pub(crate) align: &'static str,
    pub(crate) sign: &'static str,
    pub(crate) alternate: &'static str,
    pub(crate) zero: &'static str,
}

/// Returns the formatted value of the first format string whose flags are the chosen ones. Each step appends to
/// the format string every option of one flag, in a branch of its own.
macro_rules! choose {
    ($value:ident, $width:ident, $precision:ident, $style:literal, $spec:expr;) => {
        return match $precision {
            None => format!(concat!($spec, "w$", $style, "}"), $value, w = $width),
            Some(precision) => {
                format!(concat!($spec, "w$.p$", $style, "}"), $value, w = $width, p = precision)
            }
        }
    };
    ($value:ident, $width:ident, $precision:ident, $style:literal, $spec:expr;
        $flag:expr => [$($option:literal)*], $($rest:tt)*) => {
        choose!(@ $value, $width, $precision, $style, $spec; $flag => [$($option)*], ($($rest)*));
    };
    (@ $value:ident, $width:ident, $precision:ident, $style:literal, $spec:expr;
        $flag:expr => [$($option:literal)*], $rest:tt) => {
        $(choose!(! $value, $width, $precision, $style, $spec; $flag => $option, $rest);)*
    };
    (! $value:ident, $width:ident, $precision:ident, $style:literal, $spec:expr;
        $flag:expr => $option:literal, ($($rest:tt)*)) => {
        if $flag == $option {
            choose!($value, $width, $precision, $style, concat!($spec, $option); $($rest)*);
        }
    };
}

macro_rules! formatter {
    ($name:ident, $trait:ident, $style:literal) => {
        pub(crate) fn $name(
            value: &dyn $trait,
            flags: Flags,
            width: usize,
            precision: Option<usize>,
        ) -> String {
            choose!(value, width, precision, $style, "{:";
                flags.align => ["" "<" "^" ">" "*<" "*^" "*>" "→<" "→^" "→>"],
                flags.sign => ["" "+" "-"],
                flags.alternate => ["" "#"],
                flags.zero => ["" "0"],
            );
            panic!("no such flags: {flags:?}")
        }
    };
}

formatter!(display, Display, "");
formatter!(debug, Debug, "?");
formatter!(debug_lower_hex, Debug, "x?");
formatter!(debug_upper_hex, Debug, "X?");
formatter!(lower_hex, LowerHex, "x");
formatter!(upper_hex, UpperHex, "X");
formatter!(octal, Octal, "o");
formatter!(binary, Binary, "b");
formatter!(lower_exp, LowerExp, "e");
formatter!(upper_exp, UpperExp, "E");
