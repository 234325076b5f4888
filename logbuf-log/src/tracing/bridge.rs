//! Events that `tracing-log` makes of records of the crate `log`: they are recorded as what they were.

use std::fmt;

use logbuf_format::Level;
use tracing_core::field::{Field, Visit};
use tracing_core::{Event, Metadata};

use super::sites::level_of;
use crate::relayed::{self, Origin};

/// Names of the fields in which such an event says where it comes from.
const TARGET: &str = "log.target";
const FILE: &str = "log.file";
const LINE: &str = "log.line";

/// Whether this is the call site of all records of one level that `tracing-log` hands on.
pub(super) fn is_bridge(metadata: &Metadata<'_>) -> bool {
    metadata.target() == "log" && metadata.is_event() && metadata.fields().field(TARGET).is_some()
}

/// Records what the event was in `log`.
pub(super) fn record(event: &Event<'_>, ticks: u64) {
    let mut relayed = Relayed::default();
    event.record(&mut relayed);
    let Relayed { target, file, line, message } = relayed;
    let level: Level = level_of(*event.metadata().level());
    let origin = Origin { level, target: &target, file: &file, line };
    relayed::record(&origin, ticks, format_args!("{message}"), &());
}

/// What such an event holds. It is copied, because a visitor sees it one by one.
#[derive(Debug, Default)]
struct Relayed {
    target: String,
    file: String,
    line: u32,
    message: String,
}

impl Visit for Relayed {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            TARGET => value.clone_into(&mut self.target),
            FILE => value.clone_into(&mut self.file),
            _ => {}
        }
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == LINE {
            self.line = u32::try_from(value).unwrap_or(0);
        }
    }
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
