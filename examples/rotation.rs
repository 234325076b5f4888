//! Logs more than it keeps: segments of a size, the newest five of them, compressed when they are closed, a new one when asked for.
//!
//! `cargo run --release --example rotation`

use std::error::Error;
use std::fs;
use std::path::Path;

use logbuf_decode::Reader;
use logbuf_log::{Builder, SyncPolicy, WhenFull, info, warn};

/// Where the log goes.
const FOLDER: &str = "target/rotation";

/// Records, each with a text that is hard to make shorter.
const RECORDS: u64 = 200_000;

fn main() -> Result<(), Box<dyn Error>> {
    logbuf_examples::clear(FOLDER)?;
    let guard = Builder::new(Path::new(FOLDER).join("app"))
        .rotate_at(128 << 10)
        .keep_files(5)
        .compress_closed(true)
        .sync(SyncPolicy::OnClose)
        .when_full(WhenFull::Block(std::time::Duration::from_secs(10)))
        .start()?;
    for order in 0..RECORDS {
        info!(order, "filled {:032x}", u128::from(order + 1).pow(3));
    }
    // As a listener for SIGHUP would, with `guard.handle()`.
    guard.rotate()?;
    warn!("this is in a segment of its own");
    guard.flush()?;
    let (stats, live) = (guard.stats(), guard.path());
    drop(guard);

    println!("{} records written, {} lost; on disk are:", stats.written, stats.lost);
    let mut files: Vec<_> = fs::read_dir(FOLDER)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if let Ok(target) = fs::read_link(&file) {
            println!("{name} -> {}", target.display());
            continue;
        }
        let mut reader = Reader::new();
        reader.add_file(&file);
        let mut records = 0;
        reader.for_each(|_| records += 1);
        assert!(reader.findings().is_empty(), "each segment is whole in itself");
        let note = if file == live { ", the live one" } else { "" };
        println!("{name}: {} bytes, {records} records{note}", fs::metadata(&file)?.len());
    }
    Ok(())
}
