//! What the tests share.

use logbuf::{ClaimError, Consumer, Flavour, Producer};

/// Runs a generic test for each flavour.
macro_rules! for_each_flavour {
    ($($(#[$meta:meta])* $name:ident = $check:ident;)*) => {
        mod on_spsc {
            $( #[test] $(#[$meta])* fn $name() { super::$check(logbuf::queue::spsc::new) } )*
        }
        mod on_mpsc {
            $( #[test] $(#[$meta])* fn $name() { super::$check(logbuf::queue::mpsc::new) } )*
        }
    };
}
pub(crate) use for_each_flavour;

/// Makes a ring.
pub(crate) type Make<F> = fn(usize) -> (Producer<F>, Consumer<F>);

/// Commits a record.
pub(crate) fn send<F: Flavour>(
    producer: &mut Producer<F>,
    payload: &[u8],
) -> Result<(), ClaimError> {
    let mut claim = producer.try_claim(payload.len())?;
    claim.copy_from_slice(payload);
    claim.commit();
    Ok(())
}

/// Takes a record.
pub(crate) fn receive<F: Flavour>(consumer: &mut Consumer<F>) -> Option<Vec<u8>> {
    consumer.try_claim().map(|record| record.to_vec())
}

/// Leaves an empty ring at `position`, a multiple of 8.
pub(crate) fn advance<F: Flavour>(
    producer: &mut Producer<F>,
    consumer: &mut Consumer<F>,
    position: u64,
) {
    while producer.position() < position {
        send(producer, &[1; 4]).unwrap();
        while receive(consumer).is_some() {}
    }
}

/// A generator of numbers that differ: splitmix64 by Sebastiano Vigna.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

/// A payload that can be checked: `producer u32 | sequence u64 | bytes derived from both`.
pub(crate) fn fill(payload: &mut [u8], producer: u32, sequence: u64) {
    payload[..4].copy_from_slice(&producer.to_le_bytes());
    payload[4..12].copy_from_slice(&sequence.to_le_bytes());
    let mut random = Random(sequence ^ u64::from(producer) << 56);
    for chunk in payload[12..].chunks_mut(8) {
        chunk.copy_from_slice(&random.next().to_le_bytes()[..chunk.len()]);
    }
}

/// The producer and the sequence number of a payload made by [`fill`].
pub(crate) fn check(payload: &[u8]) -> (u32, u64) {
    let producer = u32::from_le_bytes(payload[..4].try_into().unwrap());
    let sequence = u64::from_le_bytes(payload[4..12].try_into().unwrap());
    let mut expected = vec![0; payload.len()];
    fill(&mut expected, producer, sequence);
    assert!(payload == expected, "record {sequence} of producer {producer} is damaged");
    (producer, sequence)
}
