//! Making text harmless to a terminal.

use std::borrow::Cow;

/// `text` with every `char` escaped that could move the cursor, change the terminal or reorder what is shown.
///
/// These are the control characters C0 (line feed and tab among them), DEL and C1, the line and paragraph separators,
/// and Unicode's directional marks, embeddings, overrides and isolates. They are shown as in a Rust string literal.
///
/// # Examples
///
/// ```
/// use logbuf_format::escape;
///
/// assert_eq!(escape::controls("52,100 €"), "52,100 €");
/// assert_eq!(escape::controls("a\x1b[2Jb\n"), "a\\u{1b}[2Jb\\n");
/// ```
pub fn controls(text: &str) -> Cow<'_, str> {
    // Most text is plain ASCII, and this test of it is fast.
    let is_plain = text.bytes().fold(true, |plain, byte| plain & matches!(byte, b' '..=b'~'));
    match if is_plain { None } else { text.find(is_control) } {
        None => Cow::Borrowed(text),
        Some(first) => Cow::Owned(escaped(text, first)),
    }
}

/// `text` with its controls escaped, the first of which stands at `first`.
fn escaped(text: &str, first: usize) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(&text[..first]);
    for c in text[first..].chars() {
        if is_control(c) {
            out.extend(c.escape_default());
        } else {
            out.push(c);
        }
    }
    out
}

fn is_control(c: char) -> bool {
    // `char::is_control` is C0, DEL and C1.
    c.is_control()
        || matches!(
            c,
            '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_controls_and_nothing_else() {
        for c in '\0'..=char::MAX {
            let text = format!("a{c}z");
            let is_control = matches!(u32::from(c),
                0..=0x1F | 0x7F..=0x9F | 0x61C | 0x200E..=0x200F | 0x2028..=0x202E | 0x2066..=0x2069);
            let escaped = controls(&text);
            assert_eq!(matches!(escaped, Cow::Owned(_)), is_control, "{c:?}");
            let expected =
                if is_control { format!("a{}z", c.escape_default()) } else { text.clone() };
            assert_eq!(escaped, expected);
        }
    }
}
