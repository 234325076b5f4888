//! The test of a switch in two instructions: a compare with memory, and a jump.

/// Whether the static `$flag` is on.
///
/// LLVM folds no atomic load into a compare, so that [`Flag::is_on`](crate::switch::Flag::is_on) takes a load, a test and a
/// jump, and a register. One byte is loaded either way, which x86-64 does at once whatever is stored meanwhile. The path
/// without a jump is that of a switch that is off.
#[doc(hidden)]
#[macro_export]
macro_rules! __is_on {
    ($flag:path) => {
        'test: {
            unsafe {
                ::core::arch::asm!(
                    "cmp byte ptr [rip + {flag}], 0",
                    "jne {on}",
                    flag = sym $flag,
                    on = label { break 'test true },
                    options(nostack, readonly),
                );
            }
            false
        }
    };
}

pub use crate::__is_on as is_on;
