//! Manual pages.

use crate::cli::args::Args;
use clap::{Command, CommandFactory};
use clap_mangen::{
    Man,
    roff::{Roff, roman},
};
use std::io::{self, Write};

/// The parts of a help that are sections of the page: how each begins, and what it is called there.
const SECTIONS: [(&str, &str); 2] =
    [("Examples:\n", "EXAMPLES"), ("Exit status:\n", "EXIT STATUS")];

/// What a page is of: subcommands have no version of their own.
const SOURCE: &str = concat!("logbuf-decode ", env!("CARGO_PKG_VERSION"));

/// What the environment says.
const ENVIRONMENT: &str = "\
LOGBUF_DECODE_OPTS   options that are always given, not for subcommands
LOGBUF_DECODE_PAGER  the pager; PAGER if it is not set, and less otherwise
LESS                 options of less; FRX if it is not set
NO_COLOR             no colours, unless --color says so
TZ                   the zone of this machine, for --local";

/// Prints the page of the command, or of one of its subcommands.
///
/// # Errors
///
/// Standard output does not take it.
pub(crate) fn run(subcommand: Option<&str>) -> io::Result<()> {
    let mut command = Args::command();
    command.build();
    let all = help(&command);
    let of = subcommand.and_then(|name| command.find_subcommand(name)).unwrap_or(&command);
    let mut page = Vec::new();
    render(of.clone(), &all, &mut page)?;
    io::stdout().write_all(&page)
}

/// Appends the page of a command. What its help does not say, that of all says.
fn render(command: Command, all: &str, page: &mut Vec<u8>) -> io::Result<()> {
    let own = help(&command);
    let (has_subcommands, has_version) =
        (command.has_subcommands(), command.get_version().is_some());
    let man = Man::new(command).source(SOURCE);
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    if has_subcommands {
        man.render_subcommands_section(page)?;
    }
    let mut roff = Roff::new();
    let is_section = |text: &str| SECTIONS.iter().any(|(start, _)| text.starts_with(start));
    let notes: Vec<_> = own.split("\n\n").filter(|text| !is_section(text)).collect();
    if !notes.is_empty() {
        roff.control("SH", ["NOTES"]);
    }
    for note in notes {
        roff.control("PP", []);
        roff.text([roman(note.replace('\n', " "))]);
    }
    for (start, name) in SECTIONS {
        let mut texts = own.split("\n\n").chain(all.split("\n\n"));
        if let Some(text) = texts.find_map(|text| text.strip_prefix(start)) {
            section(name, text, &mut roff);
        }
    }
    section("ENVIRONMENT", ENVIRONMENT, &mut roff);
    roff.to_writer(page)?;
    // It is that of the whole; subcommands have none of their own.
    if has_version { man.render_version_section(page) } else { Ok(()) }
}

/// Appends lines as they are.
fn section(name: &str, text: &str, roff: &mut Roff) {
    roff.control("SH", [name]);
    roff.control("nf", []);
    for line in text.lines() {
        roff.text([roman(line.trim_start())]);
    }
    roff.control("fi", []);
}

/// What stands behind the options of a command.
fn help(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}
