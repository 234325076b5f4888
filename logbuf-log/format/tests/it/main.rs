//! Integration tests of the format.

#[cfg(all(feature = "lz4", feature = "zstd"))]
mod compression;
mod corpus;
mod damage;
mod fuzz;
mod golden;
mod hostile;
mod packed;
mod render;
mod sample;
mod segment;
mod std_format;
mod template;
mod timeline;
mod wire;
