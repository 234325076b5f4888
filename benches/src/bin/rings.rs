//! Prints how the rings compare: `cargo run --release -p logbuf-benches --bin rings [-- TURNS]`.

use logbuf_benches::measure::{Lengths, cost, latency, throughput, throughput_of_many};
use logbuf_benches::report::Shown;
#[cfg(feature = "rivals")]
use logbuf_benches::subject::{Bbqueue, Crossbeam, NexusMpsc, NexusSpsc, Ringbuf, Rtrb};
use logbuf_benches::subject::{
    LogbufMpsc, LogbufMpscBulk, LogbufMpscSingly, LogbufSpsc, LogbufSpscBulk, LogbufSpscSingly,
    Subject,
};
use logbuf_benches::table::{Row, print};

/// A row of one expression over our subjects, and the others behind the semicolon if they are built.
macro_rules! row {
    ($title:expr, $turns:expr, [$($ours:ident),*; $($rival:ident),*], |$subject:ident| $measure:expr) => {
        Row::measure($title, $turns, &[
            $(turn!($ours, $subject, $measure),)*
            $(#[cfg(feature = "rivals")] turn!($rival, $subject, $measure)),*
        ])
    };
}

/// What is measured of one subject, under the name `$subject`.
macro_rules! turn {
    ($type:ident, $subject:ident, $measure:expr) => {{
        type $subject = $type;
        ($type::NAME, Box::new(move || $measure))
    }};
}

/// A row over the SPSC subjects. Those that are for throughput alone take part in throughput alone.
macro_rules! spsc_row {
    ($title:expr, $turns:expr, |$subject:ident| $measure:expr) => {
        row!(
            $title,
            $turns,
            [LogbufSpsc, LogbufSpscSingly; NexusSpsc, Rtrb, Bbqueue, Ringbuf, Crossbeam],
            |$subject| $measure
        )
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
    println!("\n{}", Shown::RingsProducer);
    print("producer, ns per record", &rows);

    let rows: Vec<Row> = sizes
        .iter()
        .map(|&len| spsc_row!(&format!("{len} B"), turns, |S| cost::<S>(len).consume))
        .collect();
    println!("\n{}", Shown::RingsConsumer);
    print("consumer, ns per record", &rows);

    print("two threads, ns", &[spsc_row!("one way, 64 B", turns, |S| latency::<S>())]);

    let throughputs =
        [("64 B", Lengths::Fixed(64), 1_000_000), ("8–1024 B", Lengths::Random, 300_000)];
    let rows = throughputs.map(|(title, lengths, records)| {
        row!(
            title,
            turns,
            [
                LogbufSpscBulk,
                LogbufSpsc,
                LogbufSpscSingly;
                NexusSpsc,
                Rtrb,
                Bbqueue,
                Ringbuf,
                Crossbeam
            ],
            |S| throughput::<S>(lengths, records) / 1e6
        )
    });
    println!("\n{}", Shown::RingsThroughput);
    print("two threads, million records per second", &rows);

    let rows = [1, 2, 4].map(|producers| {
        row!(
            &format!("producers: {producers}"),
            turns,
            [LogbufMpscBulk, LogbufMpsc, LogbufMpscSingly; NexusMpsc, Crossbeam],
            |S| throughput_of_many::<S>(producers, Lengths::Fixed(64), 1_000_000) / 1e6
        )
    });
    print("MPSC, 64 B, million records per second", &rows);
}
