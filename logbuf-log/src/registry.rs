//! Where call sites, threads and the writer meet: the cold side of everything the hot path uses.

use core::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use logbuf::queue::mpsc;
use logbuf::queue::spsc::{self, Consumer, Producer};
use logbuf::{Pages, Storage, StorageError};

use crate::clock;
use crate::control::Control;
use crate::dictionary;
use crate::fork::OfProcess;
use crate::full::Policy;
use crate::notice::{self, Notice};
use crate::platform;
use crate::session::{self, RingFile};
use crate::signature::Signature;
use crate::site::{Registration, SITES, Site, SiteId};
use crate::thread::Thread;

/// The one registry of the process.
pub(crate) static REGISTRY: OfProcess<Registry> = OfProcess::new(Registry::new());

/// Bytes of a thread's ring unless the builder says otherwise: some six thousand records of three numbers.
pub(crate) const DEFAULT_RING_CAPACITY: usize = 256 << 10;

/// Bytes of the shared ring.
const SHARED_CAPACITY: usize = 256 << 10;

/// Number by which files refer to the shared ring. The others count from 1.
pub(crate) const SHARED_RING: u32 = 0;

/// Bytes of idle rings that are kept for the next threads.
const IDLE_BYTES: usize = 16 << 20;

/// Rings that are made before there are threads for them: at first, and bytes of all of them when threads have come in such numbers that
/// there were not enough.
const SPARES: usize = 2;
const SPARE_BYTES: usize = 4 << 20;

pub(crate) struct Registry {
    /// Made when first needed, because a hash map cannot be made in a static.
    instances: RwLock<Option<Instances>>,
    /// Rings that no writer looks after yet.
    rings: Mutex<Vec<Ring>>,
    /// Rings whose threads have ended and whose records are written, for the next threads.
    idle: Mutex<Vec<IdleRing>>,
    /// The reading end of the shared ring, while no writer looks after it.
    shared: Mutex<Option<mpsc::Consumer>>,
    /// The ring of all who have none of their own. Made by the first start, so that a signal handler need not make it.
    shared_producer: OnceLock<mpsc::Producer>,
    /// The writer, while there is one.
    writer: Mutex<Option<Arc<Control>>>,
    pub(crate) when_full: Policy,
    ring_capacity: AtomicUsize,
    /// How many spare rings there should be; there come to be more when there were too few.
    spares: AtomicUsize,
    /// Threads that found no spare ring since the writer last made some.
    unserved: AtomicUsize,
    next_ring: AtomicU32,
    next_thread: AtomicU32,
    /// Rings made in memory of the process.
    pub(crate) private_rings: AtomicU64,
    /// Whether the user was told that the session had no room for one.
    told_of_private_rings: AtomicBool,
    /// Stands for all threads that had no ring when they lost a record.
    pub(crate) stand_in: Thread,
}

/// The instances of call sites in generic code, other than the first to record.
#[derive(Default)]
struct Instances {
    list: Vec<Instance>,
    index: HashMap<(usize, Signature), usize>,
}

/// A call site with other types than those it was first registered with.
#[derive(Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) site: &'static Site,
    pub(crate) registration: Registration,
}

/// The writer's end of a thread's ring.
pub(crate) struct Ring {
    /// Number by which the file refers to the ring.
    pub(crate) id: u32,
    pub(crate) consumer: Consumer,
    pub(crate) thread: Arc<Thread>,
    file: Option<RingFile>,
}

/// A ring without a thread. Its positions go on with the next thread.
struct IdleRing {
    id: u32,
    producer: Producer,
    consumer: Consumer,
    file: Option<RingFile>,
}

