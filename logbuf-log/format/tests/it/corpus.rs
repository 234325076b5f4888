//! What fuzzers started from, and what they found, given to the functions that they call.

use std::{fs, path::Path, time::Instant};

#[path = "../fuzz/packed.rs"]
mod packed;
#[path = "../fuzz/tables.rs"]
mod tables;

/// The files of one corpus; each takes little time.
fn each(name: &str, check: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(name);
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the corpus is there") {
        let path = entry.expect("an entry").path();
        let start = Instant::now();
        check(&fs::read(&path).expect("it can be read"));
        assert!(start.elapsed().as_secs() < 5, "{}", path.display());
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn packed_payloads() {
    each("packed", packed::run);
}

#[test]
fn payloads_of_every_kind() {
    each("tables", tables::run);
}
