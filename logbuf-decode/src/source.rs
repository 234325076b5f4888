//! Where a segment's bytes come from.

#[cfg(unix)]
#[path = "source/unix.rs"]
mod platform;
#[cfg(windows)]
#[path = "source/windows.rs"]
mod platform;

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

/// Bytes that are read in any order.
trait Stream: Read + Seek + Send {}

impl<T: Read + Seek + Send> Stream for T {}

/// A named file, or a stream that stands for one. Several threads may read from it at once.
///
/// A file is opened when it is read and can be closed in between ([`Source::release`]), so that a folder of any number
/// of segments needs few open files.
pub(crate) struct Source {
    name: Arc<Path>,
    bytes: Arc<Bytes>,
    /// Bytes in the file when they were last counted.
    len: u64,
}

enum Bytes {
    /// A file whose path is the name of the source; `None` while it is closed.
    File(Mutex<Option<Arc<File>>>),
    Stream(Mutex<Box<dyn Stream>>),
}

impl Source {
    /// A file of the file system.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let bytes = Arc::new(Bytes::File(Mutex::new(None)));
        let mut source = Self { name: path.into(), bytes, len: 0 };
        source.measure()?;
        Ok(source)
    }

    /// A stream; `name` stands for it in messages.
    pub(crate) fn stream(
        name: &Path,
        stream: impl Read + Seek + Send + 'static,
    ) -> io::Result<Self> {
        let bytes = Arc::new(Bytes::Stream(Mutex::new(Box::new(stream))));
        let mut source = Self { name: name.into(), bytes, len: 0 };
        source.measure()?;
        Ok(source)
    }

    /// The same bytes once more.
    pub(crate) fn again(&self) -> Self {
        Self { name: Arc::clone(&self.name), bytes: Arc::clone(&self.bytes), len: self.len }
    }

    /// The path, or what stands for it.
    pub(crate) fn name(&self) -> &Arc<Path> {
        &self.name
    }

    /// Bytes in the file when they were last counted.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Counts the bytes of the file; whether there are more than before.
    pub(crate) fn measure(&mut self) -> io::Result<bool> {
        let len = match &*self.bytes {
            Bytes::File(file) => open(file, &self.name)?.metadata()?.len(),
            Bytes::Stream(stream) => lock(stream).seek(SeekFrom::End(0))?,
        };
        let grown = len > self.len;
        self.len = len;
        Ok(grown)
    }

    /// Reads the `len` bytes at `offset` into `bytes`, in place of what it held; fewer only if the file ends before.
    pub(crate) fn read_at(&self, offset: u64, len: usize, bytes: &mut Vec<u8>) -> io::Result<()> {
        // No more than the file has: a length that is asked for is not always one that is there.
        let len = len.min(usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX));
        bytes.resize(len, 0);
        let filled = match &*self.bytes {
            Bytes::File(file) => {
                let file = open(file, &self.name)?;
                fill(bytes, |filled, rest| platform::read_at(&file, rest, offset + filled as u64))?
            }
            Bytes::Stream(stream) => {
                let mut stream = lock(stream);
                stream.seek(SeekFrom::Start(offset))?;
                fill(bytes, |_, rest| stream.read(rest))?
            }
        };
        bytes.truncate(filled);
        Ok(())
    }

    /// Closes the file until it is read again.
    pub(crate) fn release(&self) {
        if let Bytes::File(file) = &*self.bytes {
            *lock(file) = None;
        }
    }
}

/// Fills `bytes` by reads, each of which is told how many bytes are there already; how many there are in the end.
fn fill(
    bytes: &mut [u8],
    mut read: impl FnMut(usize, &mut [u8]) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < bytes.len() {
        match read(filled, &mut bytes[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// The file, opened if it is closed.
fn open(file: &Mutex<Option<Arc<File>>>, path: &Path) -> io::Result<Arc<File>> {
    let mut file = lock(file);
    if let Some(file) = &*file {
        return Ok(Arc::clone(file));
    }
    Ok(Arc::clone(file.insert(Arc::new(File::open(path)?))))
}

/// What a thread that panicked left in there is as good as any: each reader says where it reads.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("len", &self.len).finish()
    }
}
