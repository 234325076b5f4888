//! How wide the terminal is.

#[cfg(target_os = "linux")]
#[path = "width/linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "width/other.rs"]
mod platform;

use std::{
    env,
    io::{self, IsTerminal},
};

/// Columns of the terminal that standard output is, if it is one: as it says itself, or as COLUMNS does.
pub(crate) fn of_terminal() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let said = || env::var("COLUMNS").ok()?.parse().ok();
    platform::columns().or_else(said).filter(|columns| *columns > 0)
}
