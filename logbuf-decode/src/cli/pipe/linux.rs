//! Pipes of Linux, whose room can be changed.

use super::ROOM;
use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
use std::io;

pub(super) fn widen() {
    let stdout = io::stdout();
    // An error says that it is no pipe, or that no more is permitted.
    if fcntl_getpipe_size(&stdout).is_ok_and(|room| room < ROOM) {
        let _ = fcntl_setpipe_size(&stdout, ROOM);
    }
}