impl Registry {
    /// One that knows nothing.
    pub(crate) const fn new() -> Self {
        Self {
            instances: RwLock::new(None),
            rings: Mutex::new(Vec::new()),
            idle: Mutex::new(Vec::new()),
            shared: Mutex::new(None),
            shared_producer: OnceLock::new(),
            writer: Mutex::new(None),
            when_full: Policy::new(),
            ring_capacity: AtomicUsize::new(DEFAULT_RING_CAPACITY),
            spares: AtomicUsize::new(SPARES),
            unserved: AtomicUsize::new(0),
            next_ring: AtomicU32::new(1),
            next_thread: AtomicU32::new(1),
            private_rings: AtomicU64::new(0),
            told_of_private_rings: AtomicBool::new(false),
            stand_in: Thread::new(0, 0, String::new(), None),
        }
    }

    /// The number under which `site` records values of the types of `registration`.
    pub(crate) fn identify(&self, site: &'static Site, registration: Registration) -> SiteId {
        let registered = site.register(registration);
        if registered.signature == registration.signature {
            catalogue(site, registered);
            // Where the counter is no clock, the site stays closed, and each call comes here and takes another clock.
            if clock::is_counter() {
                site.open(registered);
            }
            return site.id();
        }
        let key = (core::ptr::from_ref(site).addr(), registration.signature);
        let instances = self.instances.read().unwrap_or_else(PoisonError::into_inner);
        let known = instances.as_ref().and_then(|instances| instances.index.get(&key).copied());
        drop(instances);
        let place = known.unwrap_or_else(|| {
            let mut instances = self.instances.write().unwrap_or_else(PoisonError::into_inner);
            let Instances { list, index } = instances.get_or_insert_default();
            *index.entry(key).or_insert_with(|| {
                // Before anybody can find it, and so before there is a record of it.
                catalogue_instance(list.len(), site, registration);
                list.push(Instance { site, registration });
                list.len() - 1
            })
        });
        instance_id(place)
    }

    /// Lists every call site that has recorded in the catalogue of a new session, while no call records.
    pub(crate) fn catalogue_all(&self) {
        for site in SITES {
            if let Some(registration) = site.registration() {
                catalogue(site, registration);
            }
        }
        let instances = self.instances.read().unwrap_or_else(PoisonError::into_inner);
        let list = instances.iter().flat_map(|instances| &instances.list);
        for (index, instance) in list.enumerate() {
            catalogue_instance(index, instance.site, instance.registration);
        }
    }

    /// Adds a site that was met at run time, whose records are of these types alone.
    #[cfg(any(feature = "log", feature = "tracing"))]
    pub(crate) fn add(&self, site: &'static Site, registration: Registration) -> SiteId {
        let mut instances = self.instances.write().unwrap_or_else(PoisonError::into_inner);
        let Instances { list, .. } = instances.get_or_insert_default();
        // Before anybody can find it, and so before there is a record of it.
        catalogue_instance(list.len(), site, registration);
        list.push(Instance { site, registration });
        instance_id(list.len() - 1)
    }

    /// The instance that was given `id`.
    pub(crate) fn instance(&self, id: SiteId) -> Option<Instance> {
        let instances = self.instances.read().unwrap_or_else(PoisonError::into_inner);
        instances.as_ref()?.list.get(id as usize >> 1).copied()
    }

    /// Gives the calling thread a number and its first ring.
    pub(crate) fn attach(&self) -> Option<(Producer, Arc<Thread>)> {
        let id = self.next_thread.fetch_add(1, Ordering::Relaxed);
        let os_id = platform::thread_id();
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        let slot = session::current().and_then(|session| session.threads.put(id, os_id, &name));
        let thread = Arc::new(Thread::new(id, os_id, name, slot));
        thread.keep_losses();
        let producer = self.ring(self.ring_capacity(), &thread)?;
        Some((producer, thread))
    }

    /// Finds or makes a ring of `capacity` bytes for `thread`, and hands its other end to the writer.
    pub(crate) fn ring(&self, capacity: usize, thread: &Arc<Thread>) -> Option<Producer> {
        let ring = match self.idle_ring(capacity) {
            Some(ring) => ring,
            None => {
                if capacity == self.ring_capacity() {
                    // Where one thread comes, others may.
                    self.unserved.fetch_add(1, Ordering::Relaxed);
                    self.wake_writer();
                }
                self.new_ring(capacity)?
            }
        };
        let IdleRing { id, producer, consumer, file } = ring;
        consumer.set_label(thread.id.into());
        thread.begin(id, consumer.taken_position());
        thread.ring_bytes.fetch_add(capacity, Ordering::Relaxed);
        lock(&self.rings).push(Ring { id, consumer, thread: Arc::clone(thread), file });
        Some(producer)
    }

