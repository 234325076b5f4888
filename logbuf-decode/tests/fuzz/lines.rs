//! What a reader makes of bytes, whatever they are.

use logbuf_decode::{Json, Problem, Reader, Record, Render, Text, Work};

/// Bytes of text after which enough was read: a file of a few bytes may hold thousands of records of megabytes.
pub(crate) const ENOUGH: usize = 1 << 20;

/// Everything in a file, as text and as JSON.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Lines {
    pub(crate) text: String,
    pub(crate) json: String,
}

/// The records one by one, until there is enough, and whether their order can be relied on: not if the header of a block
/// says that they are later than they are.
pub(crate) fn in_turn(reader: &mut Reader) -> (Lines, bool) {
    let (mut maker, mut lines) = (Maker::default(), Lines::default());
    let _enough = reader.try_for_each(|record| {
        maker.record(record, &mut lines);
        if lines.text.len() < ENOUGH { Ok(()) } else { Err(()) }
    });
    let findings = reader.findings();
    assert!(findings.iter().all(|finding| !finding.to_string().is_empty()));
    let is_ordered = !findings.iter().any(|finding| matches!(finding.problem, Problem::Range));
    (lines, is_ordered)
}

/// Makes lines of records. One that is too long for a line is left out.
#[derive(Default)]
pub(crate) struct Maker {
    text: Text,
    json: Json,
}

impl Work for Maker {
    type Output = Lines;

    fn record(&mut self, record: &Record<'_>, lines: &mut Lines) {
        let _too_long = self.text.record(record, &mut lines.text);
        let _too_long = self.json.record(record, &mut lines.json);
    }
}
