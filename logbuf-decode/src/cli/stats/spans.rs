//! How long spans were busy and idle.

use crate::cli::stats::collect::{Id, place_of};
use logbuf_decode::{Happening, Record, What};
use std::collections::HashMap;

/// What happened to spans, by the site that made them.
///
/// A span is *busy* while a thread is in it, and *idle* while it is open and no thread is. Each exit says when it was entered, and
/// each close when it was opened, so that nothing is looked up, and it takes no memory for a span. Of spans that were not closed
/// it is known when they were opened, and that they are open to the end.
#[derive(Clone, Debug, Default)]
pub(super) struct Spans(HashMap<Id, Life>);

/// What happened to the spans of one site.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Life {
    /// Those that were opened, and the sum of the times at which.
    opened: (u64, i128),
    /// Those that were closed, and the sum of the times that they were open.
    closed: (u64, i128),
    /// Those of the closed whose opening is counted, too, and the sum of the times at which they were opened.
    both: (u64, i128),
    /// How often they were entered and left, and the sum of the times in between.
    entered: (u64, i128),
}

/// What the spans of one name come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    /// Spans that were open at some time.
    pub(super) count: u64,
    /// Those that were not closed.
    pub(super) open: u64,
    /// How often they were entered.
    pub(super) entered: u64,
    pub(super) busy_ns: u64,
    pub(super) idle_ns: u64,
}

impl Spans {
    /// Adds what happened; of spans that were opened before `start` the opening is not handed out.
    pub(super) fn add(&mut self, record: &Record<'_>, happening: Happening, start: i64) {
        let id = (place_of(record.segment()), record.site().id);
        let now = record.unix_ns();
        let since = |from: i64| i128::from(now) - i128::from(from);
        match happening.what {
            What::Opened { .. } => add(&mut self.life(id).opened, now.into()),
            What::Exited { since_unix_ns } => add(&mut self.life(id).entered, since(since_unix_ns)),
            What::Closed { since_unix_ns } => {
                let life = self.life(id);
                add(&mut life.closed, since(since_unix_ns));
                if since_unix_ns >= start {
                    add(&mut life.both, since_unix_ns.into());
                }
            }
            _ => {}
        }
    }

    fn life(&mut self, id: Id) -> &mut Life {
        self.0.entry(id).or_default()
    }

    pub(super) fn append(&mut self, other: Self) {
        for (id, life) in other.0 {
            self.life(id).append(life);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Id, Life)> {
        self.0.iter().map(|(id, life)| (*id, *life))
    }
}

impl Life {
    /// Adds those of another site of the same name.
    pub(super) fn append(&mut self, other: Self) {
        for (sum, part) in [
            (&mut self.opened, other.opened),
            (&mut self.closed, other.closed),
            (&mut self.both, other.both),
            (&mut self.entered, other.entered),
        ] {
            sum.0 += part.0;
            sum.1 += part.1;
        }
    }

    /// What it comes to if the log ends at `end`.
    pub(super) fn times(&self, end: i64) -> Times {
        // Of what was lost the other half may be there.
        let open = self.opened.0.saturating_sub(self.both.0);
        let left = i128::from(open) * i128::from(end) - (self.opened.1 - self.both.1);
        let left = if open == 0 { 0 } else { left.max(0) };
        let busy = self.entered.1.max(0);
        let idle = (self.closed.1 + left - busy).max(0);
        let ns = |ns: i128| u64::try_from(ns).unwrap_or(u64::MAX);
        Times {
            count: self.closed.0 + open,
            open,
            entered: self.entered.0,
            busy_ns: ns(busy),
            idle_ns: ns(idle),
        }
    }
}

fn add(sum: &mut (u64, i128), ns: i128) {
    sum.0 += 1;
    sum.1 += ns;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_that_are_open_are_idle_to_the_end() {
        let mut life = Life::default();
        // One from 10 to 40, busy for 5; one from 20 on, busy for 7; one from before the start to 15.
        add(&mut life.opened, 10);
        add(&mut life.opened, 20);
        add(&mut life.closed, 30);
        add(&mut life.both, 10);
        add(&mut life.closed, 25);
        add(&mut life.entered, 5);
        add(&mut life.entered, 7);
        let idle_ns = 30 + 25 + (100 - 20) - 12;
        let times = Times { count: 3, open: 1, entered: 2, busy_ns: 12, idle_ns };
        assert_eq!(life.times(100), times);
    }

    #[test]
    fn what_was_lost_makes_nothing_negative() {
        let mut life = Life::default();
        add(&mut life.both, 10);
        add(&mut life.closed, 5);
        add(&mut life.entered, 50);
        let times = Times { count: 1, open: 0, entered: 1, busy_ns: 50, idle_ns: 0 };
        assert_eq!(life.times(100), times);
    }
}
