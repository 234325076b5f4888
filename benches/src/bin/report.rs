//! Measures everything, and writes `docs/BENCHMARKS.md` with its charts.
//!
//! `cargo run --release -p logbuf-benches --bin report [-- PART…]`
//!
//! Each part is a program of its own, which can be run alone; its tables go between its marks in the document, and the charts are drawn
//! from them. What was done, on what machine and when stands with each part: with the names of parts, those alone are measured, and the
//! others stay as they are.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use logbuf_benches::report::{Chart, Document, Shown, draw, machine, tables};

/// A part of the report.
struct Part {
    /// The name of its marks in the document, and of the program.
    name: &'static str,
    /// What the program is given.
    arguments: &'static [&'static str],
    /// The charts: the table, what is shown of it, and the name of the file.
    charts: &'static [(Shown, Chart, &'static str)],
}

impl Part {
    /// What a reader enters to have the same done again.
    fn command(&self) -> String {
        let separator = if self.arguments.is_empty() { &[][..] } else { &["--"] };
        let program = ["cargo run --release -p logbuf-benches --bin", self.name];
        [&program, separator, self.arguments].concat().join(" ")
    }
}

const PARTS: &[Part] = &[
    Part {
        name: "rings",
        arguments: &["9"],
        charts: &[
            (Shown::RingsProducer, Chart::Groups, "rings-producer"),
            (Shown::RingsConsumer, Chart::Groups, "rings-consumer"),
            (Shown::RingsThroughput, Chart::Groups, "rings-throughput"),
        ],
    },
    Part {
        name: "call_site",
        arguments: &[],
        charts: &[
            (Shown::CallCost, Chart::Bars { column: "p50" }, "call-site-cost"),
            (Shown::CallLatency, Chart::Percentiles, "call-site-latency"),
        ],
    },
    Part { name: "first_record", arguments: &[], charts: &[] },
    Part { name: "code_size", arguments: &[], charts: &[] },
    Part {
        name: "throughput",
        arguments: &[],
        charts: &[
            (Shown::Loggers, Chart::Bars { column: "million records/s" }, "throughput"),
            (Shown::Loggers, Chart::Bars { column: "bytes/record" }, "bytes-per-record"),
        ],
    },
    Part { name: "decode", arguments: &[], charts: &[] },
];

fn main() -> Result<(), Box<dyn Error>> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the benches are in the workspace");
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted.iter().find(|name| PARTS.iter().all(|part| part.name != **name)) {
        let names: Vec<_> = PARTS.iter().map(|part| part.name).collect();
        return Err(format!("there is no part {unknown}; there are {}", names.join(", ")).into());
    }
    let parts: Vec<&Part> = PARTS
        .iter()
        .filter(|part| wanted.is_empty() || wanted.iter().any(|name| name == part.name))
        .collect();

    build(root)?;
    let path = root.join("docs/BENCHMARKS.md");
    let mut document = Document::new(fs::read_to_string(&path)?);
    // Asked before the document changes, which the commit would show as a change.
    let machine = machine();
    let begin = Instant::now();
    let progress = ProgressBar::new(parts.len() as u64).with_style(
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} {elapsed}")
            .expect("the template is well-formed"),
    );
    progress.enable_steady_tick(Duration::from_millis(500));
    for part in &parts {
        progress.set_message(part.name);
        let output = run(part)?;
        let charts = draw_charts(part, &output, root)?;
        let made = format!("`{}`, on {machine}", part.command());
        document.replace(part.name, &format!("{made}\n\n{}\n\n{charts}", output.trim()))?;
        // What was measured is kept, whatever happens to the next part.
        fs::write(&path, document.text())?;
        progress.inc(1);
    }
    progress.finish_and_clear();
    println!("{} parts in {:.0?}: {}", parts.len(), begin.elapsed(), path.display());
    Ok(())
}

/// Builds the programs.
fn build(root: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["build", "--release", "-p", "logbuf-benches", "--bins"])
        .current_dir(root)
        .status()?;
    if status.success() { Ok(()) } else { Err("the programs could not be built".into()) }
}

/// Runs the program of a part, which stands beside this one, and returns what it prints.
fn run(part: &Part) -> Result<String, Box<dyn Error>> {
    let program = sibling(part.name)?;
    let output = Command::new(&program)
        .args(part.arguments)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", program.display(), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn sibling(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let here = std::env::current_exe()?;
    Ok(here.with_file_name(name).with_extension(std::env::consts::EXE_EXTENSION))
}

/// Draws the charts of a part, and returns what shows them in the document.
fn draw_charts(part: &Part, output: &str, root: &Path) -> Result<String, Box<dyn Error>> {
    let folder = root.join("docs/charts");
    fs::create_dir_all(&folder)?;
    let tables = tables(output);
    let mut links = String::new();
    for (shown, chart, file) in part.charts {
        let table = tables
            .iter()
            .find(|table| table.shown == Some(*shown))
            .ok_or_else(|| format!("{} printed no table after `{shown}`", part.name))?;
        draw(table, *chart, &folder.join(format!("{file}.svg")))?;
        links.push_str(&format!("![{}](charts/{file}.svg)\n", table.title));
    }
    Ok(links)
}
