//! Where a segment's bytes come from.

use std::{
    fmt,
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::Arc,
};

/// Bytes that are read in any order.
trait Stream: Read + Seek + Send {}

impl<T: Read + Seek + Send> Stream for T {}

/// A named file, or a stream that stands for one.
///
/// A file is opened when it is read and can be closed in between ([`Source::release`]), so that a folder of any number
/// of segments needs few open files.
pub(crate) struct Source {
    name: Arc<Path>,
    /// `None` while the file is closed.
    stream: Option<Box<dyn Stream>>,
    /// Whether `name` is the path of the file.
    reopens: bool,
    /// Bytes in the file when they were last counted.
    len: u64,
}

impl Source {
    /// A file of the file system.
    pub(crate) fn file(path: &Path) -> io::Result<Self> {
        let mut source = Self { name: path.into(), stream: None, reopens: true, len: 0 };
        source.measure()?;
        Ok(source)
    }

    /// A stream; `name` stands for it in messages.
    pub(crate) fn stream(
        name: &Path,
        stream: impl Read + Seek + Send + 'static,
    ) -> io::Result<Self> {
        let mut source =
            Self { name: name.into(), stream: Some(Box::new(stream)), reopens: false, len: 0 };
        source.measure()?;
        Ok(source)
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
        let len = self.open()?.seek(SeekFrom::End(0))?;
        let grown = len > self.len;
        self.len = len;
        Ok(grown)
    }

    /// Reads the `len` bytes at `offset` into `bytes`, in place of what it held; fewer only if the file ends before.
    pub(crate) fn read_at(
        &mut self,
        offset: u64,
        len: usize,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        // No more than the file has: a length that is asked for is not always one that is there.
        let len = len.min(usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX));
        bytes.resize(len, 0);
        let stream = self.open()?;
        stream.seek(SeekFrom::Start(offset))?;
        let mut filled = 0;
        while filled < len {
            match stream.read(&mut bytes[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(filled);
        Ok(())
    }

    /// Closes the file until it is read again.
    pub(crate) fn release(&mut self) {
        if self.reopens {
            self.stream = None;
        }
    }

    fn open(&mut self) -> io::Result<&mut Box<dyn Stream>> {
        match &mut self.stream {
            Some(stream) => Ok(stream),
            closed => Ok(closed.insert(Box::new(File::open(&self.name)?))),
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("len", &self.len).finish()
    }
}
