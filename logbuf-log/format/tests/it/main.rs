//! Integration tests of the format.

mod render;
mod sample;
mod std_format;
mod template;
mod timeline;
mod wire;
