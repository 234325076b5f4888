//! The command line.

use clap::{
    ArgAction, ArgGroup, CommandFactory, Parser, Subcommand, ValueEnum,
    builder::{PossibleValuesParser, Resettable, TypedValueParser},
};
use clap_complete::Shell;
use glob::Pattern as Glob;
use jiff::fmt::temporal::DateTimeParser;
use logbuf_decode::{Csv, Level, Pattern, TimeStyle, TimeZone, escape};
use regex::Regex;
use std::{env, fmt, path::PathBuf};

/// Decode logbuf files: one line for each record, in order of time.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true, disable_help_subcommand = true)]
#[command(args_override_self = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    #[command(flatten)]
    pub(crate) inputs: Inputs,

    #[command(flatten)]
    pub(crate) choose: Choose,

    #[command(flatten)]
    pub(crate) part: Part,

    #[command(flatten)]
    pub(crate) show: Show,
}

/// Options, and those that each of them cannot stand beside.
const RIVALS: [(&str, &[&str]); 9] = [
    ("json", &["csv", "logfmt", "format", "raw"]),
    ("csv", &["json", "logfmt", "format", "raw"]),
    ("logfmt", &["json", "csv", "format", "raw"]),
    ("format", &["json", "csv", "logfmt"]),
    ("raw", &["json", "csv", "logfmt"]),
    ("zone", &["local"]),
    ("local", &["zone"]),
    ("tail", &["head"]),
    ("head", &["tail"]),
];

impl Args {
    /// The command line, where of options that cannot stand beside each other the last counts.
    pub(crate) fn lenient() -> clap::Command {
        let form = ArgGroup::new("form").multiple(true);
        RIVALS.iter().fold(Self::command().group(form), |command, (option, rivals)| {
            command.mut_arg(option, |arg| {
                arg.conflicts_with(Resettable::Reset).overrides_with_all(*rivals)
            })
        })
    }
}

/// What else there is to do. A file of such a name is given as ./NAME.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the call sites that files describe, those that never fired included
    #[command(after_help = SITES_HELP)]
    Sites(Sites),
    /// Add records up: by level, target, thread and site, over time, by the values of fields, and between calls
    #[command(after_help = STATS_HELP)]
    Stats(Box<Stats>),
    /// Write records for other programs: as NDJSON, as CSV, or as a trace for Perfetto
    #[command(after_help = EXPORT_HELP)]
    Export(Box<Export>),
    /// Compress closed segments by zstd, each in its place
    #[command(after_help = COMPACT_HELP)]
    Compact(Inputs),
    /// Read every block and compare its checksum, and say of each file what is in it and what is wrong
    #[command(after_help = VERIFY_HELP)]
    Verify(Verify),
    /// List what killed processes left in memory, or salvage it into files beside their logs
    #[command(after_help = RECOVER_HELP)]
    Recover(Recover),
    /// Print the completions for a shell
    #[command(after_help = COMPLETIONS_HELP)]
    Completions {
        /// bash, elvish, fish, powershell or zsh
        #[arg(hide_possible_values = true)]
        shell: Shell,
    },
    /// Print the manual page, of the command or of one of its subcommands
    #[command(after_help = MAN_HELP)]
    Man {
        /// sites, stats, export, compact, verify, recover, completions or man
        #[arg(hide_possible_values = true, value_parser = PossibleValuesParser::new(SUBCOMMANDS))]
        subcommand: Option<String>,
    },
}

/// The names of what else there is to do.
pub(crate) const SUBCOMMANDS: [&str; 8] =
    ["sites", "stats", "export", "compact", "verify", "recover", "completions", "man"];

/// Which sites, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Sites {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// One JSON object for each site
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// Which files, and how closely.
#[derive(Debug, clap::Args)]
pub(crate) struct Verify {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// Also expand every block and decode every record, which takes longer
    #[arg(long)]
    pub(crate) records: bool,
}

