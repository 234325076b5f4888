//! The file `session`: whose rings these are, how they are laid out, by which clock, and where the log is.
//!
//! ```text
//! 0     8  magic                     88   4  length of the segment header
//! 8     4  layout                    92   4  zero
//! 12    4  process id                96   8  FNV-1a of everything before and behind
//! 16    8  hash of the layout       104  …  folder of the log, an absolute path
//! 24    8  number of the session      …  …  stem of the log's files
//! 32    8  start of the process       …  …  header of a segment: clock, process, host, build
//! 40   16  boot
//! 56    4  user
//! 60    4  0; if a flight recorder holds records, one more than the least severe level that it does not hold back
//! 64    8  shared memory, in bytes, that rings may take
//! 72    8  length of the folder
//! 80    8  length of the stem
//! ```
//!
//! Numbers are in the byte order of the machine: nobody else reads them.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use bytemuck::{Pod, Zeroable};
use logbuf_format::{Level, segment};

use super::system;
use crate::signature;

/// The name of the file.
pub(crate) const NAME: &str = "session";

/// The name under which it is made.
const NEW: &str = "session.new";

const MAGIC: [u8; 8] = *b"\x89LBSESS\n";

/// The layout of sessions that this version makes and reads.
pub(crate) const LAYOUT: u32 = 2;

/// What the layout is, in words, so that a change of one that forgot to change the other is found out.
const LAYOUT_HASH: u64 = signature::of(
    "ring-N: label thread; records site u32, ticks u64, values. shared: records site u32, ticks u64, thread u32, values. \
     catalogue-N: records key u32, number u32, level u8, zeros, entry of SITES. threads-N: slots of 256 words, see threads.rs.",
);

/// The longest session file, in bytes: two paths and the header of a segment.
const LONGEST: u64 = 256 << 10;

/// Where a session says its log is, and what it says of its process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: u64,
    pub(crate) pid: u32,
    /// In the kernel's ticks since boot; 0 if it is not known.
    pub(crate) process_start: u64,
    pub(crate) boot: [u8; 16],
    pub(crate) user: u32,
    /// Bytes of shared memory that rings may take.
    pub(crate) shared_limit: u64,
    /// The folder of the log, absolute.
    pub(crate) folder: PathBuf,
    /// What the names of its files begin with.
    pub(crate) stem: OsString,
    /// The least severe level that a flight recorder does not hold back, if there is one, so that rings are not released as a whole
    /// after each write.
    pub(crate) keeps: Option<Level>,
    /// The header of a segment of this process, for the one that is recovered.
    pub(crate) segment: segment::Header,
}

/// Why a session file cannot be believed.
#[derive(Debug)]
#[non_exhaustive]
pub enum HeaderError {
    /// It cannot be read.
    Io(io::Error),
    /// It does not start as a session does.
    NotASession,
    /// Its layout is not one that this version reads.
    Layout {
        /// The layout found.
        found: u32,
        /// The layout that this version reads.
        supported: u32,
    },
    /// Its bytes are not those that were written.
    Damaged,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Fixed {
    magic: [u8; 8],
    layout: u32,
    pid: u32,
    layout_hash: u64,
    id: u64,
    process_start: u64,
    boot: [u8; 16],
    user: u32,
    keeps: u32,
    shared_limit: u64,
    folder_len: u64,
    stem_len: u64,
    segment_len: u32,
    zero_too: u32,
    check: u64,
}

impl Header {
    /// Writes the header into the folder of its session, in the place of the one before, whole or not at all.
    pub(crate) fn store(&self, session: &Path) -> io::Result<()> {
        let bytes = self.to_bytes().map_err(|error| io::Error::other(error.to_string()))?;
        let new = session.join(NEW);
        let _left_by_a_failure = std::fs::remove_file(&new);
        system::create_private(&new)?.write_all(&bytes)?;
        std::fs::rename(new, session.join(NAME))
    }

    /// Reads the header of the session in `session`. It believes nothing that its check does not cover.
    pub(crate) fn load(session: &Path) -> Result<Self, HeaderError> {
        let file = system::open_plain(&session.join(NAME), false).map_err(HeaderError::Io)?;
        let mut bytes = Vec::new();
        file.take(LONGEST).read_to_end(&mut bytes).map_err(HeaderError::Io)?;
        Self::from_bytes(&bytes)
    }

