//! Changes as the kernel tells them.

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::inotify::{self, CreateFlags, WatchFlags},
    io::read,
};
use std::{os::fd::OwnedFd, path::PathBuf, thread, time::Duration};

/// `None` if the kernel does not tell, of all folders: then one looks again and again.
#[derive(Debug)]
pub(super) struct Wake(Option<OwnedFd>);

impl Wake {
    pub(super) fn new(folders: impl Iterator<Item = PathBuf>) -> Self {
        let Ok(told) = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC) else {
            return Self(None);
        };
        let changes = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        let mut folders = folders;
        let are_watched = folders.all(|folder| inotify::add_watch(&told, folder, changes).is_ok());
        Self(are_watched.then_some(told))
    }

    pub(super) fn is_told(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn wait(&self, longest: Duration) {
        let Some(told) = &self.0 else { return thread::sleep(longest) };
        // What it says does not matter, and no error does: the caller looks for itself.
        let timeout = Timespec {
            tv_sec: longest.as_secs().try_into().unwrap_or(i64::MAX),
            tv_nsec: longest.subsec_nanos().into(),
        };
        let _ = poll(&mut [PollFd::new(told, PollFlags::IN)], Some(&timeout));
        let mut events = [0; 4096];
        while read(told, &mut events).is_ok_and(|len| len > 0) {}
    }
}