/// What is added up, and how it is shown.
#[derive(Debug, clap::Args)]
pub(crate) struct Stats {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    #[command(flatten)]
    pub(crate) choose: Choose,

    #[command(flatten)]
    pub(crate) zone: Zone,

    /// How the values of FIELD, or of an argument of this name, are distributed; may be given several times
    #[arg(long, value_name = "FIELD", action = ArgAction::Append)]
    pub(crate) histogram: Vec<String>,

    /// How long it takes from the call at the first place to that at the second, each FILE or FILE:LINE
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"])]
    pub(crate) between: Vec<Place>,

    /// Calls belong together that have the same value of FIELD, in whatever thread
    #[arg(long, value_name = "FIELD", requires = "between")]
    pub(crate) key: Option<String>,

    /// One JSON object, described in docs/JSON.md
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) paging: Paging,
}

/// What is written, and where.
#[derive(Debug, clap::Args)]
pub(crate) struct Export {
    #[command(flatten)]
    pub(crate) inputs: Inputs,

    /// ndjson (as --json), csv (as --csv) or chrome (a trace: threads as tracks, records as instants, spans as slices)
    #[arg(long, value_name = "FORM", default_value = "ndjson", hide_possible_values = true)]
    pub(crate) to: Form,

    #[command(flatten)]
    pub(crate) columns: Columns,

    /// Into this file, which is replaced when all is written, or into this pipe; standard output if none is given
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) choose: Choose,

    #[command(flatten)]
    pub(crate) zone: Zone,
}

/// A form for other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// One JSON object on each line.
    Ndjson,
    /// Comma-separated values.
    Csv,
    /// Trace events.
    Chrome,
}

/// Which sessions, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Recover {
    /// Sessions to salvage, as they are listed without any
    #[arg(value_name = "SESSION", conflicts_with = "all")]
    pub(crate) sessions: Vec<String>,

    /// Salvage every dead session
    #[arg(long)]
    pub(crate) all: bool,

    /// Look for sessions in DIR, where the program was told to keep them
    #[arg(long, value_name = "DIR")]
    pub(crate) from: Option<PathBuf>,

    /// Write into DIR instead of the folder of the log
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,

    /// Also sessions of other users; needs --output, because such a session could name any folder
    #[arg(long, requires = "output")]
    pub(crate) any_user: bool,

    /// Remove a session even if some of it cannot be read, or its folder is gone: what can be salvaged is salvaged first
    #[arg(long)]
    pub(crate) discard: bool,
}

/// Which files.
#[derive(Debug, clap::Args)]
pub(crate) struct Inputs {
    /// Files to decode; folders, which stand for the files *.logbuf in them; patterns in quotes; - for standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
}

/// The names of levels.
const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Which records.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Choosing records")]
pub(crate) struct Choose {
    /// Of this level and more severe ones: error, warn, info, debug or trace
    #[arg(
        short,
        long,
        default_value = "trace",
        hide_default_value = true,
        hide_possible_values = true,
        ignore_case = true,
        value_parser = PossibleValuesParser::new(LEVELS).try_map(|name| name.parse::<Level>())
    )]
    pub(crate) level: Level,

    /// Of targets that match PATTERN (* and ? as in a shell); may be given several times
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub(crate) target: Vec<Glob>,

    /// Of threads whose names match PATTERN; may be given several times
    #[arg(long, value_name = "PATTERN", action = ArgAction::Append)]
    pub(crate) thread: Vec<Glob>,

    /// Of the call at FILE or FILE:LINE; the last parts of the path will do; may be given several times
    #[arg(long, value_name = "FILE[:LINE]", action = ArgAction::Append)]
    pub(crate) site: Vec<Place>,

    /// With messages in which REGEX is found
    #[arg(long, value_name = "REGEX")]
    pub(crate) grep: Option<Regex>,

    /// For which EXPR holds, such as 'rtt_ns > 1000 && symbol == "BTC-USD"'; see below
    #[arg(long = "where", value_name = "EXPR")]
    pub(crate) condition: Option<String>,

    /// From TIME on: RFC 3339, "2026-11-23 14:05", 14:05 (of today), today, yesterday, 3h or -3h (ago), @1795442706 (Unix seconds)
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) since: Option<String>,

    /// Before TIME
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    pub(crate) until: Option<String>,
}

