//! The rings through their public interface. Every test that can runs for both flavours.

mod edges;
mod leaks;
mod model;
mod mpsc;
mod stress;
mod support;
