//! Integration tests of the format.

mod timeline;
mod wire;
