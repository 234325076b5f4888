//! Memory from the kernel, on Linux.

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::ptr::{self, NonNull};

use rustix::fs::{FallocateFlags, fallocate};
use rustix::mm::{self, Advice, MapFlags, ProtFlags, mlock, mmap, mmap_anonymous, munmap};

use super::{PageKind, Pages};
use crate::error::StorageError;

/// Pages of huge pages, on x86-64.
const HUGE_PAGE: usize = 2 << 20;

/// A mapping of zeros.
pub(super) struct Mapping {
    base: NonNull<u8>,
    bytes: usize,
}

impl Mapping {
    /// Maps `bytes` bytes of anonymous memory; if huge pages are asked for, a whole number of them, because there are none for
    /// less.
    pub(super) fn anonymous(
        bytes: usize,
        pages: Pages,
    ) -> Result<(Mapping, PageKind), StorageError> {
        let bytes = if pages.huge { bytes.next_multiple_of(HUGE_PAGE) } else { bytes };
        let (mapping, kind) = match pages.huge.then(|| Mapping::reserved_huge(bytes)).flatten() {
            Some(mapping) => (mapping, PageKind::Huge),
            None => (map_anonymous(bytes, MapFlags::PRIVATE)?, PageKind::Normal),
        };
        let advised =
            pages.huge && kind == PageKind::Normal && mapping.advise(Advice::LinuxHugepage).is_ok();
        if pages.prefault {
            mapping
                .advise(Advice::LinuxPopulateWrite)
                .map_err(|error| system("prefault", bytes, error))?;
        }
        if pages.lock {
            // SAFETY: the whole of our mapping.
            let locked = unsafe { mlock(mapping.address(), mapping.bytes) };
            locked.map_err(|error| system("mlock", bytes, error))?;
        }
        let kind =
            if advised { PageKind::Transparent { huge_bytes: mapping.huge_bytes() } } else { kind };
        Ok((mapping, kind))
    }

    /// Maps `bytes` bytes of huge pages, a whole number of them, from the reserved pool, if there are enough.
    fn reserved_huge(bytes: usize) -> Option<Mapping> {
        map_anonymous(bytes, MapFlags::PRIVATE | MapFlags::HUGETLB | MapFlags::HUGE_2MB).ok()
    }

    /// Creates a file of `bytes` bytes and maps it.
    ///
    /// # Safety
    ///
    /// Nobody else writes to the file or shortens it while the mapping lives.
    pub(super) unsafe fn file(path: &Path, bytes: usize) -> Result<Mapping, StorageError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(|error| StorageError::System { call: "create", bytes, error })?;
        // SAFETY: passed on to the caller.
        let mapping = unsafe { Mapping::of(&file, bytes) };
        if mapping.is_err() {
            // It was created just now, and is of no use. If it cannot be removed either, the first error says more.
            let _ = std::fs::remove_file(path);
        }
        mapping
    }

    /// Allocates the blocks of a new file and maps them.
    ///
    /// # Safety
    ///
    /// As [`Mapping::file`].
    unsafe fn of(file: &File, bytes: usize) -> Result<Mapping, StorageError> {
        // Really allocated: a page that cannot be had later would be a SIGBUS on the hot path.
        fallocate(file, FallocateFlags::empty(), 0, bytes as u64)
            .map_err(|error| system("fallocate", bytes, error))?;
        let (access, flags) =
            (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::POPULATE);
        // SAFETY: a new mapping, at an address of the kernel's choice; the caller vouches for the file.
        let address = unsafe { mmap(ptr::null_mut(), bytes, access, flags, file, 0) };
        Mapping::new(address, bytes)
    }

    fn new(
        address: Result<*mut c_void, rustix::io::Errno>,
        bytes: usize,
    ) -> Result<Mapping, StorageError> {
        let address = address.map_err(|error| system("mmap", bytes, error))?;
        let base = NonNull::new(address.cast())
            .ok_or_else(|| system("mmap", bytes, rustix::io::Errno::FAULT))?;
        Ok(Mapping { base, bytes })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    fn address(&self) -> *mut c_void {
        self.base.as_ptr().cast()
    }

    fn advise(&self, advice: Advice) -> Result<(), rustix::io::Errno> {
        // SAFETY: the whole of our mapping, and neither kind of advice used here changes what is in it.
        unsafe { mm::madvise(self.address(), self.bytes, advice) }
    }

    /// Bytes of the mapping that are in transparent huge pages; 0 if the kernel does not say.
    fn huge_bytes(&self) -> usize {
        File::open("/proc/self/smaps")
            .and_then(|smaps| anonymous_huge_kib(BufReader::new(smaps), self.base.addr().get()))
            .map_or(0, |kib| (kib * 1024).min(self.bytes))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the whole of our mapping, which nobody uses any more.
        let unmapped = unsafe { munmap(self.address(), self.bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

fn map_anonymous(bytes: usize, flags: MapFlags) -> Result<Mapping, StorageError> {
    // SAFETY: a new mapping, at an address of the kernel's choice.
    let address = unsafe {
        mmap_anonymous(ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, flags)
    };
    Mapping::new(address, bytes)
}

fn system(call: &'static str, bytes: usize, error: rustix::io::Errno) -> StorageError {
    StorageError::System { call, bytes, error: error.into() }
}

/// Finds the mapping that holds `address` in the text of `smaps`, and how much of it is in huge pages.
fn anonymous_huge_kib(smaps: impl BufRead, address: usize) -> io::Result<usize> {
    let mut inside = false;
    for line in smaps.lines() {
        let line = line?;
        if let Some((start, end)) = line.split_once(' ').and_then(|(range, _)| address_range(range))
        {
            inside = (start..end).contains(&address);
        } else if inside && let Some(kib) = line.strip_prefix("AnonHugePages:") {
            return Ok(kib.trim().trim_end_matches(" kB").parse().unwrap_or(0));
        }
    }
    Ok(0)
}

fn address_range(range: &str) -> Option<(usize, usize)> {
    let (start, end) = range.split_once('-')?;
    Some((usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_mapping_of_huge_pages_is_one_huge_page() {
        let huge = Pages { huge: true, ..Pages::default() };
        let (mapping, _) = Mapping::anonymous(4096 + 64, huge).unwrap();
        assert_eq!(mapping.bytes, HUGE_PAGE);
        let (mapping, _) = Mapping::anonymous(4096 + HUGE_PAGE, huge).unwrap();
        assert_eq!(mapping.bytes, 2 * HUGE_PAGE);
        let (mapping, _) = Mapping::anonymous(4096 + 64, Pages::default()).unwrap();
        assert_eq!(mapping.bytes, 4096 + 64);
    }

    #[test]
    fn huge_pages_are_found_in_smaps() {
        let smaps = "7f00-8000 rw-p 00000000 00:00 0 \nSize: 4 kB\nAnonHugePages:         0 kB\n\
                     8000-a000 rw-p 00000000 00:00 0 \nSize: 8 kB\nAnonHugePages:      2048 kB\n";
        assert_eq!(anonymous_huge_kib(smaps.as_bytes(), 0x7f10).unwrap(), 0);
        assert_eq!(anonymous_huge_kib(smaps.as_bytes(), 0x8000).unwrap(), 2048);
        assert_eq!(anonymous_huge_kib(smaps.as_bytes(), 0xa000).unwrap(), 0);
    }
}