    fn to_bytes(&self) -> Result<Vec<u8>, logbuf_format::Error> {
        let folder = self.folder.as_os_str().as_encoded_bytes();
        let stem = self.stem.as_encoded_bytes();
        let mut segment = Vec::new();
        self.segment.put(&mut segment)?;
        let mut fixed = Fixed {
            magic: MAGIC,
            layout: LAYOUT,
            pid: self.pid,
            layout_hash: LAYOUT_HASH,
            id: self.id,
            process_start: self.process_start,
            boot: self.boot,
            user: self.user,
            keeps: self.keeps.map_or(0, |level| u32::from(level.as_u8()) + 1),
            shared_limit: self.shared_limit,
            folder_len: folder.len() as u64,
            stem_len: stem.len() as u64,
            segment_len: segment.len() as u32,
            zero_too: 0,
            check: 0,
        };
        let rest = [folder, stem, &segment].concat();
        fixed.check = check(&fixed, &rest);
        Ok([bytemuck::bytes_of(&fixed), &rest].concat())
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let (fixed, rest) =
            bytes.split_at_checked(size_of::<Fixed>()).ok_or(HeaderError::NotASession)?;
        let fixed: Fixed = bytemuck::pod_read_unaligned(fixed);
        if fixed.magic != MAGIC {
            return Err(HeaderError::NotASession);
        }
        if (fixed.layout, fixed.layout_hash) != (LAYOUT, LAYOUT_HASH) {
            return Err(HeaderError::Layout { found: fixed.layout, supported: LAYOUT });
        }
        if fixed.check != check(&Fixed { check: 0, ..fixed }, rest) {
            return Err(HeaderError::Damaged);
        }
        let keeps = match fixed.keeps.checked_sub(1) {
            None => None,
            Some(level) => {
                let level = u8::try_from(level).ok().and_then(Level::from_u8);
                Some(level.ok_or(HeaderError::Damaged)?)
            }
        };
        let (folder, rest) = split(rest, fixed.folder_len)?;
        let (stem, segment) = split(rest, fixed.stem_len)?;
        if !is_absolute(folder) || !is_file_name(stem) {
            return Err(HeaderError::Damaged);
        }
        let (segment, _) = segment::Header::take(segment).map_err(|_| HeaderError::Damaged)?;
        Ok(Self {
            id: fixed.id,
            pid: fixed.pid,
            process_start: fixed.process_start,
            boot: fixed.boot,
            user: fixed.user,
            shared_limit: fixed.shared_limit,
            folder: system::os_string(folder).into(),
            stem: system::os_string(stem),
            keeps,
            segment,
        })
    }
}

fn split(bytes: &[u8], at: u64) -> Result<(&[u8], &[u8]), HeaderError> {
    usize::try_from(at).ok().and_then(|at| bytes.split_at_checked(at)).ok_or(HeaderError::Damaged)
}

/// Whether a path says where it starts.
fn is_absolute(path: &[u8]) -> bool {
    Path::new(&system::os_string(path)).is_absolute()
}

/// Whether it names something in a folder and nowhere else: a recovered segment is called so, behind its folder.
fn is_file_name(name: &[u8]) -> bool {
    Path::new(&system::os_string(name))
        .file_name()
        .is_some_and(|last| last.as_encoded_bytes() == name)
}

/// Of a header whose check is 0, and of what follows it.
fn check(fixed: &Fixed, rest: &[u8]) -> u64 {
    signature::mix(signature::mix(signature::OFFSET_BASIS, bytemuck::bytes_of(fixed)), rest)
}

impl HeaderError {
    /// Whether there is none.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::NotFound)
    }
}

impl std::fmt::Display for HeaderError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the file `{NAME}` cannot be read: {error}"),
            Self::NotASession => write!(f, "the file `{NAME}` is not that of a session"),
            Self::Layout { found, supported } => {
                write!(f, "a session of layout {found}; this version reads layout {supported}")
            }
            Self::Damaged => write!(f, "the file `{NAME}` is damaged"),
        }
    }
}

impl std::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::NotASession | Self::Layout { .. } | Self::Damaged => None,
        }
    }
}
