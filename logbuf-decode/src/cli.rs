//! The command: arguments in, lines out, what is wrong on standard error.

mod args;
mod compact;
mod export;
mod follow;
mod hints;
mod inputs;
mod lines;
mod output;
mod pager;
mod pipe;
mod print;
mod printer;
mod progress;
mod recover;
mod report;
mod select;
mod sites;
mod stats;
mod status;
mod verify;
mod wake;
mod when;
mod width;

use args::{Args, Command};
use clap::{CommandFactory, Parser, error::ErrorKind};
use report::Report;
use std::{env, ffi::OsString, io, process::ExitCode};

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let args = parse();
    let mut report = Report::new();
    let written = match &args.command {
        None => print::run(&args, &mut report),
        Some(Command::Recover(recover)) => recover::run(recover, &mut report),
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

/// The arguments, with the options of [`OPTIONS`] in front of them, which go for the command without a subcommand.
fn parse() -> Args {
    let args = Args::parse();
    let options = env::var(OPTIONS).unwrap_or_default();
    if args.command.is_some() || options.trim().is_empty() {
        return args;
    }
    let Some(options) = shlex::split(&options) else {
        let error = format!("{OPTIONS}: a quote in it is not closed: {options}");
        Args::command().error(ErrorKind::ValueValidation, error).exit();
    };
    let mut given = env::args_os();
    let all = given.next().into_iter().chain(options.into_iter().map(OsString::from)).chain(given);
    Args::try_parse_from(all).unwrap_or_else(|error| {
        // They were fine without.
        eprintln!("{NAME}: in {OPTIONS}, or together with it:");
        error.exit()
    })
}

/// A variable with options that are always given.
const OPTIONS: &str = "LOGBUF_DECODE_OPTS";

/// The name of the command.
const NAME: &str = "logbuf-decode";
