//! Writes the segments that are kept to see that later readers read them: `cargo run -p logbuf-log --example keep --features
//! serde,tracing,zstd -- logbuf-decode/tests/data`. A file that is there stays as it is. Then `LOGBUF_KEEP=1 cargo test -p logbuf-decode
//! --test it kept` writes the texts that belong to those that are new.
//!
//! The clock is simulated; process, host and build are those of whoever runs it.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::BufReader;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use logbuf_format::block::Compression;
use logbuf_format::compact::compact;
use logbuf_log::{
    Builder, CrashSafe, Encode, FlightRecorder, Guard, Serde, context, debug, error, info, trace,
    warn,
};
use postcard_schema::Schema;
use serde::Serialize;
use tracing_subscriber::prelude::*;

/// 2026-11-23T14:05:06Z.
const START: u64 = 1_795_442_706_000_000_000;

#[derive(Debug, Encode)]
enum Side {
    Buy,
    Sell { short: bool },
    Cross(u8, Option<char>),
}

#[derive(Debug, Encode)]
struct Order {
    id: u64,
    symbol: &'static str,
    px: f64,
    side: Side,
    legs: Vec<Leg>,
}

#[derive(Debug, Encode)]
struct Leg(u32, Result<i16, String>);

#[derive(Debug, Encode)]
struct Peer {
    address: SocketAddr,
    gateway: IpAddr,
    since: SystemTime,
    rtt: Duration,
}

#[derive(Debug, Serialize, Schema)]
struct Fill {
    order: u64,
    qty: i32,
    venue: Venue,
    fees: BTreeMap<String, f32>,
}

#[derive(Debug, Serialize, Schema)]
enum Venue {
    Dark,
    Lit { mic: String, lane: Option<u8> },
}

/// Contexts, spans, and values of the user's own types, from two threads.
fn values() {
    info!("starting");
    let _session = context!(session = 7, user = "ada");
    for i in 0..20_u64 {
        let side = match i % 3 {
            0 => Side::Buy,
            1 => Side::Sell { short: i.is_multiple_of(2) },
            _ => Side::Cross(i as u8, i.is_multiple_of(4).then_some('→')),
        };
        let leg =
            |i: u64| Leg(i as u32, if i.is_multiple_of(2) { Ok(-3) } else { Err("no".into()) });
        let legs = (0..i % 3).map(leg).collect();
        let order = Order { id: 700 + i, symbol: "BTC-USD", px: 52_100.25, side, legs };
        let _order = context!(order = order.id);
        info!(i, "accepted {order:?}");
        let fees = [("maker".to_owned(), 0.5), ("taker".to_owned(), i as f32)].into();
        let venue = match i % 2 {
            0 => Venue::Dark,
            _ => Venue::Lit { mic: "XNAS".into(), lane: Some(i as u8) },
        };
        debug!("filled {:?}", Serde(Fill { order: order.id, qty: -(i as i32), venue, fees }));
    }
    elsewhere("feed", peers);
    let layers = tracing_subscriber::registry().with(logbuf_log::tracing::Layer::new());
    tracing::subscriber::with_default(layers, || {
        let _request = tracing::info_span!("request", id = 9).entered();
        let _parse = tracing::debug_span!("parse").entered();
        tracing::warn!(bytes = 99, "in two spans");
    });
}

/// Addresses and times.
fn peers() {
    let addresses = [
        SocketAddr::from((Ipv4Addr::new(10, 0, 0, 7), 4711)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, 80)),
    ];
    for address in addresses {
        let since = UNIX_EPOCH + Duration::from_nanos(START);
        let rtt = Duration::from_micros(1840);
        let peer = Peer { address, gateway: address.ip(), since, rtt };
        warn!(address, rtt = rtt, "slow: {peer:?}");
    }
}

/// More than a ring holds.
fn losses() {
    for i in 0..5000_u64 {
        info!(i, "more than there is room for");
        if i % 50 == 0 {
            debug!("{}", "x".repeat(100));
        }
    }
    error!("there is room for what is severe");
}

/// Details, of which most are let go, and an error.
fn flight() {
    for i in 0..40 {
        trace!(i, "detail");
        if i % 10 == 0 {
            info!("as usual: {i}");
        }
    }
    error!("this makes the details of interest");
    trace!("too late to matter");
}

/// On a thread of its own, which gets a new ring, and is not the one that writes.
fn elsewhere(name: &str, log: fn()) {
    let thread = thread::Builder::new().name(name.to_owned()).spawn(log);
    thread.expect("it starts").join().expect("it ends");
}

/// Logs into a segment of its own, whose name is `name`, if there is none in `folder`.
fn keep(
    folder: &Path,
    name: &str,
    set: impl FnOnce(Builder) -> Builder,
    log: impl FnOnce(),
) -> Result<bool, Box<dyn Error>> {
    let path = folder.join(name).with_extension("logbuf");
    if path.exists() {
        return Ok(false);
    }
    // Each look at the clock is a microsecond later.
    let time = Arc::new(AtomicU64::new(START));
    let clock = move || time.fetch_add(1000, Ordering::Relaxed);
    let builder = Builder::to_file(&path).ignore_env().crash_safe(CrashSafe::Off).clock(clock);
    let (guard, writer): (Guard, _) = set(builder).manual()?;
    log();
    drop(guard);
    drop(writer);
    println!("{}: {} bytes", path.display(), fs::metadata(&path)?.len());
    Ok(true)
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("into which folder?")?;
    let folder = Path::new(&folder);
    keep(folder, "v1-values", |builder| builder, values)?;
    keep(
        folder,
        "v1-losses",
        |builder| builder.ring_capacity(4096),
        || elsewhere("burst", losses),
    )?;
    let recorder = FlightRecorder::new();
    keep(
        folder,
        "v1-flight",
        |builder| builder.flight_recorder(recorder),
        || elsewhere("details", flight),
    )?;
    for (name, how) in [("v1-values-lz4", Compression::LZ4), ("v1-values-zstd", Compression::ZSTD)]
    {
        let [from, to] = ["v1-values", name].map(|name| folder.join(name).with_extension("logbuf"));
        if !to.exists() {
            let compacted =
                compact(BufReader::new(File::open(from)?), &mut File::create(&to)?, how)?;
            println!("{}: {compacted:?}", to.display());
        }
    }
    Ok(())
}
