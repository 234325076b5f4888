//! Which files to read.

use crate::cli::report::{Report, shown};
use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

/// The extension of segments.
const EXTENSION: &str = "logbuf";

/// Files, each once.
#[derive(Debug, Default)]
pub(crate) struct Inputs {
    pub(crate) files: Vec<PathBuf>,
    seen: HashSet<PathBuf>,
}

impl Inputs {
    /// The files that `paths` stand for, in their order; those of a folder by name.
    pub(crate) fn expand(paths: &[PathBuf], report: &mut Report) -> Self {
        let mut inputs = Self::default();
        for path in paths {
            if !path.is_dir() {
                inputs.add(path.clone());
                continue;
            }
            match segments_in(path) {
                Ok(files) if files.is_empty() => {
                    report.error(format_args!(
                        "{}: no files *.{EXTENSION} in this folder",
                        shown(path)
                    ));
                }
                Ok(files) => files.into_iter().for_each(|file| inputs.add(file)),
                Err(error) => report.error(format_args!("{}: {error}", shown(path))),
            }
        }
        inputs
    }

    /// Adds a file, unless it is there already under whatever path: its records would appear twice.
    fn add(&mut self, path: PathBuf) {
        let identity = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        if self.seen.insert(identity) {
            self.files.push(path);
        }
    }
}

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
