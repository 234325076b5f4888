//! What a log call costs its caller: ours, others', and the floor, which is the reading of the counter.
//!
//! `cargo run --release -p logbuf-benches --bin call_site`
//!
//! The subjects take turns, in one thread. First the mean over bursts of 1000 calls while the consumer has nothing to do;
//! then single calls, with the counter read before and after each, so that the row of the counter alone is what measuring
//! adds to all of them.
//!
//! Whether rings outlive their process is decided once in a process. So the subject whose rings do not runs in a second one, which
//! waits for its turn as the others do.

use std::hint::black_box;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use logbuf_benches::call::{Anonymous, AtTimeGiven, Call, Disabled, Floor, LogbufLog, Order, TEXT};
use logbuf_benches::pin::to_core;
use logbuf_benches::report::Shown;
use logbuf_benches::ticks::{nanoseconds_per_tick, ticks};

/// Calls in a long burst, and how often each subject has its turn.
const BURST: u64 = 1000;
const TURNS: usize = 300;

/// Calls in a short burst, and how far apart they begin.
const SHORT_BURST: u64 = 20;
const GAP: Duration = Duration::from_millis(1);

/// What the second process is called with, before the folder of its files.
const SECOND: &str = "--not-crash-safe";

/// What is logged.
#[derive(Clone, Copy)]
enum Payload {
    Numbers,
    Text,
    Order,
}

impl Payload {
    const ALL: [Self; 3] = [Self::Numbers, Self::Text, Self::Order];

    fn name(self) -> &'static str {
        match self {
            Self::Numbers => "two `u64` and an `f64`",
            Self::Text => "a string of 40 bytes",
            Self::Order => "a struct of six fields",
        }
    }
}

/// One burst of calls; what it measured is appended to the list. Returns how many records the subject says that it lost so far.
type Burst<'a> = Box<dyn FnMut(Payload, Kind, &mut Vec<f64>) -> u64 + 'a>;

/// What of a burst is measured.
#[derive(Clone, Copy)]
enum Kind {
    /// The mean of its calls.
    Mean,
    /// Each of its calls.
    Each,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Mean, Self::Each];

    fn name(self) -> String {
        match self {
            Self::Mean => format!("mean of a burst of {BURST}, ns per call"),
            Self::Each => format!("single calls in bursts of {SHORT_BURST}, {GAP:?} apart, ns"),
        }
    }
}

fn main() {
    to_core(0);
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == SECOND) {
        let folder = arguments.next().expect("the first process says where the files are");
        return serve(Path::new(&folder)).expect("the first process listens");
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let tick = nanoseconds_per_tick();
    let mut subjects = subjects(folder.path());
    for payload in Payload::ALL {
        for kind in Kind::ALL {
            let results = measure(&mut subjects, payload, kind);
            match (payload, kind) {
                (Payload::Numbers, Kind::Mean) => println!("\n{}", Shown::CallCost),
                (Payload::Numbers, Kind::Each) => println!("\n{}", Shown::CallLatency),
                _ => {}
            }
            print(&format!("{}: {}", payload.name(), kind.name()), tick, &results);
        }
    }
    drop(subjects);
    traced(folder.path(), tick);
}

/// What events and spans of `tracing` cost: through our layer, through its own formatter, and by themselves.
fn traced(folder: &Path, tick: f64) {
    let mut events = traced::events(folder);
    for kind in Kind::ALL {
        let results = measure(&mut events, Payload::Numbers, kind);
        print(&format!("event of `tracing`, three fields: {}", kind.name()), tick, &results);
    }
    // Whether a call is on is said by all dispatchers there are.
    drop(events);
    let mut spans = traced::spans(folder);
    let results = measure(&mut spans, Payload::Numbers, Kind::Mean);
    print(&format!("span entered and left: {}", Kind::Mean.name()), tick, &results);
    drop(spans);
    let mut disabled = traced::disabled(folder);
    let results = measure(&mut disabled, Payload::Numbers, Kind::Mean);
    print(&format!("call that is off: {}", Kind::Mean.name()), tick, &results);
}

/// Subjects of `tracing`. Each has a dispatcher of its own, which is the thread's during a burst.
mod traced {
    use std::path::Path;

    use logbuf_benches::call::{Call, LogbufLog};
    use logbuf_log::tracing::{Layer, Spans};
    use tracing::{Dispatch, dispatcher};
    use tracing_subscriber::filter::LevelFilter;
    use tracing_subscriber::prelude::*;
    use tracing_subscriber::registry;

    use super::{Burst, GAP, Kind, each, mean};

    /// The counter alone; ours; others.
    pub(super) fn events(folder: &Path) -> Vec<(&'static str, Burst<'static>)> {
        let call = |i: u64| tracing::info!(a = i, b = 2 * i, c = i as f64 / 2.0, "filled");
        let floor = |_: u64| {
            std::hint::black_box(logbuf_benches::ticks::ticks());
        };
        let mut subjects = vec![
            ("counter alone", burst(None, None, floor)),
            ("logbuf-log layer", ours(folder, Spans::Life, call)),
            ("no layer that does anything", burst(Some(nothing()), None, call)),
        ];
        add_rivals(&mut subjects, folder, call);
        subjects
    }

