//! What the operating system says about the process, the thread and the host.

#[cfg(target_os = "linux")]
#[path = "platform/linux.rs"]
mod system;
#[cfg(not(target_os = "linux"))]
#[path = "platform/other.rs"]
mod system;

pub(crate) use system::{
    at_exit, at_fork, block_pipe_signal, build_id, free_bytes, host_name, link, pin_to, presence,
    process_name, set_nice, set_real_time, sync_folder, thread_id,
};
