//! Charts of what was measured.

use std::path::Path;

use plotters::prelude::*;

use super::table::{Table, number};

/// What a chart shows of a table.
#[derive(Clone, Copy, Debug)]
pub enum Chart {
    /// A bar for each row, as long as the number in this column.
    Bars {
        /// The header of the column.
        column: &'static str,
    },
    /// A group of bars for each row, one for each column.
    Groups,
    /// A line for each row, over the columns, which are percentiles; the scale is logarithmic.
    Percentiles,
}

type Result = std::result::Result<(), Box<dyn std::error::Error>>;

const BACKGROUND: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(40, 44, 52);

/// Colours that people who do not tell red from green tell apart: by Masataka Okabe and Kei Ito, "Color Universal Design",
/// 2008.
const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(120, 120, 120),
    RGBColor(240, 228, 66),
];

fn colour(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}

/// Draws a chart of `table` into the file `path`, as SVG.
///
/// # Errors
///
/// If the table has nothing to show, or the file cannot be written.
pub fn draw(table: &Table, chart: Chart, path: &Path) -> Result {
    match chart {
        Chart::Bars { column } => {
            let column =
                table.column(column).ok_or_else(|| format!("there is no column {column}"))?;
            let bars: Vec<_> =
                table.numbers(column).map(|(name, number)| (name.to_owned(), number)).collect();
            let title = format!("{} ({})", table.title, table.columns[column]);
            draw_bars(&title, &bars, path)
        }
        Chart::Groups => draw_groups(table, path),
        Chart::Percentiles => draw_percentiles(table, path),
    }
}

/// Bars from left to right, one under the other, with names on the left and numbers at their ends.
fn draw_bars(title: &str, bars: &[(String, f64)], path: &Path) -> Result {
    const ROW: i32 = 30;
    const NAMES: i32 = 240;
    const BARS: i32 = 440;
    let most = bars.iter().map(|(_, number)| *number).fold(0.0, f64::max);
    if most <= 0.0 {
        return Err(format!("“{title}” has no numbers").into());
    }
    let height = 60 + ROW * bars.len() as i32;
    let area = SVGBackend::new(path, (800, height as u32)).into_drawing_area();
    area.fill(&BACKGROUND)?;
    area.draw(&Text::new(title, (16, 16), ("sans-serif", 18).into_font().color(&INK)))?;
    for (i, (name, number)) in bars.iter().enumerate() {
        let top = 48 + ROW * i as i32;
        let end = NAMES + (number / most * f64::from(BARS)).max(1.0) as i32;
        area.draw(&Text::new(
            name.clone(),
            (16, top + 4),
            ("sans-serif", 14).into_font().color(&INK),
        ))?;
        let bar = [(NAMES, top), (end, top + ROW - 10)];
        area.draw(&Rectangle::new(bar, colour(i).filled()))?;
        area.draw(&Text::new(
            format!("{number}"),
            (end + 8, top + 4),
            ("sans-serif", 14).into_font().color(&INK),
        ))?;
    }
    area.present()?;
    Ok(())
}

