//! The measurements. Each is one body, which every subject runs through.

use std::hint::{black_box, spin_loop};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use crate::pin::to_core;
use crate::random::Random;
use crate::subject::{Sink, Source, Subject};

/// Capacity of the rings that cost is measured on: they stay in the second-level cache.
const COST_CAPACITY: usize = 256 * 1024;

/// Capacity of the rings between threads.
const THREAD_CAPACITY: usize = 2 * 1024 * 1024;

/// How long the records are.
#[derive(Clone, Copy, Debug)]
pub enum Lengths {
    /// All the same, in bytes.
    Fixed(usize),
    /// Evenly distributed from 8 to 1024 bytes.
    Random,
}

impl Lengths {
    /// A table of lengths to go through again and again; making them up is no part of what is measured.
    fn table(self) -> Vec<usize> {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        match self {
            Lengths::Fixed(len) => vec![len; 1024],
            Lengths::Random => (0..1024).map(|_| 8 + random.number() as usize % 1017).collect(),
        }
    }
}

/// Nanoseconds per record.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// To write one.
    pub produce: f64,
    /// To read one.
    pub consume: f64,
}

/// What one thread pays to write a burst, and then to read it.
pub fn cost<S: Subject>(len: usize) -> Cost {
    let (mut source, mut sink) = S::make(COST_CAPACITY);
    let burst = COST_CAPACITY / 2 / (len + 32);
    let record = vec![7_u8; len];
    let rounds = 400_000 / burst + 8;
    let (mut produce, mut consume) = (Duration::ZERO, Duration::ZERO);
    let mut sum = 0;
    for round in 0..rounds {
        let start = Instant::now();
        for _ in 0..burst {
            assert!(source.push(black_box(&record)), "half the ring is enough for a burst");
        }
        let middle = Instant::now();
        let count = sink.drain(|record| sum += touch(record));
        let mut rest = burst - count;
        while rest > 0 {
            rest -= sink.drain(|record| sum += touch(record));
        }
        let end = Instant::now();
        // The first lap warms the memory up.
        if round >= 8 {
            produce += middle - start;
            consume += end - middle;
        }
    }
    black_box(sum);
    let records = ((rounds - 8) * burst) as f64;
    Cost {
        produce: produce.as_nanos() as f64 / records,
        consume: consume.as_nanos() as f64 / records,
    }
}

/// Nanoseconds that a record of 64 bytes takes from one thread to another: half of what it takes there and back.
pub fn latency<S: Subject>() -> f64 {
    const ROUNDS: u32 = 60_000;
    let (mut there, mut there_sink) = S::make(64 * 1024);
    let (mut back, mut back_sink) = S::make(64 * 1024);
    let record = [7_u8; 64];
    thread::scope(|scope| {
        scope.spawn(move || {
            to_core(1);
            let mut received = 0;
            while received < ROUNDS {
                let count = there_sink.drain(|record| {
                    black_box(touch(record));
                });
                if count == 0 {
                    spin_loop();
                }
                received += count as u32;
                for _ in 0..count {
                    while !back.push(&record) {
                        spin_loop();
                    }
                }
            }
        });
        to_core(0);
        let mut times = Vec::with_capacity(ROUNDS as usize);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            while !there.push(black_box(&record)) {
                spin_loop();
            }
            while back_sink.drain(|record| {
                black_box(touch(record));
            }) == 0
            {
                spin_loop();
            }
            times.push(start.elapsed().as_nanos() as u64 / 2);
        }
        times.sort_unstable();
        times[times.len() / 2] as f64
    })
}

/// Records per second from one thread to another.
pub fn throughput<S: Subject>(lengths: Lengths, records: usize) -> f64 {
    let (source, sink) = S::make(THREAD_CAPACITY);
    run(vec![source], sink, lengths, records, Wait::Spin)
}

/// Records per second from `producers` threads to one.
pub fn throughput_of_many<S: Subject>(producers: usize, lengths: Lengths, records: usize) -> f64
where
    S::Source: Clone,
{
    let (source, sink) = S::make(THREAD_CAPACITY);
    // More threads than cores: whoever cannot go on lets others run.
    let wait = if producers < 2 { Wait::Spin } else { Wait::Yield };
    run(vec![source; producers], sink, lengths, records, wait)
}

/// What a thread does when the ring is full or empty.
#[derive(Clone, Copy)]
enum Wait {
    Spin,
    Yield,
}

impl Wait {
    #[inline]
    fn once(self) {
        match self {
            Wait::Spin => spin_loop(),
            Wait::Yield => thread::yield_now(),
        }
    }
}

fn run<P: Source, C: Sink>(
    sources: Vec<P>,
    mut sink: C,
    lengths: Lengths,
    records: usize,
    wait: Wait,
) -> f64 {
    let share = records / sources.len();
    let total = share * sources.len();
    let pinned = sources.len() == 1;
    let ready = Barrier::new(sources.len() + 1);
    let table = lengths.table();
    thread::scope(|scope| {
        for mut source in sources {
            let (table, ready) = (&table, &ready);
            scope.spawn(move || {
                if pinned {
                    to_core(1);
                }
                let payload = [7_u8; 1024];
                ready.wait();
                for &len in table.iter().cycle().take(share) {
                    while !source.push(&payload[..len]) {
                        wait.once();
                    }
                }
            });
        }
        if pinned {
            to_core(0);
        }
        ready.wait();
        let start = Instant::now();
        let (mut received, mut sum) = (0, 0);
        while received < total {
            let count = sink.drain(|record| sum += touch(record));
            if count == 0 {
                wait.once();
            }
            received += count;
        }
        black_box(sum);
        total as f64 / start.elapsed().as_secs_f64()
    })
}

/// What every reader does with a record: looks at both ends.
#[inline]
fn touch(record: &[u8]) -> usize {
    usize::from(record[0]) + usize::from(record[record.len() - 1]) + record.len()
}
