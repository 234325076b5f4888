//! The background thread: from the rings to the file.
//!
//! The order of things is what keeps records safe. Records are copied from a ring into a block while the ring **holds**
//! them; the block is written; only then is the ring's room released. At each instant a record is in its ring, or in the
//! file, or in both, and the extents of the blocks say which ring positions are in the file.
//!
//! | file | what |
//! |---|---|
//! | `writer.rs` | the writer's state, and the loop that it runs |
//! | `writer/sweep.rs` | from the rings into the block that is being filled |
//! | `writer/contents.rs` | what a segment has to list |
//! | `writer/emit.rs` | the block, behind all that it refers to, into the file |
//! | `writer/flight.rs` | what a flight recorder changes |
//! | `writer/end.rs` | closing the file, or giving up |

mod contents;
mod emit;
mod end;
mod flight;
mod sweep;

use core::sync::atomic::Ordering;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::time::{Duration, Instant};

use logbuf::queue::mpsc;
use logbuf_format::segment::Meta;

use self::contents::Contents;
use self::sweep::Sweep;
use crate::clock::{self, Anchors};
use crate::console::Tee;
use crate::control::{Control, Demand, Stop};
use crate::dictionary::Dictionary;
use crate::error::{InitError, Operation, WriteError};
use crate::events::Events;
use crate::flight::{FlightRecorder, Recorder};
use crate::guard::Running;
use crate::idle::{Idle, IdleStrategy};
use crate::loss::Lost;
use crate::notice::{self, OnNotice};
use crate::output::{Asked, Options, Output};
use crate::paths::Paths;
use crate::registry::{REGISTRY, Ring};
use crate::thread::{self, Thread};

/// How long the writer waits before it tries again to write: the first time, and at most. It doubles in between.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);
const LONGEST_RETRY: Duration = Duration::from_secs(1);
/// The user's function for failed writes.
pub(crate) type OnError = Box<dyn FnMut(&WriteError) + Send>;

/// What a writer is made of.
pub(crate) struct Parts {
    pub(crate) control: Arc<Control>,
    pub(crate) dictionary: Dictionary,
    pub(crate) output: Options,
    pub(crate) meta: Meta,
    pub(crate) anchors: Anchors,
    pub(crate) idle: IdleStrategy,
    pub(crate) flush_interval: Duration,
    pub(crate) recorder: Option<FlightRecorder>,
    pub(crate) tee: Option<Tee>,
    pub(crate) on_error: OnError,
    pub(crate) on_notice: OnNotice,
    pub(crate) running: Running,
}

/// The writer's state: owned by its thread, or by whoever polls.
pub(crate) struct Writer {
    control: Arc<Control>,
    rings: Vec<Attached>,
    /// The ring of those who have none.
    shared: Option<mpsc::Consumer>,
    dictionary: Dictionary,
    output: Output,
    events: Events,
    anchors: Anchors,
    /// Records that were put into the segment and are not written yet, and the time stamp of the oldest.
    on_their_way: u64,
    oldest_on_their_way: Option<u64>,
    /// Where the next sweep begins, if the last one was cut short: a place in the list of rings.
    next_ring: usize,
    /// Bytes of ring that the last sweep took.
    taken: usize,
    idle: Idle,
    flush_interval: Duration,
    on_error: OnError,
    on_notice: OnNotice,
    /// What was asked for beside writing.
    asked: Asked,
    /// When to try again to write, after one that failed.
    retry_at: Option<Instant>,
    /// How it failed.
    failure: Option<WriteError>,
    /// Losses that were put into the segment and are not written yet; without a thread, the stand-in's.
    losses: Vec<(Option<Arc<Thread>>, Lost)>,
    /// The first thread to have its ring after the segment began.
    first_thread: u32,
    /// None if every record is written.
    recorder: Option<Recorder>,
    /// The number of the thread that has this turn, if it has a ring; otherwise 0, as no other has.
    thread: u32,
    /// Whether the segment was closed, or given up.
    ended: bool,
    /// Until the end, when another logger may start.
    running: Option<Running>,
}

/// What a turn of the writer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// There was something to do, and there may be more.
    Worked,
    /// Nothing was in the rings.
    Idle,
    /// Writing fails. It is tried again then.
    Failing {
        /// When.
        retry_at: Instant,
    },
    /// The segment is closed, or given up.
    Ended,
}

/// A ring that the writer looks after.
struct Attached {
    ring: Ring,
    /// Whether its thread is in the segment.
    listed: bool,
    /// Whether its thread has ended, or left it for another ring, and everything in it was taken.
    finished: bool,
    /// Whether its thread had a ring before it that may not be finished.
    follows: bool,
    /// Position up to which all records are dealt with: written, or not to be.
    done: u64,
    /// Whether what it holds was put because of a dump, and is not written yet.
    is_dumped: bool,
    /// The scopes its thread was in where the oldest record stands that it holds, if a flight recorder holds any.
    oldest: Option<Paths>,
}

impl Attached {
    fn new(ring: Ring, follows: bool) -> Self {
        let done = ring.consumer.taken_position();
        Self { ring, listed: false, finished: false, follows, done, is_dumped: false, oldest: None }
    }

    /// Whether it is a ring of the same thread.
    fn is_of(&self, thread: &Arc<Thread>) -> bool {
        Arc::ptr_eq(&self.ring.thread, thread)
    }
}

