//! Tests of logging, from the macro to the decoded text. The logger is one for the process, so they take turns.

#[macro_use]
mod agree;

mod background;
mod calls;
#[cfg(feature = "zstd")]
mod compress;
#[cfg(feature = "lz4")]
mod compress_live;
#[cfg(target_os = "linux")]
mod console;
mod context;
#[cfg(target_os = "linux")]
mod corpus;
mod derive;
mod exits;
mod faults;
mod files;
mod filters;
mod flight;
mod full;
mod grammar;
#[cfg(target_os = "linux")]
mod hostile;
mod index;
mod limits;
mod linked;
#[cfg(feature = "log")]
mod log_facade;
mod options;
mod output;
mod places;
#[cfg(target_os = "linux")]
mod proofs;
#[cfg(target_os = "linux")]
mod recovery;
#[cfg(target_os = "linux")]
mod salvage;
#[cfg(feature = "serde")]
mod serde;
mod support;
mod threads;
mod time;
#[cfg(feature = "tracing")]
mod tracing;
mod types;
mod ui;
