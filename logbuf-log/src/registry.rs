//! Where call sites, threads and the writer meet: the cold side of everything the hot path uses.

use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use logbuf::queue::spsc::{self, Consumer, Producer};

use crate::clock;
use crate::loss::Losses;
use crate::platform;
use crate::signature::Signature;
use crate::site::{Registration, Site, SiteId};
use crate::thread::Thread;

/// The one registry of the process.
pub(crate) static REGISTRY: Registry = Registry {
    instances: Mutex::new(None),
    rings: Mutex::new(Vec::new()),
    ring_capacity: AtomicUsize::new(DEFAULT_RING_CAPACITY),
    next_thread: AtomicU32::new(1),
    stand_in: Thread { id: 0, os_id: 0, name: String::new(), losses: Losses::new() },
};

/// Bytes of a thread's ring unless the builder says otherwise: some six thousand records of three numbers.
pub(crate) const DEFAULT_RING_CAPACITY: usize = 256 << 10;

pub(crate) struct Registry {
    /// Made when first needed, because a hash map cannot be made in a static.
    instances: Mutex<Option<Instances>>,
    /// Rings that no writer looks after yet.
    rings: Mutex<Vec<Ring>>,
    ring_capacity: AtomicUsize,
    next_thread: AtomicU32,
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
    pub(crate) consumer: Consumer,
    pub(crate) thread: Arc<Thread>,
}

impl Registry {
    /// The number under which `site` records values of the types of `registration`.
    pub(crate) fn identify(&self, site: &'static Site, registration: Registration) -> SiteId {
        let registered = site.register(registration);
        if registered.signature == registration.signature {
            // Where the counter is no clock, the site stays closed, and each call comes here and takes another clock.
            if clock::is_steady() {
                site.open(registered);
            }
            return site.id();
        }
        let mut instances = lock(&self.instances);
        let Instances { list, index } = instances.get_or_insert_default();
        let place = *index
            .entry((core::ptr::from_ref(site).addr(), registration.signature))
            .or_insert_with(|| {
                list.push(Instance { site, registration });
                list.len() - 1
            });
        (place as SiteId) << 1 | 1
    }

    /// The instance that was given `id`.
    pub(crate) fn instance(&self, id: SiteId) -> Option<Instance> {
        lock(&self.instances).as_ref()?.list.get(id as usize >> 1).copied()
    }

    /// Makes a ring for the calling thread and hands its other end to the writer.
    pub(crate) fn attach(&self) -> Option<(Producer, Arc<Thread>)> {
        let (producer, consumer) =
            spsc::try_new(self.ring_capacity.load(Ordering::Relaxed)).ok()?;
        let thread = Arc::new(Thread {
            id: self.next_thread.fetch_add(1, Ordering::Relaxed),
            os_id: platform::thread_id(),
            name: std::thread::current().name().unwrap_or_default().to_owned(),
            losses: Losses::new(),
        });
        lock(&self.rings).push(Ring { consumer, thread: Arc::clone(&thread) });
        Some((producer, thread))
    }

    /// Hands out the rings that no writer looks after yet.
    pub(crate) fn adopt(&self) -> Vec<Ring> {
        std::mem::take(&mut *lock(&self.rings))
    }

    /// Gives rings back at the end of a writer, for the next one.
    pub(crate) fn give_back(&self, rings: impl Iterator<Item = Ring>) {
        lock(&self.rings).extend(rings);
    }

    /// Sets the size in bytes of rings made from now on.
    pub(crate) fn set_ring_capacity(&self, bytes: usize) {
        self.ring_capacity.store(bytes, Ordering::Relaxed);
    }
}

/// Locks, whether or not a thread panicked while it held the lock: what these locks guard is whole between statements.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
