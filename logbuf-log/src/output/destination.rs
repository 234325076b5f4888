//! Where segments are made.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::location::{Location, folder_of};
use super::sink::{LogFile, Sink};
use crate::error::InitError;

/// Where segments are made.
#[derive(Debug)]
pub(crate) enum Destination {
    /// As many as are needed, in a folder.
    Folder {
        location: Location,
        /// The number of the last one made.
        last: u64,
    },
    /// One at a time, at one path. When it was moved away, the next one is made there.
    File {
        path: PathBuf,
        /// The number of the last one made.
        last: u64,
    },
    /// One, into a sink that was there before. `None` when it is in use.
    Sink { name: PathBuf, sink: Option<Box<dyn Sink>> },
}

/// The place of a segment that is to be written.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) sink: Box<dyn Sink>,
    /// The file, or what stands for it in messages.
    pub(crate) path: PathBuf,
    pub(crate) number: u64,
}

/// Why no place for a segment could be made.
#[derive(Debug)]
pub(crate) struct OpenError {
    /// What was to be made.
    pub(crate) path: PathBuf,
    pub(crate) is_folder: bool,
    pub(crate) source: io::Error,
}

impl From<OpenError> for InitError {
    fn from(OpenError { path, is_folder, source }: OpenError) -> Self {
        match (is_folder, source.kind()) {
            (true, _) => Self::CreateFolder { path, source },
            (false, ErrorKind::AlreadyExists) => Self::FileExists { path },
            (false, _) => Self::CreateFile { path, source },
        }
    }
}

impl Destination {
    /// Segments `folder/stem.NNNNNN.logbuf` for a path `folder/stem`.
    pub(crate) fn folder(path: &Path) -> Result<Self, InitError> {
        Ok(Self::Folder {
            location: Location::new(checked(path)?).ok_or_else(|| nameless(path))?,
            last: 0,
        })
    }

    /// One file at `path`.
    pub(crate) fn file(path: &Path) -> Result<Self, InitError> {
        checked(path)?.file_name().ok_or_else(|| nameless(path))?;
        Ok(Self::File { path: path.to_owned(), last: 0 })
    }

    /// The names of the segments, if there may be several.
    pub(crate) fn location(&self) -> Option<&Location> {
        match self {
            Self::Folder { location, .. } => Some(location),
            Self::File { .. } | Self::Sink { .. } => None,
        }
    }

    /// Makes the place of the next segment, and the folder for it if that is not there.
    pub(crate) fn open(&mut self) -> Result<Opened, OpenError> {
        match self {
            Self::Folder { location, last } => {
                make_folder(location.folder())?;
                let opened = open_next(location, *last)?;
                *last = opened.number;
                Ok(opened)
            }
            Self::File { path, last } => {
                make_folder(&folder_of(path))?;
                let file = open_new_or_empty(path).map_err(failed(path))?;
                *last += 1;
                let sink = Box::new(LogFile::new(file, folder_of(path)));
                Ok(Opened { sink, path: path.clone(), number: *last })
            }
            Self::Sink { name, sink } => {
                let sink =
                    sink.take().ok_or_else(|| failed(name)(ErrorKind::Unsupported.into()))?;
                Ok(Opened { sink, path: name.clone(), number: 1 })
            }
        }
    }
}

/// Makes the segment with the first free number behind `last`.
fn open_next(location: &Location, last: u64) -> Result<Opened, OpenError> {
    let folder = location.folder();
    let mut number = location.next_number().map_err(failed(folder))?.max(last + 1);
    loop {
        let path = location.path(number);
        match OpenOptions::new().append(true).create_new(true).open(&path) {
            Ok(file) => {
                let sink = Box::new(LogFile::new(file, folder.to_owned()));
                return Ok(Opened { sink, path, number });
            }
            // Another process took the number in the meantime.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => number += 1,
            Err(source) => return Err(failed(&path)(source)),
        }
    }
}

/// Makes the file, or takes an empty one. What somebody has written is never written over.
fn open_new_or_empty(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().append(true).create(true).open(path)?;
    if file.metadata()?.len() > 0 { Err(ErrorKind::AlreadyExists.into()) } else { Ok(file) }
}

fn make_folder(folder: &Path) -> Result<(), OpenError> {
    fs::create_dir_all(folder).map_err(|source| OpenError {
        path: folder.to_owned(),
        is_folder: true,
        source,
    })
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> OpenError + use<> {
    let path = path.to_owned();
    move |source| OpenError { path, is_folder: false, source }
}

fn checked(path: &Path) -> Result<&Path, InitError> {
    if path.is_dir() { Err(InitError::PathIsFolder { path: path.to_owned() }) } else { Ok(path) }
}

fn nameless(path: &Path) -> InitError {
    InitError::NoFileName { path: path.to_owned() }
}
