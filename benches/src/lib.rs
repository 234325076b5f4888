//! What the benches share: the rings under comparison, and the one body that each measurement runs them through.

pub mod call;
pub mod cpu;
pub mod load;
pub mod logged;
pub mod measure;
pub mod memory;
pub mod pin;
pub mod random;
pub mod report;
pub mod spread;
pub mod subject;
pub mod sustained;
pub mod table;
pub mod ticks;