/// How many of them.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Choosing records")]
pub(crate) struct Part {
    /// The last N of them
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "head")]
    pub(crate) tail: Option<usize>,

    /// The first N of them
    #[arg(long, value_name = "N")]
    pub(crate) head: Option<usize>,

    /// And those that come, until the command is stopped; also from files that come
    #[arg(short = 'F', long)]
    pub(crate) follow: bool,

    /// And N records before and behind each, whatever they are, of the time that is chosen; at most 10,000
    #[arg(
        short = 'C',
        long,
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = around
    )]
    pub(crate) context: usize,
}

/// In which form.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Showing them")]
pub(crate) struct Show {
    /// One JSON object for each record, described in docs/JSON.md
    #[arg(long, group = "form")]
    pub(crate) json: bool,

    /// One row of comma-separated values for each record, below a row of names
    #[arg(long, group = "form")]
    pub(crate) csv: bool,

    #[command(flatten)]
    pub(crate) columns: Columns,

    /// One line of key=value for each record
    #[arg(long, group = "form")]
    pub(crate) logfmt: bool,

    /// Text as it was logged: do not escape control characters
    #[arg(long, conflicts_with_all = ["json", "csv", "logfmt"])]
    pub(crate) raw: bool,

    /// Lines in this form, such as '{time} {level:<5} {message} {order_id}'; see below
    #[arg(long, value_name = "PATTERN", group = "form", value_parser = Pattern::new)]
    pub(crate) format: Option<Pattern>,

    /// Times as: wall (date and time), delta (seconds since the record before) or start (since the first)
    #[arg(
        long,
        value_name = "STYLE",
        default_value = "wall",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) time: Time,

    /// Colours: auto (on a terminal, unless NO_COLOR is set), always or never
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) color: When,

    #[command(flatten)]
    pub(crate) paging: Paging,

    #[command(flatten)]
    pub(crate) zone: Zone,
}

/// Whether there is a pager.
#[derive(Debug, clap::Args)]
pub(crate) struct Paging {
    /// A pager: auto (on a terminal; LOGBUF_DECODE_PAGER or PAGER names another than less) or never
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true
    )]
    pub(crate) pager: Pager,
}

/// What stands in comma-separated values.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Columns {
    /// Columns of comma-separated values: names of those that there are, or of fields, with commas between them
    #[arg(long = "columns", value_name = "NAMES", value_delimiter = ',')]
    names: Vec<String>,
}

impl Columns {
    /// Rows of them, or of all.
    pub(crate) fn csv(&self) -> Csv {
        if self.names.is_empty() { Csv::new() } else { Csv::columns(&self.names) }
    }

    /// Whether some are named.
    pub(crate) fn are_named(&self) -> bool {
        !self.names.is_empty()
    }
}

/// Where it is what time.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Times")]
pub(crate) struct Zone {
    /// Times in this zone, such as Europe/Berlin or +02:00; it also holds for --since and --until
    #[arg(short = 'Z', long, value_name = "ZONE", value_parser = zone, allow_hyphen_values = true)]
    zone: Option<TimeZone>,

    /// Times in the zone of this machine
    #[arg(short = 'L', long, conflicts_with = "zone")]
    local: bool,
}

/// How times are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Time {
    /// Date and time.
    Wall,
    /// Seconds since the record before.
    Delta,
    /// Seconds since the first record.
    Start,
}

impl From<Time> for TimeStyle {
    fn from(time: Time) -> Self {
        match time {
            Time::Wall => Self::Wall,
            Time::Delta => Self::Delta,
            Time::Start => Self::Start,
        }
    }
}

/// When there is a pager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Pager {
    /// If standard output is a terminal.
    Auto,
    Never,
}

