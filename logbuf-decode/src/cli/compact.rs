//! Closed segments, made smaller in their places.

use crate::cli::{
    args::Inputs,
    export,
    inputs::{self, Input},
    progress::Progress,
    report::{Report, shown},
};
use logbuf_format::{
    block::{self, Compression, HEADER_LEN, Header, Kind},
    index::Entry,
    limits, segment,
};
use std::{
    fmt,
    fs::File,
    io::{self, BufReader, Read, Write},
    path::Path,
};

/// Compresses each closed segment; says what became of it.
///
/// # Errors
///
/// Standard output does not take more.
pub(crate) fn run(args: &Inputs, report: &mut Report) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    let mut progress = Progress::new();
    for input in inputs::expand(&args.paths, report) {
        let path = match input {
            Input::File(path) => path,
            Input::Spooled(name, _) => {
                report.error(format_args!("{}: is no file that could be replaced", shown(&name)));
                continue;
            }
        };
        match compact(&path, &mut progress) {
            Ok((before, after)) => {
                let part = 100.0 * after as f64 / before.max(1) as f64;
                writeln!(stdout, "{}: {before} to {after} bytes ({part:.1} %)", shown(&path))?;
            }
            Err(Refused::Open) => {
                report.note(format_args!("{}: not closed, and left as it is", shown(&path)))
            }
            Err(Refused::Damaged(error)) => {
                report.damage(format_args!("{}: {error}; left as it is", shown(&path)))
            }
            Err(Refused::Io(error)) => report.error(format_args!("{}: {error}", shown(&path))),
        }
    }
    progress.finish();
    Ok(())
}

/// Why a file stays as it is.
enum Refused {
    /// It has no END block.
    Open,
    /// Something is wrong with it, and nothing of it should be lost.
    Damaged(logbuf_format::Error),
    Io(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<logbuf_format::Error> for Refused {
    fn from(error: logbuf_format::Error) -> Self {
        Self::Damaged(error)
    }
}

impl fmt::Debug for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => f.write_str("Open"),
            Self::Damaged(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

/// Compresses one segment; its size before and after.
fn compact(path: &Path, progress: &mut Progress) -> Result<(u64, u64), Refused> {
    let file = File::open(path)?;
    let before = file.metadata()?.len();
    progress.start_with(before);
    let mut refused = None;
    let mut after = 0;
    let mut segment = Segment { reader: BufReader::with_capacity(1 << 20, file), offset: 0 };
    let replaced = export::replace(path, |writer| {
        match segment.rewrite(writer, progress) {
            Ok(length) => {
                after = length;
                Ok(())
            }
            Err(Refused::Io(error)) => Err(error),
            Err(other) => {
                // The file beside it goes away with this error.
                refused = Some(other);
                Err(io::ErrorKind::InvalidData.into())
            }
        }
    });
    match (refused, replaced) {
        (Some(refused), _) => Err(refused),
        (None, Ok(())) => Ok((before, after)),
        (None, Err(error)) => Err(error.into()),
    }
}

/// A segment that is read from start to end.
struct Segment<R> {
    reader: R,
    /// Where the next block starts.
    offset: u64,
}

impl<R: Read> Segment<R> {
    /// Writes the segment anew; its length.
    fn rewrite(&mut self, writer: &mut impl Write, progress: &Progress) -> Result<u64, Refused> {
        let (header, bytes) = self.header()?;
        writer.write_all(&bytes)?;
        let mut length = bytes.len() as u64;
        let (mut block, mut out, mut entries) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            let head = self.block(header.salt, &mut block)?;
            out.clear();
            let new = rewritten(&head, &block, &entries, &mut out)?;
            if head.summary.kind == Kind::EVENTS {
                entries.push(Entry::of(length, &new));
            }
            writer.write_all(&out)?;
            length += out.len() as u64;
            progress.add(block.len() as u64);
            if head.summary.kind == Kind::END {
                return Ok(length);
            }
        }
    }

    /// The segment header, and its bytes.
    fn header(&mut self) -> Result<(segment::Header, Vec<u8>), Refused> {
        let mut bytes = vec![0; HEADER_LEN];
        self.fill(&mut bytes)?;
        loop {
            match segment::Header::take(&bytes) {
                Ok((header, len)) if len <= bytes.len() => {
                    bytes.truncate(len);
                    self.offset = len as u64;
                    return Ok((header, bytes));
                }
                Err(error) if !error.is_incomplete() => return Err(error.into()),
                // All of it is a multiple of 8 bytes.
                _ if bytes.len() > limits::FIXED + limits::META => return Err(Refused::Open),
                _ => {
                    let len = bytes.len();
                    bytes.resize(len + 8, 0);
                    self.fill(&mut bytes[len..])?;
                }
            }
        }
    }

    /// Reads the next block, with its padding, into `bytes`.
    fn block(&mut self, salt: u64, bytes: &mut Vec<u8>) -> Result<Header, Refused> {
        let offset = self.offset;
        bytes.resize(HEADER_LEN, 0);
        self.fill(bytes)?;
        let head = Header::take(bytes, Some(salt)).map_err(|error| error.after(offset))?;
        bytes.resize(head.block_len(), 0);
        self.fill(&mut bytes[HEADER_LEN..])?;
        self.offset += bytes.len() as u64;
        Ok(head)
    }

    /// Fills `bytes`. A file that ends before its END block is open.
    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Refused> {
        self.reader.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Refused::Open,
            _ => Refused::Io(error),
        })
    }
}

/// Appends the block as it is in the new file, where its EVENTS blocks are at these `entries`.
fn rewritten(
    head: &Header,
    block: &[u8],
    entries: &[Entry],
    out: &mut Vec<u8>,
) -> Result<Header, Refused> {
    let summary = head.summary;
    let payload = head.payload(block)?;
    let new = match summary.kind {
        Kind::EVENTS => {
            let new = block::put_compressed(out, &payload, summary, Compression::ZSTD)?;
            if new.payload(out)? != payload {
                // Never seen: but then nothing is lost.
                return Err(Refused::Io(io::Error::other(
                    "zstd does not give back what it was given",
                )));
            }
            new
        }
        Kind::INDEX => {
            let mut payload = Vec::new();
            entries.iter().for_each(|entry| entry.put(&mut payload));
            let records = entries.len() as u32;
            block::put(out, &payload, block::Summary { records, ..summary })?
        }
        _ => {
            out.extend_from_slice(block);
            *head
        }
    };
    Ok(new)
}
