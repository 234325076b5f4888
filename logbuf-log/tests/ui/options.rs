use std::time::Duration;

use logbuf_log::{Timestamp, WhenFull, enabled, info};

fn main() {
    let bound = Duration::from_millis(1);
    let now = Timestamp::now();
    info!(id: 7, "a field is written with an equals sign");
    info!(id = 7, ts: now, "options come first");
    info!(ts: now, when_full: WhenFull::Drop, ts: now, "each of them once");
    info!(ts: 7, "a number is no time");
    info!(when_full: WhenFull::Block(bound), "a rule is a constant");
    info!(when_full: 7, "a number is no rule");
    enabled!(ts: now, logbuf_log::Level::Info);
}
