//! Rings with a receiver that can wait.
//!
//! A channel is a ring of [`crate::queue`] and a way to wait at its reading end. Senders never block in the kernel: they try
//! once, or spin for a short while. The receiver parks; whoever sends says with `notify` that there is something to read,
//! which makes a system call only if the receiver is parked. Several records can be sent for one `notify`. A
//! claim that is given up notifies by itself, because records of other senders may have waited behind it.
//!
//! # Examples
//!
//! ```
//! use logbuf::channel::spsc;
//!
//! let (mut tx, mut rx) = spsc::channel(4096);
//! let sender = std::thread::spawn(move || {
//!     let mut claim = tx.send(5).unwrap();
//!     claim.copy_from_slice(b"hello");
//!     claim.commit();
//!     tx.notify();
//! });
//! let record = rx.recv(None).unwrap();
//! assert_eq!(&*record, b"hello");
//! # drop(record);
//! # sender.join().unwrap();
//! ```

mod claim;
pub mod mpsc;
mod receiver;
mod sender;
pub mod spsc;

pub use claim::WriteClaim;
pub use receiver::{Receiver, RecvError, TryRecvError};
pub use sender::{SendError, Sender};

use crate::flavour::Flavour;
use crate::queue;
use crate::storage::Storage;
use crate::sync::Arc;
use crate::wait::Gate;

/// The two ends of a new channel.
fn ends<F: Flavour>(storage: Storage) -> (Sender<F>, Receiver<F>) {
    let (producer, consumer) = queue::ends(storage);
    let gate = Arc::new(Gate::new());
    (Sender::new(producer, gate.clone()), Receiver::new(consumer, gate))
}
