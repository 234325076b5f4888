//! What any call with a time stamp costs: the reading of the counter.

use std::hint::black_box;
use std::path::Path;

use super::{Call, Order};
use crate::ticks::ticks;

/// Reads the counter and does nothing else.
pub struct Floor;

impl Call for Floor {
    const NAME: &'static str = "the counter alone";

    fn start(_folder: &Path) -> Self {
        Floor
    }

    #[inline(always)]
    fn numbers(&self, a: u64, b: u64, c: f64) {
        black_box((a, b, c));
        black_box(ticks());
    }

    #[inline(always)]
    fn text(&self, text: &str) {
        black_box(text);
        black_box(ticks());
    }

    #[inline(always)]
    fn order(&self, order: &Order) {
        black_box(order);
        black_box(ticks());
    }

    fn settle(&mut self) {}
}
