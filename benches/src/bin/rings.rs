//! Prints how the rings compare: `cargo run --release -p logbuf-benches --bin rings [-- TURNS]`.

use logbuf_benches::measure::{Lengths, cost, latency, throughput, throughput_of_many};
use logbuf_benches::subject::{
    Bbqueue, Crossbeam, LogbufMpsc, LogbufMpscSingly, LogbufSpsc, LogbufSpscSingly, NexusMpsc,
    NexusSpsc, Ringbuf, Rtrb, Subject,
};
use logbuf_benches::table::{Row, print};

/// A row of one function over all SPSC subjects.
macro_rules! spsc_row {
    ($title:expr, $turns:expr, |$subject:ident| $measure:expr) => {
        spsc_row!(@ $title, $turns, $subject, $measure, LogbufSpsc, LogbufSpscSingly, NexusSpsc, Rtrb, Bbqueue, Ringbuf, Crossbeam)
    };
    (@ $title:expr, $turns:expr, $subject:ident, $measure:expr, $($type:ident),*) => {
        Row::measure($title, $turns, &[$({ type $subject = $type; ($type::NAME, Box::new(move || $measure)) }),*])
    };
}

/// A row of one function over all MPSC subjects.
macro_rules! mpsc_row {
    ($title:expr, $turns:expr, |$subject:ident| $measure:expr) => {
        spsc_row!(@ $title, $turns, $subject, $measure, LogbufMpsc, LogbufMpscSingly, NexusMpsc, Crossbeam)
    };
}

fn main() {
    let turns =
        std::env::args().nth(1).map_or(11, |turns| turns.parse().expect("TURNS is a number"));
    println!("Medians of {turns} turns, in parentheses the quartiles.");

    let sizes = [8, 64, 256, 1024];
    let rows: Vec<Row> = sizes
        .iter()
        .map(|&len| spsc_row!(&format!("{len} B"), turns, |S| cost::<S>(len).produce))
        .collect();
    print("producer, ns per record", &rows);

    let rows: Vec<Row> = sizes
        .iter()
        .map(|&len| spsc_row!(&format!("{len} B"), turns, |S| cost::<S>(len).consume))
        .collect();
    print("consumer, ns per record", &rows);

    print("two threads, ns", &[spsc_row!("one way, 64 B", turns, |S| latency::<S>())]);

    let rows = [
        spsc_row!("64 B", turns, |S| throughput::<S>(Lengths::Fixed(64), 4_000_000) / 1e6),
        spsc_row!("8–1024 B", turns, |S| throughput::<S>(Lengths::Random, 1_000_000) / 1e6),
    ];
    print("two threads, million records per second", &rows);

    let rows: Vec<Row> = [1, 2, 4]
        .iter()
        .map(|&producers| {
            let title = format!("{producers} producers");
            mpsc_row!(&title, turns, |S| throughput_of_many::<S>(
                producers,
                Lengths::Fixed(64),
                2_000_000
            ) / 1e6)
        })
        .collect();
    print("MPSC, 64 B, million records per second", &rows);
}
