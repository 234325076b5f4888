//! Standard output, or a pager in front of it.

use crate::cli::{
    args::{Pager, When},
    pipe,
};
use std::{
    env,
    io::{self, IsTerminal, Stdout, Write},
    process::{Child, Command, Stdio},
};

/// Variables that name a pager; the first that is set counts.
const VARIABLES: [&str; 2] = ["LOGBUF_DECODE_PAGER", "PAGER"];

/// What less does unless the user told it otherwise: end if all fits the screen, show colours, leave the screen as it is.
const LESS: &str = "FRX";

/// Where output goes.
#[derive(Debug)]
pub(crate) enum Sink {
    /// Standard output.
    Stdout(Stdout),
    /// A pager, as soon as there is something to show: an error alone needs none.
    Later,
    /// The standard input of a program that shows it.
    Pager(Child),
}

impl Sink {
    /// A pager if standard output is a terminal and there is one, unless `pager` says otherwise.
    ///
    /// What is followed has no end for a pager to show.
    pub(crate) fn open(pager: Pager, is_followed: bool) -> Self {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            pipe::widen();
            return Self::Stdout(stdout);
        }
        if is_followed || pager == Pager::Never {
            return Self::Stdout(stdout);
        }
        Self::Later
    }

    /// Ends the output, and waits until the user has seen it.
    pub(crate) fn close(self) -> io::Result<()> {
        match self {
            Self::Stdout(mut stdout) => stdout.flush(),
            Self::Later => Ok(()),
            Self::Pager(mut child) => {
                drop(child.stdin.take());
                child.wait().map(|_| ())
            }
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Self::Later = self {
            *self = start().map_or_else(|| Self::Stdout(io::stdout()), Self::Pager);
        }
        match self {
            Self::Stdout(stdout) => stdout.write(bytes),
            Self::Later => Ok(0),
            Self::Pager(child) => match &mut child.stdin {
                Some(stdin) => stdin.write(bytes),
                None => Err(io::ErrorKind::BrokenPipe.into()),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.flush(),
            // A pipe holds nothing back.
            Self::Later | Self::Pager(_) => Ok(()),
        }
    }
}

/// Starts the pager. `None` if there is none, or none is wanted: the variable is empty or says `cat`.
fn start() -> Option<Child> {
    let named = VARIABLES.iter().find_map(|name| env::var(name).ok());
    let line = named.as_deref().unwrap_or("less");
    let mut words = line.split_whitespace();
    let program = words.next().filter(|program| *program != "cat")?;
    let mut command = Command::new(program);
    command.args(words).stdin(Stdio::piped());
    if env::var_os("LESS").is_none() {
        command.env("LESS", LESS);
    }
    command.spawn().ok()
}

/// Whether output is coloured.
pub(crate) fn has_color(when: When) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        // Heeds NO_COLOR and its kin, and terminals that cannot.
        When::Auto => anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never,
    }
}
