//! A table in Markdown, read back.

/// A table that a program printed.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
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
    for line in text.lines() {
        let cells = cells(line);
        match cells {
            None => is_inside = false,
            Some(mut cells) if !is_inside => {
                is_inside = true;
                let title = cells.remove(0);
                tables.push(Table { title, columns: cells, rows: Vec::new() });
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
        let text = "words\n\n| cost, ns | a | b |\n|---|---|---|\n| 8 B | **1.5** (1.0–2.0) | 7 |\n| none | – | 2.5 |\n\nwords\n";
        let tables = tables(text);
        assert_eq!(tables.len(), 1);
        assert_eq!(tables[0].title, "cost, ns");
        assert_eq!(tables[0].columns, ["a", "b"]);
        let a = tables[0].column("a").unwrap();
        assert_eq!(tables[0].numbers(a).collect::<Vec<_>>(), [("8 B", 1.5)]);
        assert_eq!(tables[0].numbers(a + 1).collect::<Vec<_>>(), [("8 B", 7.0), ("none", 2.5)]);
    }
}
