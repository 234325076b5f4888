//! Any bytes as what a dead process left: its session, and the files of its log. Changes are made to one file at a time.
#![no_main]

#[path = "../../logbuf-log/tests/fuzz/recovery.rs"]
mod body;
mod segment;

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Which file is the segment of a log: see the body.
const LOG: u8 = 5;

/// Bytes of the head of a file: kind, number, length.
const HEAD: usize = 4;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut files = Vec::new();
    let mut rest = &data[..size];
    while let Some(([kind, number, len @ ..], behind)) = rest.split_first_chunk::<HEAD>() {
        let len = usize::from(u16::from_le_bytes(*len)).min(behind.len());
        files.push((*kind, *number, behind[..len].to_vec()));
        rest = &behind[len..];
    }
    if files.is_empty() || seed % 16 == 0 {
        return fuzzer_mutate(data, size, max_size);
    }
    let chosen = (seed >> 4) as usize % files.len();
    let (kind, _, bytes) = &mut files[chosen];
    let (len, most) = (bytes.len(), (bytes.len() + 256).min(u16::MAX.into()));
    bytes.resize(most, 0);
    let len = match *kind {
        LOG => segment::mutate(bytes, len, most, seed),
        _ => fuzzer_mutate(bytes, len, most),
    };
    bytes.truncate(len);
    let mut out = Vec::new();
    for (kind, number, bytes) in files {
        out.extend_from_slice(&[kind, number]);
        out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
        out.extend_from_slice(&bytes);
    }
    let len = out.len().min(max_size).min(data.len());
    data[..len].copy_from_slice(&out[..len]);
    len
});

fuzz_target!(|bytes: &[u8]| body::run(bytes));
