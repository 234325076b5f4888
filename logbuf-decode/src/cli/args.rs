//! The command line.

use clap::Parser;
use logbuf_decode::Level;
use std::path::PathBuf;

/// Decode logbuf files: one line for each record, in order of time.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub(crate) struct Args {
    /// Files to decode, or folders, which stand for the files *.logbuf in them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Print one JSON object for each record
    #[arg(long)]
    pub(crate) json: bool,

    /// Print text as it was logged: do not escape control characters
    #[arg(long, conflicts_with = "json")]
    pub(crate) raw: bool,

    /// Print records of this level and more severe ones: error, warn, info, debug or trace
    #[arg(short, long, default_value = "trace", hide_default_value = true)]
    pub(crate) level: Level,
}

const AFTER_HELP: &str = "\
Examples:
  logbuf-decode logs/                               all segments of a folder, merged in order of time
  logbuf-decode app.000001.logbuf -l warn           warnings and errors
  logbuf-decode --json logs/ | jq .fields.rtt_ns    for programs

Damage, cut files and lost records are reported on standard error, after the records.

Exit status:
  0  everything was read; a segment that is still being written counts as whole
  1  something is missing: damage, a file cut inside a block, an empty file, or records that the program lost
  2  a file could not be read, is no logbuf file, or is of a newer version; or the command line is wrong";
