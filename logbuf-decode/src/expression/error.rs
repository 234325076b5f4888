//! What is wrong with an expression.

use std::fmt;

/// Columns of an expression that are shown around what is wrong with it.
const WINDOW: usize = 72;

/// Where a string stops being an [`Expression`](crate::Expression), and what should stand there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpressionError {
    /// The column, in characters, from 1.
    pub column: usize,
    /// What was expected there.
    pub expected: Expected,
    /// What stands there, empty at the end.
    pub found: String,
    /// What was probably meant, if it looks like something of another language.
    pub hint: Option<Hint>,
}

/// What an expression needs at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// A name, a number or a string.
    Operand,
    /// `&&`, `||`, or the end.
    Connective,
    /// `)`
    Close,
    /// The quote that ends a string.
    Quote,
    /// One of the escapes `\"`, `\\`, `\n`, `\r`, `\t`.
    Escape,
    /// A number that is written as in Rust.
    Number,
    /// The name of a level: `level` is compared with nothing else.
    Level,
    /// A time: `time` is compared with a string only if that is one.
    Time,
    /// Less nesting.
    Depth {
        /// The limit.
        limit: usize,
    },
}

/// How an expression says what another language says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// `=` is `==`.
    Equal,
    /// `not` is `!`.
    Not,
    /// `and` is `&&`.
    And,
    /// `or` is `||`.
    Or,
    /// `=~` is not here: messages are searched by `--grep`.
    Grep,
    /// `'…'` is `"…"`.
    Quotes,
}

impl Hint {
    /// What was meant by `found`, which stands behind the word `before`.
    pub(super) fn of(before: &str, found: &str) -> Option<Self> {
        let is = |word: &str| found.eq_ignore_ascii_case(word);
        match () {
            () if found.starts_with("=~") || found.starts_with('~') => Some(Self::Grep),
            () if found.starts_with('=') => Some(Self::Equal),
            () if found.starts_with('\'') => Some(Self::Quotes),
            () if found.starts_with('&') || is("and") => Some(Self::And),
            () if found.starts_with('|') || is("or") => Some(Self::Or),
            () if before.eq_ignore_ascii_case("not") => Some(Self::Not),
            () => None,
        }
    }
}

impl ExpressionError {
    /// The place in `expression`, which it was found in: what stands around it, and below that a caret.
    ///
    /// # Examples
    ///
    /// ```
    /// use logbuf_decode::Expression;
    ///
    /// let error = "qty = 3".parse::<Expression>().unwrap_err();
    /// assert_eq!(error.point_at("qty = 3"), "qty = 3\n    ^");
    /// ```
    pub fn point_at(&self, expression: &str) -> String {
        let at = self.column - 1;
        let count = expression.chars().count();
        // The place in the middle, unless an end is near.
        let start = at.saturating_sub(WINDOW / 2).min(count.saturating_sub(WINDOW));
        let (before, behind) = (start > 0, start + WINDOW < count);
        let mut window = String::from(if before { "…" } else { "" });
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        window.extend(expression.chars().skip(start).take(WINDOW).map(shown));
        window.push_str(if behind { "…" } else { "" });
        let indent = at - start + usize::from(before);
        format!("{window}\n{:indent$}^", "")
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at column {}: expected {}, found ", self.column, self.expected)?;
        match self.found.as_str() {
            "" => f.write_str("the end")?,
            found => write!(f, "`{found}`")?,
        }
        self.hint.map_or(Ok(()), |hint| write!(f, ": {hint}"))
    }
}

impl std::error::Error for ExpressionError {}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operand => "a name, a number or a string",
            Self::Connective => "`&&`, `||` or the end",
            Self::Close => "`)`",
            Self::Quote => "the `\"` that ends the string",
            Self::Escape => "one of the escapes `\\\"`, `\\\\`, `\\n`, `\\r` and `\\t`",
            Self::Number => "a number",
            Self::Level => "a level (error, warn, info, debug or trace)",
            Self::Time => "a time (such as \"2026-11-23T14:05:06Z\", or nanoseconds)",
            Self::Depth { limit } => return write!(f, "no more than {limit} levels of nesting"),
        })
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Equal => "use `==` to compare",
            Self::Not => "use `!` for `not`",
            Self::And => "use `&&` for `and`",
            Self::Or => "use `||` for `or`",
            Self::Grep => "use --grep to search messages",
            Self::Quotes => "use double quotes",
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::Expression;

    #[test]
    fn a_long_expression_is_shown_in_part() {
        let check = |before: usize, behind: usize| {
            let text = format!("{}a = 1{}", "a || ".repeat(before), " || b".repeat(behind));
            let error = text.parse::<Expression>().expect_err("no expression");
            let shown = error.point_at(&text);
            let [window, caret] = shown.split('\n').collect::<Vec<_>>()[..] else {
                panic!("{shown}");
            };
            assert!(window.chars().count() <= 80, "{shown}");
            assert_eq!(window.chars().nth(caret.len() - 1), Some('='), "{shown}");
            assert_eq!((window.starts_with('…'), window.ends_with('…')), (before > 9, behind > 9));
        };
        for (before, behind) in [(0, 0), (3, 3), (20_000, 0), (0, 20_000), (20_000, 20_000)] {
            check(before, behind);
        }
    }
}
