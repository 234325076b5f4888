//! Chores of this repository.

mod crash;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of this repository.
#[derive(Debug, Parser)]
struct Args {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Kill logging processes, recover what they left, and check that no record is lost, doubled or made up
    Crash(crash::Args),
    /// A process that is to be killed; started by `crash`
    #[command(hide = true)]
    CrashChild(crash::child::Args),
    /// A recovery that is to be killed; started by `crash`
    #[command(hide = true)]
    RecoverChild(crash::child::RecoverArgs),
    /// A logger that recovers by its start; started by `crash`
    #[command(hide = true)]
    RestartChild(crash::child::RestartArgs),
}

fn main() -> ExitCode {
    match Args::parse().task {
        Task::Crash(args) => crash::run(&args),
        Task::CrashChild(args) => crash::child::run(&args),
        Task::RecoverChild(args) => crash::child::recover(&args),
        Task::RestartChild(args) => crash::child::restart(&args),
    }
}
