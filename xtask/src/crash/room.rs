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
const MEMORY: &str = "100663296";

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

/// A group with little memory, of either version of control groups; nothing else is tried, because without a limit the whole
/// system would run out of memory.
fn make_group() -> io::Result<PathBuf> {
    let explain = |error: io::Error| {
        io::Error::new(error.kind(), format!("a group with little memory cannot be made: {error}"))
    };
    let (root, limits) = hierarchy().map_err(explain)?;
    let group = root.join(format!("logbuf-crash-{}", std::process::id()));
    fs::create_dir(&group).map_err(explain)?;
    // The first is the limit; not every system has one for swapping.
    let limited = fs::write(group.join(limits[0].0), limits[0].1)
        .and_then(|()| fs::write(group.join(limits[1].0), limits[1].1).or(Ok(())));
    if let Err(error) = limited {
        fs::remove_dir(&group)?;
        return Err(explain(error));
    }
    Ok(group)
}

/// Where groups with limits of memory are made, and the files that take the limits.
fn hierarchy() -> io::Result<(PathBuf, [(&'static str, &'static str); 2])> {
    let root = Path::new("/sys/fs/cgroup");
    if let Ok(delegated) = fs::read_to_string(root.join("cgroup.subtree_control"))
        && delegated.split_ascii_whitespace().any(|controller| controller == "memory")
    {
        return Ok((root.to_owned(), [("memory.max", MEMORY), ("memory.swap.max", "0")]));
    }
    let first = root.join("memory");
    if first.join("memory.limit_in_bytes").exists() {
        let limits = [("memory.limit_in_bytes", MEMORY), ("memory.memsw.limit_in_bytes", MEMORY)];
        return Ok((first, limits));
    }
    Err(io::ErrorKind::Unsupported.into())
}
