//! Serves sessions whose every line says whose it is, and logs no more of a noisy client than is worth reading.
//!
//! `cargo run --release --example context`

use std::error::Error;
use std::time::Duration;

use logbuf_decode::{Expression, Reader, Render, Text};
use logbuf_log::{Builder, Level, context, info, log_every, warn};

/// Where the log goes.
const OUTPUT: &str = "target/context/app";

/// Handles one order. It knows nothing of sessions; the lines that it logs do.
fn handle(order: u64, qty: u64) {
    // Until the guard is dropped, at the end of the block, all that this thread logs has this field, and those of the
    // contexts around it.
    let _order = context!(order);
    if qty == 0 {
        return warn!("an order of nothing");
    }
    info!(qty, "accepted");
    for packet in 0..50_000 {
        // The first, and then at most one in 20 ms; `suppressed` says how many were not logged in between.
        log_every!(Duration::from_millis(20), Level::Info, packet, "executing");
    }
}

/// Serves one client on a thread of its own.
fn serve(session: u32, user: &str) {
    let _session = context!(session, user);
    info!("connected");
    for order in 0..3 {
        handle(u64::from(session) * 100 + order, order * 10);
    }
    info!("disconnected");
}

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear("target/context")?;
    let guard = Builder::new(OUTPUT).start()?;
    std::thread::scope(|scope| {
        scope.spawn(|| serve(7, "ada"));
        scope.spawn(|| serve(8, "grace"));
    });
    let file = guard.path();
    drop(guard);

    // As `logbuf-decode --where 'user == "ada"'` prints it: fields of contexts are found as those of the record are.
    let of_ada: Expression = "user == \"ada\"".parse()?;
    let (mut reader, mut text) = (Reader::new(), Text::new());
    reader.add_file(file);
    reader.try_for_each(|record| {
        let mut line = String::new();
        if of_ada.matches(record) {
            text.record(record, &mut line)?;
        }
        print!("{line}");
        Ok::<_, Box<dyn Error>>(())
    })
}
