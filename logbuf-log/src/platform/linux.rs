//! Linux.

use std::ffi::{OsStr, c_int};
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::Path;
use std::ptr;

use rustix::process::setpriority_process;
use rustix::thread::{CpuSet, gettid, sched_setaffinity};

use crate::output::Presence;

/// First in, first out: `SCHED_FIFO` of `sched.h`.
const FIFO: c_int = 1;

/// `struct sched_param` of `sched.h`: the GNU library's has the first field alone, musl's has reserved ones behind it.
#[repr(C)]
struct SchedulingParameters {
    priority: c_int,
    reserved: [u64; 8],
}

// What every C library of Linux has, and rustix has not.
unsafe extern "C" {
    safe fn pthread_self() -> usize;
    fn pthread_setschedparam(
        thread: usize,
        policy: c_int,
        parameters: *const SchedulingParameters,
    ) -> c_int;
    fn pthread_sigmask(how: c_int, set: *const Signals, old: *mut Signals) -> c_int;
    safe fn atexit(function: extern "C" fn()) -> c_int;
    fn pthread_atfork(
        prepare: Option<extern "C" fn()>,
        parent: Option<extern "C" fn()>,
        child: Option<extern "C" fn()>,
    ) -> c_int;
}

/// `sigset_t` of `signal.h`: 1024 bits, of which that of signal 1 is the lowest.
#[repr(C)]
struct Signals([usize; 1024 / usize::BITS as usize]);

/// Keeps the signal of a broken pipe from the calling thread, so that its writes fail and end nothing, whatever the program does
/// with the signal.
pub(crate) fn block_pipe_signal() {
    /// `SIG_BLOCK` and `SIGPIPE` of `signal.h`, on x86 and ARM.
    const BLOCK: c_int = 0;
    const PIPE: u32 = 13;
    let mut signals = Signals([0; 1024 / usize::BITS as usize]);
    signals.0[0] = 1 << (PIPE - 1);
    // SAFETY: the set outlives the call and is as long as the C library's; no old set is asked for.
    let _cannot_fail = unsafe { pthread_sigmask(BLOCK, &signals, ptr::null_mut()) };
}

