//! Linux: locks, private files, mapped words, and what the kernel says of processes.

use std::ffi::{OsStr, OsString};
use std::fs::{self, DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::ptr;
use std::slice;
use std::sync::atomic::AtomicU64;

use rustix::fs::{AtFlags, CWD, Dir, FallocateFlags, FlockOperation, Mode, OFlags, RenameFlags};
use rustix::mm::{MapFlags, ProtFlags};

/// Where sessions are kept unless the program says otherwise: memory that outlives processes.
pub(crate) fn default_base() -> Option<PathBuf> {
    let shm = Path::new("/dev/shm");
    shm.is_dir().then(|| shm.join(format!("logbuf-{}", user())))
}

/// The user that this process acts for.
pub(crate) fn user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whose file it is.
pub(crate) fn owner(metadata: &Metadata) -> u32 {
    metadata.uid()
}

/// What tells a file from all others, whatever it is called.
pub(crate) fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// The string of the system's own that consists of these bytes.
pub(crate) fn os_string(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

/// Makes a folder that nobody but its owner can enter.
pub(crate) fn make_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// Refuses what is no folder of `owner`, or what others can write to: in a place such as `/dev/shm`, anybody may have made it.
pub(crate) fn check_private(path: &Path, owner: u32) -> io::Result<()> {
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    let metadata = fs::symlink_metadata(path)?;
    let is_private =
        metadata.is_dir() && metadata.uid() == owner && metadata.mode() & WRITABLE_BY_OTHERS == 0;
    if is_private { Ok(()) } else { Err(ErrorKind::PermissionDenied.into()) }
}

/// Creates a file for its owner alone.
pub(crate) fn create_private(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Opens a file, neither through a link nor of a kind that could make the caller wait.
pub(crate) fn open_plain(path: &Path, write: bool) -> io::Result<File> {
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).write(write).custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(ErrorKind::InvalidInput.into()) }
}

/// Removes a folder and the files in it, those that `is_first` says before all others. Nothing is removed elsewhere, whatever
/// is put in the place of the folder meanwhile; a link in its place, and a folder in it, are errors.
pub(crate) fn remove_folder(path: &Path, is_first: impl Fn(&OsStr) -> bool) -> io::Result<()> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let folder = rustix::fs::open(path, flags, Mode::empty())?;
    let mut names = Vec::new();
    for entry in Dir::read_from(&folder)? {
        let name = OsString::from_vec(entry?.file_name().to_bytes().to_vec());
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort_by_key(|name| !is_first(name));
    names.iter().try_for_each(|name| rustix::fs::unlinkat(&folder, name, AtFlags::empty()))?;
    fs::remove_dir(path)
}

/// Takes the lock of a file, unless another process has it. It is let go of when this process ends or closes *any*
/// descriptor of the file, and children do not inherit it (`fcntl(2)`, advisory record locking).
pub(crate) fn try_lock(file: &File) -> io::Result<bool> {
    match rustix::fs::fcntl_lock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::AGAIN | rustix::io::Errno::ACCESS) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Renames a file unless the new name is taken, which is [`ErrorKind::AlreadyExists`].
pub(crate) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // Not every file system can; a second name, and then one less, is the same in two steps.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        Err(error) => Err(error.into()),
    }
}

/// Creates a file of `count` words, all 0, and maps it for as long as the process lives.
pub(crate) fn map_words(path: &Path, count: usize) -> io::Result<&'static [AtomicU64]> {
    let file = create_private(path)?;
    let bytes = count * size_of::<AtomicU64>();
    // Really allocated: a page that cannot be had later would be a SIGBUS.
    rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, bytes as u64)?;
    let (access, flags) =
        (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::POPULATE);
    // SAFETY: a new mapping, at an address of the kernel's choice, of a file that was made here and is nobody else's.
    let address = unsafe { rustix::mm::mmap(ptr::null_mut(), bytes, access, flags, &file, 0) }?;
    // SAFETY: so many bytes are mapped there, aligned as a page, and never unmapped. Whatever they hold is a number, and
    // they are touched as atomics alone; the folder is private, so that nobody shortens the file.
    Ok(unsafe { slice::from_raw_parts(address.cast::<AtomicU64>(), count) })
}

/// What tells this run of the system from others; zeros if it is not known.
pub(crate) fn boot_id() -> [u8; 16] {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let digits = text.chars().filter_map(|c| c.to_digit(16));
    digits.fold(0_u128, |id, digit| id << 4 | u128::from(digit)).to_be_bytes()
}

/// When the process was started, in the kernel's ticks since boot.
pub(crate) fn process_start(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the command, in parentheses, may hold anything; the numbers come behind it (proc(5): starttime is field 22).
    let (_, numbers) = stat.rsplit_once(')')?;
    numbers.split_ascii_whitespace().nth(22 - 3)?.parse().ok()
}

/// Whether the process has files under `folder` in its memory, as far as this can be found out.
pub(crate) fn has_mapped(pid: u32, folder: &Path) -> bool {
    let Ok(maps) = File::open(format!("/proc/{pid}/maps")) else { return false };
    let mut folder = folder.as_os_str().as_encoded_bytes().to_vec();
    folder.push(b'/');
    let mut lines = BufReader::new(maps).split(b'\n');
    lines.any(|line| {
        line.is_ok_and(|line| line.windows(folder.len()).any(|window| window == folder))
    })
}
