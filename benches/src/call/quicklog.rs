//! quicklog: arguments into a queue, formatted and written when the application says so.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use quicklog::{info, init, try_flush, with_flush};
use quicklog_flush::Flush;

use super::{Call, Order};

/// Emptied by the measuring thread: between bursts, and every thousand calls where there are no bursts.
pub struct Quicklog;

/// The file. quicklog's own way into one opens and closes it for each record.
struct Open(File);

impl Flush for Open {
    fn flush_one(&mut self, line: String) {
        self.0.write_all(line.as_bytes()).expect("the file can be written");
    }
}

/// Writes all that is in the queue; `flush!` writes one record.
fn empty() {
    while try_flush!().is_ok() {}
}

impl Call for Quicklog {
    const NAME: &'static str = "quicklog";

    fn start(folder: &Path) -> Self {
        init!();
        let file = File::create(folder.join("quicklog.log"));
        with_flush!(Open(file.expect("the folder can be written to")));
        Quicklog
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        info!("Iteration: {} int: {} double: {}", a, b, c);
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        info!("Text: {}", text.to_owned());
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        info!("Order: {:?}", *order);
    }

    fn settle(&mut self) {
        empty();
    }

    fn tend(&mut self) {
        empty();
    }
}