/// Keeps the calling thread on one CPU.
pub(crate) fn pin_to(cpu: usize) -> io::Result<()> {
    if cpu >= CpuSet::MAX_CPU {
        return Err(io::ErrorKind::InvalidInput.into());
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    Ok(sched_setaffinity(None, &set)?)
}

/// Sets the nice value of the calling thread: on Linux it belongs to the thread, not to the process.
pub(crate) fn set_nice(nice: i8) -> io::Result<()> {
    Ok(setpriority_process(Some(gettid()), i32::from(nice))?)
}

/// Makes the calling thread a real-time thread.
pub(crate) fn set_real_time(priority: u8) -> io::Result<()> {
    let parameters = SchedulingParameters { priority: c_int::from(priority), reserved: [0; 8] };
    // SAFETY: the calling thread is alive, and the parameters outlive the call and are at least as long as the C
    // library's.
    match unsafe { pthread_setschedparam(pthread_self(), FIFO, &parameters) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}

/// Has `function` called when the process exits by `exit` or by returning from `main`. Says whether it will be.
pub(crate) fn at_exit(function: extern "C" fn()) -> bool {
    atexit(function) == 0
}

/// Has `function` called in every child that this process forks, on its one thread, before `fork` returns there. It is refused only
/// if memory is short.
pub(crate) fn at_fork(function: extern "C" fn()) {
    // SAFETY: the function is a static one, and there as long as the process.
    let _refused = unsafe { pthread_atfork(None, None, Some(function)) };
}

/// The kernel's number of the calling thread.
pub(crate) fn thread_id() -> u64 {
    u64::from(rustix::thread::gettid().as_raw_nonzero().get().unsigned_abs())
}

/// The host's name, or empty.
pub(crate) fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The file name of the executable, or empty.
pub(crate) fn process_name() -> String {
    fs::read_link("/proc/self/exe")
        .ok()
        .and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

/// The GNU build id of the executable in hexadecimal, or empty if it has none.
pub(crate) fn build_id() -> String {
    let id =
        File::open("/proc/self/exe").ok().and_then(|elf| find_build_id(&elf)).unwrap_or_default();
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether `file` is still at `path`. What cannot be found out counts as there: a write will tell.
pub(crate) fn presence(file: &File, path: &Path) -> Presence {
    let Ok(ours) = file.metadata() else { return Presence::Here };
    if ours.nlink() == 0 {
        return Presence::Gone;
    }
    match fs::metadata(path) {
        Ok(there) if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) => Presence::Moved,
        Err(error) if error.kind() == ErrorKind::NotFound => Presence::Moved,
        _ => Presence::Here,
    }
}

/// Makes the names in a folder last.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Bytes that are free where `folder` is, for those who are not the superuser.
pub(crate) fn free_bytes(folder: &Path) -> Option<u64> {
    let system = rustix::fs::statvfs(folder).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

/// Makes `link` a symbolic link to `target`, in place of what link was there.
pub(crate) fn link(target: &OsStr, link: &Path) -> io::Result<()> {
    let mut beside = link.as_os_str().to_owned();
    beside.push(".tmp");
    match symlink(target, &beside) {
        // Left behind by a process that died here.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            fs::remove_file(&beside)?;
            symlink(target, &beside)?;
        }
        result => result?,
    }
    fs::rename(&beside, link)
}

/// Looks through the note segments of a 64-bit ELF file of this machine's byte order (ELF-64 Object File Format 1.5; the
/// note is that of the GNU linker's `--build-id`).
fn find_build_id(elf: &File) -> Option<Vec<u8>> {
    const NOTE_SEGMENT: u32 = 4;
    /// No note segment that holds a build id is near this long.
    const NOTE_LIMIT: u64 = 64 << 10;
    let header = read(elf, 0, 64)?;
    if header[..5] != *b"\x7fELF\x02" {
        return None;
    }
    let (table, size, count) = (u64_at(&header, 32)?, u16_at(&header, 54)?, u16_at(&header, 56)?);
    (0..u64::from(count)).find_map(|i| {
        let segment = read(elf, table.checked_add(i * u64::from(size))?, 56)?;
        let (kind, offset, len) =
            (u32_at(&segment, 0)?, u64_at(&segment, 8)?, u64_at(&segment, 32)?);
        if kind != NOTE_SEGMENT || len > NOTE_LIMIT {
            return None;
        }
        build_id_in(&read(elf, offset, len as usize)?)
    })
}

/// The description of the note named `GNU` of type 3, if `notes` has one.
fn build_id_in(mut notes: &[u8]) -> Option<Vec<u8>> {
    const BUILD_ID: u32 = 3;
    loop {
        let (name_len, id_len, kind) =
            (u32_at(notes, 0)? as usize, u32_at(notes, 4)? as usize, u32_at(notes, 8)?);
        let id_at = 12 + name_len.checked_next_multiple_of(4)?;
        let id = notes.get(id_at..id_at.checked_add(id_len)?)?;
        if kind == BUILD_ID && notes.get(12..16) == Some(b"GNU\0") {
            return Some(id.to_owned());
        }
        notes = notes.get(id_at + id_len.checked_next_multiple_of(4)?..)?;
    }
}

fn read(file: &File, offset: u64, len: usize) -> Option<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, offset).ok()?;
    Some(bytes)
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(*bytes.get(offset..)?.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_build_id_is_the_description_of_its_note() {
        let mut notes = Vec::new();
        for (name, kind, id) in [("GNU\0", 1_u32, &b"0123"[..]), ("GNU\0", 3, &b"\xAB\xCD\x01"[..])]
        {
            notes.extend((name.len() as u32).to_ne_bytes());
            notes.extend((id.len() as u32).to_ne_bytes());
            notes.extend(kind.to_ne_bytes());
            notes.extend(name.as_bytes());
            notes.extend(id);
            notes.resize(notes.len().next_multiple_of(4), 0);
        }
        assert_eq!(build_id_in(&notes), Some(vec![0xAB, 0xCD, 0x01]));
        notes.truncate(notes.len() - 4);
        assert_eq!(build_id_in(&notes), None);
    }

    #[test]
    fn names_and_numbers_are_those_of_this_process() {
        assert!(process_name().starts_with("logbuf_log"));
        assert_ne!(
            thread_id(),
            std::thread::spawn(thread_id).join().expect("the thread ends by itself")
        );
        assert!(!host_name().is_empty());
    }
}
