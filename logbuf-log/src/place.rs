//! Where in the program something can be switched on and off.

use linkme::distributed_slice;
use logbuf_format::Level;

use crate::switch::Flag;

/// Every `enabled!` of the program. They have a switch as call sites have, and nothing that a file should know of.
#[distributed_slice]
pub static PROBES: [Place];

/// What filters go by, and the switch they set.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    flag: &'static Flag,
    pub(crate) level: Level,
    pub(crate) target: &'static str,
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// The switch of what has none: it is set, and nobody asks.
static UNASKED: Flag = Flag::new();

impl Place {
    /// Describes a call.
    pub const fn new(
        flag: &'static Flag,
        level: Level,
        target: &'static str,
        (file, line, column): (&'static str, u32, u32),
    ) -> Self {
        Self { flag, level, target, file, line, column }
    }

    /// Describes what no filter switches.
    pub(crate) const fn unswitched(target: &'static str) -> Self {
        Self::new(&UNASKED, Level::Info, target, ("", 0, 0))
    }

    /// Describes a `context!`.
    pub const fn of_context(target: &'static str, at: (&'static str, u32, u32)) -> Self {
        Self::new(&UNASKED, Level::Info, target, at)
    }

    pub(crate) fn flag(&self) -> &'static Flag {
        self.flag
    }
}
