//! The command: arguments in, lines out, what is wrong on standard error.

mod args;
mod compact;
mod export;
mod follow;
mod inputs;
mod lines;
mod output;
mod pager;
mod print;
mod printer;
mod progress;
mod report;
mod select;
mod sites;
mod stats;
mod status;
mod verify;
mod when;

use args::{Args, Command};
use clap::{CommandFactory, Parser};
use report::Report;
use std::{io, process::ExitCode};

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = Args::parse();
    let mut report = Report::new();
    let written = match &args.command {
        None => print::run(&args, &mut report),
        Some(Command::Sites(sites)) => sites::run(sites, &mut report),
        Some(Command::Export(export)) => export::run(export, &mut report),
        Some(Command::Compact(inputs)) => compact::run(inputs, &mut report),
        Some(Command::Stats(stats)) => stats::run(stats, &mut report),
        Some(Command::Verify(inputs)) => verify::run(inputs, &mut report),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(*shell, &mut Args::command(), NAME, &mut io::stdout());
            Ok(())
        }
        Some(Command::Man) => clap_mangen::Man::new(Args::command()).render(&mut io::stdout()),
    };
    match written {
        Ok(()) => {}
        // Whoever read the output has seen enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(error) => report.error(format_args!("cannot write to standard output: {error}")),
    }
    report.status().into()
}

/// The name of the command.
const NAME: &str = "logbuf-decode";
