//! Changes what is logged while the program runs, as an operator would who looks for the cause of a trouble.
//!
//! `cargo run --release --example filters`; with `LOGBUF_LOG=warn` in front of it, the start goes by that.

use std::error::Error;

use logbuf_decode::{Reader, Render, Text};
use logbuf_log::{Builder, Filter, Level, debug, enabled, error, info, trace};

/// Where the log goes.
const OUTPUT: &str = "target/filters/app";

mod gateway {
    use super::{debug, info};

    pub(crate) fn send(order: u32) {
        debug!(order, "encoding");
        info!(order, "sent");
    }
}

mod book {
    use super::{Level, debug, enabled, trace};

    /// The line of the call that is watched by itself.
    pub(crate) const APPLYING: u32 = line!() + 3;

    pub(crate) fn apply(order: u32) {
        trace!(order, "applying");
        // What is costly to find out is found out only if it is wanted.
        if enabled!(Level::Debug) {
            debug!(order, depth = (1..=order).sum::<u32>(), "applied");
        }
    }
}

/// What the program does all day.
fn work(order: u32) {
    gateway::send(order);
    book::apply(order);
    error!(target: "audit", order, "refused by the venue");
}

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear("target/filters")?;
    // `info` and what is more severe, unless LOGBUF_LOG or RUST_LOG says otherwise.
    let guard = Builder::new(OUTPUT).filter("info".parse()?).start()?;
    for error in guard.env_errors() {
        info!(%error, "part of the environment's filter is passed over");
    }
    work(1);

    // The book is in doubt: everything of it, and less of the rest. Each call site is switched by one store.
    let before = guard.filter();
    guard.set_filter("warn,filters::book=trace".parse()?);
    work(2);

    // One line is enough; a file and a line go before any target.
    guard.set_filter(format!("off,filters.rs:{}=trace", book::APPLYING).parse()?);
    work(3);

    guard.set_filter(before);
    work(4);

    // A filter with a mistake is an error that says where, or applies as far as it can be read.
    let wrong = "info,gateway=loud,book=debug";
    if let Err(reason) = wrong.parse::<Filter>() {
        println!("{reason}");
    }
    let (filter, errors) = Filter::parse_lossy(wrong);
    println!("{} directive is wrong, the others are {filter}\n", errors.len());

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
