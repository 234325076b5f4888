//! The thread's own end of the path: its ring, its losses, and what happens when the thread begins and ends.

use core::cell::{Cell, RefCell, UnsafeCell};
use core::mem::{self, ManuallyDrop};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering, compiler_fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logbuf::ClaimError;
use logbuf::queue::spsc::Producer;
use logbuf_format::Level;
use logbuf_format::loss::Reason;
use logbuf_format::site::Kind;

use crate::full::{Patience, WhenFull};
use crate::loss::Losses;
use crate::paths::Paths;
use crate::registry::REGISTRY;
use crate::scope::{Room, Scopes};
use crate::session::threads::Slot;
use crate::site::Site;

/// The part of a ring that is kept for records of [`RESERVED`] and above: one in this many bytes.
const RESERVE_SHARE: usize = 8;

/// The least severe level that may use the reserve.
const RESERVED: Level = Level::Warn;

/// What the writer knows of a thread that logs.
#[derive(Debug)]
pub(crate) struct Thread {
    /// Number by which the file refers to it; 0 is [`REGISTRY`]'s stand-in.
    pub(crate) id: u32,
    /// The kernel's number.
    pub(crate) os_id: u64,
    /// Empty if it has none.
    pub(crate) name: String,
    /// Bytes of all its rings that are not drained and let go of.
    pub(crate) ring_bytes: AtomicUsize,
    pub(crate) losses: Losses,
    /// The most bytes of its ring that were seen in use.
    high_water: AtomicUsize,
    /// Its place in the session, which it keeps as long as there are records of it.
    slot: Option<Slot>,
    /// The scopes it is in, as far as the writer has read its records.
    paths: Mutex<Paths>,
}

impl Thread {
    /// The scopes it is in as the writer knows them. Only the writer locks them: there is one at a time.
    pub(crate) fn lock_paths(&self) -> MutexGuard<'_, Paths> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn new(id: u32, os_id: u64, name: String, slot: Option<Slot>) -> Self {
        Self {
            id,
            os_id,
            name,
            ring_bytes: AtomicUsize::new(0),
            losses: Losses::new(),
            high_water: AtomicUsize::new(0),
            slot,
            paths: Mutex::new(Paths::new()),
        }
    }

    /// Has its losses counted in the session, if it has a place there.
    pub(crate) fn keep_losses(&self) {
        if let Some(slot) = &self.slot {
            self.losses.keep_in(slot.losses());
        }
    }

    /// Notes where its first record will be, unless it had a ring before.
    pub(crate) fn begin(&self, ring: u32, position: u64) {
        if let Some(slot) = &self.slot {
            slot.begin(ring, position);
        }
    }

    /// Notes that so many bytes of its ring are in use.
    pub(crate) fn note_used(&self, bytes: usize) {
        // Almost always it was more before, and then the line stays shared.
        if self.high_water.load(Ordering::Relaxed) < bytes {
            self.high_water.fetch_max(bytes, Ordering::Relaxed);
        }
    }

    /// The most bytes of its ring that were seen in use.
    pub(crate) fn high_water(&self) -> usize {
        self.high_water.load(Ordering::Relaxed)
    }
}

/// What a thread keeps to log with. Needs no destructor, so that logging works until the very end of the thread.
pub(crate) struct Local {
    /// Set while a record is being written: what logs meanwhile must not touch the producer.
    busy: Cell<bool>,
    /// Detached before the thread's first record and after its last.
    producer: UnsafeCell<ManuallyDrop<Producer>>,
    /// The number of the thread once it has had a ring, otherwise 0.
    id: Cell<u32>,
    /// Whether this is the writer's thread, which must not wait for itself.
    is_writer: Cell<bool>,
    /// Set while values that format do so again: what they log, they logged the first time.
    repeats: Cell<bool>,
    /// Set while the ring does not say what scopes the thread is in: the next record takes the long way and says so first.
    unstated: Cell<bool>,
    /// Whether the thread was in scopes when its locals were destroyed: nothing is known of them from then on.
    adrift: Cell<bool>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            busy: Cell::new(false),
            producer: UnsafeCell::new(ManuallyDrop::new(Producer::detached())),
            id: Cell::new(0),
            is_writer: Cell::new(false),
            repeats: Cell::new(false),
            unstated: Cell::new(false),
            adrift: Cell::new(false),
        }
    };
    /// Retires the ring at the end of the thread.
    static RETIREMENT: Retirement = const {
        Retirement { thread: Cell::new(None), scopes: RefCell::new(Scopes::new()) }
    };
}

