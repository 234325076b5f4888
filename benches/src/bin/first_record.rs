//! What the first record of a thread costs, which has to get a ring, and what is left of that after `preallocate`.
//!
//! `cargo run --release -p logbuf-benches --bin first_record`

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use logbuf_benches::ticks::{nanoseconds_per_tick, ticks};
use logbuf_log::{Builder, info, preallocate};

/// Threads that each kind is measured on. They live until the end, so that no ring is taken over from another.
const THREADS: usize = 60;

/// Between two threads: programs start threads by the dozen, not by the thousand.
const GAP: Duration = Duration::from_millis(2);

/// What a thread does first.
#[derive(Clone, Copy)]
enum First {
    /// It logs.
    Log,
    /// It gets its ring.
    Preallocate,
    /// It has its ring, and logs.
    LogPreallocated,
}

impl First {
    const ALL: [Self; 3] = [Self::Log, Self::Preallocate, Self::LogPreallocated];

    fn name(self) -> &'static str {
        match self {
            Self::Log => "the first record",
            Self::Preallocate => "`preallocate()`",
            Self::LogPreallocated => "the first record after it",
        }
    }

    /// Ticks that it took.
    fn measure(self) -> u64 {
        if matches!(self, Self::LogPreallocated) {
            preallocate();
        }
        let start = ticks();
        match self {
            Self::Preallocate => preallocate(),
            Self::Log | Self::LogPreallocated => log(),
        }
        ticks() - start
    }
}

/// One call site for all, so that it is the thread's first record and not the site's.
#[inline(never)]
fn log() {
    info!("here");
}

/// Microseconds that the first records of threads take that begin at the same time, each as long as it is not interrupted.
fn at_once(tick: f64) -> Vec<f64> {
    let (begin, end) = (Barrier::new(THREADS), Barrier::new(THREADS));
    thread::scope(|scope| {
        let work = || {
            begin.wait();
            let ticks = First::Log.measure();
            end.wait();
            ticks as f64 * tick
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    })
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let guard = Builder::new(folder.path().join("app"))
        .ignore_env()
        .start()
        .expect("the folder can be written to");
    log();
    let tick = nanoseconds_per_tick() / 1000.0;
    let mut times = First::ALL.map(|_| Vec::with_capacity(THREADS));
    let end = Barrier::new(THREADS * First::ALL.len() + 1);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            for (first, times) in First::ALL.into_iter().zip(&mut times) {
                let (send, measured) = mpsc::channel();
                let end = &end;
                scope.spawn(move || {
                    send.send(first.measure()).expect("the main thread waits for it");
                    end.wait();
                });
                times.push(measured.recv().expect("a measurement does not panic") as f64 * tick);
                thread::sleep(GAP);
            }
        }
        end.wait();
    });
    let at_once = at_once(tick);
    drop(guard);
    println!("| a thread that begins to log, µs | p50 | p90 | p99 | max |\n|---|---|---|---|---|");
    let names = First::ALL.map(First::name).into_iter().chain(["the first record of 60 at once"]);
    for (name, mut times) in names.zip(times.into_iter().chain([at_once])) {
        times.sort_by(f64::total_cmp);
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
        println!(
            "| {} | **{:.1}** | {:.1} | {:.1} | {:.1} |",
            name,
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        );
    }
}
