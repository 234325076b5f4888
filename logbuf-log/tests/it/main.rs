//! Tests of logging, from the macro to the decoded text. The logger is one for the process, so they take turns.

#[macro_use]
mod agree;

mod calls;
mod derive;
mod files;
mod filters;
mod full;
mod grammar;
mod limits;
mod linked;
mod options;
mod output;
mod places;
#[cfg(feature = "serde")]
mod serde;
mod support;
mod threads;
mod types;
mod ui;