    #[cfg(feature = "rivals")]
    fn add_rivals(
        subjects: &mut Vec<(&'static str, Burst<'static>)>,
        folder: &Path,
        call: impl Fn(u64) + Copy + 'static,
    ) {
        let rival = logbuf_benches::call::NonBlocking::start(folder, "rival.log");
        let mut measured = burst(Some(rival.dispatch.clone()), None, call);
        let kept: Burst<'static> = Box::new(move |payload, kind, results| {
            measured(payload, kind, results);
            rival.lost.dropped_lines() as u64
        });
        subjects.push(("tracing fmt + non_blocking", kept));
    }

    #[cfg(not(feature = "rivals"))]
    fn add_rivals(
        _subjects: &mut Vec<(&'static str, Burst<'static>)>,
        _folder: &Path,
        _call: impl Fn(u64) + Copy + 'static,
    ) {
    }

    /// The registry without a layer; ours, with and without the life of spans.
    pub(super) fn spans(folder: &Path) -> Vec<(&'static str, Burst<'static>)> {
        let spanned = |dispatch: Dispatch, logger| {
            let span =
                dispatcher::with_default(&dispatch, || tracing::info_span!("request", id = 7));
            burst(Some(dispatch), logger, move |_| drop(span.enter()))
        };
        let layered = |spans| Dispatch::new(registry().with(Layer::with_spans(spans)));
        vec![
            ("registry alone", spanned(Dispatch::new(registry()), None)),
            ("logbuf-log layer", spanned(layered(Spans::Life), Some(LogbufLog::start(folder)))),
            ("logbuf-log layer, context alone", spanned(layered(Spans::Context), None)),
        ]
    }

    /// A call that a subscriber of nobody's has off, and one that ours has.
    pub(super) fn disabled(folder: &Path) -> Vec<(&'static str, Burst<'static>)> {
        let call = |i: u64| tracing::trace!(a = i, b = 2 * i, c = i as f64 / 2.0, "filled");
        let bare = Dispatch::new(registry().with(LevelFilter::INFO));
        vec![
            ("tracing alone", burst(Some(bare), None, call)),
            ("logbuf-log layer", ours(folder, Spans::Life, call)),
        ]
    }

    fn nothing() -> Dispatch {
        struct Nothing;
        impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Nothing {}
        Dispatch::new(registry().with(Nothing))
    }

    fn ours(folder: &Path, spans: Spans, call: impl Fn(u64) + 'static) -> Burst<'static> {
        let logger = LogbufLog::start(folder);
        let dispatch = Dispatch::new(registry().with(Layer::with_spans(spans)));
        burst(Some(dispatch), Some(logger), call)
    }

    /// Bursts of calls under a dispatcher.
    fn burst(
        dispatch: Option<Dispatch>,
        mut logger: Option<LogbufLog>,
        call: impl Fn(u64) + 'static,
    ) -> Burst<'static> {
        Box::new(move |_, kind, results| {
            if let Some(logger) = &mut logger {
                logger.settle();
            }
            std::thread::sleep(GAP);
            let mut measure = || match kind {
                Kind::Mean => results.push(mean(&call)),
                Kind::Each => each(results, &call),
            };
            match &dispatch {
                Some(dispatch) => dispatcher::with_default(dispatch, measure),
                None => measure(),
            }
            0
        })
    }
}

fn subjects(folder: &Path) -> Vec<(&'static str, Burst<'static>)> {
    let mut subjects = vec![
        subject::<Floor>(folder),
        subject::<LogbufLog>(folder),
        in_second_process(folder),
        subject::<AtTimeGiven>(folder),
        subject::<Disabled>(folder),
    ];
    add_rivals(&mut subjects, folder);
    subjects
}

#[cfg(feature = "rivals")]
fn add_rivals(subjects: &mut Vec<(&'static str, Burst<'static>)>, folder: &Path) {
    use logbuf_benches::call::{Ftlog, Quicklog, Spdlog, TracingFmt};
    subjects.push(subject::<Quicklog>(folder));
    subjects.push(subject::<Spdlog>(folder));
    subjects.push(subject::<Ftlog>(folder));
    subjects.push(subject::<TracingFmt>(folder));
}

#[cfg(not(feature = "rivals"))]
fn add_rivals(_subjects: &mut Vec<(&'static str, Burst<'static>)>, _folder: &Path) {}

/// The one body that every subject runs through.
fn subject<C: Call + 'static>(folder: &Path) -> (&'static str, Burst<'static>) {
    let mut call = C::start(folder);
    let burst = move |payload, kind, results: &mut Vec<f64>| {
        call.settle();
        // The consumer goes to sleep, and what it touched settles in the caches.
        std::thread::sleep(GAP);
        match (payload, kind) {
            (Payload::Numbers, Kind::Mean) => {
                results.push(mean(|i| call.numbers(i, 2 * i, i as f64 / 2.0)))
            }
            (Payload::Text, Kind::Mean) => results.push(mean(|_| call.text(black_box(TEXT)))),
            (Payload::Numbers, Kind::Each) => {
                each(results, |i| call.numbers(i, 2 * i, i as f64 / 2.0))
            }
            (Payload::Text, Kind::Each) => each(results, |_| call.text(black_box(TEXT))),
            (Payload::Order, Kind::Mean) => {
                results.push(mean(|i| call.order(black_box(&Order::new(i)))))
            }
            (Payload::Order, Kind::Each) => {
                each(results, |i| call.order(black_box(&Order::new(i))))
            }
        }
        call.lost()
    };
    (C::NAME, Box::new(burst))
}