impl Writer {
    /// A writer whose first segment is begun here.
    pub(crate) fn new(parts: Parts) -> Result<Self, InitError> {
        let Parts { control, mut dictionary, mut anchors, idle, flush_interval, .. } = parts;
        let (mut rings, mut first_thread) = (Vec::new(), 0);
        let mut contents = Contents {
            dictionary: &mut dictionary,
            rings: &mut rings,
            first_thread: &mut first_thread,
            anchors: &mut anchors,
        };
        let output = Output::start(parts.output, parts.meta, &mut contents)?;
        control.set_path(output.path());
        let mut events = Events::new(parts.tee);
        if let Some(tee) = events.tee() {
            tee.set_time(anchors.last(), clock::frequency());
        }
        Ok(Self {
            control,
            rings,
            shared: REGISTRY.adopt_shared(),
            dictionary,
            output,
            events,
            anchors,
            on_their_way: 0,
            oldest_on_their_way: None,
            next_ring: 0,
            taken: 0,
            idle: Idle::new(idle, flush_interval),
            flush_interval,
            on_error: parts.on_error,
            on_notice: parts.on_notice,
            asked: Asked::default(),
            retry_at: None,
            failure: None,
            losses: Vec::new(),
            first_thread,
            recorder: parts.recorder.map(Recorder::new),
            thread: 0,
            ended: false,
            running: Some(parts.running),
        })
    }

    /// Runs until the guard says stop, and closes the segment. The calling thread is the writer's from now on.
    pub(crate) fn run(&mut self) {
        thread::set_writer(true);
        self.control.begin();
        loop {
            match self.turn(usize::MAX) {
                Turn::Worked => self.idle.rest(self.taken, &self.control),
                Turn::Idle => self.idle.wait(&self.control),
                // Nothing that the guard could ask for, but the end, can be done before writing works again.
                Turn::Failing { retry_at } => self.control.sleep_until(retry_at),
                Turn::Ended => return,
            }
        }
    }

    /// Does what there is to do, without waiting: takes what the rings hold, up to about `budget` bytes, and writes what
    /// is due.
    pub(crate) fn turn(&mut self, budget: usize) -> Turn {
        if self.ended {
            return Turn::Ended;
        }
        self.deliver_notices();
        let demand = self.control.demand();
        self.asked.add(demand.asked);
        if let Some(retry_at) = self.retry_at
            && Instant::now() < retry_at
            && !demand.stop.is_some_and(Stop::is_over)
        {
            return Turn::Failing { retry_at };
        }
        let (sweep, dump) = self.sweep_and_dump(demand, budget);
        self.show();
        let failed = dump.is_err() || self.is_due(demand) && self.emit().is_err();
        self.note_oldest();
        if demand.flush_due && failed {
            self.control.answer(demand.flush, self.failure.as_ref());
        } else if demand.flush_due && sweep.is_whole() {
            let asked = mem::take(&mut self.asked);
            let failure = self.tend(asked).err();
            self.control.answer(demand.flush, failure.as_ref());
        }
        match (self.retry_at, demand.stop) {
            (Some(_), Some(stop)) if stop.gives_up(self.output.failures()) => self.abandon(),
            (Some(retry_at), _) => return Turn::Failing { retry_at },
            (None, Some(stop)) if sweep == Sweep::Nothing => self.close(stop),
            (None, _) if sweep == Sweep::Nothing => {
                self.look_at_the_clock();
                return Turn::Idle;
            }
            (None, _) => return Turn::Worked,
        }
        Turn::Ended
    }

    /// Whether the segment is closed, or given up.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended
    }

    fn is_due(&self, demand: Demand) -> bool {
        // A record has waited in its ring before it was taken, too.
        let age = self.flush_interval.saturating_sub(self.idle.longest());
        demand.flush_due
            || demand.stop.is_some()
            || self.output.failures() > 0
            || self.output.is_due()
            || self.events.is_older_than(age)
    }

    /// Has the console show what was taken.
    fn show(&mut self) {
        if let Some(tee) = self.events.tee() {
            tee.hand_over();
            tee.set_time(self.anchors.last(), clock::frequency());
        }
    }

    fn deliver_notices(&mut self) {
        let delivered = notice::deliver(&mut self.on_notice);
        if delivered > 0 {
            self.control.counters.notices.fetch_add(delivered, Ordering::Relaxed);
        }
    }
}

impl Drop for Writer {
    /// If it panicked, or was never run, leaves the rings to the next writer all the same. A panic is told to `on_error`.
    fn drop(&mut self) {
        if !self.ended {
            if std::thread::panicking() {
                let path = self.output.path().to_owned();
                let source = io::Error::other("the log writer panicked");
                self.failure = Some(WriteError::new(Operation::Write, path, source));
            }
            let abandon = AssertUnwindSafe(|| self.abandon());
            // A second panic would end the process.
            let _given_back_if_possible = panic::catch_unwind(abandon);
        }
        // In case it panicked again.
        self.control.end(None);
    }
}

/// A write failed; [`Writer::failure`] says how.
#[derive(Debug)]
struct Failed;

/// How long to wait after the `failures`th failed write in a row.
fn retry_delay(failures: u32) -> Duration {
    SHORTEST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_RETRY)
}
