//! Rings without waiting: every call returns at once.

pub mod mpsc;
pub mod spsc;

use crate::consumer::Consumer;
use crate::flavour::Flavour;
use crate::producer::Producer;
use crate::ring::Ring;
use crate::storage::Storage;
use crate::sync::Arc;

/// The two ends of a new ring.
pub(crate) fn ends<F: Flavour>(storage: Storage) -> (Producer<F>, Consumer<F>) {
    let ring = Arc::new(Ring::new(storage, F::ID));
    (Producer::new(ring.clone()), Consumer::new(ring))
}
