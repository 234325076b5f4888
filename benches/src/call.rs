//! Loggers under comparison, ours and others', and their calls, behind one interface.

mod floor;
#[cfg(feature = "rivals")]
mod ftlog;
mod logbuf_log;
#[cfg(feature = "rivals")]
mod quicklog;
#[cfg(feature = "rivals")]
mod spdlog;
#[cfg(feature = "rivals")]
mod tracing;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use ::logbuf_log::Encode;

pub use self::floor::Floor;
pub use self::logbuf_log::{Anonymous, AtTimeGiven, Disabled, LogbufLog};
#[cfg(feature = "rivals")]
pub use self::{
    ftlog::Ftlog, quicklog::Quicklog, spdlog::Spdlog, tracing::NonBlocking, tracing::TracingFmt,
};

/// A string of 40 bytes.
pub const TEXT: &str = "the quick brown fox jumps over a lazy do";

/// A value that a program has defined itself. Ours logs it by its derived encoding, others by its `Debug`.
#[derive(Debug, Clone, Copy, PartialEq, Encode)]
pub struct Order {
    /// Its number.
    pub id: u64,
    /// Who sent it.
    pub account: u32,
    /// In which market.
    pub venue: u16,
    /// Bought or sold.
    pub is_buy: bool,
    /// How many.
    pub quantity: u64,
    /// At what price.
    pub price: f64,
}

impl Order {
    /// The order of this number.
    #[inline(always)]
    pub fn new(id: u64) -> Self {
        let price = id as f64 / 2.0;
        Self { id, account: 4711, venue: 3, is_buy: id.is_multiple_of(2), quantity: 100, price }
    }
}

/// A logger, or the floor.
pub trait Call {
    /// What the table calls it.
    const NAME: &'static str;

    /// Starts it, with its files in `folder`.
    fn start(folder: &Path) -> Self;

    /// Logs two integers and a float.
    fn numbers(&self, a: u64, b: u64, c: f64);

    /// Logs a string.
    fn text(&self, text: &str);

    /// Logs a struct of six fields.
    fn order(&self, order: &Order);

    /// Returns when everything logged so far was dealt with, so that the consumer is idle.
    fn settle(&mut self);

    /// What a logger without a thread of its own asks its program to do every thousand calls or so.
    fn tend(&mut self) {}

    /// How many records it says that it lost.
    fn lost(&self) -> u64 {
        0
    }

    /// Returns when everything logged is in files, and the logger has ended if it can.
    fn finish(mut self)
    where
        Self: Sized,
    {
        self.settle();
    }

    /// How many records the files in `folder` hold after the end: how many lines, unless they are not of text.
    ///
    /// # Errors
    ///
    /// If they cannot be read.
    fn written(folder: &Path) -> io::Result<u64> {
        fs::read_dir(folder)?.try_fold(0, |sum, entry| {
            let file = BufReader::new(File::open(entry?.path())?);
            file.split(b'\n').try_fold(sum, |sum, line| line.map(|_| sum + 1))
        })
    }
}
