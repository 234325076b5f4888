//! Records in order, worked on by several threads.
//!
//! ```text
//!             due blocks           batches of runs            outputs
//!   merge ──► read, expand ──► merge ──► work on records ──► in order ──► take
//!   caller       workers       caller        workers             caller
//! ```

use crate::{
    chunk::Room,
    finding::Findings,
    merge::{Due, Loaded, Merge, Next},
    record::Record,
    run::{Records, Run},
    segment::Segment,
};
use std::{
    any::Any,
    collections::BTreeMap,
    ops::ControlFlow,
    panic::{self, AssertUnwindSafe},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{self, Receiver, Sender},
    },
    thread,
};

/// Records that are worked on at once: enough to make the hand-over cheap, few enough to stay in a core's cache.
const BATCH: usize = 4096;

/// Batches in flight for each thread: one that is worked on, and others that wait.
const DEPTH: usize = 3;

/// Blocks that are read ahead for each thread.
const AHEAD: usize = 2;

/// Bytes of blocks that batches in flight may keep in memory.
const IN_FLIGHT: usize = 16 << 20;

/// What is done with records on several threads: see [`Reader::try_work`](crate::Reader::try_work).
///
/// A worker sees stretches of records, each in order of time, and none twice. Which it sees is chance; what it makes of
/// one stretch must not depend on those before.
pub trait Work: Send {
    /// What a stretch of records becomes.
    type Output: Default + Send;

    /// An output without anything in it, for the next stretch. A worker that is given outputs back can use their memory again.
    fn output(&mut self) -> Self::Output {
        Self::Output::default()
    }

    /// Takes the next record of a stretch.
    fn record(&mut self, record: &Record<'_>, output: &mut Self::Output);

    /// Whether it looks at values. If not, what it is given may have none ([`Record::values`] is empty), which is faster; that
    /// they can be read is checked all the same.
    fn needs_values(&self) -> bool {
        true
    }

    /// Whether the output is so large that it should be taken before more records are added to it. It is asked after
    /// each record, and bounds the memory that outputs take.
    fn is_full(&self, output: &Self::Output) -> bool {
        let _ = output;
        false
    }
}

/// Something for a worker to do.
enum Job {
    Load(Due),
    Work { number: u64, batch: Batch },
}

/// Something a worker has done.
enum Done<T> {
    Loaded(Loaded),
    Worked { number: u64, worked: Worked<T> },
    Panicked(Box<dyn Any + Send>),
}

/// Runs to be worked on, one behind the other.
#[derive(Default)]
struct Batch {
    runs: Vec<Run>,
    records: usize,
    cost: usize,
}

/// What became of a batch.
struct Worked<T> {
    output: T,
    findings: Findings,
    /// What comes behind the output, if that is full.
    rest: Batch,
    /// Bytes that the batch took.
    cost: usize,
}

/// Works on all that is left in the merge.
pub(crate) fn run<W: Work, E>(
    threads: usize,
    merge: &mut Merge,
    records: Records<'_>,
    findings: &mut Findings,
    worker: &(impl Fn() -> W + Sync),
    take: impl FnMut(W::Output) -> Result<(), E>,
) -> Result<(), E> {
    let (jobs, queue) = mpsc::channel();
    let (done, results) = mpsc::channel();
    let (queue, is_over) = (Mutex::new(queue), AtomicBool::new(false));
    thread::scope(|scope| {
        for _ in 0..threads {
            let (done, queue, is_over) = (done.clone(), &queue, &is_over);
            scope.spawn(move || {
                let worker = worker();
                let records = Records { with_values: worker.needs_values(), ..records };
                serve(queue, &done, is_over, &records, worker);
            });
        }
        drop(done);
        let coordinator = Coordinator {
            merge,
            segments: records.segments,
            findings,
            jobs,
            results,
            ahead: threads * AHEAD,
            depth: (threads * DEPTH) as u64,
            batch: Batch::default(),
            left: None,
            given: 0,
            taken: 0,
            cost: 0,
            waiting: BTreeMap::new(),
        };
        // What has not been begun need not be done. Relaxed: who reads it late does a little too much.
        let _over = OnDrop(|| is_over.store(true, Ordering::Relaxed));
        coordinator.run(take)
    })
}

/// Does jobs until there are no more.
fn serve<W: Work>(
    queue: &Mutex<Receiver<Job>>,
    done: &Sender<Done<W::Output>>,
    is_over: &AtomicBool,
    records: &Records<'_>,
    mut worker: W,
) {
    let mut room = Room::default();
    loop {
        // The lock is held while waiting, and given back before the job is done.
        let job = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let result = panic::catch_unwind(AssertUnwindSafe(|| match job {
            Job::Load(due) => Done::Loaded(due.load(records.segments, &mut room)),
            Job::Work { number, batch } => {
                Done::Worked { number, worked: work(&mut worker, batch, records, &mut room) }
            }
        }));
        // If nobody waits for it, there was an error elsewhere.
        let _ = done.send(result.unwrap_or_else(Done::Panicked));
    }
}

/// Works on a batch, as far as the output takes it.
fn work<W: Work>(
    worker: &mut W,
    mut batch: Batch,
    records: &Records<'_>,
    room: &mut Room,
) -> Worked<W::Output> {
    let (mut output, mut findings) = (worker.output(), Findings::default());
    let cost = batch.cost;
    let mut through = 0;
    for run in &mut batch.runs {
        let flow = records.each(run, &mut findings, |record| {
            worker.record(record, &mut output);
            match worker.is_full(&output) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        });
        through += usize::from(run.records.is_empty());
        if flow.is_break() {
            break;
        }
    }
    batch.runs.drain(..through).for_each(|run| room.keep(run.chunk));
    Worked { output, findings, rest: batch, cost }
}

impl Batch {
    fn is_full(&self) -> bool {
        self.records >= BATCH
    }

