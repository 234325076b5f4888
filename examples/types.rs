//! What can be logged as it is: the values of a program, and its own types. Nothing of this is formatted at the call.
//!
//! `cargo run --release --example types`

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use logbuf_decode::{Json, Reader, Render, Text};
use logbuf_log::{Builder, Encode, Serde, info, warn};
use postcard_schema::Schema;

/// Where the log goes.
const OUTPUT: &str = "target/types";

/// Prints as its `Debug` does; the decoder needs nothing of this program for it.
#[derive(Debug, Encode)]
struct Order {
    id: u64,
    side: Side,
    limit: Option<f64>,
    legs: Vec<Order>,
}

#[derive(Debug, Encode)]
enum Side {
    Buy,
    Sell { short: bool },
}

#[derive(Debug, Encode)]
struct Login {
    user: String,
    /// Never leaves the program.
    #[encode(redact)]
    #[expect(dead_code, reason = "this program never asks for it")]
    password: String,
    /// Has no encoding: its text is in the record.
    #[encode(display)]
    failure: std::fmt::Error,
}

/// By one copy, whatever its size.
#[derive(Debug, Clone, Copy, Encode, bytemuck::NoUninit)]
#[encode(pod)]
#[repr(C)]
struct Quote {
    bid: f64,
    ask: f64,
    venue: [u8; 8],
}

/// A type of another crate, which has a schema of its own.
#[derive(Debug, serde::Serialize, Schema)]
struct Foreign {
    name: String,
    weight: f32,
}

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear(OUTPUT)?;
    let guard = Builder::new(Path::new(OUTPUT).join("types")).start()?;
    log_values()?;
    log_types();
    drop(guard);
    print_log()
}

fn log_values() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let peer: SocketAddr = "[2001:db8::1]:443".parse()?;
    let books = BTreeMap::from([("BTC-USD", (52_100.5, 3)), ("ETH-USD", (2_800.25, 7))]);
    info!(peer, timeout = Duration::from_millis(250), "connected to {peer:>24}");
    info!("books {books:?}, raw {:02x?}, file {:?}", [0_u8, 127, 255], Path::new("/etc/hosts"));
    info!(took = start.elapsed(), "{:?} {:?}", Some(1), Err::<(), _>("no route"));
    Ok(())
}

fn log_types() {
    let leg = |id, side| Order { id, side, limit: Some(1.5), legs: Vec::new() };
    let legs = vec![leg(8, Side::Buy), leg(9, Side::Sell { short: true })];
    let order = Order { id: 7, side: Side::Buy, limit: None, legs };
    info!(order, "accepted");
    let failure = std::fmt::Error;
    let login = Login { user: "ann".into(), password: "secret".into(), failure };
    warn!("refused {login:?}");
    info!("quoted {:?}", Quote { bid: 1.25, ask: 1.5, venue: *b"XETRA   " });
    info!("received {:?}", Serde(Foreign { name: "iron".into(), weight: 7.8 }));
}

/// The log as text, then the fields of an order as JSON.
fn print_log() -> Result<(), Box<dyn Error>> {
    let mut reader = Reader::new();
    for file in fs::read_dir(OUTPUT)? {
        reader.add_file(file?.path());
    }
    let (mut text, mut json) = (String::new(), String::new());
    reader.for_each(|record| {
        // Neither line is beyond the limit of a line.
        let _ = Text::new().record(record, &mut text);
        if record.fields().any(|(name, _)| name == "order") {
            let _ = Json::new().record(record, &mut json);
        }
    });
    print!("{text}\n{json}");
    Ok(())
}
