//! Results as a table, in Markdown.

/// Measurements of several subjects, which take turns.
pub struct Row {
    title: String,
    /// For each subject, a number for each turn.
    cells: Vec<(&'static str, Vec<f64>)>,
}

/// Something to measure: the subject's name, and a function that measures it once.
pub type Turn<'a> = (&'static str, Box<dyn Fn() -> f64 + Sync + 'a>);

impl Row {
    /// Lets the subjects take turns, `turns` times: A B C A B C …, because the machine may be busy with other things at
    /// some time or other.
    pub fn measure(title: &str, turns: usize, subjects: &[Turn<'_>]) -> Row {
        let mut cells: Vec<_> =
            subjects.iter().map(|(name, _)| (*name, Vec::with_capacity(turns))).collect();
        for _ in 0..turns {
            for ((_, numbers), (_, measure)) in cells.iter_mut().zip(subjects) {
                // On a thread of its own, so that it may pin itself.
                numbers.push(std::thread::scope(|scope| {
                    scope.spawn(measure).join().expect("a measurement does not panic")
                }));
            }
        }
        for (_, numbers) in &mut cells {
            numbers.sort_by(f64::total_cmp);
        }
        Row { title: title.to_owned(), cells }
    }
}

/// Prints rows that have the same subjects: the median of each cell, and in parentheses the first and third quartile.
pub fn print(title: &str, rows: &[Row]) {
    let Some(first) = rows.first() else { return };
    println!(
        "\n| {title} | {} |",
        first.cells.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(" | ")
    );
    println!("|---|{}", "---|".repeat(first.cells.len()));
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(|(_, numbers)| cell(numbers)).collect();
        println!("| {} | {} |", row.title, cells.join(" | "));
    }
}

fn cell(sorted: &[f64]) -> String {
    let at = |numerator: usize| sorted[(sorted.len() - 1) * numerator / 4];
    format!("**{:.1}** ({:.1}–{:.1})", at(2), at(1), at(3))
}