    /// Adds what there is room for of a run; what there is not room for is left in it.
    fn fill(&mut self, run: &mut Run) {
        let part = run.split(BATCH - self.records.min(BATCH));
        self.records += part.records.len();
        // While there are more runs of a block, the merge counts it as open.
        self.cost += if part.is_last() { part.cost() } else { 0 };
        self.runs.push(part);
    }
}

/// Keeps workers busy, and outputs in order.
struct Coordinator<'a, T> {
    merge: &'a mut Merge,
    segments: &'a [Segment],
    findings: &'a mut Findings,
    jobs: Sender<Job>,
    results: Receiver<Done<T>>,
    /// Blocks that may be on their way before they are needed.
    ahead: usize,
    /// Batches that may be in flight.
    depth: u64,
    /// The batch that is being filled.
    batch: Batch,
    /// What did not fit the batch before.
    left: Option<Run>,
    /// Batches that were given to workers.
    given: u64,
    /// Batches whose output was taken.
    taken: u64,
    /// Bytes of the batches between the two.
    cost: usize,
    /// Outputs that came before their turn.
    waiting: BTreeMap<u64, Worked<T>>,
}

/// How it goes on.
enum Step {
    /// At once.
    Ahead,
    /// When a worker has done something.
    Wait,
    /// Not at all: everything is done.
    Over,
}

impl<T> Coordinator<'_, T> {
    fn run<E>(mut self, mut take: impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        loop {
            while let Some(due) = self.merge.take_ahead(self.ahead, self.segments) {
                self.submit(Job::Load(due));
            }
            match self.step() {
                Step::Ahead => {}
                Step::Wait => self.wait(&mut take)?,
                Step::Over => return Ok(()),
            }
        }
    }

    /// Puts the next run into a batch.
    fn step(&mut self) -> Step {
        let in_flight = self.given - self.taken;
        if in_flight >= self.depth || (in_flight > 0 && self.cost > IN_FLIGHT) {
            return Step::Wait;
        }
        let next = match self.left.take() {
            Some(run) => Next::Run(run),
            None => self.merge.next(i64::MAX, self.segments),
        };
        match next {
            Next::Run(mut run) => {
                self.batch.fill(&mut run);
                self.left = Some(run).filter(|run| !run.records.is_empty());
                if self.batch.is_full() {
                    self.give();
                }
                Step::Ahead
            }
            // What is needed is always on its way.
            Next::Block => Step::Wait,
            Next::End if !self.batch.runs.is_empty() => {
                self.give();
                Step::Ahead
            }
            Next::End if in_flight > 0 => Step::Wait,
            Next::End => Step::Over,
        }
    }

    /// Gives the batch to a worker.
    fn give(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.cost += batch.cost;
        self.submit(Job::Work { number: self.given, batch });
        self.given += 1;
    }

    fn submit(&self, job: Job) {
        self.jobs.send(job).expect("workers wait for jobs as long as there may be any");
    }

    /// Waits for something to be done, and takes what is in turn.
    fn wait<E>(&mut self, take: &mut impl FnMut(T) -> Result<(), E>) -> Result<(), E> {
        match self.results.recv().expect("workers live as long as there may be jobs") {
            Done::Loaded(loaded) => self.merge.supply(loaded, self.segments),
            Done::Panicked(payload) => panic::resume_unwind(payload),
            Done::Worked { number, worked } => {
                self.waiting.insert(number, worked);
            }
        }
        while let Some(worked) = self.waiting.remove(&self.taken) {
            self.findings.append(worked.findings);
            take(worked.output)?;
            if !worked.rest.runs.is_empty() {
                // It goes on where its output was full, before those behind it.
                self.submit(Job::Work { number: self.taken, batch: worked.rest });
                break;
            }
            self.cost -= worked.cost;
            self.taken += 1;
        }
        Ok(())
    }
}

/// Does something at the end of a scope, whichever way that is left.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        self.0();
    }
}
