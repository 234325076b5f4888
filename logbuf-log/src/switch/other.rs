//! The test of a switch where the compiler's own serves.

/// Whether the static `$flag` is on.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_on {
    ($flag:path) => {
        $flag.is_on()
    };
}

pub use crate::__is_on as is_on;
