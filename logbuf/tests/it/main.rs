//! The rings through their public interface.

mod spsc;
