//! The command: arguments in, lines out, what is wrong on standard error.

mod args;
mod compact;
mod completions;
mod export;
mod follow;
mod hints;
mod inputs;
mod lines;
mod man;
mod number;
mod output;
mod pager;
mod pipe;
mod print;
mod printer;
mod progress;
mod recover;
mod replace;
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
use clap::{CommandFactory, FromArgMatches, Parser, error::ErrorKind};
use report::Report;
use std::{
    env,
    ffi::OsString,
    io::{self, Write},
    process::ExitCode,
};

/// Runs the command.
pub(crate) fn main() -> ExitCode {
    let mut report = Report::new();
    let written = match parse() {
        Ok(args) => run(&args, &mut report),
        Err(error) if error.use_stderr() => error.exit(),
        // Help, or the version.
        Err(text) => text.print(),
    };
    match written.and_then(|()| io::stdout().flush()) {
        Ok(()) => {}
        // Whoever read the output has seen enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err(error) => report.error(format_args!("cannot write to standard output: {error}")),
    }
    report.status().into()
}

fn run(args: &Args, report: &mut Report) -> io::Result<()> {
    match &args.command {
        None => print::run(args, report),
        Some(Command::Recover(recover)) => recover::run(recover, report),
        Some(Command::Sites(sites)) => sites::run(sites, report),
        Some(Command::Export(export)) => export::run(export, report),
        Some(Command::Compact(inputs)) => compact::run(inputs, report),
        Some(Command::Stats(stats)) => stats::run(stats, report),
        Some(Command::Verify(inputs)) => verify::run(inputs, report),
        Some(Command::Completions { shell }) => completions::run(*shell),
        Some(Command::Man { subcommand }) => man::run(subcommand.as_deref()),
    }
}

/// The arguments, with the options of [`OPTIONS`] in front of them, which go for the command without a subcommand.
fn parse() -> Result<Args, clap::Error> {
    let args = Args::try_parse()?;
    let options = env::var(OPTIONS).unwrap_or_default();
    if args.command.is_some() || options.trim().is_empty() {
        return Ok(args);
    }
    let Some(options) = shlex::split(&options) else {
        let error = format!("{OPTIONS}: a quote in it is not closed: {options}");
        return Err(Args::command().error(ErrorKind::ValueValidation, error));
    };
    let mut given = env::args_os();
    let all = given.next().into_iter().chain(options.into_iter().map(OsString::from)).chain(given);
    // Both were made for themselves: what one says is no mistake because of the other.
    let parsed =
        Args::lenient().try_get_matches_from(all).and_then(|all| Args::from_arg_matches(&all));
    // They were fine without.
    parsed.inspect_err(|_| eprintln!("{NAME}: in {OPTIONS}, or together with it:"))
}

/// A variable with options that are always given.
const OPTIONS: &str = "LOGBUF_DECODE_OPTS";

/// The name of the command.
const NAME: &str = "logbuf-decode";
