//! Kills itself in the middle of its work, and comes back with every record.
//!
//! `cargo run --release --example crash`

use std::env;
use std::error::Error;
use std::fs;
use std::process::{Command, ExitCode};

use logbuf_decode::{Reader, Value};
use logbuf_log::{Builder, Level, info};

/// Where the log goes.
const FOLDER: &str = "target/crash";

/// How many orders are accepted before the end.
const ORDERS: u64 = 5000;

/// Logs, and is gone: no destructor runs, no handler, and the writer's thread gets no turn.
fn work() -> Result<(), Box<dyn Error>> {
    let _guard = Builder::new(format!("{FOLDER}/app")).start()?;
    for order in 0..ORDERS {
        info!(order, "accepted at {:.2}", 100.0 + order as f64 / 100.0);
    }
    die();
}

#[cfg(target_os = "linux")]
fn die() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    let killed = kill_process(getpid(), Signal::KILL);
    unreachable!("nothing comes behind SIGKILL: {killed:?}");
}

#[cfg(not(target_os = "linux"))]
fn die() -> ! {
    std::process::abort();
}

/// Starts the logger again, as a program does that is started again, and looks at what the log holds.
fn come_back() -> Result<ExitCode, Box<dyn Error>> {
    // This finds what the dead process left in its rings, and writes it beside what it had written.
    let guard = Builder::new(format!("{FOLDER}/app")).start()?;
    info!("back");
    let recovered = guard.stats().recovered;
    drop(guard);

    let mut reader = Reader::new();
    for entry in fs::read_dir(FOLDER)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            reader.add_file(entry.path());
        }
    }
    let mut orders = Vec::new();
    reader.for_each(|record| {
        if record.level() == Level::Info
            && let Some(order) = record.value("order").and_then(Value::as_unsigned)
        {
            orders.push(order);
        }
    });
    println!(
        "{} of {ORDERS} orders are in the log; {recovered} came back from the rings",
        orders.len()
    );
    let is_whole = orders.iter().copied().eq((0..ORDERS).map(u128::from));
    println!("{}", if is_whole { "each once, and in order" } else { "some are missing" });
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("work") {
        work()?;
    }
    logbuf_examples::clear(FOLDER)?;
    let status = Command::new(env::current_exe()?).arg("work").status()?;
    println!("the process that logged {ORDERS} orders ended: {status}");
    come_back()
}
