//! Any bytes as a file. Changes are made to a block, an entry or a record at a time, and checksums and lengths put right.
#![no_main]

#[path = "../../logbuf-decode/tests/fuzz/reader.rs"]
mod body;
#[path = "../../logbuf-decode/tests/fuzz/lines.rs"]
mod lines;
mod segment;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    segment::mutate(data, size, max_size, seed)
});

fuzz_target!(|bytes: &[u8]| body::run(bytes));
