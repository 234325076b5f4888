//! Numbers drawn with the blocks of a terminal's font.

/// Heights of a block, in eighths.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Lengths of a block, in eighths.
const BARS: [char; 9] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Lines of columns, one for each value, the largest of which is `height` lines high.
pub(super) fn columns(values: &[u64], height: usize) -> Vec<String> {
    let largest = values.iter().copied().max().unwrap_or(0).max(1);
    let eighths = |value: u64| scaled(value, largest, 8 * height);
    let line = |line: usize| {
        let below = 8 * (height - 1 - line);
        let text = values.iter().map(|&value| BLOCKS[eighths(value).saturating_sub(below).min(8)]);
        text.collect::<String>().trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// A bar for a value; that of the largest is `width` characters long.
pub(super) fn bar(value: u64, largest: u64, width: usize) -> String {
    let eighths = scaled(value, largest.max(1), 8 * width);
    let mut text: String = std::iter::repeat_n(BARS[8], eighths / 8).collect();
    if !eighths.is_multiple_of(8) {
        text.push(BARS[eighths % 8]);
    }
    text
}

/// What is there is seen, however small it is.
fn scaled(value: u64, largest: u64, most: usize) -> usize {
    let scaled = u128::from(value) * most as u128 / u128::from(largest);
    (scaled as usize).max(usize::from(value > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_is_as_high_as_the_chart_and_nothing_is_lost() {
        assert_eq!(columns(&[0, 1, 8, 16], 2), ["   █", " ▁██"]);
        assert_eq!(columns(&[u64::MAX, 1, 0], 1), ["█▁"]);
        assert_eq!(columns(&[], 1), [""]);
        assert_eq!(
            (bar(4, 8, 4), bar(1, 1000, 4), bar(0, 8, 4)),
            ("██".into(), "▏".into(), "".into())
        );
    }
}
