//! Contexts: fields that hold for all that a thread logs meanwhile.

use core::marker::PhantomData;

use crate::encoder::Encoder;
use crate::scope::{self, MOST_BYTES};
use crate::site::Site;
use crate::thread;
use crate::value::Values;

/// Keeps its thread in a context. Dropping it leaves the context. [`context!`](crate::context!) makes it.
///
/// A guard that is never dropped (`mem::forget`) leaves its context in force until the thread ends.
#[must_use = "the context ends when its guard is dropped; `let _context = …` keeps it to the end of the block"]
#[derive(Debug)]
pub struct ContextGuard {
    /// Names the context on the thread's path; 0 if it could not be entered.
    key: u64,
    /// It is the thread's that made it.
    _not_send: PhantomData<*const ()>,
}

/// Enters a context of `site`.
pub fn enter_context<V: Values>(site: &'static Site, values: V) -> ContextGuard {
    // Values are written before the path is touched, because they may run code of the user's that logs.
    let mut room = [0; MOST_BYTES];
    let mut out = Encoder::new(&mut room);
    values.put(&mut out);
    let wanted = out.wanted();
    let key = match room.get(..wanted) {
        Some(bytes) => enter(scope::site_id::<V>(site), bytes),
        None => enter(scope::oversize(), &(wanted as u64).to_le_bytes()),
    };
    ContextGuard { key, _not_send: PhantomData }
}

fn enter(site: crate::site::SiteId, bytes: &[u8]) -> u64 {
    thread::change_scopes(|scopes| scopes.contexts.enter(site, 0, bytes)).unwrap_or(0)
}

impl Drop for ContextGuard {
    fn drop(&mut self) {
        // A thread whose locals are being destroyed has left everything.
        let _left = thread::change_scopes(|scopes| scopes.contexts.leave(self.key));
    }
}
