//! What fuzzers started from, and what they found: it is parsed, or refused with a place.

use logbuf_decode::{Expression, Pattern};
use logbuf_format::template;
use std::{fs, path::Path, time::Instant};

/// The texts of one corpus; each takes little time.
fn each(name: &str, check: impl Fn(&str)) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the corpus") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("UTF-8");
        let start = Instant::now();
        check(&text);
        assert!(start.elapsed().as_secs() < 5, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn conditions() {
    each("expression", |text| {
        let parsed = text.parse::<Expression>();
        if let Err(error) = &parsed {
            assert!(error.to_string().starts_with("at column "), "{error}");
        }
        if let (Ok(parsed), Ok(again)) = (parsed, format!("({text})").parse::<Expression>()) {
            assert_eq!(parsed, again);
        }
    });
}

#[test]
fn patterns() {
    each("pattern", |text| {
        let template = template::parse(text);
        match Pattern::new(text) {
            Ok(_) => assert!(template.is_ok()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    });
}