/// When something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum When {
    /// If standard output is a terminal.
    Auto,
    Always,
    Never,
}

impl Zone {
    /// That the zone of this machine is known, if that is asked for; otherwise how it is called.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !self.local || TimeZone::try_system().is_ok() {
            return Ok(());
        }
        Err(escape(&env::var("TZ").unwrap_or_default()).into_owned())
    }

    /// The zone of times.
    pub(crate) fn get(&self) -> TimeZone {
        match (&self.zone, self.local) {
            (Some(zone), _) => zone.clone(),
            (None, true) => TimeZone::system(),
            (None, false) => TimeZone::UTC,
        }
    }
}

fn zone(name: &str) -> Result<TimeZone, &'static str> {
    let zone = DateTimeParser::new().parse_time_zone(name);
    zone.map_err(|_| "zones are names such as Europe/Berlin and UTC, or distances such as +02:00")
}

/// Records around one: their lines are in memory until it is known whether they are shown.
fn around(text: &str) -> Result<usize, String> {
    const LIMIT: usize = 10_000;
    match text.parse() {
        Ok(count) if count <= LIMIT => Ok(count),
        _ => Err(format!("it is a number of records, at most {LIMIT}")),
    }
}

/// A place in the source: a file, and a line if one is given.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    file: String,
    line: Option<u32>,
}

impl std::str::FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (file, line) = match text.rsplit_once(':') {
            None => (text, None),
            Some((file, line)) => match line.parse() {
                Ok(line) => (file, Some(line)),
                Err(_) => return Err(format!("{line:?} is not the number of a line")),
            },
        };
        if file.is_empty() {
            return Err("the file is missing".to_owned());
        }
        Ok(Self { file: file.to_owned(), line })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

impl Place {
    /// Whether a file is the one of this place.
    pub(crate) fn is_in(&self, file: &str) -> bool {
        file.strip_suffix(&self.file)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with(['/', '\\']))
    }

    /// Whether a call stands here.
    pub(crate) fn is_at(&self, file: &str, line: u32) -> bool {
        self.is_in(file) && self.line.is_none_or(|wanted| wanted == line)
    }
}

/// What `--where` takes.
macro_rules! conditions {
    () => {
        "\
Conditions compare the fields and named arguments of a record, and its level, time, unix_ns,
target, thread, file, line, message, process, pid and host: == != < <= > >= && || ! ( ). Strings
stand in double quotes. level >= warn stands for warnings and errors, as -l warn does; time is
compared with \"2026-11-23T14:05:06Z\". What a record does not have makes a comparison false."
    };
}

const SITES_HELP: &str = "\
Examples:
  logbuf-decode sites logs/                           what the program can log, by file and line
  logbuf-decode sites logs/ | grep 'never fired'      and what it never did
  logbuf-decode sites --json logs/ | jq -r .template";

const RECOVER_HELP: &str = "\
Examples:
  logbuf-decode recover                               the sessions there are: dead, alive, or closed to you
  logbuf-decode recover --all                         salvage what is dead, beside the log it belongs to
  logbuf-decode recover app-4711-0123456789abcdef     one of them
  logbuf-decode recover --all -o /var/tmp/salvaged    where the folder of the log is full, or gone
  logbuf-decode recover --all --from /mnt/shm         where CrashSafe::Dir keeps them

The next start of the same logger does this by itself. A session is removed when all it held is in a file. One that is damaged is
salvaged as far as it can be read, and kept until --discard. The exit status is 1 then, and 2 if a session could not be salvaged.";

const COMPLETIONS_HELP: &str = "\
Examples:
  logbuf-decode completions bash > ~/.local/share/bash-completion/completions/logbuf-decode
  logbuf-decode completions zsh > ~/.zfunc/_logbuf-decode
  logbuf-decode completions fish > ~/.config/fish/completions/logbuf-decode.fish";

