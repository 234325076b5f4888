//! Widely used crates at their most verbose, under logbuf and the formatter of `tracing-subscriber` at once.

mod http;
mod logged;
mod tasks;
#[path = "../work/mod.rs"]
mod work;

use std::future::Future;
use std::time::Duration;

/// Runs something on a runtime with several threads, which have ended when this returns. Bounded in time.
fn run(work: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("threads can be started");
    let is_done =
        runtime.block_on(async { tokio::time::timeout(Duration::from_secs(30), work).await });
    drop(runtime);
    is_done.expect("it is done in time");
}

/// Whether something was logged with this target or one in it.
fn has_target(lines: &[String], target: &str) -> bool {
    lines.iter().any(|line| line.split(' ').any(|word| word.starts_with(target)))
}