    /// Makes rings for the next threads, so that their first records need not wait for it. Not where they are large.
    pub(crate) fn stock(&self) {
        let capacity = self.ring_capacity();
        // Relaxed: numbers and nothing more.
        if self.unserved.swap(0, Ordering::Relaxed) > 0 {
            let more = (self.spares.load(Ordering::Relaxed) * 4).min(SPARE_BYTES / capacity);
            self.spares.fetch_max(more, Ordering::Relaxed);
        }
        let wanted = self.spares.load(Ordering::Relaxed).min(SPARE_BYTES / capacity);
        let is_spare = |ring: &&IdleRing| ring.consumer.capacity() == capacity;
        while lock(&self.idle).iter().filter(is_spare).count() < wanted {
            let Some(ring) = self.new_ring(capacity) else { break };
            lock(&self.idle).push(ring);
        }
    }

    fn new_ring(&self, capacity: usize) -> Option<IdleRing> {
        let id = self.next_ring.fetch_add(1, Ordering::Relaxed);
        let (storage, file) = memory(&format!("{}{id}", session::RING), capacity).ok()?;
        let (producer, consumer) = spsc::with_storage(storage);
        Some(IdleRing { id, producer, consumer, file })
    }

    fn idle_ring(&self, capacity: usize) -> Option<IdleRing> {
        let mut idle = lock(&self.idle);
        let place = idle.iter().position(|ring| ring.consumer.capacity() == capacity)?;
        Some(idle.swap_remove(place))
    }

    /// Counts what a thread lost that has ended, and that is in no file, as lost by nobody in particular: it is not asked again. That is
    /// nothing, unless a write failed meanwhile.
    pub(crate) fn disown_losses(&self, thread: &Thread) {
        for lost in thread.losses.take(clock::now()) {
            self.stand_in.losses.add_all(&lost);
            thread.losses.settle(&lost);
        }
    }

    /// Takes back a ring that its thread has left and that is drained, and keeps it for another if there is need for it.
    pub(crate) fn retire(&self, mut ring: Ring) {
        let capacity = ring.consumer.capacity();
        ring.thread.ring_bytes.fetch_sub(capacity, Ordering::Relaxed);
        let mut idle = lock(&self.idle);
        let kept: usize = idle.iter().map(|ring| ring.consumer.capacity()).sum();
        if capacity != self.ring_capacity() || kept + capacity > IDLE_BYTES {
            return;
        }
        if let Some(producer) = ring.consumer.renew_producer() {
            let Ring { id, consumer, file, .. } = ring;
            idle.push(IdleRing { id, producer, consumer, file });
        }
    }

    /// A producer of the shared ring, once a logger was started.
    pub(crate) fn shared(&self) -> Option<mpsc::Producer> {
        self.shared_producer.get().cloned()
    }

    /// Makes the shared ring if there is none yet.
    pub(crate) fn make_shared(&self) -> Result<(), StorageError> {
        let mut shared = lock(&self.shared);
        if self.shared_producer.get().is_none() {
            let (storage, file) = memory(session::SHARED, SHARED_CAPACITY)?;
            // It is there as long as the process is.
            std::mem::forget(file);
            let (producer, consumer) = mpsc::with_storage(storage);
            *shared = Some(consumer);
            // The lock is held, so nobody else can have set it.
            let _first = self.shared_producer.set(producer);
        }
        Ok(())
    }

    /// Hands the reading end of the shared ring to the writer.
    pub(crate) fn adopt_shared(&self) -> Option<mpsc::Consumer> {
        lock(&self.shared).take()
    }