const MAN_HELP: &str = "\
Examples:
  logbuf-decode man > ~/.local/share/man/man1/logbuf-decode.1
  logbuf-decode man | man -l -
  logbuf-decode man stats | man -l -";

const VERIFY_HELP: &str = "\
Examples:
  logbuf-decode verify logs/                          one line for each file
  logbuf-decode verify backup/*.logbuf && echo whole
  logbuf-decode verify --records app.000001.logbuf    can each of them be decoded?

Every block is read, every checksum compared, and what the file says of itself is added up: numbers of blocks, of records and
of losses. No bit of a file can change without being found. The exit status is 0 if nothing is missing or changed.";

const EXPORT_HELP: &str = concat!(
    "\
Examples:
  logbuf-decode export logs/ -l warn                  one JSON object on each line
  logbuf-decode export logs/ --to csv -o log.csv      for a spreadsheet or a data frame
  logbuf-decode export logs/ --to csv --columns ts,thread,rtt_ns
  logbuf-decode export logs/ --to chrome -o log.json  open it at https://ui.perfetto.dev

",
    conditions!()
);

const COMPACT_HELP: &str = "\
Examples:
  logbuf-decode compact logs/                         all closed segments of a folder
  logbuf-decode compact 'logs/*.00000?.logbuf'

A segment is written anew beside the old one, compared with it block by block, and takes its place. Segments that are
still being written, or are damaged, stay as they are. What is compacted is read as before, and can be searched as before.";

const STATS_HELP: &str = concat!(
    "\
Examples:
  logbuf-decode stats logs/                          what is in there, and when
  logbuf-decode stats logs/ -l warn --since -1h      what went wrong in the last hour
  logbuf-decode stats logs/ --histogram rtt_ns       how long the round trips are
  logbuf-decode stats logs/ --between order.rs:10 ack.rs:20 --key order_id
                                                     how long it takes from an order to its acknowledgement
  logbuf-decode stats --json logs/ | jq .levels

Values are right to 0.2 %, and exact for whole numbers up to 1024; the smallest and the largest are exact. Durations and
times are in nanoseconds. Bytes of records are those before packing and compression.

",
    conditions!()
);

const AFTER_HELP: &str = concat!(
    "\
Examples:
  logbuf-decode logs/                           all segments of a folder, in order of time
  logbuf-decode app.000001.logbuf -l warn -C 3  warnings, errors, and what happened around them
  logbuf-decode logs/ -l error -n 3 -C 5        the last three errors, and what led to them
  logbuf-decode logs/ --since -3h --target 'gateway*'
  logbuf-decode logs/ --where 'rtt_ns > 1000 && symbol == \"BTC-USD\"' -n 20
  logbuf-decode --json logs/ | jq .fields.rtt_ns
  logbuf-decode verify logs/                    is everything there, and whole?
  logbuf-decode stats logs/ --histogram rtt_ns  what is in there, in numbers
  logbuf-decode logs/ -F -n 0 -l warn           warnings and errors as they happen
  zstdcat old.logbuf.zst | logbuf-decode -      standard input

",
    conditions!(),
    "

Patterns are format strings of Rust. Placeholders are time, unix_ns, level, target, thread, file,
line, process, pid, host, message, fields and context (all of them), spans, and the name of any field. Width,
alignment and precision are as in Rust.

With -F records are shown in order of time as long as they reach the files within half a second
of each other; what comes later is shown when it comes.

Options in LOGBUF_DECODE_OPTS are given before those of the command line, and give way to them where both cannot be; --target,
--thread and --site add up. They do not go for subcommands: LOGBUF_DECODE_OPTS='-L --color always'.

Damage, cut files and lost records are reported on standard error, after the records. Blocks
that cannot hold what is asked for are not read, and so not checked.

Exit status:
  0  everything was read; a segment that is still being written counts as whole, and an empty file as one
     that was about to be written
  1  something is missing: damage, a file cut inside a block, or lost records
  2  a file could not be read, is no logbuf file, or is of a newer version; or wrong usage"
);
