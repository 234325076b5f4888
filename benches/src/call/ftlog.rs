//! ftlog: formats at the call, sends the text to a thread.

use std::path::Path;

use ftlog::LevelFilter;
use ftlog::appender::FileAppender;

use super::{Call, Order};

/// Behind the `log` facade, with a queue that does not fill up in a burst, and is waited for where it does.
pub struct Ftlog;

impl Call for Ftlog {
    const NAME: &'static str = "ftlog";

    fn start(folder: &Path) -> Self {
        let guard = ftlog::builder()
            .max_log_level(LevelFilter::Info)
            .root(FileAppender::new(folder.join("ftlog.log")))
            .bounded(100_000, true)
            .try_init()
            .expect("nobody else took the facade");
        // It logs to the end of the program.
        std::mem::forget(guard);
        Ftlog
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        ftlog::info!("Iteration: {} int: {} double: {}", a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        ftlog::info!("Text: {}", text);
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        ftlog::info!("Order: {:?}", order);
    }

    fn settle(&mut self) {
        ftlog::logger().flush();
    }
}
