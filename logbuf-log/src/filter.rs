//! Filters: directives as in `RUST_LOG`, and which call sites they let record.

mod error;

use core::fmt;
use core::str::FromStr;

use logbuf_format::Level;

pub use self::error::{FilterError, FilterExpected};

/// What a call site has to be to record: directives, as in `warn,gateway=debug,gateway::book=trace`.
///
/// # Directives
///
/// They are separated by commas; white space around them and empty ones mean nothing.
///
/// | directive | lets record |
/// |---|---|
/// | `info` | every call at `info` and more severe |
/// | `off` | nothing |
/// | `gateway=debug` | target `gateway` and what is inside it, `gateway::book` among others, at `debug` and more severe |
/// | `gateway` | target `gateway` and what is inside it, at all levels |
/// | `src/book.rs=off` | nothing in files whose path is or ends in `src/book.rs`; a name that ends in `.rs` means a file |
/// | `book.rs:42=trace` | the call in line 42 of such a file, whatever its level |
///
/// Levels are `off`, `error`, `warn`, `info`, `debug` and `trace`, in any mix of cases. The target of a call is the path of its
/// module, unless it was given one.
///
/// For each call **the most specific directive counts alone**: a file with a line before a file, a file before a target, a
/// target before none of these; of two files or targets the longer. Of two directives for the same scope the last
/// counts. What no directive speaks of does not record: `gateway=debug` lets nothing but the gateway record.
///
/// # Examples
///
/// ```
/// use logbuf_log::{Filter, Level};
///
/// let filter: Filter = "warn, gateway=debug, book.rs:42=off".parse()?;
/// assert!(filter.allows(Level::Debug, "gateway::book", "src/book.rs", 41));
/// assert!(!filter.allows(Level::Error, "gateway::book", "src/book.rs", 42));
/// assert!(!filter.allows(Level::Info, "gateways", "src/main.rs", 1));
/// assert_eq!(filter.to_string(), "warn,gateway=debug,book.rs:42=off");
/// assert_eq!(Filter::from(Level::Info), "info".parse()?);
/// # Ok::<(), logbuf_log::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// In order of specificity, the most specific last; no two have the same scope.
    directives: Vec<Directive>,
}

/// What is let through in a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Directive {
    scope: Scope,
    /// The most verbose level that records; none if nothing does.
    level: Option<Level>,
}

/// The calls a directive speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Scope {
    All,
    Target(String),
    File { path: String, line: Option<u32> },
}

impl Filter {
    /// The filter that lets nothing record.
    pub const fn off() -> Self {
        Self { directives: Vec::new() }
    }

    /// Reads directives one by one: those that can be read make the filter, the others are returned as errors, in order.
    ///
    /// ```
    /// use logbuf_log::Filter;
    ///
    /// let (filter, errors) = Filter::parse_lossy("warn,gateway=loud,book=debug");
    /// assert_eq!(filter.to_string(), "warn,book=debug");
    /// assert_eq!(
    ///     errors[0].to_string(),
    ///     "directive \"gateway=loud\" at byte 5: expected a level (off, error, warn, info, debug or trace), found \"loud\""
    /// );
    /// ```
    pub fn parse_lossy(directives: &str) -> (Self, Vec<FilterError>) {
        let (mut filter, mut errors) = (Self::off(), Vec::new());
        for directive in split(directives) {
            match directive {
                Ok(directive) => filter.insert(directive),
                Err(error) => errors.push(error),
            }
        }
        (filter, errors)
    }

    /// The most verbose level that a call with this target, in this line of this file, may record at; `None` if it may
    /// not record at all.
    pub fn max_level(&self, target: &str, file: &str, line: u32) -> Option<Level> {
        let applies = |directive: &&Directive| directive.scope.contains(target, file, line);
        self.directives.iter().rev().find(applies).and_then(|directive| directive.level)
    }

    /// Whether a call at `level` with this target, in this line of this file, may record.
    pub fn allows(&self, level: Level, target: &str, file: &str, line: u32) -> bool {
        self.max_level(target, file, line).is_some_and(|max| level <= max)
    }

    /// The most verbose level that any call may record at.
    #[cfg(any(feature = "log", feature = "tracing"))]
    pub(crate) fn most_verbose(&self) -> Option<Level> {
        self.directives.iter().filter_map(|directive| directive.level).max()
    }

    /// Whether it has no directive.
    pub(crate) fn is_empty(&self) -> bool {
        self.directives.is_empty()
    }

    fn insert(&mut self, directive: Directive) {
        let place = |known: &Directive| known.scope.rank().cmp(&directive.scope.rank());
        match self.directives.binary_search_by(place) {
            Ok(index) => self.directives[index] = directive,
            Err(index) => self.directives.insert(index, directive),
        }
    }
}

