//! tracing: the `fmt` subscriber over a non-blocking appender.

use std::path::Path;

use tracing::subscriber::DefaultGuard;
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};

use super::{Call, Order};

/// The usual set-up of a service, for the measuring thread; only that a full queue is waited for, where the default loses lines.
pub struct TracingFmt {
    _subscriber: DefaultGuard,
    _worker: WorkerGuard,
}

impl Call for TracingFmt {
    const NAME: &'static str = "tracing fmt + non_blocking";

    fn start(folder: &Path) -> Self {
        let file = tracing_appender::rolling::never(folder, "tracing.log");
        let (writer, worker) = NonBlockingBuilder::default().lossy(false).finish(file);
        let subscriber = tracing_subscriber::fmt().with_writer(writer).with_ansi(false).finish();
        TracingFmt { _subscriber: tracing::subscriber::set_default(subscriber), _worker: worker }
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
}
