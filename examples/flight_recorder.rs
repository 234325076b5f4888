//! A flight recorder: the details of the last moments are in memory, and come into the file with the error that they explain.
//!
//! `cargo run --example flight_recorder`, then `cargo run -p logbuf-decode -- target/flight_recorder`

use std::error::Error;

use logbuf_log::{Builder, FlightRecorder, Level, Stats, debug, error, info, trace};

/// An order book that keeps its last price.
struct Book {
    last: f64,
}

impl Book {
    /// Takes a price from the feed. Each step is traced, and hardly ever of interest.
    fn update(&mut self, sequence: u64, price: f64) {
        trace!(sequence, price, "update");
        if price <= 0.0 {
            // The record writes what the flight recorder holds: the updates that led here.
            error!(sequence, price, last = self.last, "price out of range");
            return;
        }
        if (price - self.last).abs() > 5.0 {
            debug!(sequence, "moved from {:.2} to {price:.2}", self.last);
        }
        self.last = price;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear("target/flight_recorder")?;
    // Info and above are written as ever. Below, each thread's ring keeps what fits half of it: here the last few
    // thousand updates.
    let guard = Builder::new("target/flight_recorder/app")
        .flight_recorder(FlightRecorder::new().keep(Level::Info).dump_on(Level::Error))
        .start()?;

    info!("ready");
    let mut book = Book { last: 100.0 };
    for sequence in 0..100_000_u64 {
        // A price that wanders, and one that cannot be.
        let price = if sequence == 70_000 { -1.0 } else { 100.0 + (sequence % 100) as f64 / 10.0 };
        book.update(sequence, price);
        if sequence % 1000 == 0 {
            // The feed is slower than the file.
            guard.flush()?;
        }
    }

    // Somebody wants to see what it is doing.
    guard.dump("asked for by the operator")?;

    let Stats { written, let_go, lost, .. } = guard.stats();
    println!("{written} records written, {let_go} let go, {lost} lost");
    Ok(())
}