impl From<Level> for Filter {
    /// Everything at `level` and more severe.
    fn from(level: Level) -> Self {
        Self { directives: vec![Directive { scope: Scope::All, level: Some(level) }] }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    /// Reads directives.
    ///
    /// # Errors
    ///
    /// The first directive that cannot be read. [`Filter::parse_lossy`] goes on to the others.
    fn from_str(directives: &str) -> Result<Self, FilterError> {
        let mut filter = Self::off();
        for directive in split(directives) {
            filter.insert(directive?);
        }
        Ok(filter)
    }
}

impl Scope {
    fn contains(&self, target: &str, file: &str, line: u32) -> bool {
        match self {
            Self::All => true,
            Self::Target(prefix) => target
                .strip_prefix(&**prefix)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with("::")),
            Self::File { path, line: wanted } => {
                wanted.is_none_or(|wanted| wanted == line) && is_end(path, file)
            }
        }
    }

    /// What specificity goes by, and then what makes equal only what is the same.
    fn rank(&self) -> (u8, usize, &str, Option<u32>) {
        match self {
            Self::All => (0, 0, "", None),
            Self::Target(target) => (1, target.len(), target, None),
            Self::File { path, line: None } => (2, path.len(), path, None),
            Self::File { path, line } => (3, path.len(), path, *line),
        }
    }
}

/// Whether `path` is the whole or the last parts of `file`, whichever way the compiler's system writes separators.
fn is_end(path: &str, file: &str) -> bool {
    let slash = |byte: u8| if byte == b'\\' { b'/' } else { byte };
    let Some(start) = file.len().checked_sub(path.len()) else { return false };
    let (before, end) = file.as_bytes().split_at(start);
    end.iter().map(|byte| slash(*byte)).eq(path.bytes().map(slash))
        && before.last().is_none_or(|byte| slash(*byte) == b'/')
}

/// The directives in `text`, each read by itself.
fn split(text: &str) -> impl Iterator<Item = Result<Directive, FilterError>> {
    let mut next = 0;
    text.split(',').filter_map(move |part| {
        let start = next + (part.len() - part.trim_start().len());
        next += part.len() + 1;
        let part = part.trim();
        (!part.is_empty()).then(|| {
            Directive::parse(part).map_err(|(expected, found)| FilterError {
                directive: part.to_owned(),
                position: start,
                expected,
                found: found.to_owned(),
            })
        })
    })
}

impl Directive {
    /// Reads one directive; an error is what was expected, and what was found in its place.
    fn parse(text: &str) -> Result<Self, (FilterExpected, &str)> {
        let Some((scope, level)) = text.split_once('=') else {
            return Ok(match parse_level(text) {
                Some(level) => Self { scope: Scope::All, level },
                None => Self { scope: Scope::parse(text)?, level: Some(Level::Trace) },
            });
        };
        let level = level.trim();
        let scope = Scope::parse(scope.trim())?;
        Ok(Self { scope, level: parse_level(level).ok_or((FilterExpected::Level, level))? })
    }
}

impl Scope {
    fn parse(text: &str) -> Result<Self, (FilterExpected, &str)> {
        // Spans, fields and patterns, which other filters of this syntax have.
        if text.is_empty() || text.contains(['[', ']', '{', '}', '*', '"']) {
            return Err((FilterExpected::Scope, text));
        }
        if text.ends_with(".rs") {
            return Ok(Self::File { path: text.to_owned(), line: None });
        }
        if let Some((path, line)) = text.rsplit_once(':').filter(|(path, _)| path.ends_with(".rs"))
        {
            let line =
                line.parse().ok().filter(|line| *line > 0).ok_or((FilterExpected::Line, line))?;
            return Ok(Self::File { path: path.to_owned(), line: Some(line) });
        }
        Ok(Self::Target(text.to_owned()))
    }
}

/// The level of this name; the inner `None` is `off`.
fn parse_level(text: &str) -> Option<Option<Level>> {
    if text.eq_ignore_ascii_case("off") {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

impl fmt::Display for Filter {
    /// Writes directives that make the same filter, the most specific last; `off` if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.directives.is_empty() {
            return f.write_str("off");
        }
        for (i, directive) in self.directives.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{directive}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::All => {}
            Scope::Target(target) => write!(f, "{target}=")?,
            Scope::File { path, line: None } => write!(f, "{path}=")?,
            Scope::File { path, line: Some(line) } => write!(f, "{path}:{line}=")?,
        }
        f.write_str(match self.level {
            None => "off",
            Some(Level::Error) => "error",
            Some(Level::Warn) => "warn",
            Some(Level::Info) => "info",
            Some(Level::Debug) => "debug",
            Some(Level::Trace) => "trace",
        })
    }
}

#[cfg(test)]
mod tests;
