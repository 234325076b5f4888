//! spdlog-rs: formats at the call, sends the text to a thread pool.

use std::path::Path;
use std::sync::Arc;

use spdlog::sink::{AsyncPoolSink, FileSink};
use spdlog::{Logger, info};

use super::{Call, Order};

/// An asynchronous sink over a file.
pub struct Spdlog {
    logger: Arc<Logger>,
}

impl Call for Spdlog {
    const NAME: &'static str = "spdlog-rs, async";

    fn start(folder: &Path) -> Self {
        let file = FileSink::builder().path(folder.join("spdlog.log")).build_arc();
        let file = file.expect("the folder can be written to");
        let pool = AsyncPoolSink::builder().sink(file).build_arc().expect("a pool can be made");
        let logger = Logger::builder().sink(pool).build_arc().expect("a logger can be made");
        Spdlog { logger }
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!(logger: self.logger, "Iteration: {} int: {} double: {}", a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!(logger: self.logger, "Text: {}", text);
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        info!(logger: self.logger, "Order: {:?}", order);
    }

    fn settle(&mut self) {
        self.logger.flush();
    }
}
