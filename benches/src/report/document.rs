//! A document with parts that are written by a program, between marks that say which.
//!
//! ```text
//! <!-- measured: rings -->
//! … replaced at each run …
//! <!-- end -->
//! ```

use std::fmt;

const END: &str = "<!-- end -->";

/// The text of a document.
#[derive(Debug)]
pub struct Document(String);

/// A document without the marks of a part.
#[derive(Debug)]
pub struct MarkerError {
    part: String,
    missing: String,
}

impl fmt::Display for MarkerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the document has no line `{}` for the part `{}`", self.missing, self.part)
    }
}

impl std::error::Error for MarkerError {}

impl Document {
    /// A document with this text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Puts `content` between the marks of `part`.
    ///
    /// # Errors
    ///
    /// If one of the marks is not there.
    pub fn replace(&mut self, part: &str, content: &str) -> Result<(), MarkerError> {
        let begin = format!("<!-- measured: {part} -->");
        let missing = |mark: &str| MarkerError { part: part.to_owned(), missing: mark.to_owned() };
        let start = self.0.find(&begin).ok_or_else(|| missing(&begin))? + begin.len();
        let len = self.0[start..].find(END).ok_or_else(|| missing(END))?;
        self.0.replace_range(start..start + len, &format!("\n{}\n", content.trim_matches('\n')));
        Ok(())
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_replaced_and_the_rest_stays() {
        let mut document =
            Document::new("a\n<!-- measured: x -->\nold\n<!-- end -->\nb\n".to_owned());
        document.replace("x", "new\n").unwrap();
        document.replace("x", "newer").unwrap();
        assert_eq!(document.text(), "a\n<!-- measured: x -->\nnewer\n<!-- end -->\nb\n");
        let error = document.replace("y", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "the document has no line `<!-- measured: y -->` for the part `y`"
        );
    }
}
