//! The rings through their public interface. Every test that can runs for both flavours.

mod channel;
mod edges;
mod leaks;
mod model;
mod mpsc;
mod spsc;
mod stress;
mod support;
