//! THREADS: the threads that extents and losses refer to.

use crate::{Error, Part, fields, fields::Fields, table};
use serde::Serialize;
use std::fmt;

/// A thread of the process that logs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Thread {
    /// The number by which this segment refers to the thread.
    pub id: u32,
    /// The kernel's number for it.
    pub os_id: u64,
    /// Its name, empty if it has none.
    pub name: String,
}

impl Thread {
    /// Appends the thread to the payload of a THREADS block.
    ///
    /// # Errors
    ///
    /// [`Fault::Limit`](crate::Fault::Limit) if it is longer than [`limits::ENTRY`](crate::limits::ENTRY). Nothing is
    /// then appended.
    pub fn put(&self, payload: &mut Vec<u8>) -> Result<(), Error> {
        table::put(payload, |out| fields::put(out, self))
    }

    /// The threads in the payload of a THREADS block. A bad entry is an error in its place and costs no other.
    pub fn table(payload: &[u8]) -> impl Iterator<Item = Result<Self, Error>> {
        table::prefixed(payload, Self::take)
    }

    fn take(entry: &[u8]) -> Result<Self, Error> {
        let mut fields = Fields::new(entry);
        Ok(Self {
            id: fields.take(Part::Thread)?,
            os_id: fields.take(Part::Thread)?,
            name: fields.take(Part::Thread)?,
        })
    }
}

/// What a thread is called: its name; the kernel's number for it if it has none; `?` and its number in the file if the
/// file says nothing about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadName<'a> {
    /// The name.
    Name(&'a str),
    /// The kernel's number.
    Os(u64),
    /// The number in the file.
    Unknown(u32),
}

impl<'a> ThreadName<'a> {
    /// What the thread with this number is called, of which the file says this.
    pub fn new(id: u32, thread: Option<&'a Thread>) -> Self {
        match thread {
            Some(thread) if thread.name.is_empty() => Self::Os(thread.os_id),
            Some(thread) => Self::Name(&thread.name),
            None => Self::Unknown(id),
        }
    }
}

impl fmt::Display for ThreadName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Os(id) => id.fmt(f),
            Self::Unknown(id) => write!(f, "?{id}"),
        }
    }
}
