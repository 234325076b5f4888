//! Runnable examples of logbuf: the files beside `src`. Here is what makes the tests compile and run the
//! code in the README and the guide, and what the examples share.

use std::{fs, io};

/// Removes a folder that an earlier run left: its log would be shown with the next one.
///
/// # Errors
///
/// If it is there and cannot be removed.
pub fn clear(folder: &str) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// The README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The guide.
#[cfg(doctest)]
#[doc = include_str!("../../docs/GUIDE.md")]
struct Guide;
