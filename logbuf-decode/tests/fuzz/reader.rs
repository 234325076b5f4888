//! Any bytes as a file: everything that can be read is read and rendered, with little memory and with much.

use super::lines::{ENOUGH, Lines, Maker, in_turn};
use logbuf_decode::Reader;
use std::io::Cursor;
use std::num::NonZero;

/// Whatever the bytes are, they are read alike with much memory, with little, and on several threads.
pub(crate) fn run(bytes: &[u8]) {
    let [much, little] = [64 << 20, 1 << 10];
    let (mut lines, is_ordered) = in_turn(&mut reader(bytes, much));
    let (mut others, _) = in_turn(&mut reader(bytes, little));
    assert!(!lines.text.contains('\x1b') && !lines.json.contains('\x1b'));
    if lines.text.len() >= ENOUGH {
        return;
    }
    // Threads take their time.
    let at_once = bytes.len().is_multiple_of(64).then(|| at_once(&mut reader(bytes, much)));
    let mut at_once = at_once.unwrap_or_default();
    if !is_ordered {
        [&mut lines, &mut others, &mut at_once].into_iter().for_each(sort);
    }
    assert_eq!(lines, others);
    if bytes.len().is_multiple_of(64) {
        assert_eq!(lines, at_once);
    }
}

/// The records on several threads.
fn at_once(reader: &mut Reader) -> Lines {
    let mut lines = Lines::default();
    let Ok(()) = reader.try_work(NonZero::new(3), Maker::default, |more| {
        lines.text.push_str(&more.text);
        lines.json.push_str(&more.json);
        Ok::<_, std::convert::Infallible>(())
    });
    lines
}

fn reader(bytes: &[u8], memory: usize) -> Reader {
    let mut reader = Reader::new().memory(memory);
    reader.add_stream("fuzz", Cursor::new(bytes.to_vec()));
    reader
}

/// Puts the lines in an order that does not depend on the file's.
fn sort(lines: &mut Lines) {
    for lines in [&mut lines.text, &mut lines.json] {
        let mut sorted: Vec<_> = lines.lines().collect();
        sorted.sort_unstable();
        *lines = sorted.join("\n");
    }
}
