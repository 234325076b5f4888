//! Completions for a shell.

use crate::cli::{NAME, args::Args};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io::{self, Write};

/// Prints them.
///
/// # Errors
///
/// Standard output does not take them.
pub(crate) fn run(shell: Shell) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), NAME, &mut script);
    let script = String::from_utf8_lossy(&script);
    // In bash, clap_complete 4.6 looks for a subcommand under one name and has it under another if the command has a hyphen in its name.
    let (listed, sought) = (NAME.replace('-', "__subcmd__"), NAME.replace('-', "__"));
    io::stdout().write_all(script.replace(&listed, &sought).as_bytes())
}
