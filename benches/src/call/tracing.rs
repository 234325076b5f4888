//! tracing: the `fmt` subscriber over a non-blocking appender.

use std::path::Path;

use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;
use tracing_appender::non_blocking::{ErrorCounter, WorkerGuard};

use super::{Call, Order};

/// The usual set-up of a service, which its documentation shows. As by default, a full queue loses lines: how many is counted.
pub struct NonBlocking {
    /// Where events go.
    pub dispatch: Dispatch,
    /// How many were lost.
    pub lost: ErrorCounter,
    worker: WorkerGuard,
}

impl NonBlocking {
    /// With the file `name` in `folder`.
    pub fn start(folder: &Path, name: &str) -> Self {
        let file = tracing_appender::rolling::never(folder, name);
        let (writer, worker) = tracing_appender::non_blocking(file);
        let lost = writer.error_counter();
        let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
        Self { dispatch: Dispatch::new(subscriber), lost, worker }
    }
}

/// It is the default of the measuring thread.
pub struct TracingFmt {
    _subscriber: DefaultGuard,
    _worker: WorkerGuard,
    lost: ErrorCounter,
}

impl Call for TracingFmt {
    const NAME: &'static str = "tracing fmt + non_blocking";

    fn start(folder: &Path) -> Self {
        let NonBlocking { dispatch, lost, worker } = NonBlocking::start(folder, "tracing.log");
        let subscriber = tracing::dispatcher::set_default(&dispatch);
        TracingFmt { _subscriber: subscriber, _worker: worker, lost }
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        tracing::info!("Iteration: {} int: {} double: {}", a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        tracing::info!("Text: {}", text);
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        tracing::info!("Order: {:?}", order);
    }

    fn settle(&mut self) {
        // It has no flush. Its queue holds 128,000 lines, more than a burst.
    }

    fn lost(&self) -> u64 {
        self.lost.dropped_lines() as u64
    }
}