/// Groups of bars over the rows, with the columns as a legend.
fn draw_groups(table: &Table, path: &Path) -> Result {
    let columns = table.columns.len();
    let groups: Vec<Vec<f64>> = table
        .rows
        .iter()
        .map(|(_, cells)| cells.iter().map(|cell| number(cell).unwrap_or(0.0)).collect())
        .collect();
    let most = groups.iter().flatten().copied().fold(0.0, f64::max);
    if most <= 0.0 {
        return Err(format!("“{}” has no numbers", table.title).into());
    }
    let area = SVGBackend::new(path, (900, 420)).into_drawing_area();
    area.fill(&BACKGROUND)?;
    // A group has the width 1 and stands around its number.
    let width = 1.0 / (columns as f64 + 1.0);
    let last = groups.len() as f64 - 0.5;
    let mut chart = ChartBuilder::on(&area)
        .caption(&table.title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(56)
        .build_cartesian_2d(-0.5..last, 0.0..most * 1.5)?;
    let name = |x: &f64| group_name(table, *x);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(groups.len())
        .x_label_formatter(&name)
        .label_style(("sans-serif", 13))
        .light_line_style(RGBColor(235, 235, 235))
        .draw()?;
    for (column, header) in table.columns.iter().enumerate() {
        let bars = groups.iter().enumerate().map(|(group, numbers)| {
            let left = group as f64 + (column as f64 - columns as f64 / 2.0) * width;
            let height = numbers.get(column).copied().unwrap_or(0.0);
            Rectangle::new([(left, 0.0), (left + 0.9 * width, height)], colour(column).filled())
        });
        chart.draw_series(bars)?.label(header).legend(move |(x, y)| {
            Rectangle::new([(x, y - 5), (x + 12, y + 5)], colour(column).filled())
        });
    }
    let tallest = groups.iter().position(|numbers| numbers.contains(&most));
    draw_legend(
        &mut chart,
        match tallest {
            Some(0) => SeriesLabelPosition::UpperRight,
            _ => SeriesLabelPosition::UpperLeft,
        },
    )?;
    area.present()?;
    Ok(())
}

/// The name of the group around `x`, where its middle is.
fn group_name(table: &Table, x: f64) -> String {
    let is_middle = x >= 0.0 && (x - x.round()).abs() < 0.01;
    let row = table.rows.get(x.round() as usize).filter(|_| is_middle);
    row.map_or(String::new(), |(name, _)| name.clone())
}

/// Lines over percentiles, on a logarithmic scale.
fn draw_percentiles(table: &Table, path: &Path) -> Result {
    let columns: Vec<usize> = (0..table.columns.len())
        .filter(|&column| table.columns[column].starts_with('p') || table.columns[column] == "max")
        .filter(|&column| !table.columns[column].contains('÷'))
        .collect();
    let lines: Vec<(&str, Vec<f64>)> = table
        .rows
        .iter()
        .map(|(name, cells)| {
            let numbers = columns.iter().filter_map(|&column| number(cells.get(column)?));
            (&**name, numbers.collect())
        })
        .collect();
    let most = lines.iter().flat_map(|(_, numbers)| numbers).copied().fold(0.0, f64::max);
    if most <= 0.0 || columns.len() < 2 {
        return Err(format!("“{}” has no percentiles", table.title).into());
    }
    let area = SVGBackend::new(path, (900, 420)).into_drawing_area();
    area.fill(&BACKGROUND)?;
    let last = (columns.len() - 1) as f64;
    let mut chart = ChartBuilder::on(&area)
        .caption(&table.title, ("sans-serif", 18).into_font().color(&INK))
        .margin(12)
        .x_label_area_size(28)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..last * 1.4, (0.1..most * 2.0).log_scale())?;
    let name = |x: &f64| {
        let place = x.round();
        let is_near = (x - place).abs() < 0.01;
        let column = columns.get(place as usize).filter(|_| is_near);
        column.map_or(String::new(), |&column| table.columns[column].clone())
    };
    chart
        .configure_mesh()
        .x_labels(2 * columns.len())
        .x_label_formatter(&name)
        .y_label_formatter(&|ns| format!("{ns} ns"))
        .label_style(("sans-serif", 13))
        .light_line_style(BACKGROUND)
        .draw()?;
    for (i, (name, numbers)) in lines.iter().enumerate() {
        let points = numbers.iter().enumerate().map(|(x, &y)| (x as f64, y.max(0.1)));
        chart.draw_series(LineSeries::new(points, colour(i).stroke_width(2)))?.label(*name).legend(
            move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour(i).stroke_width(2)),
        );
    }
    draw_legend(&mut chart, SeriesLabelPosition::UpperRight)?;
    area.present()?;
    Ok(())
}

fn draw_legend<'a, X, Y>(
    chart: &mut ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>,
    position: SeriesLabelPosition,
) -> Result
where
    X: plotters::coord::ranged1d::Ranged<ValueType = f64>,
    Y: plotters::coord::ranged1d::Ranged<ValueType = f64>,
{
    chart
        .configure_series_labels()
        .position(position)
        .background_style(BACKGROUND.mix(0.9))
        .border_style(RGBColor(220, 220, 220))
        .label_font(("sans-serif", 13))
        .draw()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tables;

    #[test]
    fn each_chart_names_its_rows_and_refuses_an_empty_table() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("chart.svg");
        let text = "| cost, ns | p50 | p99 |\n|---|---|---|\n| ours | **1.5** (1.0–2.0) | 9 |\n| theirs | 2.5 | 80 |\n";
        let table = &tables(text)[0];
        let empty = &tables("| cost, ns | p50 | p99 |\n|---|---|---|\n| ours | – | – |\n")[0];
        for chart in [Chart::Bars { column: "p50" }, Chart::Groups, Chart::Percentiles] {
            draw(table, chart, &path).unwrap();
            let svg = std::fs::read_to_string(&path).unwrap();
            for name in ["cost, ns", "ours", "theirs"] {
                assert!(svg.contains(name), "{chart:?} does not show {name}");
            }
            assert!(draw(empty, chart, &path).is_err(), "{chart:?}");
        }
        let error = draw(table, Chart::Bars { column: "p1" }, &path).unwrap_err();
        assert_eq!(error.to_string(), "there is no column p1");
    }
}
