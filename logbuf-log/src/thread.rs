//! The thread's own end of the path: its ring, its losses, and what happens when the thread begins and ends.

use core::cell::{Cell, UnsafeCell};
use core::mem::ManuallyDrop;
use core::ptr;
use std::sync::Arc;

use logbuf::ClaimError;
use logbuf::queue::spsc::Producer;
use logbuf_format::Level;
use logbuf_format::loss::Reason;

use crate::loss::Losses;
use crate::registry::REGISTRY;

/// What the writer knows of a thread that logs.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Number by which the file refers to it; 0 is [`REGISTRY`]'s stand-in.
    pub(crate) id: u32,
    /// The kernel's number.
    pub(crate) os_id: u64,
    /// Empty if it has none.
    pub(crate) name: String,
    pub(crate) losses: Losses,
}

/// What a thread keeps to log with. Needs no destructor, so that logging works until the very end of the thread.
pub(crate) struct Local {
    /// Set while a record is being written: what logs meanwhile must not touch the producer.
    busy: Cell<bool>,
    /// Detached before the thread's first record and after its last.
    producer: UnsafeCell<ManuallyDrop<Producer>>,
}

thread_local! {
    static LOCAL: Local = const {
        Local { busy: Cell::new(false), producer: UnsafeCell::new(ManuallyDrop::new(Producer::detached())) }
    };
    /// Retires the ring at the end of the thread.
    static RETIREMENT: Retirement = const { Retirement { thread: Cell::new(None) } };
}

/// Ends the use of the ring when the thread's locals are destroyed.
struct Retirement {
    thread: Cell<Option<Arc<Thread>>>,
}

impl Drop for Producing {
    #[inline(always)]
    fn drop(&mut self) {
        self.local().busy.set(false);
    }
}

impl Drop for Retirement {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            // A thread's locals are destroyed between records, never inside one: whoever is busy is not destroyed.
            // SAFETY: nothing else refers to the producer, because `Producing` is the only way to it and none is alive.
            let slot = unsafe { &mut *local.producer.get() };
            drop(ManuallyDrop::into_inner(core::mem::replace(
                slot,
                ManuallyDrop::new(Producer::detached()),
            )));
        });
    }
}

/// What to do about a claim that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Claim again: the cause is gone.
    Retry,
    /// Give up: the record is counted as lost.
    Lost,
}

/// The right to use the thread's producer: at most one exists in a thread at any time.
pub(crate) struct Producing {
    local: *const Local,
}

impl Producing {
    /// Takes the right, unless a record is being written already.
    #[inline(always)]
    pub(crate) fn begin() -> Option<Self> {
        let local = LOCAL.with(ptr::from_ref);
        // SAFETY: a thread local without a destructor lives as long as its thread, and `Producing` stays in the thread.
        let busy = unsafe { &(*local).busy };
        (!busy.replace(true)).then_some(Self { local })
    }

    #[inline(always)]
    fn local(&self) -> &Local {
        // SAFETY: as in `begin`.
        unsafe { &*self.local }
    }

    #[inline(always)]
    pub(crate) fn producer(&mut self) -> &mut Producer {
        // SAFETY: `self` is the only `Producing` of this thread, by `busy`, and is borrowed exclusively.
        unsafe { &mut *self.local().producer.get() }
    }

    /// Deals with a refused claim of `len` bytes for a record of `level` logged at `ticks`.
    #[cold]
    #[inline(never)]
    pub(crate) fn refused(
        &mut self,
        error: ClaimError,
        level: Level,
        len: usize,
        ticks: u64,
    ) -> Refusal {
        let reason = match error {
            ClaimError::Detached => match self.attach() {
                Ok(()) => return Refusal::Retry,
                Err(reason) => reason,
            },
            ClaimError::Full => Reason::RING_FULL,
            // No other refusal is possible: a record has a header, so it is not empty.
            _ => Reason::TOO_LONG,
        };
        lose(level, reason, len, ticks);
        Refusal::Lost
    }

    /// Gives the thread its ring.
    fn attach(&mut self) -> Result<(), Reason> {
        RETIREMENT
            .try_with(|retirement| {
                let (producer, thread) = REGISTRY.attach().ok_or(Reason::NO_RING)?;
                *self.producer() = producer;
                retirement.thread.set(Some(thread));
                Ok(())
            })
            .unwrap_or(Err(Reason::NO_RING))
    }
}

/// Counts a record as lost, for this thread if it can be told.
#[cold]
#[inline(never)]
pub(crate) fn lose(level: Level, reason: Reason, bytes: usize, ticks: u64) {
    let counted = RETIREMENT.try_with(|retirement| {
        let thread = retirement.thread.take();
        if let Some(thread) = &thread {
            thread.losses.add(level, reason, bytes, ticks);
        }
        let counted = thread.is_some();
        retirement.thread.set(thread);
        counted
    });
    if !counted.unwrap_or(false) {
        REGISTRY.stand_in.losses.add(level, reason, bytes, ticks);
    }
}
