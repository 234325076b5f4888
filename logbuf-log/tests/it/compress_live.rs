//! Blocks that are compressed before they are written.

use std::fs;

use logbuf_format::block::{Compression, Kind};
use logbuf_log::info;

use crate::index;
use crate::support::Session;

/// Logs, and returns the messages, and how each block of records is compressed that holds more than a few.
fn messages(log: impl FnOnce()) -> (Vec<String>, Vec<Compression>) {
    let session = Session::start_with(|builder| builder.compress_live(true));
    log();
    session.flush();
    let bytes = fs::read(session.path()).expect("the file is there");
    let (_, tables) = logbuf_format::segment::Header::take(&bytes).expect("it is a segment");
    let mut compressions = Vec::new();
    let mut at = tables;
    while let Ok(header) = logbuf_format::block::Header::take(&bytes[at..], None) {
        let block = &bytes[at..at + header.block_len()];
        assert!(header.stored_len <= header.expanded_len);
        assert_eq!(
            header.stored_len == header.expanded_len,
            header.compression == Compression::NONE
        );
        header.payload(block).expect("it can be expanded");
        match header.summary.kind {
            Kind::EVENTS if header.expanded_len > 1 << 10 => compressions.push(header.compression),
            // What a reader wants first is as it is.
            Kind::EVENTS => {}
            _ => assert_eq!(header.compression, Compression::NONE),
        }
        at += header.block_len();
    }
    let shown = session.shown();
    (shown.into_iter().map(|shown| shown.message).collect(), compressions)
}

#[test]
fn messages_that_resemble_each_other_are_compressed_and_read_the_same() {
    let expected: Vec<_> =
        (0..5_000).map(|i| format!("8=FIX.4.4|35=D|49=BUYER|56=SELLER|11={i}|54=1")).collect();
    let (messages, compressions) = messages(|| {
        for message in &expected {
            info!("{message}");
        }
    });
    assert!(messages == expected);
    assert!(!compressions.is_empty());
    assert!(compressions.iter().all(|how| *how == Compression::LZ4), "{compressions:?}");
}

#[test]
fn what_cannot_be_made_shorter_is_stored_as_it_is() {
    // Bytes without a pattern: those of a xorshift generator (Marsaglia).
    let mut state = 1_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    // However the writer parts them, there is more noise in a block than what LZ4 can win on the rest of it.
    let blobs: Vec<Vec<u8>> =
        (0..8).map(|_| (0..3 << 10).flat_map(|_| noise()).collect()).collect();
    let expected: Vec<_> = blobs.iter().map(|blob| format!("{blob:?}")).collect();
    let (messages, compressions) = messages(|| {
        for blob in &blobs {
            info!("{blob:?}");
        }
    });
    assert!(messages == expected);
    assert!(!compressions.is_empty());
    assert!(compressions.iter().all(|how| *how == Compression::NONE), "{compressions:?}");
}

#[test]
fn a_segment_that_was_closed_is_whole() {
    let session = Session::start_with(|builder| builder.compress_live(true));
    let path = session.path();
    (0..60_000_u64).for_each(|i| info!("{} {i}", i.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    let folder = session.stop();
    assert!(index::check(&path) > 1);
    drop(folder);
}
