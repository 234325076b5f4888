//! Tests of logging, from the macro to the decoded text. The logger is one for the process, so they take turns.

mod calls;
mod files;
mod filters;
mod full;
mod grammar;
mod limits;
mod linked;
mod places;
mod support;
mod threads;
