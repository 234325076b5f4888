//! The writer's side of a record, to count the instructions of: `writer_path SUBJECT RECORDS`, under callgrind. See
//! `.ci/instructions`. `writer_path write_… RECORDS FOLDER` keeps the log, for the decoder to be counted.
//!
//! Each subject is a function of its own, which callgrind is told to collect in. What comes before, the making of the records,
//! is not counted.

use std::hint::black_box;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use logbuf_benches::load::{Load, random_strings, three_numbers, trading};
use logbuf_benches::logged;
use logbuf_format::packed::{self, Packer};
use logbuf_log::{Builder, ManualWriter, Progress};

/// Bytes of packed payload after which a block ends, as the writer has it.
const BLOCK: usize = 64 << 10;

/// Bytes of ring, so that all records of a run fit.
const RING: usize = 64 << 20;

/// Nanoseconds from a record to the next.
const NANOSECONDS_APART: u64 = 40;

#[inline(never)]
fn pack(load: &Load, packer: &mut Packer) {
    load.pack_blocks(packer, BLOCK, |_| {});
}

#[inline(never)]
fn expand(blocks: &[Vec<u8>], raw: &mut Vec<u8>) {
    for block in blocks {
        packed::expand(block, raw).expect("it was packed");
        black_box(&raw);
    }
}

/// What the background thread does: from the ring to the file.
#[inline(never)]
fn write(writer: &mut ManualWriter) {
    while writer.poll().progress != Progress::Idle {}
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(subject), Some(records)) = (arguments.next(), arguments.next()) else {
        panic!("usage: writer_path SUBJECT RECORDS [FOLDER]");
    };
    let folder = arguments.next();
    let kept = folder.as_deref().map(Path::new);
    let records: u64 = records.parse().expect("RECORDS is a number");
    match subject.as_str() {
        "pack_three_numbers" => pack_all(&three_numbers(records)),
        "pack_strings" => pack_all(&random_strings(records)),
        "pack_trading" => pack_all(&trading(records)),
        "expand_three_numbers" => expand_all(&three_numbers(records)),
        "expand_strings" => expand_all(&random_strings(records)),
        "expand_trading" => expand_all(&trading(records)),
        "write_three_numbers" => write_all(records, logged::numbers, false, kept),
        "write_strings" => write_all(records, logged::text, false, kept),
        "write_twelve_sites" => write_all(records, logged::mix, false, kept),
        "write_twelve_sites_lz4" => write_all(records, logged::mix, true, kept),
        "write_messages" => write_all(records, logged::messages, false, kept),
        "write_messages_lz4" => write_all(records, logged::messages, true, kept),
        other => panic!("no subject is called {other}"),
    }
}

fn pack_all(load: &Load) {
    pack(load, &mut load.packer());
}

fn expand_all(load: &Load) {
    let mut blocks = Vec::new();
    load.pack_blocks(&mut load.packer(), BLOCK, |payload| blocks.push(payload.to_vec()));
    expand(&blocks, &mut Vec::new());
}

fn write_all(records: u64, log: fn(u64), lz4: bool, kept: Option<&Path>) {
    let temporary = tempfile::tempdir().expect("a temporary folder can be made");
    let folder = kept.unwrap_or(temporary.path());
    // The times are in what is compressed: they are the same in each run.
    let ticks = AtomicU64::new(0);
    let (guard, mut writer) = Builder::new(folder.join("app"))
        .ignore_env()
        .ring_capacity(RING)
        .clock(move || ticks.fetch_add(NANOSECONDS_APART, Ordering::Relaxed))
        .compress_live(lz4)
        .manual()
        .expect("the folder can be written to");
    log(records);
    write(&mut writer);
    drop(writer);
    assert_eq!(guard.stats().written, records);
}
