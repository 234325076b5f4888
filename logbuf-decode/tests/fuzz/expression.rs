//! Any string as a condition.

use logbuf_decode::Expression;

/// It is parsed, and means the same in parentheses, or is refused with a place.
pub(crate) fn run(text: &str) {
    match text.parse::<Expression>() {
        // What stands in parentheses means the same, if it does not nest too deep then.
        Ok(expression) => {
            if let Ok(again) = format!("({text})").parse::<Expression>() {
                assert_eq!(again, expression);
            }
        }
        Err(error) => assert!(error.to_string().starts_with("at column "), "{error}"),
    }
}
