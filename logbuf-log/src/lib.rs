//! Structured binary logging for latency-critical Rust.
//!
//! A log call writes the number of its call site, a time stamp and the bytes of its arguments into a ring of the calling
//! thread. A background thread moves the rings into files, which hold everything that is needed to turn them into text;
//! the command `logbuf-decode` does that.
//!
//! ```
//! use logbuf_log::{Builder, info, warn};
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("app");
//! # /*
//! let path = "logs/app";
//! # */
//! let guard = Builder::new(path).start()?;
//! let (symbol, qty, px) = ("BTC-USD", 3_u64, 52_100.5_f64);
//! info!("filled {symbol} {qty} @ {px:.2}");
//! warn!(order_id = 7, rtt_ns = 1840, "slow ack from {}", "gateway-2");
//! guard.flush()?; // dropping the guard writes everything, too
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - The macros: [`log!`] describes their syntax; [`error!`], [`warn!`], [`info!`], [`debug!`] and [`trace!`] set the level.
//!   [`enabled!`] tells whether a call would record; [`STATIC_MAX_LEVEL`] is about levels that are compiled out.
//!   [`log_every!`], [`log_every_n!`] and [`log_once!`] record some calls and count the others.
//! - Fields for all that a thread logs meanwhile: [`context!`].
//! - What can be logged: [`Encode`].
//! - Starting, flushing, stopping: [`Builder`], [`Guard`]; errors: [`InitError`], [`FlushError`], [`WriteError`].
//! - Which calls record: [`Filter`], from `LOGBUF_LOG` or `RUST_LOG` and changed live by [`Guard::set_filter`].
//! - Other facades, in the same file: `tracing::Layer` (feature `tracing`), `log_facade::init` (feature `log`).
//! - Details in memory until they are wanted: [`FlightRecorder`].
//! - Lines on the console beside the file, while developing: [`Console`].
//!
//! | feature | brings | and with it |
//! |---|---|---|
//! | `tracing` | `tracing::Layer`: events and spans of `tracing` | `tracing-core`, `tracing-subscriber` |
//! | `log` | `log_facade::init`: records of the crate `log`, with their key/values | `log` |
//! | `serde` | `Serde`: values that serde serializes and that have a `postcard` schema | `serde`, `postcard`, `postcard-schema` |
//! | `lz4` | [`Builder::compress_live`]: blocks are compressed before they are written | `lz4_flex` |
//! | `zstd` | [`Builder::compress_closed`]: segments are compressed when they are closed | `zstd`, which is C |
//! | `max_level_…`, `release_max_level_…` | calls of lower levels are compiled out, as in the crate `log`: [`STATIC_MAX_LEVEL`] | |
//!
//! None is on by default. To read the files: [`logbuf-decode`](https://docs.rs/logbuf-decode). The rings alone:
//! [`logbuf`](https://docs.rs/logbuf).
//!
//! **What is kept.** A record whose call has returned is in the file once the guard is dropped or flushed. If a thread
//! logs faster than the writer can write, its ring fills up and records are dropped, counted, and reported in the file:
//! how many, of which thread and level, from when to when.

mod background;
mod builder;
#[cfg(any(feature = "log", feature = "tracing"))]
mod chain;
mod clock;
mod console;
mod context;
mod control;
mod description;
mod dictionary;
#[cfg(any(feature = "log", feature = "tracing"))]
mod dynamic;
mod encode;
mod encoder;
mod env;
mod error;
mod events;
mod exit;
mod filter;
mod flight;
mod fork;
mod full;
mod guard;
mod handle;
mod idle;
mod limit;
#[cfg(feature = "log")]
pub mod log_facade;
mod loss;
mod macros;
mod manual;
mod notice;
mod output;
mod paths;
mod place;
mod platform;
mod record;
pub mod recover;
mod registry;
#[cfg(any(feature = "log", feature = "tracing"))]
mod relayed;
mod remote;
mod scope;
mod segment;
mod session;
mod signature;
mod site;
mod static_level;
mod stats;
mod switch;
mod table;
mod thread;
mod timestamp;
#[cfg(feature = "tracing")]
pub mod tracing;
#[cfg(any(feature = "log", feature = "tracing"))]
mod typed;
mod value;
mod writer;

pub use background::{Priority, ThreadOption};
pub use builder::Builder;
pub use console::Console;
pub use context::ContextGuard;
pub use encode::Encode;
#[cfg(feature = "serde")]
pub use encode::Serde;
pub use env::EnvFilterError;
pub use error::{FlushError, InitError, Operation, WriteError};
pub use filter::{Filter, FilterError, FilterExpected};
pub use flight::FlightRecorder;
pub use full::WhenFull;
pub use guard::{Guard, Shutdown};
pub use handle::Handle;
pub use idle::IdleStrategy;
pub use logbuf_format::Level;
pub use logbuf_macros::Encode;
pub use manual::{ManualWriter, Poll, Progress};
pub use notice::Notice;
pub use output::{Memory, SyncPolicy};
pub use session::{CrashSafe, SessionError};
pub use static_level::STATIC_MAX_LEVEL;
pub use stats::{Delay, RingStats, Stats};
pub use thread::preallocate;
pub use timestamp::Timestamp;

/// What the macros expand to. Not part of the interface.
#[doc(hidden)]
pub mod __private {
    pub use crate::context::enter_context;
    pub use crate::description::{Description, named, tuple, variant};
    pub use crate::encode::Plain;
    pub use crate::encoder::Encoder;
    pub use crate::limit::{LIMITS, Limit};
    pub use crate::place::{PROBES, Place};
    pub use crate::record::{record_many, record0, record1, record2, record3, record4, record5};
    pub use crate::signature::{declared, pair};
    pub use crate::site::{SITES, Site};
    pub use crate::static_level::{call, is_compiled_in};
    pub use crate::switch::{FLAGS, Flag, is_on};
    pub use crate::timestamp::Now;
    pub use crate::value::{Displayed, Redacted, Shown, Value, shown};
    pub use bytemuck;
    pub use linkme;
    pub use logbuf_format::types::Type;
    pub use logbuf_macros::context;
}

/// The README, whose examples are tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
