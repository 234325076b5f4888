//! A table in Markdown, read back.

use std::fmt;

/// A table of which charts are drawn. The program that prints it prints this before, and so says which one it is: titles are for
/// people, and may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// What a record costs the producer of a ring.
    RingsProducer,
    /// What a record costs the consumer of a ring.
    RingsConsumer,
    /// Records between two threads.
    RingsThroughput,
    /// The mean of bursts of calls.
    CallCost,
    /// Single calls.
    CallLatency,
    /// Loggers that are driven as fast as they go.
    Loggers,
}

impl Shown {
    const ALL: [Self; 6] = [
        Self::RingsProducer,
        Self::RingsConsumer,
        Self::RingsThroughput,
        Self::CallCost,
        Self::CallLatency,
        Self::Loggers,
    ];

    /// The table that a line announces.
    fn announced(line: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|shown| line.trim() == shown.to_string())
    }
}

/// A comment, which the document shows nobody.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<!-- table: {self:?} -->")
    }
}

/// A table that a program printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Which one it is, if charts are drawn of it.
    pub shown: Option<Shown>,
    /// The header of the first column: what was measured, and in what unit.
    pub title: String,
    /// The other headers.
    pub columns: Vec<String>,
    /// The rows: the first cell, and the others.
    pub rows: Vec<(String, Vec<String>)>,
}

impl Table {
    /// The place of the column with this header.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    /// The rows that have a number in this column: names and numbers.
    pub fn numbers(&self, column: usize) -> impl Iterator<Item = (&str, f64)> {
        self.rows
            .iter()
            .filter_map(move |(name, cells)| Some((&**name, number(cells.get(column)?)?)))
    }
}

/// The number that a cell begins with: `**11.5** (10.1–12.0)` is 11.5.
pub(super) fn number(cell: &str) -> Option<f64> {
    let cell = cell.trim().trim_start_matches('*');
    let end = cell.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(cell.len());
    cell[..end].parse().ok()
}

/// The tables in `text`.
pub fn tables(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let mut is_inside = false;
    let mut shown = None;
    for line in text.lines() {
        shown = Shown::announced(line).or(shown);
        let cells = cells(line);
        match cells {
            None => is_inside = false,
            Some(mut cells) if !is_inside => {
                is_inside = true;
                let title = cells.remove(0);
                tables.push(Table { shown: shown.take(), title, columns: cells, rows: Vec::new() });
            }
            Some(cells) if cells.iter().all(|cell| cell.chars().all(|c| "-:".contains(c))) => {}
            Some(mut cells) => {
                let name = cells.remove(0);
                if let Some(table) = tables.last_mut() {
                    table.rows.push((name, cells));
                }
            }
        }
    }
    tables
}

/// The cells of a line of a table; `None` if it is not one.
fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_back() {
        let text = "words\n\n<!-- table: Loggers -->\n\n| cost, ns | a | b |\n|---|---|---|\n| 8 B | **1.5** (1.0–2.0) | 7 |\n| none | – | 2.5 |\n\nwords\n\n| other | a |\n|---|---|\n| x | 1 |\n";
        let tables = tables(text);
        assert_eq!(tables.len(), 2);
        assert_eq!([tables[0].shown, tables[1].shown], [Some(Shown::Loggers), None]);
        assert_eq!(tables[0].title, "cost, ns");
        assert_eq!(tables[0].columns, ["a", "b"]);
        let a = tables[0].column("a").unwrap();
        assert_eq!(tables[0].numbers(a).collect::<Vec<_>>(), [("8 B", 1.5)]);
        assert_eq!(tables[0].numbers(a + 1).collect::<Vec<_>>(), [("8 B", 7.0), ("none", 2.5)]);
    }
}
