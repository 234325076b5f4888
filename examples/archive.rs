//! Archives the messages of a market-data session, byte for byte, with the rings alone: no logger, no format.
//!
//! `cargo run --release --example archive [-- MESSAGES]`
//!
//! The session copies each message into a ring and goes on; it waits for the disk only if the ring is full. Another thread writes what has come together with
//! one `write`, and gives its room in the ring back only then: what the disk does not have, the ring still has.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::thread;
use std::time::{Duration, Instant};

use logbuf::channel::spsc::{self, Receiver, Sender};

/// Where the archive goes.
const OUTPUT: &str = "target/archive/session.fix";

/// Bytes of the ring: what a disk that stops for a while may cost.
const RING: usize = 4 << 20;

/// Bytes that are written together.
const WRITE: usize = 256 << 10;

/// Separates the fields of a FIX message.
const SOH: u8 = 0x01;

/// A message as it comes from the wire: an execution report whose length changes with its numbers.
fn message(number: u64) -> Vec<u8> {
    let mut message = Vec::new();
    let (quantity, price) = (1 + number % 500, 52_100.0 + (number % 977) as f64 / 4.0);
    let body = format!(
        "35=8|34={number}|49=VENUE|56=GATEWAY|55=BTC-USD|54={}|38={quantity}|44={price:.2}|",
        1 + number % 2
    );
    write!(message, "8=FIX.4.4|9={}|{body}", body.len()).expect("a vector takes all");
    let sum: u32 =
        message.iter().map(|&byte| u32::from(if byte == b'|' { SOH } else { byte })).sum();
    write!(message, "10={:03}|", sum % 256).expect("a vector takes all");
    message.iter_mut().filter(|byte| **byte == b'|').for_each(|byte| *byte = SOH);
    message
}

/// The session: copies each message into the ring and goes on. Returns how long it took, and how often the ring was full.
fn receive(wire: &[Vec<u8>], mut archive: Sender) -> (Duration, u64) {
    let mut full = 0;
    let start = Instant::now();
    for message in wire {
        while !archive_message(message, &mut archive) {
            full += 1;
            thread::yield_now();
        }
        // A system call only if the other thread sleeps.
        archive.notify();
    }
    (start.elapsed(), full)
}

/// Copies a message into the ring; `false` if it is full.
fn archive_message(message: &[u8], archive: &mut Sender) -> bool {
    let Ok(mut claim) = archive.send(message.len()) else { return false };
    claim.copy_from_slice(message);
    claim.commit();
    true
}

/// The archive: writes what is there, and only then gives its room back. Returns how many messages and how many writes.
fn store(mut messages: Receiver, file: &mut File) -> io::Result<(u64, u64)> {
    let (mut count, mut writes, mut bytes) = (0, 0, Vec::with_capacity(WRITE));
    // Ends when the session is over and everything was read.
    while messages.wait(None).is_ok() {
        let mut batch = messages.batch(WRITE);
        for message in batch.iter() {
            bytes.extend_from_slice(message);
            count += 1;
        }
        batch.hold();
        file.write_all(&bytes)?;
        messages.release_held();
        bytes.clear();
        writes += 1;
    }
    Ok((count, writes))
}

fn main() -> Result<(), Box<dyn Error>> {
    let messages = std::env::args().nth(1).map_or(Ok(200_000), |argument| argument.parse())?;
    let wire: Vec<_> = (1..=messages).map(message).collect();
    fs::create_dir_all("target/archive")?;
    let mut file = File::create(OUTPUT)?;
    let (sender, receiver) = spsc::channel(RING);
    let (stored, received) = thread::scope(|scope| {
        let session = scope.spawn(|| receive(&wire, sender));
        (store(receiver, &mut file), session.join())
    });
    let (count, writes) = stored?;
    let (elapsed, full) = received.map_err(|_| "the session panicked")?;
    println!(
        "{count} messages, {:.0} ns each for the session, {writes} writes; the ring was full {full} times",
        elapsed.as_nanos() as f64 / messages as f64
    );

    // Every message is there, in order, byte for byte.
    let archived = fs::read(OUTPUT)?;
    if archived != wire.concat() {
        return Err("the archive is not what came over the wire".into());
    }
    let last = wire.last().ok_or("there was no message")?;
    println!("{} bytes archived as received; the last message:", archived.len());
    println!("{}", String::from_utf8_lossy(last).replace(char::from(SOH), "|"));
    Ok(())
}
