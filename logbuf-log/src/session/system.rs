//! What sessions need of the operating system.

#[cfg_attr(target_os = "linux", path = "system/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "system/other.rs")]
mod imp;

pub(crate) use imp::*;
