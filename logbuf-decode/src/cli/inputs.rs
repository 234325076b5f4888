//! What to read: files, folders, patterns, standard input.

use crate::cli::report::{Report, shown};
use logbuf_decode::Reader;
use logbuf_format::{block, limits, segment};
use same_file::Handle;
use std::{
    collections::HashSet,
    fs::{self, File},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// The extension of segments.
const EXTENSION: &str = "logbuf";

/// Bytes of a stream in which the first block of a segment begins.
const TELLING: u64 = (limits::FIXED + limits::META + block::HEADER_LEN) as u64;

/// What is looked at in a folder without segments, to find a folder with some.
const LOOKED_AT: usize = 1000;

/// What stands for standard input, on the command line and in messages.
const STDIN: &str = "-";

/// Adds what `paths` stand for to the reader, in their order.
pub(crate) fn add(paths: &[PathBuf], reader: &mut Reader, report: &mut Report) {
    for input in expand(paths, report) {
        input.add(reader);
    }
}

/// What `paths` stand for, in their order.
pub(crate) fn expand(paths: &[PathBuf], report: &mut Report) -> Vec<Input> {
    let mut seen = HashSet::new();
    let mut inputs = Inputs { seen: &mut seen, inputs: Vec::new(), waits: false, report };
    paths.iter().for_each(|path| inputs.add(path));
    inputs.inputs
}

/// Paths that are looked at again and again, for what is new there.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    paths: &'a [PathBuf],
    seen: HashSet<PathBuf>,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(paths: &'a [PathBuf]) -> Self {
        Self { paths, seen: HashSet::new() }
    }

    /// The paths.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        self.paths
    }

    /// What the paths stand for now. What is wrong with them is reported.
    pub(crate) fn start(&mut self, report: &mut Report) -> Vec<Input> {
        let mut inputs = Inputs { seen: &mut self.seen, inputs: Vec::new(), waits: true, report };
        self.paths.iter().for_each(|path| inputs.add(path));
        inputs.inputs
    }

    /// The files that are new since the last call. What cannot be found may come yet.
    pub(crate) fn look(&mut self) -> Vec<Input> {
        let report = &mut Report::silent();
        let mut inputs = Inputs { seen: &mut self.seen, inputs: Vec::new(), waits: true, report };
        self.paths
            .iter()
            .filter(|path| path.as_os_str() != STDIN)
            .for_each(|path| inputs.add(path));
        inputs.inputs.retain(|input| matches!(input, Input::File(path) if path.exists()));
        inputs.inputs
    }
}

/// Something to read.
#[derive(Debug)]
pub(crate) enum Input {
    File(PathBuf),
    /// A copy of what can be read but once, and its name.
    Spooled(PathBuf, File),
}

impl Input {
    /// Its name, and its bytes; or what is wrong with them.
    pub(crate) fn open(self) -> Result<(PathBuf, File), (PathBuf, io::Error)> {
        match self {
            Self::File(path) => match File::open(&path) {
                Ok(file) => Ok((path, file)),
                Err(error) => Err((path, error)),
            },
            Self::Spooled(name, file) => Ok((name, file)),
        }
    }

    /// Whether what is written to `path` would be written to this.
    pub(crate) fn is_at(&self, path: &Path) -> bool {
        // To look at a pipe would be to open it.
        if !path.is_file() {
            return false;
        }
        match self {
            Self::File(file) => same_file::is_same_file(file, path).unwrap_or(false),
            Self::Spooled(name, _) if name.as_os_str() == STDIN => {
                let handles = (Handle::stdin(), Handle::from_path(path));
                matches!(handles, (Ok(stdin), Ok(file)) if stdin == file)
            }
            Self::Spooled(..) => false,
        }
    }

    pub(crate) fn add(self, reader: &mut Reader) {
        match self {
            Self::File(path) => reader.add_file(path),
            Self::Spooled(name, file) => reader.add_stream(name, file),
        }
    }
}

