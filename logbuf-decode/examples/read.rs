//! Reads a log with the library: the slowest round trips, and how many there were of each call.
//!
//! `cargo run --release -p logbuf-decode --example read -- FIELD PATH…`

use logbuf_decode::{Filter, Finding, Level, Reader, Record, Render, Text, Value, Work};
use std::{
    collections::BTreeMap,
    convert::Infallible,
    env,
    io::{self, Write},
    process::ExitCode,
};

/// Records with a number in a field, in parts of the log that are worked on by several threads.
struct Slowest {
    field: String,
    text: Text,
}

/// What is found in one part.
#[derive(Default)]
struct Found {
    /// Number and line of the largest.
    largest: Option<(u128, String)>,
    /// Records of each call that has the field.
    calls: BTreeMap<(String, u32), u64>,
}

impl Work for Slowest {
    type Output = Found;

    fn record(&mut self, record: &Record<'_>, found: &mut Found) {
        let Some(number) = record.value(&self.field).and_then(Value::as_unsigned) else { return };
        *found.calls.entry((record.file().to_owned(), record.line())).or_default() += 1;
        if found.largest.as_ref().is_none_or(|(largest, _)| number > *largest) {
            let mut line = String::new();
            if self.text.record(record, &mut line).is_ok() {
                found.largest = Some((number, line));
            }
        }
    }
}

/// Prints what there is to say of a field; returns what is wrong with the files.
pub(crate) fn ask(field: &str, paths: &[String], out: &mut impl Write) -> io::Result<Vec<Finding>> {
    let mut reader = Reader::new().filter(Filter::new().level(Level::Info));
    paths.iter().for_each(|path| reader.add_file(path));
    let mut all = Found::default();
    let worker = || Slowest { field: field.to_owned(), text: Text::new() };
    let Ok(()) = reader.try_work(None, worker, |found| {
        for (call, count) in found.calls {
            *all.calls.entry(call).or_default() += count;
        }
        // Of equal ones the first stays: parts come in the order of time.
        let larger = found
            .largest
            .filter(|(number, _)| all.largest.as_ref().is_none_or(|(largest, _)| number > largest));
        all.largest = larger.or(all.largest.take());
        Ok::<_, Infallible>(())
    });
    for ((file, line), count) in &all.calls {
        writeln!(out, "{count} records of {file}:{line}")?;
    }
    if let Some((_, line)) = all.largest {
        write!(out, "the largest: {line}")?;
    }
    Ok(reader.findings())
}

fn main() -> io::Result<ExitCode> {
    let mut arguments = env::args().skip(1);
    let (Some(field), paths) = (arguments.next(), arguments.collect::<Vec<_>>()) else {
        eprintln!("usage: read FIELD PATH…");
        return Ok(ExitCode::from(2));
    };
    let findings = ask(&field, &paths, &mut io::stdout())?;
    findings.iter().for_each(|finding| eprintln!("{finding}"));
    Ok(ExitCode::from(u8::from(!findings.is_empty())))
}
