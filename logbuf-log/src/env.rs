//! The filter that comes from outside: an environment variable.

use std::error::Error;
use std::ffi::OsString;
use std::fmt;

use crate::filter::{Filter, FilterError};

/// The variables that are looked at. The first that is set and not blank is read, the others are not.
const VARIABLES: [&str; 2] = ["LOGBUF_LOG", "RUST_LOG"];

/// What is wrong with the filter in an environment variable. It stops nothing: the directives that can be read apply.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvFilterError {
    /// The variable is not UTF-8, and so has no directive that can be read.
    NotUnicode {
        /// The name of the variable.
        variable: &'static str,
    },
    /// A directive cannot be read.
    Directive {
        /// The name of the variable.
        variable: &'static str,
        /// Which, and why not.
        source: FilterError,
    },
}

impl fmt::Display for EnvFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUnicode { variable } => write!(f, "{variable} is not UTF-8"),
            Self::Directive { variable, source } => write!(f, "{variable}: {source}"),
        }
    }
}

impl Error for EnvFilterError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NotUnicode { .. } => None,
            Self::Directive { source, .. } => Some(source),
        }
    }
}

/// Reads the filter from the environment of the process: none if no variable has a directive that can be read.
pub(crate) fn read() -> (Option<Filter>, Vec<EnvFilterError>) {
    read_from(|name| std::env::var_os(name))
}

fn read_from(get: impl Fn(&str) -> Option<OsString>) -> (Option<Filter>, Vec<EnvFilterError>) {
    let is_blank = |value: &OsString| value.to_str().is_some_and(|text| text.trim().is_empty());
    let set = VARIABLES.into_iter().find_map(|variable| {
        get(variable).filter(|value| !is_blank(value)).map(|value| (variable, value))
    });
    let Some((variable, value)) = set else { return (None, Vec::new()) };
    let Some(text) = value.to_str() else {
        return (None, vec![EnvFilterError::NotUnicode { variable }]);
    };
    let (filter, errors) = Filter::parse_lossy(text);
    let errors = errors.into_iter().map(|source| EnvFilterError::Directive { variable, source });
    ((!filter.is_empty()).then_some(filter), errors.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks which filter these variables make, and which messages.
    fn check(variables: &[(&str, &str)], filter: Option<&str>, messages: &[&str]) {
        let get = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        };
        let (read, errors) = read_from(get);
        assert_eq!(read.map(|filter| filter.to_string()).as_deref(), filter);
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        assert_eq!(errors, messages);
    }

    #[test]
    fn the_first_variable_with_something_in_it_counts() {
        check(&[], None, &[]);
        check(&[("RUST_LOG", "warn")], Some("warn"), &[]);
        check(&[("RUST_LOG", "warn"), ("LOGBUF_LOG", "debug")], Some("debug"), &[]);
        check(&[("RUST_LOG", "warn"), ("LOGBUF_LOG", " ")], Some("warn"), &[]);
        check(&[("RUST_LOG", "warn"), ("LOGBUF_LOG", "off")], Some("off"), &[]);
    }

    #[test]
    fn what_cannot_be_read_is_reported_and_does_not_count() {
        let message = "RUST_LOG: directive \"a=loud\" at byte 5: expected a level (off, error, warn, info, debug or \
            trace), found \"loud\"";
        check(&[("RUST_LOG", "warn,a=loud")], Some("warn"), &[message]);
        check(
            &[("RUST_LOG", "warn"), ("LOGBUF_LOG", "a[b]")],
            None,
            &["LOGBUF_LOG: directive \"a[b]\" at byte 0: \
            expected a target such as gateway::book or a file such as src/book.rs:42, found \"a[b]\""],
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_unicode_is_reported() {
        use std::os::unix::ffi::OsStringExt;
        let (filter, errors) = read_from(|_| Some(OsString::from_vec(vec![0xFF])));
        assert_eq!(filter, None);
        assert_eq!(errors, [EnvFilterError::NotUnicode { variable: "LOGBUF_LOG" }]);
    }
}