    /// Takes it back at the end of a writer.
    pub(crate) fn give_back_shared(&self, consumer: mpsc::Consumer) {
        *lock(&self.shared) = Some(consumer);
    }

    /// Says who is to be woken, or that nobody is.
    pub(crate) fn set_writer(&self, writer: Option<Arc<Control>>) {
        *lock(&self.writer) = writer;
    }

    /// Wakes the writer if it sleeps. Never waits: whoever holds the lock is waking it, or starting or ending it.
    pub(crate) fn wake_writer(&self) {
        if let Ok(writer) = self.writer.try_lock()
            && let Some(writer) = &*writer
        {
            writer.wake();
        }
    }

    /// Bytes of a thread's first ring.
    pub(crate) fn ring_capacity(&self) -> usize {
        self.ring_capacity.load(Ordering::Relaxed)
    }

    /// The number that the next thread will have.
    pub(crate) fn next_thread(&self) -> u32 {
        self.next_thread.load(Ordering::Relaxed)
    }

    /// Hands out the rings that no writer looks after yet.
    pub(crate) fn adopt(&self) -> Vec<Ring> {
        std::mem::take(&mut *lock(&self.rings))
    }

    /// The thread with this number, if it has a ring that the writer is to adopt.
    pub(crate) fn waiting(&self, thread: u32) -> Option<Arc<Thread>> {
        let rings = lock(&self.rings);
        rings.iter().find(|ring| ring.thread.id == thread).map(|ring| Arc::clone(&ring.thread))
    }

    /// Gives rings back at the end of a writer, for the next one.
    pub(crate) fn give_back(&self, rings: impl Iterator<Item = Ring>) {
        lock(&self.rings).extend(rings);
    }

    /// Sets the size in bytes of rings made from now on, rounded up to what can be had.
    pub(crate) fn set_ring_capacity(&self, bytes: usize) {
        let bytes = bytes.next_power_of_two().max(Storage::MIN_CAPACITY);
        self.ring_capacity.store(bytes, Ordering::Relaxed);
    }
}

/// Memory for a ring, in the session if there is one and it has room, and without a page fault left for the hot path where the
/// system can do that.
fn memory(name: &str, capacity: usize) -> Result<(Storage, Option<RingFile>), StorageError> {
    let shared = session::current().map(|session| session.ring(name, capacity));
    if let Some(Ok((storage, file))) = shared {
        return Ok((storage, Some(file)));
    }
    REGISTRY.private_rings.fetch_add(1, Ordering::Relaxed);
    // Whoever asked for no session, or was told that there is none, knows.
    if let Some(Err(source)) = shared
        && !REGISTRY.told_of_private_rings.swap(true, Ordering::Relaxed)
    {
        notice::post(Notice::PrivateRings { source });
    }
    let prefault = Pages { prefault: true, ..Pages::default() };
    let storage = Storage::anonymous(capacity, prefault).or_else(|_| Storage::heap(capacity))?;
    Ok((storage, None))
}

/// Lists a site in the session's catalogue, unless it is there.
fn catalogue(site: &'static Site, registration: &Registration) {
    if site.is_catalogued() {
        return;
    }
    let Some(session) = session::current() else { return };
    let number = crate::site::index_of(site.id()).expect("every site is among `SITES`");
    let entry = dictionary::entry(number as u32, site, Some(registration.description()));
    session.catalogue.put(site.id(), &entry);
    site.set_catalogued(true);
}

/// Lists the instance that is about to have this index.
fn catalogue_instance(index: usize, site: &'static Site, registration: Registration) {
    let Some(session) = session::current() else { return };
    let number = dictionary::instance_number(index);
    let entry = dictionary::entry(number, site, Some(registration.description()));
    session.catalogue.put(instance_id(index), &entry);
}

/// What records have in the place of a site for the instance at `index`.
fn instance_id(index: usize) -> SiteId {
    (index as SiteId) << 1 | 1
}

/// Locks, whether or not a thread panicked while it held the lock: what these locks guard is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
