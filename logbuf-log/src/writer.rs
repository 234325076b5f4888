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
//! | `writer/catalog.rs` | what a segment has to list |
//! | `writer/emit.rs` | the block, behind all that it refers to, into the file |
//! | `writer/end.rs` | closing the file, or giving up |

mod catalog;
mod emit;
mod end;
mod sweep;

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use logbuf::queue::mpsc;
use logbuf_format::segment::Meta;

use self::catalog::Catalog;
use self::end::LAST_TRIES;
use self::sweep::Sweep;
use crate::control::{Control, Demand};
use crate::dictionary::Dictionary;
use crate::error::{InitError, WriteError};
use crate::events::Events;
use crate::loss::Lost;
use crate::output::{Asked, Options, Output};
use crate::registry::{REGISTRY, Ring};
use crate::thread::{self, Thread};

/// Payload of EVENTS, in bytes, from which a block is written at once.
const BLOCK: usize = 64 << 10;

/// How long the writer sleeps when the rings are empty: the first time, and at most. It doubles in between.
const SHORTEST_SLEEP: Duration = Duration::from_micros(100);
const LONGEST_SLEEP: Duration = Duration::from_millis(5);

/// How long the writer waits before it tries again to write: the first time, and at most. It doubles in between.
const SHORTEST_RETRY: Duration = Duration::from_millis(10);
const LONGEST_RETRY: Duration = Duration::from_secs(1);
/// The user's function for failed writes.
pub(crate) type OnError = Box<dyn FnMut(&WriteError) + Send>;

/// The writer's state, owned by its thread.
pub(crate) struct Writer {
    control: Arc<Control>,
    rings: Vec<Attached>,
    /// The ring of those who have none.
    shared: Option<mpsc::Consumer>,
    dictionary: Dictionary,
    output: Output,
    events: Events,
    /// Records that were put into the segment and are not written yet.
    on_their_way: u64,
    flush_interval: Duration,
    on_error: OnError,
    /// Losses that were put into the segment and are not written yet; without a thread, the stand-in's.
    losses: Vec<(Option<Arc<Thread>>, Lost)>,
    /// The first thread to have its ring after the segment began.
    first_thread: u32,
}

/// A ring that the writer looks after.
struct Attached {
    ring: Ring,
    /// Whether its thread is in the segment.
    listed: bool,
    /// Whether its thread has ended and everything in it was taken.
    finished: bool,
}

/// Says that the writer ended, even if it panics.
struct Ending(Arc<Control>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Writer {
    /// A writer whose first segment is begun here.
    pub(crate) fn new(
        control: Arc<Control>,
        mut dictionary: Dictionary,
        options: Options,
        meta: Meta,
        flush_interval: Duration,
        on_error: OnError,
    ) -> Result<Self, InitError> {
        let (mut rings, mut first_thread) = (Vec::new(), 0);
        let mut catalog = Catalog {
            dictionary: &mut dictionary,
            rings: &mut rings,
            first_thread: &mut first_thread,
        };
        let output = Output::start(options, meta, &mut catalog)?;
        control.set_path(output.path());
        Ok(Self {
            control,
            rings,
            shared: REGISTRY.adopt_shared(),
            dictionary,
            output,
            events: Events::default(),
            on_their_way: 0,
            flush_interval,
            on_error,
            losses: Vec::new(),
            first_thread,
        })
    }

    /// Runs until the guard says stop, and closes the segment.
    pub(crate) fn run(mut self) {
        let _ending = Ending(Arc::clone(&self.control));
        self.control.begin();
        thread::set_writer();
        let mut sleep = Duration::ZERO;
        let mut asked = Asked::default();
        loop {
            let demand = self.control.demand(sleep);
            asked.add(demand.asked);
            let sweep = self.sweep();
            let failure = if self.is_due(demand) { self.emit().err() } else { None };
            if demand.flush_due {
                match (&failure, sweep) {
                    (None, Sweep::Cut) => {}
                    (Some(error), _) => self.control.answer(demand.flush, Some(error)),
                    (None, _) => {
                        let failure = self.tend(mem::take(&mut asked)).err();
                        self.control.answer(demand.flush, failure.as_ref());
                    }
                }
            }
            sleep = match (failure, sweep) {
                (Some(error), _) if demand.stop && self.output.failures() >= LAST_TRIES => {
                    return self.abandon(error);
                }
                (Some(_), _) => {
                    // Not a wait for the guard: nothing it could ask for can be done before writing works again.
                    std::thread::sleep(retry_delay(self.output.failures()));
                    Duration::ZERO
                }
                (None, Sweep::Found | Sweep::Cut) => Duration::ZERO,
                (None, Sweep::Nothing) if demand.stop => return self.close(),
                (None, Sweep::Nothing) => (sleep * 2).clamp(SHORTEST_SLEEP, LONGEST_SLEEP),
            };
        }
    }

    fn is_due(&self, demand: Demand) -> bool {
        demand.flush_due
            || demand.stop
            || self.output.failures() > 0
            || self.output.is_due()
            || self.events.is_older_than(self.flush_interval)
    }
}

/// How long to wait after the `failures`th failed write in a row.
fn retry_delay(failures: u32) -> Duration {
    SHORTEST_RETRY.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_RETRY)
}