/// Ends the use of the ring when the thread's locals are destroyed.
struct Retirement {
    thread: Cell<Option<Arc<Thread>>>,
    /// The scopes the thread is in. Never borrowed while code of the user's runs.
    scopes: RefCell<Scopes>,
}

impl Drop for Retirement {
    fn drop(&mut self) {
        // A thread's locals are destroyed between records, never inside one, so nobody is busy.
        if let Some(mut producing) = Producing::begin() {
            producing.replace(Producer::detached());
            producing.local().adrift.set(!self.scopes.borrow().is_empty());
        }
    }
}

/// What to do about a claim that was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Claim again: the cause is gone.
    Retry,
    /// Use the ring that all threads share: this one cannot have its own.
    Share,
    /// Give up: the record is counted as lost.
    Lost,
}

/// The right to use the thread's producer: at most one exists in a thread at any time.
pub(crate) struct Producing {
    local: *const Local,
}

impl Drop for Producing {
    #[inline(always)]
    fn drop(&mut self) {
        // A signal handler that logs runs on this thread between two of its instructions. It must find the producer
        // whole when it finds it free, so the compiler may not move anything across.
        compiler_fence(Ordering::SeqCst);
        self.local().busy.set(false);
    }
}

impl Producing {
    /// Takes the right, unless a record is being written already.
    #[inline(always)]
    pub(crate) fn begin() -> Option<Self> {
        let local = LOCAL.with(ptr::from_ref);
        // SAFETY: a thread local without a destructor lives as long as its thread, and `Producing` stays in the thread.
        let busy = unsafe { &(*local).busy };
        if busy.get() {
            return None;
        }
        // A handler that runs between these two has given back what it took when it returns.
        busy.set(true);
        // As in `drop`.
        compiler_fence(Ordering::SeqCst);
        Some(Self { local })
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

    /// Uses another producer from now on, and lets go of the one before.
    fn replace(&mut self, producer: Producer) {
        drop(mem::replace(self.producer(), producer));
    }

    /// Deals with a refused claim of `len` bytes for a record of `site` logged at `ticks`.
    #[cold]
    #[inline(never)]
    pub(crate) fn refused(
        &mut self,
        error: ClaimError,
        site: &Site,
        (len, ticks): (usize, u64),
        patience: &mut Patience,
    ) -> Refusal {
        let (refusal, reason) = match error {
            ClaimError::Detached if self.producer().capacity() > 0 => {
                (Refusal::Share, Reason::RING_FULL)
            }
            ClaimError::Detached => (self.attach(), Reason::RING_FULL),
            ClaimError::Full => (self.make_room(site, patience), Reason::RING_FULL),
            // No other refusal is possible: a record has a header, so it is not empty.
            _ => (Refusal::Lost, Reason::TOO_LONG),
        };
        if refusal == Refusal::Lost {
            let reason = if site.kind == Kind::Event { reason } else { Reason::SCOPE };
            lose(site.place.level, reason, len, ticks);
        }
        if refusal != Refusal::Retry && self.local().unstated.get() {
            self.producer().withhold_room();
        }
        refusal
    }

    /// Sees to the ring after a record that took more than a compare to place: now and then, therefore, and at least once
    /// in half a ring.
    pub(crate) fn settle(&mut self, patience: &Patience) {
        if patience.opened_reserve() {
            self.keep_reserve();
        }
        if self.local().unstated.get() {
            self.producer().withhold_room();
        }
        let (capacity, used) = (self.producer().capacity(), self.producer().len_bytes());
        if used >= capacity / 2 {
            REGISTRY.wake_writer();
        }
        with_thread(|thread| thread.note_used(used));
        if capacity > REGISTRY.ring_capacity() {
            self.shrink(used);
        }
    }

    /// Writes, in front of a record logged at `ticks`, what scopes the thread is in, if the ring does not say so already.
    #[inline(always)]
    pub(crate) fn state_scopes(&mut self, room: Room, ticks: u64) -> Result<(), ClaimError> {
        if self.local().unstated.get() { self.state_scopes_now(room, ticks) } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn state_scopes_now(&mut self, room: Room, ticks: u64) -> Result<(), ClaimError> {
        self.producer().restore_room();
        let stated = with_scopes(|scopes| scopes.state(self.producer(), room, ticks));
        // A signal handler that interrupted a change cannot tell: it has no use for the ring now.
        let result = stated.unwrap_or(Err(ClaimError::Detached));
        self.set_stated(result.is_ok());
        result
    }

    /// Takes a span off the path, unless that was done, and writes that the thread has left it, which cuts the path in the ring as
    /// it is cut here. Says whether that was possible.
    #[cfg(feature = "tracing")]
    pub(crate) fn exit_span(
        &mut self,
        room: Room,
        exit: &crate::scope::Exit,
        is_left: &mut bool,
    ) -> Result<(), ClaimError> {
        // What scopes the thread is in need not be said in front of it.
        self.producer().restore_room();
        let exited = with_scopes(|scopes| {
            *is_left = *is_left || scopes.spans.leave_span(exit.id);
            let result = scopes.spans.exit(self.producer(), room, exit);
            (result, scopes.is_stated())
        });
        // As in `state_scopes_now`.
        let (result, is_stated) = exited.unwrap_or((Err(ClaimError::Detached), false));
        self.set_stated(is_stated);
        result
    }

    /// Says whether the ring says what scopes the thread is in: if not, the next record takes the long way.
    #[inline]
    fn set_stated(&mut self, is_stated: bool) {
        self.local().unstated.set(!is_stated);
        if !is_stated {
            self.producer().withhold_room();
        }
    }

    /// Keeps the reserve from now on. The next record takes the long way, because it has to find out about its room.
    fn keep_reserve(&mut self) {
        let reserve = self.producer().capacity() / RESERVE_SHARE;
        self.producer().set_reserve(reserve);
    }

    /// Finds room in a full ring, or in another.
    fn make_room(&mut self, site: &Site, patience: &mut Patience) -> Refusal {
        if site.place.level <= RESERVED && patience.opens_reserve() {
            self.producer().set_reserve(0);
            return Refusal::Retry;
        }
        REGISTRY.wake_writer();
        let used = self.producer().len_bytes();
        with_thread(|thread| thread.note_used(used));
        let found = match site.when_full.unwrap_or_else(|| REGISTRY.when_full.get()) {
            WhenFull::Drop => false,
            WhenFull::Block(bound) => !self.local().is_writer.get() && patience.wait(bound),
            WhenFull::Grow { max_bytes } => self.grow(max_bytes),
        };
        if found {
            return Refusal::Retry;
        }
        if patience.opened_reserve() {
            self.keep_reserve();
        }
        Refusal::Lost
    }

    /// Gives the thread its first ring, unless it is about to end.
    fn attach(&mut self) -> Refusal {
        let attached = RETIREMENT.try_with(|retirement| {
            let Some((producer, thread)) = REGISTRY.attach() else { return Refusal::Share };
            self.local().id.set(thread.id);
            self.replace(producer);
            self.keep_reserve();
            retirement.thread.set(Some(thread));
            let mut scopes = retirement.scopes.borrow_mut();
            scopes.restart();
            self.local().unstated.set(!scopes.is_stated());
            Refusal::Retry
        });
        attached.unwrap_or(Refusal::Share)
    }

    /// Goes back to the usual size of a ring if that suffices. Until the large one is drained the thread then has both, so that
    /// the bound of the logger, if it has one, is kept; a call that has a rule of its own is the only other cause.
    fn shrink(&mut self, used: usize) {
        let max_bytes = match REGISTRY.when_full.get() {
            WhenFull::Grow { max_bytes } => max_bytes,
            WhenFull::Drop | WhenFull::Block(_) => usize::MAX,
        };
        let usual = REGISTRY.ring_capacity();
        // A ring that was made a moment ago is empty, too: it has to have been of use.
        let is_used = self.producer().position() >= self.producer().capacity() as u64 / 2;
        if is_used && used < usual / 2 {
            let _stays_if_that_fails = self.change_ring(usual, max_bytes);
        }
    }

    /// Doubles the ring if all rings of the thread then need at most `max_bytes`.
    fn grow(&mut self, max_bytes: usize) -> bool {
        let doubled = self.producer().capacity() * 2;
        self.change_ring(doubled, max_bytes)
    }

    /// Goes on with a ring of `capacity` bytes, if all rings of the thread then need at most `max_bytes`. The writer drains
    /// the one before and then lets go of it.
    fn change_ring(&mut self, capacity: usize, max_bytes: usize) -> bool {
        let changed = RETIREMENT.try_with(|retirement| {
            let thread = retirement.thread.take();
            let producer = thread
                .as_ref()
                .filter(|thread| thread.ring_bytes.load(Ordering::Relaxed) + capacity <= max_bytes)
                .and_then(|thread| REGISTRY.ring(capacity, thread));
            retirement.thread.set(thread);
            let changed = producer.is_some();
            if let Some(producer) = producer {
                self.replace(producer);
                self.keep_reserve();
            }
            changed
        });
        changed.unwrap_or(false)
    }
}

/// Gives the calling thread its ring now instead of at its first record.
///
/// The first record of a thread costs the making of a ring, some microseconds; a thread that cannot afford that calls this
/// when it starts. A thread whose signal handlers log must call it before the first signal: a ring cannot be
/// made in a signal handler.
pub fn preallocate() {
    if let Some(mut producing) = Producing::begin()
        && producing.producer().capacity() == 0
    {
        // A thread that cannot have a ring logs through the shared one.
        let _ring_or_none = producing.attach();
    }
}

/// Calls `change` with the scopes of this thread, and sees to it that its next record says what they are. Does nothing if
/// the thread is about to end, or in a signal handler that interrupted another such call.
pub(crate) fn change_scopes<R>(change: impl FnOnce(&mut Scopes) -> R) -> Option<R> {
    let (result, is_stated) = with_scopes(|scopes| (change(scopes), scopes.is_stated()))?;
    // The mark is taken away by a record alone: a signal handler may have set it since.
    if !is_stated {
        LOCAL.with(|local| local.unstated.set(true));
        // Whoever is writing a record just now finds the mark when done with it.
        if let Some(mut producing) = Producing::begin() {
            producing.producer().withhold_room();
        }
    }
    Some(result)
}

/// Calls `f` with the scopes of this thread, unless its locals are destroyed or this is a signal handler that interrupted
/// another such call.
pub(crate) fn with_scopes<R>(f: impl FnOnce(&mut Scopes) -> R) -> Option<R> {
    RETIREMENT
        .try_with(|retirement| {
            let mut scopes = retirement.scopes.try_borrow_mut().ok()?;
            // A signal handler must find the mark of the borrow before anything is changed, and until it is.
            compiler_fence(Ordering::SeqCst);
            let result = f(&mut scopes);
            compiler_fence(Ordering::SeqCst);
            Some(result)
        })
        .ok()
        .flatten()
}

/// Whether this thread was in scopes when its locals were destroyed.
pub(crate) fn is_adrift() -> bool {
    LOCAL.with(|local| local.adrift.get())
}

/// Forgets the ring of this thread, which is the parent's: nothing of it is touched again.
pub(crate) fn forget_ring() {
    LOCAL.with(|local| {
        if local.busy.get() {
            // In an implementation of `Debug` that is being logged: this process would go on with the record, in the
            // parent's ring.
            std::process::abort();
        }
        local.id.set(0);
        local.is_writer.set(false);
        let detached = ManuallyDrop::new(Producer::detached());
        // SAFETY: nobody is writing a record, by `busy`. The producer is not dropped, which would tell the parent's writer that its
        // thread is gone.
        unsafe { local.producer.get().write(detached) };
    });
    // That the thread's locals are gone already is fine, too.
    let _gone = RETIREMENT.try_with(|retirement| mem::forget(retirement.thread.take()));
    let _gone = with_scopes(Scopes::forget_spans);
}

/// The number of this thread if it has, or had, a ring; otherwise 0.
pub(crate) fn id() -> u32 {
    LOCAL.with(|local| local.id.get())
}

/// Says whether this is the writer's thread.
pub(crate) fn set_writer(is_writer: bool) {
    LOCAL.with(|local| local.is_writer.set(is_writer));
}

/// Whether this is the writer's thread, which must not wait for itself.
pub(crate) fn is_writer() -> bool {
    LOCAL.with(|local| local.is_writer.get())
}

/// Whether values that format are doing so again, so that nothing is to be recorded.
pub(crate) fn repeats() -> bool {
    LOCAL.with(|local| local.repeats.get())
}

/// Calls `format`, which formats values again, without recording what they log.
pub(crate) fn repeat<R>(format: impl FnOnce() -> R) -> R {
    /// Ends the repetition, also when an implementation panics.
    struct Repetition {
        outer: bool,
    }
    impl Drop for Repetition {
        fn drop(&mut self) {
            LOCAL.with(|local| local.repeats.set(self.outer));
        }
    }
    let _repetition = Repetition { outer: LOCAL.with(|local| local.repeats.replace(true)) };
    format()
}

/// Counts a record as lost, for this thread if it can be told.
#[cold]
#[inline(never)]
pub(crate) fn lose(level: Level, reason: Reason, bytes: usize, ticks: u64) {
    let counted = with_thread(|thread| thread.losses.add(level, reason, bytes, ticks));
    if counted.is_none() {
        REGISTRY.stand_in.losses.add(level, reason, bytes, ticks);
    }
}

/// Calls `f` with what the writer knows of this thread, if it has a ring and is not ending.
fn with_thread<R>(f: impl FnOnce(&Thread) -> R) -> Option<R> {
    let called = RETIREMENT.try_with(|retirement| {
        let thread = retirement.thread.take();
        let result = thread.as_deref().map(f);
        retirement.thread.set(thread);
        result
    });
    called.ok().flatten()
}
