//! Rings without waiting: every call returns at once.

pub mod spsc;
