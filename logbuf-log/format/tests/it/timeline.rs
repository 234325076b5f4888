//! Ticks become time, and time never runs backwards.

use logbuf_format::{
    clock::Anchor,
    timeline::{Step, Timeline},
};
use proptest::prelude::*;

fn anchor(ticks: u64, unix_ns: i64) -> Anchor {
    Anchor { ticks, unix_ns, uncertainty_ns: 0, step: false }
}

fn step(ticks: u64, unix_ns: i64) -> Anchor {
    Anchor { step: true, ..anchor(ticks, unix_ns) }
}

/// A counter of 1 GHz through these anchors.
fn through(anchors: &[Anchor]) -> Timeline {
    let mut timeline = Timeline::new(1_000_000_000);
    anchors.iter().for_each(|&anchor| timeline.add(anchor));
    timeline
}

fn check(anchors: &[Anchor], expected: &[(u64, i64)]) {
    let timeline = through(anchors);
    for &(ticks, unix_ns) in expected {
        assert_eq!(timeline.unix_ns(ticks), unix_ns, "at {ticks} of {anchors:?}");
    }
}

#[test]
fn no_anchor_no_time() {
    check(&[], &[(0, 0), (u64::MAX, 0)]);
}

#[test]
fn one_anchor_extrapolates_both_ways() {
    check(&[anchor(1000, 50)], &[(1000, 50), (1001, 51), (990, 40), (0, -950)]);
}

#[test]
fn between_anchors_interpolates() {
    let anchors = [anchor(0, 0), anchor(10, 100), anchor(20, 105)];
    check(&anchors, &[(1, 10), (9, 90), (10, 100), (11, 100), (12, 101), (20, 105), (25, 110)]);
}

#[test]
fn order_of_arrival_does_not_matter() {
    let anchors = [anchor(20, 105), anchor(0, 0), anchor(10, 100), anchor(10, 7)];
    check(&anchors, &[(1, 10), (12, 101), (25, 110)]);
}

#[test]
fn real_frequencies_do_not_drift() {
    let mut timeline = Timeline::new(2_599_998_000);
    timeline.add(anchor(1 << 60, 1_795_442_706_123_456_789));
    timeline.add(anchor((1 << 60) + 2_599_998_001, 1_795_442_707_123_456_789));
    assert_eq!(timeline.unix_ns((1 << 60) + 2_599_998_001), 1_795_442_707_123_456_789);
    assert_eq!(timeline.unix_ns((1 << 60) + 2_599_998_000), 1_795_442_707_123_456_788);
}

#[test]
fn a_step_forwards_is_followed() {
    let anchors = [anchor(0, 0), step(10, 1000), anchor(20, 1010)];
    check(&anchors, &[(9, 9), (10, 1000), (15, 1005)]);
    assert_eq!(through(&anchors).steps().collect::<Vec<_>>(), [Step { ticks: 10, by_ns: 990 }]);
}

#[test]
fn a_step_backwards_is_not_followed_until_the_next() {
    let anchors = [anchor(0, 5000), step(10, 1010), anchor(20, 1020), step(30, 5030)];
    check(&anchors, &[(9, 5009), (10, 5010), (15, 5015), (20, 5020), (29, 5029), (30, 5030)]);
    let steps = [Step { ticks: 10, by_ns: -4000 }, Step { ticks: 30, by_ns: 4000 }];
    assert_eq!(through(&anchors).steps().collect::<Vec<_>>(), steps);
}

#[test]
fn readings_in_the_wrong_order_stand_still() {
    check(&[anchor(0, 100), anchor(10, 90), anchor(20, 110)], &[(5, 100), (10, 100), (15, 105)]);
}

#[test]
fn extremes_saturate() {
    check(&[anchor(0, i64::MAX)], &[(u64::MAX, i64::MAX)]);
    check(&[anchor(u64::MAX, i64::MIN)], &[(0, i64::MIN)]);
    check(
        &[anchor(0, i64::MIN), anchor(u64::MAX, i64::MAX)],
        &[(u64::MAX, i64::MAX), (1, i64::MIN + 1)],
    );
}

fn any_anchor() -> impl Strategy<Value = Anchor> {
    let ticks = prop_oneof![0..1000_u64, any::<u64>()];
    let unix_ns = prop_oneof![-1000..1000_i64, any::<i64>()];
    (ticks, unix_ns, any::<bool>()).prop_map(|(ticks, unix_ns, step)| Anchor {
        ticks,
        unix_ns,
        uncertainty_ns: 0,
        step,
    })
}

proptest! {
    #[test]
    fn never_backwards(
        anchors in prop::collection::vec(any_anchor(), 0..8),
        frequency in prop_oneof![Just(0), 1..10_000_000_000_u64, any::<u64>()],
        mut ticks in prop::collection::vec(prop_oneof![0..1100_u64, any::<u64>()], 2..40),
    ) {
        let mut timeline = Timeline::new(frequency);
        for anchor in anchors {
            timeline.add(anchor);
            ticks.extend([anchor.ticks, anchor.ticks.saturating_sub(1), anchor.ticks.saturating_add(1)]);
        }
        ticks.sort_unstable();
        for pair in ticks.windows(2) {
            prop_assert!(timeline.unix_ns(pair[0]) <= timeline.unix_ns(pair[1]), "{pair:?} in {timeline:?}");
            prop_assert!(timeline.stretch(pair[0]).contains(pair[0]));
        }
    }
}
