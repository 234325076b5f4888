//! Compressed payloads: what goes in comes out, bombs end, and damage is found.

use crate::segment::summary;
use logbuf_format::{
    Fault, Part,
    block::{self, Compression, HEADER_LEN, Header, Kind, put_compressed},
    limits,
};
use proptest::prelude::*;

const BOTH: [Compression; 2] = [Compression::LZ4, Compression::ZSTD];

fn put(payload: &[u8], how: Compression) -> (Vec<u8>, Header) {
    let mut out = Vec::new();
    let header = put_compressed(&mut out, payload, summary(Kind::EVENTS, 0, 0, 0, (0, 0)), how);
    (out, header.unwrap())
}

/// A block whose header says what it likes of its payload.
fn forged(how: Compression, stored: &[u8], expanded_len: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    block::put(&mut bytes, stored, summary(Kind::EVENTS, 0, 0, 0, (0, 0))).unwrap();
    bytes[6] = how.0;
    bytes[28..32].copy_from_slice(&expanded_len.to_le_bytes());
    let crc = crc32c::crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    bytes
}

fn expand(block: &[u8]) -> Result<Vec<u8>, Fault> {
    let header = Header::take(block, None).map_err(|error| error.fault)?;
    header.payload(block).map(|payload| payload.into_owned()).map_err(|error| error.fault)
}

#[test]
fn what_repeats_gets_shorter_and_comes_back() {
    let payload = b"what repeats ".repeat(1_000);
    for how in BOTH {
        let (bytes, header) = put(&payload, how);
        assert_eq!((header.compression, header.expanded_len as usize), (how, payload.len()));
        assert!(bytes.len() < 300, "{how}: {}", bytes.len());
        assert_eq!(expand(&bytes).unwrap(), payload);
        assert!(block::can_expand(how));
    }
    assert!(!block::can_expand(Compression(9)));
}

#[test]
fn what_would_not_get_shorter_stays_as_it_is() {
    // Xorshift.
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let noise: Vec<u8> = (0..2_000).map(|_| next()).collect();
    for payload in [&noise[..], b"", b"short short short short"] {
        for how in BOTH {
            let (bytes, header) = put(payload, how);
            assert_eq!(header.compression, Compression::NONE);
            assert_eq!(expand(&bytes).unwrap(), payload);
        }
    }
}

#[test]
fn a_bomb_ends_in_an_error() {
    // 16 MiB of zeros, from four times as much as a block may hold.
    let zeros = vec![0; 4 * limits::PAYLOAD];
    let lz4 = lz4_flex::block::compress(&zeros);
    let zstd = zstd::bulk::compress(&zeros, 3).unwrap();
    for (how, bomb) in [(Compression::LZ4, lz4), (Compression::ZSTD, zstd)] {
        for len in [0, 1, limits::PAYLOAD] {
            let fault = expand(&forged(how, &bomb, len as u32)).unwrap_err();
            assert_eq!(fault, Fault::Compressed { compression: how });
        }
        let (found, limit) = (zeros.len() as u64, limits::PAYLOAD as u64);
        let fault = expand(&forged(how, &bomb, zeros.len() as u32)).unwrap_err();
        assert_eq!(fault, Fault::Limit { part: Part::ExpandedPayload, found, limit });
    }
}

#[test]
fn a_payload_that_is_shorter_than_it_says_is_refused() {
    let payload = b"what repeats ".repeat(100);
    for how in BOTH {
        let (bytes, header) = put(&payload, how);
        let stored = &bytes[HEADER_LEN..HEADER_LEN + header.stored_len as usize];
        let len = payload.len() as u64;
        let fault = expand(&forged(how, stored, len as u32 + 1)).unwrap_err();
        let part = Part::ExpandedPayload;
        assert_eq!(fault, Fault::Mismatch { part, found: len, expected: len + 1 });
    }
}

#[test]
fn every_cut_and_every_flipped_bit_is_an_error_or_as_long_as_it_says() {
    let payload = b"what repeats, and what does not: 1234567890 ".repeat(8);
    for how in BOTH {
        let (bytes, header) = put(&payload, how);
        let stored = &bytes[HEADER_LEN..HEADER_LEN + header.stored_len as usize];
        for len in 0..stored.len() {
            assert!(expand(&forged(how, &stored[..len], header.expanded_len)).is_err());
        }
        for bit in 0..8 * stored.len() {
            let mut stored = stored.to_vec();
            stored[bit / 8] ^= 1 << (bit % 8);
            let expanded = expand(&forged(how, &stored, header.expanded_len));
            assert!(expanded.is_err() || expanded.is_ok_and(|bytes| bytes.len() == payload.len()));
        }
    }
}

proptest! {
    #[test]
    fn any_payload_comes_back(payload in prop::collection::vec(0..4_u8, 0..5_000)) {
        for how in BOTH {
            prop_assert_eq!(expand(&put(&payload, how).0).unwrap(), &payload[..]);
        }
    }

    #[test]
    fn any_bytes_end_in_a_payload_or_an_error(
        stored in prop::collection::vec(any::<u8>(), 0..500), len in 0..100_000_u32,
    ) {
        for how in BOTH {
            let expanded = expand(&forged(how, &stored, len));
            prop_assert!(expanded.is_err() || expanded.is_ok_and(|bytes| bytes.len() == len as usize));
        }
    }
}