/// The process of the subject that needs one of its own.
struct Second {
    process: Child,
    /// Where it answers.
    answers: BufReader<ChildStdout>,
}

impl Second {
    fn start(folder: &Path) -> io::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg(SECOND)
            .arg(folder.join("second"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = BufReader::new(process.stdout.take().expect("it is a pipe"));
        Ok(Self { process, answers })
    }

    /// One turn: a line to it, of the payload and the kind, and a line back, of what was measured.
    fn turn(&mut self, payload: Payload, kind: Kind, results: &mut Vec<f64>) -> io::Result<()> {
        let input = self.process.stdin.as_mut().expect("it is a pipe");
        writeln!(input, "{} {}", payload as usize, kind as usize)?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        results.extend(line.split_whitespace().map(|word| word.parse::<f64>().expect("a number")));
        Ok(())
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        // It ends when its input does.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

fn in_second_process(folder: &Path) -> (&'static str, Burst<'static>) {
    let mut second = Second::start(folder).expect("this program can be run twice");
    let burst = move |payload, kind, results: &mut Vec<f64>| {
        second.turn(payload, kind, results).expect("the second process answers");
        0
    };
    (Anonymous::NAME, Box::new(burst))
}

/// The second process: measures what the first one says, until that ends.
fn serve(folder: &Path) -> io::Result<()> {
    let (_, mut burst) = subject::<Anonymous>(folder);
    let mut results = Vec::new();
    for line in io::stdin().lines() {
        let line = line?;
        let (payload, kind) = line.split_once(' ').expect("a line has two words");
        let place = |word: &str| word.parse::<usize>().expect("each is a number");
        burst(Payload::ALL[place(payload)], Kind::ALL[place(kind)], &mut results);
        let words: Vec<_> = results.drain(..).map(|number| number.to_string()).collect();
        println!("{}", words.join(" "));
    }
    Ok(())
}

/// Ticks per call of a long burst.
#[inline(always)]
fn mean(call: impl Fn(u64)) -> f64 {
    let start = ticks();
    (0..BURST).for_each(call);
    (ticks() - start) as f64 / BURST as f64
}

/// Ticks of each call of a short burst, the counter's own included.
#[inline(always)]
fn each(results: &mut Vec<f64>, call: impl Fn(u64)) {
    for i in 0..SHORT_BURST {
        let start = ticks();
        call(i);
        results.push((ticks() - start) as f64);
    }
}

/// What the turns of a subject came to.
struct Measured {
    name: &'static str,
    numbers: Vec<f64>,
    lost: Lost,
}

/// What a subject lost, of which it says the sum since it began.
#[derive(Default)]
struct Lost {
    first: Option<u64>,
    last: u64,
}

impl Lost {
    fn see(&mut self, sum: u64) {
        self.first.get_or_insert(sum);
        self.last = sum;
    }

    /// From the end of the first turn on.
    fn count(&self) -> u64 {
        self.last - self.first.unwrap_or(self.last)
    }
}

/// Lets the subjects take turns: A B C A B C …, because the machine may be busy with other things at some time or other.
fn measure(
    subjects: &mut [(&'static str, Burst<'static>)],
    payload: Payload,
    kind: Kind,
) -> Vec<Measured> {
    let mut results: Vec<_> = subjects
        .iter()
        .map(|(name, _)| Measured { name, numbers: Vec::new(), lost: Lost::default() })
        .collect();
    // The first turns warm up.
    let warm = TURNS / 10;
    for turn in 0..TURNS + warm {
        for ((_, burst), measured) in subjects.iter_mut().zip(&mut results) {
            measured.lost.see(burst(payload, kind, &mut measured.numbers));
            if turn < warm {
                measured.numbers.clear();
            }
        }
    }
    results
}

fn print(title: &str, tick: f64, results: &[Measured]) {
    println!("\n| {title} | p50 | p90 | p99 | p99.9 | max | p50 ÷ floor |");
    println!("|---|---|---|---|---|---|---|");
    let mut floor = None;
    for Measured { name, numbers, .. } in results {
        let mut sorted = numbers.clone();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize] * tick;
        let floor = *floor.get_or_insert(at(0.5));
        println!(
            "| {name} | **{:.1}** | {:.1} | {:.1} | {:.1} | {:.1} | {:.2} |",
            at(0.5),
            at(0.9),
            at(0.99),
            at(0.999),
            at(1.0),
            at(0.5) / floor
        );
    }
    for Measured { name, lost, .. } in results.iter().filter(|measured| measured.lost.count() > 0) {
        println!("\n{name} lost {} of these records.", lost.count());
    }
}
