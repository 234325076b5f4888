//! Logging without a background thread: the program writes its log itself, between the other things that it does, on the
//! core to which it is pinned.
//!
//! `cargo run --example manual`

use std::time::{Duration, Instant};

use logbuf_log::{Builder, Progress, WhenFull, info, preallocate, warn};

/// How long one round of the loop may take.
const ROUND: Duration = Duration::from_micros(500);

fn main() -> Result<(), Box<dyn std::error::Error>> {
    logbuf_examples::clear("target/manual")?;
    pin();
    // No thread is started; nothing is written unless somebody polls.
    let (guard, mut writer) = Builder::new("target/manual/engine")
        .when_full(WhenFull::Drop)
        .flush_interval(Duration::from_millis(10))
        .manual()?;
    // The ring is made now, not at the first order.
    preallocate();
    for round in 0..1000_u64 {
        let start = Instant::now();
        for order in 0..3 {
            info!(round, "order {order} sent");
        }
        if round % 250 == 249 {
            warn!("{} rounds are over", round + 1);
        }
        // What is left of the round is the log's. One poll takes 64 KiB at most, so it ends soon.
        while start.elapsed() < ROUND && writer.poll().progress == Progress::Worked {}
    }
    let path = guard.path();
    // Writes what is left and closes the file; the guard, or an exit, would do so as well.
    drop(writer);
    let stats = guard.stats();
    println!("{} records in the file, {} lost", stats.written, stats.lost);
    println!("logbuf-decode -l warn {}", path.display());
    Ok(())
}

/// Keeps the program on the first core.
#[cfg(target_os = "linux")]
fn pin() {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let mut core = CpuSet::new();
    core.set(0);
    if let Err(error) = sched_setaffinity(None, &core) {
        eprintln!("not pinned: {error}");
    }
}

/// Leaves the program where it is.
#[cfg(not(target_os = "linux"))]
fn pin() {}
