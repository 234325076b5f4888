//! The rings through their public interface. Every test that can runs for both flavours.

mod channel;
mod edges;
#[cfg(target_os = "linux")]
mod image;
mod leaks;
mod model;
mod mpsc;
mod spsc;
#[cfg(target_os = "linux")]
mod storage;
mod stress;
mod support;
