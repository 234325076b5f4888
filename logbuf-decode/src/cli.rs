//! The command: arguments in, lines out, what is wrong on standard error.

mod args;
mod inputs;
mod output;
mod report;
mod status;

use args::Args;
use clap::Parser;
use inputs::Inputs;
use logbuf_decode::{Json, Reader, Render, Text};
use output::Output;
use report::Report;
use status::Status;
use std::{io, process::ExitCode};

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let mut report = Report::new();
    let inputs = Inputs::expand(&args.paths, &mut report);
    let mut reader = Reader::new();
    for file in &inputs.files {
        reader.add_file(file);
    }
    if let Err(error) = print(&args, &mut reader, &mut report) {
        // Whoever read the output has seen enough of it.
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Status::Fine.into();
        }
        report.error(format_args!("cannot write to standard output: {error}"));
    }
    report.findings(reader.findings());
    report.lost(&reader);
    report.status().into()
}

/// Prints the records.
fn print(args: &Args, reader: &mut Reader, report: &mut Report) -> io::Result<()> {
    let mut render: Box<dyn Render> = match (args.json, args.raw) {
        (true, _) => Box::new(Json::new()),
        (false, true) => Box::new(Text::raw()),
        (false, false) => Box::new(Text::new()),
    };
    let mut output = Output::new(io::stdout().lock());
    reader.try_for_each(|record| {
        if record.level() > args.level {
            return Ok(());
        }
        if let Err(error) = render.record(record, output.buffer()) {
            report.record(record, &error);
        }
        output.flush_if_full()
    })?;
    output.flush()
}