struct Inputs<'a> {
    /// Files that were added, each under one name: given twice, its records would appear twice.
    seen: &'a mut HashSet<PathBuf>,
    inputs: Vec<Input>,
    /// Whether what is not there may come.
    waits: bool,
    report: &'a mut Report,
}

impl Inputs<'_> {
    fn add(&mut self, path: &Path) {
        if path.as_os_str() == STDIN {
            self.add_stream(path, Ok(io::stdin().lock()));
        } else if path.exists() {
            self.add_path(path);
        } else {
            self.add_pattern(path);
        }
    }

    fn add_path(&mut self, path: &Path) {
        if path.is_dir() {
            self.add_folder(path);
        } else if self.seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())) {
            match path.is_file() {
                true => self.inputs.push(Input::File(path.to_owned())),
                // A pipe, which cannot be read twice.
                false => self.add_stream(path, File::open(path)),
            }
        }
    }

    fn add_folder(&mut self, folder: &Path) {
        match segments_in(folder) {
            Ok(files) if files.is_empty() => {
                let (name, elsewhere) = (shown(folder), elsewhere(folder));
                match self.waits {
                    true => self.report.note(format_args!(
                        "{name}: no files *.{EXTENSION} in this folder yet: waiting for them{elsewhere}"
                    )),
                    false => self.report.error(format_args!(
                        "{name}: no files *.{EXTENSION} in this folder{elsewhere}"
                    )),
                }
            }
            Ok(files) => files.iter().for_each(|file| self.add_path(file)),
            Err(error) => self.report.error(format_args!("{}: {error}", shown(folder))),
        }
    }

    /// Adds the files that match the path, which is none itself.
    fn add_pattern(&mut self, path: &Path) {
        let pattern = path.to_str().filter(|text| text.contains(['*', '?', '[']));
        let Some(matches) = pattern.and_then(|pattern| glob::glob(pattern).ok()) else {
            // Not there; the reader says why.
            return self.inputs.push(Input::File(path.to_owned()));
        };
        let mut is_empty = true;
        for found in matches {
            is_empty = false;
            match found {
                Ok(path) => self.add_path(&path),
                Err(error) => {
                    let (path, error) = (shown(error.path()), error.error());
                    self.report.error(format_args!("{path}: {error}"));
                }
            }
        }
        if is_empty {
            self.report.error(format_args!("{}: no file matches this pattern", shown(path)));
        }
    }

    /// Adds what can be read but once: it is copied to a file without a name first.
    fn add_stream(&mut self, name: &Path, stream: io::Result<impl Read>) {
        match stream.and_then(spooled) {
            Ok(file) => self.inputs.push(Input::Spooled(name.to_owned(), file)),
            Err(error) => self.report.error(format_args!("{}: {error}", shown(name))),
        }
    }
}

/// Copies a stream: all of it if it is a segment, even one whose first bytes are damaged, and otherwise what tells that it is none, because
/// what is no log may have no end.
fn spooled(mut stream: impl Read) -> io::Result<File> {
    let mut start = Vec::new();
    stream.by_ref().take(TELLING).read_to_end(&mut start)?;
    let mut file = tempfile::tempfile()?;
    file.write_all(&start)?;
    let is_block = |bytes: &[u8]| bytes == block::MAGIC;
    if start.starts_with(&segment::MAGIC) || start.windows(block::MAGIC.len()).any(is_block) {
        io::copy(&mut stream, &mut file)?;
    }
    Ok(file)
}

/// A hint at a folder inside `folder` that has segments: it was perhaps meant.
fn elsewhere(folder: &Path) -> String {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(LOOKED_AT);
    let inner = entries.map(|entry| entry.path());
    let inner = inner.filter(|path| segments_in(path).is_ok_and(|files| !files.is_empty()));
    let hint = |path: PathBuf| format!("; {} has some: folders in it are not read", shown(&path));
    inner.min().map(hint).unwrap_or_default()
}

/// The segments in a folder, by name.
fn segments_in(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
