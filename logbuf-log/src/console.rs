//! Text beside the file, while developing: each record as a line on the console.
//!
//! The writer renders lines (`console/tee.rs`) and leaves them to a thread of their own (`console/screen.rs`), because a console can
//! stand still: nobody reads the pipe, or somebody has stopped the terminal. Then lines are left out there, and nothing else waits.

mod screen;
mod tee;

use std::env;
use std::io::{self, IsTerminal};

use logbuf_format::Level;

pub(crate) use screen::Screen;
pub(crate) use tee::Tee;

/// What [`Builder::console`](crate::Builder::console) shows, and where.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Builder, Console, Level, info};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("app");
/// # /*
/// let path = "logs/app";
/// # */
/// let guard = Builder::new(path).console(Console::stdout().level(Level::Info)).start()?;
/// info!(port = 8080, "listening");
/// guard.flush()?; // The line is on the console, too.
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Console {
    stream: Stream,
    level: Level,
    color: Option<bool>,
}

/// A standard stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Output,
    Error,
}

impl Console {
    /// Every record on standard error.
    pub const fn stderr() -> Self {
        Self { stream: Stream::Error, level: Level::Trace, color: None }
    }

    /// Every record on standard output.
    pub const fn stdout() -> Self {
        Self { stream: Stream::Output, ..Self::stderr() }
    }

    /// Shows records of `level` and more severe ones, of those that are recorded; the default is all.
    #[must_use]
    pub const fn level(self, level: Level) -> Self {
        Self { level, ..self }
    }

    /// Whether lines are coloured. The default is to do so on a terminal, unless the variable `NO_COLOR` is set and not empty, or
    /// `TERM` is `dumb`.
    #[must_use]
    pub const fn color(self, color: bool) -> Self {
        Self { color: Some(color), ..self }
    }

    fn is_colored(self) -> bool {
        self.color.unwrap_or_else(|| {
            let is_terminal = match self.stream {
                Stream::Output => io::stdout().is_terminal(),
                Stream::Error => io::stderr().is_terminal(),
            };
            let is_refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
            is_terminal && !is_refused && env::var_os("TERM").is_none_or(|term| term != "dumb")
        })
    }
}

impl Default for Console {
    /// Every record on standard error.
    fn default() -> Self {
        Self::stderr()
    }
}
