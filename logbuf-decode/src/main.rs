//! The command `logbuf-decode`: logbuf files as text or JSON.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
