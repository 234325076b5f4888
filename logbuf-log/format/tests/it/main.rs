//! Integration tests of the format.

mod template;
mod timeline;
mod wire;
