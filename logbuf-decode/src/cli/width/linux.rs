//! Terminals of Linux, which know their size.

use rustix::termios::tcgetwinsize;
use std::io;

pub(super) fn columns() -> Option<usize> {
    // One that nobody told its size says 0.
    let size = tcgetwinsize(io::stdout()).ok()?;
    Some(size.ws_col.into()).filter(|columns| *columns > 0)
}
