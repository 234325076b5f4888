//! Logs from a loop that is far too fast to log each turn of, and loses count of none.
//!
//! `cargo run --release --example limits`

use std::error::Error;
use std::time::{Duration, Instant};

use logbuf_decode::{Reader, Render, Text};
use logbuf_log::{Builder, Level, info, log_every, log_every_n, log_once};

/// Where the log goes.
const OUTPUT: &str = "target/limits/app";

/// How long each of the threads receives packets.
const WORK: Duration = Duration::from_millis(250);

/// Handles a packet, as from a feed that repeats itself.
fn receive(packet: u64) {
    // At most ten records a second, however many threads come here. The last field is how many were suppressed between.
    log_every!(Duration::from_millis(100), Level::Warn, packet, "gap in the feed");
    // The first and then one in a million.
    log_every_n!(1_000_000, Level::Info, packet, "still receiving");
    // The first only.
    log_once!(Level::Warn, "the feed speaks version {} of the protocol", 1);
}

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear("target/limits")?;
    let guard = Builder::new(OUTPUT).start()?;
    let mut packets = 0;
    std::thread::scope(|scope| {
        let work = || {
            let (start, mut packets) = (Instant::now(), 0);
            while start.elapsed() < WORK {
                (packets..packets + 1000).for_each(receive);
                packets += 1000;
            }
            packets
        };
        let threads = [scope.spawn(work), scope.spawn(work)];
        for thread in threads {
            packets += thread.join().unwrap_or_default();
        }
    });
    info!(packets, "done");
    println!("{} calls were suppressed\n", guard.stats().suppressed);

    // What was suppressed after the last record of a call is written when the guard is dropped.
    let file = guard.path();
    drop(guard);
    let (mut reader, mut text) = (Reader::new(), Text::new());
    reader.add_file(file);
    reader.try_for_each(|record| {
        let mut line = String::new();
        text.record(record, &mut line)?;
        print!("{line}");
        Ok::<_, Box<dyn Error>>(())
    })
}
