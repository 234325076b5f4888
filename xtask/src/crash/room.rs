//! What a kind of death needs around it: a disk that is full, a group of processes with little memory.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use tempfile::TempDir;

use super::kind::Kind;
use super::scratch;

/// Bytes of the disk that fills up.
const DISK: &str = "size=192k";

/// Bytes of memory of the group.
const MEMORY: &str = "96M";

/// Where the children of a kind live.
#[derive(Debug)]
pub(crate) struct Room {
    base: TempDir,
    /// A small disk, if it is to fill up. Unmounted at the end.
    disk: Option<PathBuf>,
    /// A group with little memory. Removed at the end.
    group: Option<PathBuf>,
}

impl Room {
    /// Makes what the kind needs, or says why it cannot be made here.
    pub(crate) fn new(kind: Kind) -> io::Result<Self> {
        let base = tempfile::Builder::new().prefix("logbuf-crash").tempdir_in(scratch())?;
        let mut room = Self { base, disk: None, group: None };
        match kind {
            Kind::DiskFull => room.disk = Some(mount(room.base.path())?),
            Kind::OutOfMemory => room.group = Some(make_group()?),
            _ => {}
        }
        Ok(room)
    }

    /// Where folders of runs are made.
    pub(crate) fn base(&self) -> &Path {
        self.base.path()
    }

    /// Where the log of the run in `folder` goes.
    pub(crate) fn logs(&self, folder: &Path) -> io::Result<PathBuf> {
        Ok(self.disk.clone().unwrap_or_else(|| folder.join("logs")))
    }

    /// Puts a child where it belongs.
    pub(crate) fn admit(&self, child: &Child) -> io::Result<()> {
        match &self.group {
            Some(group) => fs::write(group.join("cgroup.procs"), child.id().to_string()),
            None => Ok(()),
        }
    }

    /// Makes room for the next.
    pub(crate) fn clear(&self) -> io::Result<()> {
        let Some(disk) = &self.disk else { return Ok(()) };
        for entry in fs::read_dir(disk)? {
            fs::remove_file(entry?.path())?;
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Some(disk) = &self.disk {
            let unmounted = Command::new("umount").arg(disk).status();
            if !unmounted.is_ok_and(|status| status.success()) {
                eprintln!("{} stays mounted", disk.display());
            }
        }
        if let Some(group) = &self.group
            && let Err(error) = fs::remove_dir(group)
        {
            eprintln!("{} stays: {error}", group.display());
        }
    }
}

/// A small disk, in memory.
fn mount(base: &Path) -> io::Result<PathBuf> {
    let disk = base.join("disk");
    fs::create_dir(&disk)?;
    let output =
        Command::new("mount").args(["-t", "tmpfs", "-o", DISK, "tmpfs"]).arg(&disk).output()?;
    if output.status.success() {
        return Ok(disk);
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(io::Error::other(format!("a small disk cannot be mounted: {}", why.trim())))
}

/// A group with little memory, of the second version of control groups; nothing else is tried, because without a limit the whole
/// system would run out of memory.
fn make_group() -> io::Result<PathBuf> {
    let root = Path::new("/sys/fs/cgroup");
    let explain = |error: io::Error| {
        io::Error::new(error.kind(), format!("a group with little memory cannot be made: {error}"))
    };
    let delegated = fs::read_to_string(root.join("cgroup.subtree_control")).map_err(explain)?;
    if !delegated.split_ascii_whitespace().any(|controller| controller == "memory") {
        return Err(explain(io::ErrorKind::Unsupported.into()));
    }
    let group = root.join(format!("logbuf-crash-{}", std::process::id()));
    fs::create_dir(&group).map_err(explain)?;
    let limited = fs::write(group.join("memory.max"), MEMORY)
        // Not every system has a limit for swapping.
        .and_then(|()| fs::write(group.join("memory.swap.max"), "0").or(Ok(())));
    if let Err(error) = limited {
        fs::remove_dir(&group)?;
        return Err(explain(error));
    }
    Ok(group)
}
