//! One timeline for all segments of a process.
//!
//! Each segment has anchors of its own, and around its ends they tell the time a little differently from those of its neighbours, by
//! what reading a clock is uncertain. Taken together they are one function of the process's ticks that never runs backwards, so that no two
//! records of a thread change places where one segment ends and the next begins, or what was recovered.

use crate::segment::Segment;
use logbuf_format::{clock::Anchor, timeline::Timeline};
use std::{collections::BTreeMap, sync::Arc};

/// Gives the segments of each process one timeline of all their anchors. Says whether there is a process with more than one segment.
pub(crate) fn unite(segments: &mut [Segment]) -> bool {
    let mut processes = BTreeMap::<u64, Vec<usize>>::new();
    for (number, segment) in segments.iter().enumerate() {
        processes.entry(segment.session()).or_default().push(number);
    }
    // Those that name none have nothing in common.
    processes.remove(&0);
    processes.retain(|_, numbers| numbers.len() > 1);
    for numbers in processes.values() {
        let own = |&number: &usize| segments[number].own_timeline();
        let mut anchors: Vec<Anchor> =
            numbers.iter().flat_map(|number| own(number).anchors()).copied().collect();
        // Stable: of two of the same instant the first stays.
        anchors.sort_by_key(|anchor| anchor.ticks);
        let mut timeline = Timeline::new(own(&numbers[0]).ticks_per_second());
        anchors.into_iter().for_each(|anchor| timeline.add(anchor));
        let timeline = Arc::new(timeline);
        let first = numbers[0] as u32;
        numbers.iter().for_each(|&number| segments[number].join(first, Arc::clone(&timeline)));
    }
    !processes.is_empty()
}
