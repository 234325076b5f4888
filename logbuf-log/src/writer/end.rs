//! Ending: the segment is closed, or given up, and the rings are left to the next writer.

use core::sync::atomic::Ordering;
use std::mem;
use std::time::Instant;

use logbuf::{Consumer, Flavour};

use super::{Failed, Writer, retry_delay};
use crate::control::Stop;
use crate::error::WriteError;
use crate::registry::REGISTRY;

impl Writer {
    /// Ends the segment as it should end. Everything taken is written.
    pub(super) fn close(&mut self, stop: Stop) {
        loop {
            // Not for the first time if writing went on in another segment.
            let (output, mut contents) = self.parts();
            if !output.segment().is_ended() {
                output.put_end(&mut contents);
            }
            match self.write() {
                Ok(()) if self.output.segment().is_ended() => break,
                Ok(()) => {}
                Err(Failed) if stop.gives_up(self.output.failures()) => {
                    return self.abandon();
                }
                Err(Failed) => {
                    let retry_at = Instant::now() + retry_delay(self.output.failures());
                    self.control.sleep_until(retry_at);
                }
            }
        }
        self.let_all_go();
        self.output.close();
        self.report_errors();
        self.end(0);
    }

    /// Ends with records that cannot be written. They are still in the rings, and the next writer finds them there.
    pub(super) fn abandon(&mut self) {
        // They are not settled, and so the next writer takes them again.
        for (_, lost) in self.losses.drain(..) {
            self.control.counters.lost.fetch_sub(lost.count, Ordering::Relaxed);
        }
        self.output.abandon();
        self.let_all_go();
        self.adopt_rings();
        let mut left = 0;
        for attached in &mut self.rings {
            attached.finished = false;
            attached.ring.consumer.rewind_held();
            let mut paths = attached.ring.thread.lock_paths();
            match attached.oldest.take() {
                Some(oldest) => *paths = oldest,
                None => paths.rewind(),
            }
            drop(paths);
            left += count(&mut attached.ring.consumer);
        }
        if let Some(consumer) = &mut self.shared {
            consumer.rewind_held();
            left += count(consumer);
        }
        // The next writer's file says so of these. Until then it is known here alone.
        self.control.counters.unwritten_lost.store(self.unwritten_losses(), Ordering::Relaxed);
        if let Some(last) = self.failure.take() {
            self.report(WriteError { left: Some(left), ..last });
        }
        self.end(left);
    }

    /// Leaves the rings, and `left` records in them, to the next writer.
    fn end(&mut self, left: u64) {
        let rings = self.rings.drain(..).filter(|attached| !attached.finished);
        REGISTRY.give_back(rings.map(|attached| attached.ring));
        if let Some(consumer) = self.shared.take() {
            REGISTRY.give_back_shared(consumer);
        }
        self.deliver_notices();
        self.ended = true;
        self.running = None;
        self.control.end(Some(left));
    }
}

/// Counts the records that are ready, and takes none.
fn count<F: Flavour>(consumer: &mut Consumer<F>) -> u64 {
    let mut batch = consumer.batch(usize::MAX);
    let count = batch.iter().count() as u64;
    mem::forget(batch);
    count
}
