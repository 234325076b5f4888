//! THREADS: the threads that extents and losses refer to.

use crate::{Error, Part, fields, fields::Fields, table};
use serde::Serialize;

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
